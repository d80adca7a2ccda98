"""What is written for people: links in the docs lead somewhere, and nothing names a folder of one machine."""

import re

from tree import Finding, run

_LINK = re.compile(r"!?\[[^\]\n]*\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//)", re.I)
_MACHINE = re.compile(r"(?<![\w.])/" + "work/")  # in two pieces, or it would find itself
_BINARY = (".png", ".bin", ".ico", ".gz", ".pyc")


def _without_code(text):
    """Blanks fenced blocks and `spans`, in which brackets are not links."""
    blank = lambda found: re.sub(r"[^\n]", " ", found.group())
    text = re.sub(r"^(```|~~~).*?^\1[^\n]*$", blank, text, flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", blank, text)


def anchors(text):
    """The names under which GitHub finds a page's headings."""
    found = set()
    for heading in re.findall(r"^#{1,6}\s+(.*?)\s*#*$", re.sub(r"^(```|~~~).*?^\1[^\n]*$", "", text, flags=re.M | re.S), re.M):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        number = 1
        unique = name
        while unique in found:
            unique, number = f"{name}-{number}", number + 1
        found.add(unique)
    return found


def _links(tree, path):
    text = _without_code(tree.text(path))
    for found in _LINK.finditer(text):
        target, _, anchor = found.group(1).partition("#")
        line = text.count("\n", 0, found.start()) + 1
        if _ELSEWHERE.match(found.group(1)):
            continue
        place = (tree.root / path).parent / target if target else tree.root / path
        if not place.exists():
            yield Finding(path, line, f"link to {target}, which does not exist")
        elif anchor and place.suffix == ".md" and anchor not in anchors(place.read_text()):
            yield Finding(path, line, f"link to {found.group(1)}: no such heading")


def check(tree):
    """Findings in all text files."""
    found = []
    for path in tree.files:
        if path.endswith(_BINARY):
            continue
        if path.endswith(".md"):
            found.extend(_links(tree, path))
        text = tree.text(path)
        for hit in _MACHINE.finditer(text):
            found.append(Finding(path, text.count("\n", 0, hit.start()) + 1, "names a folder of one machine"))
    return found


if __name__ == "__main__":
    run(check)
