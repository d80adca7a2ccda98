"""clang-format finds nothing to change, shellcheck nothing to say."""

import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from tree import Finding, run

_WARNING = re.compile(r"^(.*?):(\d+):\d+: (?:error|warning|note): (.*)$", re.M)


def _ask(tree, command, paths):
    """Runs a checker over some files; what it says in the form FILE:LINE:COLUMN: error: TEXT becomes findings."""
    if not paths:
        return []
    done = subprocess.run(command + paths, cwd=tree.root, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    found = []
    for path, line, text in _WARNING.findall(said):
        if command[0] != "clang-format":
            found.append(Finding(path, int(line), f"{command[0]}: {text}"))
        elif all(finding.path != path for finding in found):  # the first place says it: clang-format -i mends them all
            found.append(Finding(path, int(line), "not as clang-format -i writes it"))
    if done.returncode != 0 and not found:
        found.append(Finding(paths[0], 1, f"{command[0]} failed: {said.strip()[:400]}"))
    return found


def shell_scripts(tree):
    """Files that say so in their first line."""
    return [path for path in tree.files if re.match(r"#!.*\b(ba)?sh\b", tree.text(path))]


def check(tree):
    """Findings of both checkers; many files at a time on every core."""
    files = tree.cpp()
    parts = [files[at : at + 10] for at in range(0, len(files), 10)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        formats = pool.map(lambda part: _ask(tree, ["clang-format", "--dry-run", "-Werror"], part), parts)
        found = [finding for part in formats for finding in part]
    return found + _ask(tree, ["shellcheck", "-x", "-f", "gcc"], shell_scripts(tree))


if __name__ == "__main__":
    run(check)
