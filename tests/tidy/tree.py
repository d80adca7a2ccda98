"""The files that the checks look at, and how a check says what it found."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

# Folders at the top that hold what was built or stored, not what was written.
_GENERATED = ("build", "mydht-data", "quickstart-data", ".git")
_PRODUCT = ("common", "client", "server")


@dataclass(frozen=True, order=True)
class Finding:
    """One thing to mend: where it is and what is wrong."""

    path: str
    line: int
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.text}"


class Tree:
    """A checkout, read once. Paths are relative to its root, with slashes."""

    def __init__(self, root):
        self.root = Path(root).resolve()
        self._texts = {}
        self.files = sorted(self._walk())

    def _walk(self):
        for folder, below, names in os.walk(self.root):
            relative = Path(folder).relative_to(self.root)
            if folder == str(self.root):
                below[:] = [name for name in below if not name.startswith(_GENERATED)]
            below[:] = [name for name in below if name not in ("node_modules", "__pycache__")]
            for name in names:
                path = (relative / name).as_posix()
                if path == ".git":  # a worktree's pointer
                    continue
                if not path.startswith("download/") or path == "download/README.md":
                    yield path

    def text(self, path):
        """The file's text, or nothing if it is not text."""
        if path not in self._texts:
            data = (self.root / path).read_bytes()
            self._texts[path] = "" if b"\0" in data else data.decode("utf-8", errors="replace")
        return self._texts[path]

    def cpp(self, product_only=False):
        """C++ files; all, or those of the two programs only."""
        found = [path for path in self.files if path.endswith((".h", ".cpp"))]
        return [path for path in found if path.split("/")[0] in _PRODUCT] if product_only else found


def report(findings):
    """Prints the findings and returns the exit status."""
    for finding in sorted(findings):
        print(finding)
    print(f"{len(findings)} found" if findings else "nothing found")
    return 1 if findings else 0


def run(check):
    """The main function of a check: its one argument is the root of the checkout."""
    sys.exit(report(check(Tree(sys.argv[1]))))
