"""Bars and lines as SVG, for a page that shows pictures of any size."""

import math
from xml.sax.saxutils import escape

WIDTH, LABEL, BAR, STEP, TOP = 720, 170, 18, 26, 44
OURS, OTHERS, LIMIT = "#1f6f8b", "#b0b7bf", "#d9c27a"


def _color(name):
    if name.startswith("limit") or name == "three files":
        return LIMIT
    return OTHERS if name.split(",")[0] in ("nginx", "redis", "etcd") else OURS


def bars(title, unit, groups):
    """A picture of horizontal bars. `groups`: pairs of a name and (median, least, most)."""
    most = max(high for _, (_, _, high) in groups) or 1
    room = WIDTH - LABEL - 90
    height = TOP + STEP * len(groups) + 10
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="DejaVu Sans, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="10" y="24" font-size="15" fill="#222222">{escape(title)}, {escape(unit)}</text>',
    ]
    for number, (name, (middle, low, high)) in enumerate(groups):
        y = TOP + STEP * number
        x = lambda value: LABEL + room * value / most
        out.append(f'<text x="{LABEL - 8}" y="{y + 14}" text-anchor="end" fill="#222222">{escape(name)}</text>')
        out.append(f'<rect x="{LABEL}" y="{y}" width="{room * middle / most:.1f}" height="{BAR}" fill="{_color(name)}"/>')
        out.append(f'<line x1="{x(low):.1f}" x2="{x(high):.1f}" y1="{y + 9}" y2="{y + 9}" stroke="#444444" stroke-width="1.5"/>')
        out.append(f'<text x="{x(high) + 6:.1f}" y="{y + 14}" fill="#222222">{_number(middle)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _number(value):
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


COLORS = ["#1f6f8b", "#c8553d", "#5b8c5a", "#7d5ba6"]


def lines(title, unit, sizes, series):
    """A picture of lines over the size of a ring, on a logarithmic axis. `series`: pairs of a name and its values."""
    left, right, top, bottom, height = 60, 190, TOP, 40, 320
    step = _step(max(value for _, values in series for value in values) or 1)
    most = max(value for _, values in series for value in values) * 1.1 or 1
    span = math.log(sizes[-1] / sizes[0])
    x = lambda size: left + (WIDTH - left - right) * math.log(size / sizes[0]) / span
    y = lambda value: height - bottom - (height - top - bottom) * value / most
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}" '
        'font-family="DejaVu Sans, sans-serif" font-size="13">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="10" y="24" font-size="15" fill="#222222">{escape(title)}, {escape(unit)}</text>',
    ]
    for number in range(int(most / step) + 1):
        value = number * step
        out.append(f'<line x1="{left}" x2="{WIDTH - right}" y1="{y(value):.1f}" y2="{y(value):.1f}" stroke="#dddddd"/>')
        out.append(f'<text x="{left - 8}" y="{y(value) + 4:.1f}" text-anchor="end" fill="#222222">{value:,g}</text>')
    for size in sizes:
        out.append(f'<text x="{x(size):.1f}" y="{height - bottom + 20}" text-anchor="middle" fill="#222222">{size:,}</text>')
    out.append(f'<text x="{WIDTH - right + 34}" y="{height - bottom + 20}" fill="#222222">nodes</text>')
    ends = _apart([y(values[-1]) for _, values in series])
    for (name, values), color, end in zip(series, COLORS, ends):
        points = " ".join(f"{x(size):.1f},{y(value):.1f}" for size, value in zip(sizes, values))
        out.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        for size, value in zip(sizes, values):
            out.append(f'<circle cx="{x(size):.1f}" cy="{y(value):.1f}" r="3.5" fill="{color}"/>')
        out.append(f'<text x="{WIDTH - right + 12}" y="{end + 4:.1f}" fill="{color}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>"]) + "\n"


def _step(most):
    """A round number of which three to seven fit into it."""
    power = 10 ** math.floor(math.log10(most))
    return next(step for step in (power / 5, power / 2, power, 2 * power) if most / step <= 7)


def _apart(heights):
    """The same heights, moved down so that labels of one line each do not lie on one another."""
    moved = list(heights)
    last = None
    for index in sorted(range(len(heights)), key=lambda i: heights[i]):
        if last is not None:
            moved[index] = max(moved[index], moved[last] + 17)
        last = index
    return moved
