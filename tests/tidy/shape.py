"""The shape of the code: functions of at most 70 lines, files of at most 600, a comment on every class, #pragma once."""

import re

import cpp_text
from tree import Finding, run

FUNCTION_LINES = 70  # what fits on a screen; aim at 30
FILE_LINES = 600  # aim at 300


def _lengths(path, text, scopes):
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield Finding(path, 1, f"{lines} lines, at most {FILE_LINES}: does it still do one thing?")
    for scope in scopes:
        length = scope.last_line - scope.first_line + 1
        if scope.kind == "function" and length > FUNCTION_LINES:
            yield Finding(path, scope.first_line, f"{scope.name} has {length} lines, at most {FUNCTION_LINES}")


def _header(path, text, scopes):
    if not re.search(r"^#pragma once$", text, re.M):
        yield Finding(path, 1, "no #pragma once")
    lines = text.split("\n")
    types = [scope for scope in scopes if scope.kind == "type"]
    for scope in types:
        nested = any(other is not scope and other.first_line <= scope.first_line and scope.last_line <= other.last_line for other in types)
        if nested or "detail" in "::".join(scope.outer).split("::"):
            continue
        above = lines[scope.first_line - 2].strip() if scope.first_line > 1 else ""
        if not above.startswith("///"):
            yield Finding(path, scope.first_line, f"{scope.name} has no /// comment: what is it, who owns it, on which thread, what does it borrow")


def check(tree):
    """Findings of the whole tree; tests need no class comments, but the same lengths."""
    found = []
    product = set(tree.cpp(product_only=True))
    for path in tree.cpp():
        text = tree.text(path)
        scopes = cpp_text.scopes(text)
        found.extend(_lengths(path, text, scopes))
        if path in product and path.endswith(".h"):
            found.extend(_header(path, text, scopes))
    return found


if __name__ == "__main__":
    run(check)
