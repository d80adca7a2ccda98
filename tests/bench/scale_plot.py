"""Pictures of what a large ring costs, from what build/bin/scale prints:
    build/bin/scale > /tmp/scale.txt
    /usr/bin/python3 tests/bench/scale_plot.py /tmp/scale.txt docs/images/scale
"""

import pathlib
import sys

from figures import plots


def tables(text):
    """The tables in it: for each the heading's first cell, and its rows of numbers."""
    found = {}
    rows = None
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|"):
            rows = None
        elif rows is None:
            rows = found.setdefault((cells[0], len(cells)), [])
        elif not cells[0].startswith("-"):
            rows.append([float(cell) for cell in cells])
    return {heading: rows for (heading, _), rows in found.items() if rows} | {"times": found[("nodes", 6)]}


def main():
    """Writes the pictures."""
    found = tables(pathlib.Path(sys.argv[1]).read_text())
    folder = pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    column = lambda name, number: [row[number] for row in found[name]]
    sizes = [int(row[0]) for row in found["times"]]
    times = [
        ("a death, known to all", column("times", 3)),
        ("a join, complete", column("times", 2)),
        ("a return, known to all", column("times", 4)),
        ("a join, known to all", column("times", 1)),
    ]
    (folder / "times.svg").write_text(plots.lines("Until all know", "virtual seconds", sizes, times))
    costs = [
        ("probes", column("quiet, nodes", 1)),
        ("gossip", column("quiet, nodes", 3)),
    ]
    (folder / "messages.svg").write_text(plots.lines("What a node sends", "messages/s", sizes, costs))
    costs = [
        ("probes", column("quiet, nodes", 2)),
        ("gossip", column("quiet, nodes", 4)),
    ]
    (folder / "bytes.svg").write_text(plots.lines("What a node sends", "bytes/s", sizes, costs))


if __name__ == "__main__":
    main()
