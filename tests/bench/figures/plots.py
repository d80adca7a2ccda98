"""Bars as SVG, for a page that shows pictures of any size."""

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
