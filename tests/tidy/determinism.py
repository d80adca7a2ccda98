"""What the simulator runs must run the same from the same seed: no clocks, chance, threads or order by address in it."""

import re

import cpp_text
from tree import Finding, run

# server/task is not here: its pool of frames is thread_local, which the simulator's one thread cannot notice.
PLACES = ("common/", "server/wire/", "server/ports/", "server/store/", "server/cluster/")
_BANNED = {
    r"\w*_clock::now\b": "reads a clock: time comes from the Clock port",
    r"\b(gettimeofday|clock_gettime|time\s*\(\s*(nullptr|NULL|0|&\w+)\s*\)|localtime\w*)": "reads a clock: time comes from the Clock port",
    r"\brandom_device\b|\bmt19937\w*|\b(std::|::)?s?rand\s*\(": "chance comes from the Random port",
    r"\bstd::(thread|jthread|async|this_thread)\b|\bpthread_": "threads are made elsewhere",
    r"\bthread_local\b": "thread_local differs between runs",
    r"\b(secure_)?getenv\b": "only server/node reads the environment",
    r"\bstd::(multi)?(map|set)\s*<\s*(const\s+)?[\w:]+(<[^<>]*>)?\s*(const\s*)?\*": "order by address differs between runs",
    r"\bstd::hash\s*<": "std::hash may differ between builds: use common/hash",
}


def _behind_template(code, at):
    """The index behind the > that closes the < at or after `at`."""
    at = code.index("<", at)
    depth = 0
    while at < len(code):
        depth += {"<": 1, ">": -1}.get(code[at], 0)
        at += 1
        if depth == 0:
            break
    return at


def unordered_names(code):
    """Names of variables and members whose type is an unordered container, or an alias of one."""
    names, aliases = set(), set()
    for found in re.finditer(r"(?:using\s+(\w+)\s*=\s*)?\bstd::unordered_\w+\s*(?=<)", code):
        behind = re.match(r"[\s&*]*(\w+)\s*(?=[;,={)])", code[_behind_template(code, found.end()) :])
        if found.group(1):
            aliases.add(found.group(1))
        elif behind:
            names.add(behind.group(1))
    for alias in aliases:
        names.update(re.findall(rf"\b{alias}\b[\s&*]+(\w+)\s*(?=[;,={{)])", code))
    return names


def _iterations(code, names):
    for name in names:
        over = rf"\bfor\s*\([^;()]*(?:\([^()]*\)[^;()]*)*:\s*(?:\w+(?:\.|->))*{name}\s*\)|\b{name}(?:\.|->)c?begin\s*\("
        for found in re.finditer(over, code):
            yield found.start(), name


def check(tree):
    """Findings in the folders that the simulator runs."""
    found = []
    codes = {path: cpp_text.without_comments(tree.text(path)) for path in tree.cpp() if path.startswith(PLACES)}
    for path, code in codes.items():
        line = lambda at: code.count("\n", 0, at) + 1
        for pattern, why in _BANNED.items():
            for hit in re.finditer(pattern, code):
                found.append(Finding(path, line(hit.start()), f"{hit.group().strip()}: {why}"))
        stem = path.rsplit(".", 1)[0]
        names = unordered_names(code) | unordered_names(codes.get(stem + ".h", ""))
        for at, name in _iterations(code, names):
            found.append(Finding(path, line(at), f"goes through {name}, an unordered container: its order differs between builds"))
    return found


if __name__ == "__main__":
    run(check)
