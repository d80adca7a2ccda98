"""What was seen, as JSON, as Markdown with pictures, and as a part of a page."""

import json
import statistics

from . import plots

BEGIN, END = "<!-- measured: from here to the next mark written by tests/bench/run -->", "<!-- measured -->"


def _number(value, digits=2):
    return f"{value:,.0f}" if value >= 1000 else f"{value:.{digits}f}"


def _claim_line(row, claim):
    suffix = " KiB" if claim.unit == "KiB" else " x"
    spread = f"{_number(min(claim.values))} to {_number(max(claim.values))}" if len(claim.values) > 1 else ""
    reach = f"at {'least' if claim.at_least else 'most'} {claim.reach:g}{suffix}"
    verdict = "reached" if claim.reached else "**not reached**"
    return f"| {row.title} | {claim.text} | {reach} | {_number(claim.measured)}{suffix} | {spread} | {verdict} |"


def _sample_table(row):
    medians = row.medians()
    large = row.name in ("get-large", "put-large")
    syncs = any("syncs_per_request" in one for one in medians.values())
    names = ["", "MB/s" if large else "requests/s", "CPU ms/request" if large else "CPU us/request", "p50 ms", "p99 ms", "p99.9 ms", "peak MiB"]
    names += [f"client's CPU {'ms' if large else 'us'}/request"]
    names += ["syncs/request"] if syncs else []
    lines = ["| " + " | ".join(names) + " |", "|---" * len(names) + "|"]
    for name, one in medians.items():
        rate = one["mb_per_second"] if large else one["requests_per_second"]
        cells = [name, _number(rate, 0 if large else 1), _number(one["cpu_us_per_request"] / (1000 if large else 1), 1)]
        cells += [_number(one[key], 2) for key in ("p50_ms", "p99_ms", "p999_ms")] + [_number(one["peak_mib"], 0)]
        cells.append(_number(one["client_cpu_us_per_request"] / (1000 if large else 1), 1))
        if syncs:
            cells.append(_number(one["syncs_per_request"], 3) if "syncs_per_request" in one else "not counted")
        lines.append("| " + " | ".join(cells) + " |")
    return lines


def markdown(rows, facts, pictures):
    """The table of what is to be reached, then each case. `pictures`: the folder, as links to them begin."""
    lines = ["| case | figure | reach | measured | spread | |", "|---|---|---|---|---|---|"]
    lines += [_claim_line(row, claim) for row in rows for claim in row.claims]
    lines += ["", f"Median of each round's ratio, over {facts['rounds']} rounds; the spread is the least and the most.", ""]
    lines += ["### How it was measured", "", f"* `{facts['command']}` on {facts['when']}, in {facts['took_seconds']:.0f} s."]
    machine = facts["machine"]
    lines.append(f"* {machine['cores']} cores ({machine['processor']}), {machine['memory_gib']} GiB, Linux {machine['kernel']}.")
    load = facts["load"]
    lines.append(
        f"* Load of the machine: {load['before'][0]:.2f} before (average of a minute), {load['after'][0]:.2f} after; other "
        f"processes than those measured used {load['others_cores']:.2f} cores on average.")
    lines += [f"* {name}: {version}" for name, version in facts["versions"].items()]
    lines += [f"* {text}" for text in facts["settings"]]
    for row in rows:
        if row.name == "idle":
            peak = row.medians()["mydht"]["peak_mib"]
            lines += ["", f"### {row.title[0].upper()}{row.title[1:]}", "", row.how, f"The whole process took {peak:,.0f} MiB at most."]
            continue
        lines += ["", f"### {row.title[0].upper()}{row.title[1:]}", "", row.how, "", *_sample_table(row)]
        lines += ["", *row.notes] if row.notes else []
        lines += [""] + [f"![{text}]({pictures}{name})" for name, text in _pictures_of(row)]
    return "\n".join(lines) + "\n"


def _pictures_of(row):
    yield f"{row.name}-rate.svg", "MB/s" if row.name in ("get-large", "put-large") else "requests/s"
    yield f"{row.name}-cpu.svg", "CPU per request"


def _spread(values):
    return statistics.median(values), min(values), max(values)


def pictures(rows):
    """Names and SVG texts."""
    for row in rows:
        if row.name == "idle":
            continue
        large = row.name in ("get-large", "put-large")
        names = dict(_pictures_of(row))
        rate, cpu = names
        numbers = {
            rate: (names[rate], lambda one: one.body_bytes / one.seconds / 1e6 if large else one.rate),
            cpu: ("CPU us per request, all servers", lambda one: one.cpu_us),
        }
        if large:
            numbers[cpu] = ("CPU ms per GB, all servers", lambda one: one.cpu_seconds * 1e12 / one.body_bytes)
        for name, (unit, of) in numbers.items():
            groups = [(system, _spread([of(one) for one in samples])) for system, samples in row.samples.items()]
            yield name, plots.bars(row.title, unit, groups)


def as_json(rows, facts):
    return json.dumps({**facts, "rows": [row.shown() for row in rows]}, indent=1) + "\n"


def into_page(page, text):
    """The page with what stands between its two marks replaced."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"the page has no marks: {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{text}\n{END}{after}"
