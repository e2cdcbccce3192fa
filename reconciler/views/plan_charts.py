"""Draw what a plan changes: sizes of lists, flow between bands, requests of its steps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from reconciler.model.impact import BandMove
from reconciler.model.plan import Plan
from reconciler.model.resource_address import Address
from reconciler.model.text_enumerations import count_shown, format_count
from reconciler.views.chart_shapes import (
    LETTER,
    WIDTH,
    Bar,
    Chart,
    Label,
    Ribbon,
    Shape,
    fit_label,
    round_unit,
    scale_length,
)

LISTS, STEPS, FLOWS, MOVES = 12, 16, 3, 12
"""Lists and steps that have a bar of their own, segments whose flow is drawn, and moves that are drawn of each."""

_NOT_CALLED = "not called"
_FLOW_LOOKS = (("starts", "starts being called"), ("stops", "stops being called"), ("moved", "from band to band"))
_FLOW_HEIGHT, _GAP = 150.0, 18.0


def draw_sizes(plan: Plan) -> Iterator[Chart]:
    """How many contacts each list has before and after, those first that change most; nothing where none changes."""
    changed = sorted((row for row in plan.rows if row.total), key=lambda row: (-row.total, row.address))
    if not changed:
        return
    lines = [(str(row.address), (row.live, row.after)) for row in changed]
    drawn = lines[: count_shown(len(lines), LISTS)]
    most = max(max(counts) for _, counts in drawn)
    shapes: list[Shape] = []
    y = 0.0
    for label, (before, after) in drawn:
        counts = f"{before:,} → {after:,}"
        shapes += _label_line(label, counts, y)
        shapes.append(Bar(0, y + 19, scale_length(before, most, WIDTH), 7, "before"))
        shapes.append(Bar(0, y + 27, scale_length(after, most, WIDTH), 7, "after"))
        y += 46
    if rest := [counts for _, counts in lines[len(drawn) :]]:
        before, after = (sum(each) for each in zip(*rest, strict=True))
        shapes += _label_line(f"{len(rest):,} other lists, without bars", f"{before:,} → {after:,}", y)
        y += 26
    gains = sum(row.after > row.live for row in changed)
    losses = sum(row.after < row.live for row in changed)
    words = f"{format_count(gains, 'list')} larger, {losses:,} smaller, of {len(changed):,} that change"
    rows = tuple((label, f"{before:,}", f"{after:,}", f"{after - before:+,}") for label, (before, after) in lines)
    yield Chart(
        "chart-sizes",
        "Contacts before and after, by list",
        words,
        y - 6,
        tuple(shapes),
        (("before", "before"), ("after", "after")),
        ("segment", "before", "after", "difference"),
        rows,
    )


def draw_requests(plan: Plan) -> Iterator[Chart]:
    """How many requests each step sends to write, in the order of the steps; nothing where a plan does not say it."""
    told = [(step, step.writes) for step in plan.steps if step.writes is not None]
    if not told:
        return
    lines = [(f"{step.address}: {', '.join(step.does)}", writes) for step, writes in told]
    ranked = sorted(range(len(lines)), key=lambda at: (-lines[at][1], at))
    drawn = sorted(ranked[: count_shown(len(lines), STEPS)])
    rest = ranked[len(drawn) :]
    most = max(lines[at][1] for at in drawn)
    shapes: list[Shape] = []
    y = 0.0
    for at in drawn:
        label, writes = lines[at]
        shapes += _label_line(label, f"{writes:,}", y)
        shapes.append(Bar(0, y + 19, scale_length(writes, most, WIDTH), 8, "after"))
        y += 37
    if rest:
        shapes += _label_line(f"{len(rest):,} other steps, without bars", f"{sum(lines[at][1] for at in rest):,}", y)
        y += 26
    total = sum(writes for _, writes in lines)
    words = f"{format_count(total, 'request')} to write in {format_count(len(lines), 'step')}, in their order"
    rows = tuple((str(step.address), ", ".join(step.does), f"{writes:,}") for step, writes in told)
    title = "Requests to write, by step"
    yield Chart("chart-requests", title, words, y - 6, tuple(shapes), (), ("step", "does", "requests"), rows)


def _label_line(label: str, counts: str, y: float) -> tuple[Label, Label]:
    room = WIDTH - LETTER * (len(counts) + 2)
    return Label(0, y + 13, fit_label(label, room)), Label(WIDTH, y + 13, counts, "end", "count")


def draw_flows(plan: Plan) -> Iterator[Chart]:
    """Who goes from which band to which, of the segments with most who do."""
    moves: dict[Address, list[BandMove]] = defaultdict(list)
    for each in plan.impact.bands if plan.impact is not None else ():
        if each.people > 0:
            moves[each.segment].append(each)
    ranked = sorted(moves, key=lambda segment: (-sum(each.people for each in moves[segment]), segment))
    for number, segment in enumerate(ranked[:FLOWS]):
        rest = (
            f"; {format_count(len(ranked) - FLOWS, 'other segment')} in the table of moves"
            if len(ranked) > FLOWS
            else ""
        )
        yield _draw_flow(f"chart-flow-{number + 1}", segment, moves[segment], rest)


def _draw_flow(key: str, segment: Address, moves: Sequence[BandMove], rest: str) -> Chart:
    ordered = sorted(moves, key=lambda each: (-each.people, each.before or "", each.after or ""))
    drawn = ordered[:MOVES]
    before, after = _sum_sides(drawn)
    height = _FLOW_HEIGHT + _GAP * max(len(before), len(after))
    unit = _FLOW_HEIGHT / sum(each.people for each in drawn)
    starts, ends = _stack_nodes(before, unit), _stack_nodes(after, unit)
    shapes: list[Shape] = []
    left, right = dict(starts), dict(ends)
    for each in sorted(drawn, key=lambda each: (starts[each.before], ends[each.after])):
        thick = each.people * unit
        shapes.append(Ribbon(_trace_ribbon(left[each.before], right[each.after], thick), _choose_look(each)))
        left[each.before] += thick
        right[each.after] += thick
    for side, sums, places in (("start", before, starts), ("end", after, ends)):
        for band, people in sums.items():
            x = 0.0 if side == "start" else WIDTH - 8
            y = places[band]
            shapes.append(Bar(x, round_unit(y), 8, scale_length(people, 1, unit), "node"))
            text = f"{fit_label(band or _NOT_CALLED, WIDTH / 2 - 70)}: {people:,}"
            shapes.append(Label(0 if side == "start" else WIDTH, round_unit(y - 4), text, side, "count"))
    total = sum(each.people for each in ordered)
    more = f"; the {MOVES} largest of {len(ordered):,} moves are drawn" if len(ordered) > MOVES else ""
    words = (
        f"{format_count(total, 'person', 'people')} of {len(ordered):,} moves, before on the left, after on the right"
    )
    rows = tuple((each.before or _NOT_CALLED, each.after or _NOT_CALLED, f"{each.people:,}") for each in ordered)
    return Chart(
        key,
        f"Flow between bands: {segment}",
        f"{words}{more}{rest}",
        round_unit(height),
        tuple(shapes),
        tuple(each for each in _FLOW_LOOKS if any(_choose_look(move) == each[0] for move in drawn)),
        ("from", "to", "people"),
        rows,
    )


def _sum_sides(moves: Sequence[BandMove]) -> tuple[dict[str | None, int], dict[str | None, int]]:
    """The people of each band before, and after, the largest first and those who are not called last."""
    before: dict[str | None, int] = defaultdict(int)
    after: dict[str | None, int] = defaultdict(int)
    for each in moves:
        before[each.before] += each.people
        after[each.after] += each.people
    first, last = (
        dict(sorted(side.items(), key=lambda pair: (pair[0] is None, -pair[1], pair[0] or "")))
        for side in (before, after)
    )
    return first, last


def _stack_nodes(sums: Mapping[str | None, int], unit: float) -> dict[str | None, float]:
    """Where each node begins, from the top."""
    places: dict[str | None, float] = {}
    y = _GAP
    for band, people in sums.items():
        places[band] = y
        y += people * unit + _GAP
    return places


def _trace_ribbon(left: float, right: float, thick: float) -> str:
    x, x2, middle = 8, int(WIDTH - 8), int(WIDTH / 2)
    top, bottom = (round_unit(each) for each in (left, left + max(thick, 0.5)))
    top2, bottom2 = (round_unit(each) for each in (right, right + max(thick, 0.5)))
    there = f"M{x} {top}C{middle} {top} {middle} {top2} {x2} {top2}"
    return f"{there}L{x2} {bottom2}C{middle} {bottom2} {middle} {bottom} {x} {bottom}Z"


def _choose_look(move: BandMove) -> str:
    if move.before is None:
        return "starts"
    return "stops" if move.after is None else "moved"
