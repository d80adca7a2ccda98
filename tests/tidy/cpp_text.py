"""Reads C++ just well enough for the checks: what is comment or text in quotes, where scopes begin and end."""

import re
from dataclasses import dataclass, field

_RAW = re.compile(r'(?:u8|u|U|L)?R"([^ ()\\\t\n]{0,16})\(')
_ACCESS = ("public", "private", "protected")
_QUALIFIERS = re.compile(r"(\)|\b(const|noexcept|override|final|mutable))\s*$|->\s*[\w:<>,&*\s()]+$")


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def _end_of_quote(text, start):
    """The index behind the closing quote of the literal that begins at start; a line's end closes it too."""
    quote = text[start]
    at = start + 1
    while at < len(text) and text[at] not in (quote, "\n"):
        at += 2 if text[at] == "\\" else 1
    return min(at + 1, len(text))


def _piece(text, at):
    """(end, replacement) of the comment or literal that begins at `at`, or None."""
    if text.startswith("//", at):
        end = text.find("\n", at)
        while end > 0 and text[end - 1] == "\\":
            end = text.find("\n", end + 1)
        end = len(text) if end < 0 else end
        return end, _blank(text[at:end])
    if text.startswith("/*", at):
        end = text.find("*/", at + 2)
        end = len(text) if end < 0 else end + 2
        return end, _blank(text[at:end])
    raw = _RAW.match(text, at) if text[at] in "uULR" and not (at and (text[at - 1].isalnum() or text[at - 1] == "_")) else None
    if raw:
        close = f"){raw.group(1)}\""
        end = text.find(close, raw.end())
        end = len(text) if end < 0 else end + len(close)
        return end, '"' + _blank(text[at + 1 : end - 1]) + '"'
    separator = text[at] == "'" and at and text[at - 1].isalnum() and at + 1 < len(text) and text[at + 1].isalnum()
    if text[at] in "\"'" and not (separator and _in_number(text, at)):
        end = _end_of_quote(text, at)
        return end, text[at] + _blank(text[at + 1 : end - 1]) + text[end - 1 : end]
    return None


def _in_number(text, at):
    """Whether the apostrophe at `at` separates digits, as in 1'000."""
    word = re.search(r"[\w']*$", text[max(0, at - 40) : at]).group()
    return word[:1].isdigit()


def without_comments(text):
    """The same text, line by line, with comments and the insides of literals blanked."""
    out = []
    at = 0
    while at < len(text):
        piece = _piece(text, at)
        if piece:
            at = piece[0]
            out.append(piece[1])
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def without_directives(code):
    """The same with preprocessor lines blanked, continued lines included."""
    return re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: _blank(found.group()), code, flags=re.M)


@dataclass
class Scope:
    """A pair of braces at namespace or class level: kind is namespace, type or function; lines count from 1."""

    kind: str
    name: str
    first_line: int
    last_line: int = 0
    outer: list = field(default_factory=list)


def _balanced_end(code, at):
    """The index of the bracket that closes the one at `at`."""
    closing = {"{": "}", "(": ")", "[": "]"}
    want = []
    while at < len(code):
        if code[at] in closing:
            want.append(closing[code[at]])
        elif want and code[at] == want[-1]:
            want.pop()
            if not want:
                return at
        at += 1
    return len(code) - 1


def _without_template_head(head):
    head = head.strip()
    while head.startswith("template"):
        at = head.find("<")
        depth = 0
        while 0 <= at < len(head):
            depth += {"<": 1, ">": -1}.get(head[at], 0)
            if depth == 0:
                break
            at += 1
        head = head[at + 1 :].strip()
    return re.sub(r"^(\[\[.*?\]\]\s*)+", "", head)


def _collapse(head):
    """Replaces what stands in round brackets, so that nothing in there is taken for the declaration itself."""
    before = None
    while before != head:
        before = head
        head = re.sub(r"\([^()]+\)", "()", head)
    return head


def kind_of(head):
    """What the braces behind this text are: (namespace | type | function | other, name)."""
    plain = _collapse(_without_template_head(head))
    plain = re.sub(r"\boperator\s*(\(\)|[^\s(\w]+)", "operator_", plain)
    if re.match(r"(inline\s+)?namespace\b", plain) or re.match(r'extern\s+"', plain):
        return "namespace", (re.findall(r"[\w:]+", plain) or [""])[-1]
    if re.match(r"(typedef\s+)?(class|struct|union|enum)\b", plain) and not _QUALIFIERS.search(re.sub(r"\bfinal\b", "", plain)):
        name = re.sub(r"^(typedef\s+)?(enum\s+)?(class|struct|union|enum)\s+((alignas|__attribute__)\s*\(\)\s*|\[\[.*?\]\]\s*)*", "", plain)
        return ("enum" if "enum" in plain.split() else "type"), (re.match(r"[\w:]*", name).group() or "?")
    if "()" in plain and "=" not in plain:
        return "function", (re.findall(r"([\w:~]+)\s*\(\)", plain) or ["?"])[0]
    return "other", ""


def _initialises_member(head):
    """Whether a brace behind this text is an initialiser in a constructor's list: `A(int a) : a_{a}, b_`."""
    return re.search(r"\(\)[^:;]*:(?!:)", _collapse(head).replace("::", "__")) is not None and re.search(r"[\w>]\s*$", head) is not None


def scopes(text):
    """All namespaces, types and functions outside of functions, in the order in which they end."""
    code = without_directives(without_comments(text))
    found, open_scopes = [], []
    start, at = 0, 0
    line = lambda index: code.count("\n", 0, index) + 1
    while at < len(code):
        char = code[at]
        if char in "([":
            at = _balanced_end(code, at)
        elif char in ";":
            start = at + 1
        elif char == ":" and code[start:at].strip() in _ACCESS:
            start = at + 1
        elif char == "}":
            if open_scopes:
                scope = open_scopes.pop()
                scope.last_line = line(at)
                found.append(scope)
            start = at + 1
        elif char == "{":
            head = code[start:at]
            kind, name = ("other", "") if _initialises_member(head) else kind_of(head)
            first = line(start + len(head) - len(head.lstrip()))
            outer = [scope.name for scope in open_scopes if scope.kind == "namespace"]
            scope = Scope(kind, name, first, outer=outer)
            if kind in ("namespace", "type"):
                open_scopes.append(scope)
                start = at + 1
            else:
                at = _balanced_end(code, at)
                if kind != "other":
                    scope.last_line = line(at)
                    found.append(scope)
                    start = at + 1
        at += 1
    return found
