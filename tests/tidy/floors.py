"""The floors: every include goes down, no include comes back to where it began, libraries stay where they belong."""

import fnmatch
import re
import tomllib
from pathlib import Path

from tree import Finding, run

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.M)
TABLE = Path(__file__).with_name("floors.toml")
_SIMULATORS = ("tests/simulation/", "tests/support/simulation/")


def includes(text):
    """(line, path, whether in quotes) of each include."""
    for found in _INCLUDE.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        yield line, found.group(1) or found.group(2), found.group(1) is not None


def _folder(path):
    return path.rsplit("/", 1)[0] if "/" in path else ""


def _floor(table, path):
    return table["file"].get(path, table["floor"].get(_folder(path)))


def _within(path, folder):
    return path == folder or path.startswith(folder + "/") or fnmatch.fnmatch(path, folder)


def _check_file(tree, table, path, known):
    floor = _floor(table, path)
    product = path in known
    if product and floor is None:
        yield Finding(path, 1, f"folder {_folder(path)} does not stand in tests/tidy/floors.toml")
    for line, target, quoted in includes(tree.text(path)):
        for folder, banned in table["never"].items():
            if _within(path, folder) and target.startswith(tuple(banned)):
                yield Finding(path, line, f"{folder} never includes {target}")
        if not product or not quoted:
            continue
        if target not in known:
            yield Finding(path, line, f'no file "{target}" of the programs: say its path from the root, or use <> for a library')
        elif floor is not None and _folder(target) != _folder(path) and (_floor(table, target) or 0) >= floor:
            yield Finding(path, line, f"floor {floor} includes {target} on floor {_floor(table, target)}: only downward")
        elif _folder(target) == _folder(path) and target in table["file"]:
            yield Finding(path, line, f"nothing includes {target}")


def _check_libraries(tree, table, paths):
    for library in table["library"]:
        users = []
        for path in paths:
            for line, target, quoted in includes(tree.text(path)):
                if quoted or not target.startswith(tuple(library["begins"])):
                    continue
                users.append((path, line))
                if not any(_within(path, place) for place in library["in"]):
                    yield Finding(path, line, f"<{target}>: {library['name']} only in {', '.join(library['in'])}")
        files = sorted({path for path, _ in users})
        if library["files"] and len(files) > library["files"]:
            yield from (Finding(path, 1, f"{library['name']}: in {library['files']} file only, but in {', '.join(files)}") for path in files)


def _cycles(tree, known):
    """Each way by which a header includes itself, once."""
    edges = {path: [target for _, target, quoted in includes(tree.text(path)) if quoted and target in known] for path in known}
    done, way = set(), []

    def visit(path):
        if path in way:
            loop = way[way.index(path) :] + [path]
            yield Finding(path, 1, "includes itself: " + " -> ".join(loop))
            return
        if path in done:
            return
        done.add(path)
        way.append(path)
        for target in edges[path]:
            yield from visit(target)
        way.pop()

    for path in sorted(known):
        yield from visit(path)


def check(tree, table=None):
    """Findings of the whole tree."""
    table = table or tomllib.loads(TABLE.read_text())
    known = set(tree.cpp(product_only=True))
    simulators = [path for path in tree.cpp() if path.startswith(_SIMULATORS)]
    found = []
    for path in tree.cpp():
        found.extend(_check_file(tree, table, path, known))
    found.extend(_check_libraries(tree, table, sorted(known) + simulators))
    found.extend(_cycles(tree, known))
    return found


if __name__ == "__main__":
    run(check)
