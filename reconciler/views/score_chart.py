# tested by: tests/views/test_plan_charts.py
"""Draw the scores of a segment's people, with the thresholds of its bands."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.impact import Edge, ScoreHistogram
from reconciler.model.plan import Plan
from reconciler.model.text_enumerations import format_count
from reconciler.views.chart_shapes import (
    LETTER,
    WIDTH,
    Bar,
    Chart,
    Label,
    Shape,
    Stroke,
    fit_label,
    round_unit,
    scale_length,
)

SEGMENTS, EDGES = 3, 8
"""Segments that are drawn, and thresholds of each that are named."""

_HEIGHT, _LINE, _FOOT = 130.0, 14.0, 18.0


def draw_scores(plan: Plan) -> Iterator[Chart]:
    """How many people have which score, of the segments with most."""
    scores = plan.impact.scores if plan.impact is not None else ()
    ranked = sorted(scores, key=lambda each: (-_count_people(each), each.segment))
    rest = f"; {format_count(len(ranked) - SEGMENTS, 'other segment')} in the plan's JSON" if ranked[SEGMENTS:] else ""
    for number, each in enumerate(ranked[:SEGMENTS]):
        yield _draw(f"chart-scores-{number + 1}", each, rest)


def _count_people(scores: ScoreHistogram) -> int:
    return sum(scores.inside) + sum(scores.outside)


def _draw(key: str, scores: ScoreHistogram, rest: str) -> Chart:
    steps = tuple(zip(scores.inside, scores.outside, strict=True))
    most = max((inside + outside for inside, outside in steps), default=0)
    top = _LINE * (min(len(scores.edges), EDGES) + 1) + 4
    floor = top + _HEIGHT
    unit = WIDTH / max(1, len(steps))
    shapes: list[Shape] = [Label(0, _LINE - 3, f"at most {most:,} in a step", "start", "soft")]
    for at, (inside, outside) in enumerate(steps):
        x, width = round_unit(at * unit), round_unit(unit - 1)
        tall, more = (scale_length(many, most, _HEIGHT) for many in (inside, outside))
        shapes += [Bar(x, round_unit(floor - tall), width, tall, "after")] if tall else []
        shapes += [Bar(x, round_unit(floor - tall - more), width, more, "before")] if more else []
    shapes.append(Stroke(0, floor, WIDTH, floor, "axis"))
    for at, edge in enumerate(scores.edges):
        shapes += _mark_edge(scores, edge, at, unit, floor)
    end = scores.start + scores.width * len(steps)
    shapes.append(Label(0, floor + 13, f"{scores.start:g}", "start", "soft"))
    shapes.append(Label(WIDTH / 2, floor + 13, "points", "middle", "soft"))
    shapes.append(Label(WIDTH, floor + 13, f"{end:g}", "end", "soft"))
    edges = ", ".join(f"{edge.band} from {edge.edge:g}" for edge in scores.edges) or "none"
    words = f"{format_count(_count_people(scores), 'person', 'people')} whose score alone decides, "
    words += "counted to the nearest ten, in steps of "
    words += f"{scores.width:g} points; thresholds: {edges}{rest}"
    rows = tuple((_name_step(scores, at), f"{inside:,}", f"{outside:,}") for at, (inside, outside) in enumerate(steps))
    return Chart(
        key,
        f"Scores, and the thresholds: {scores.segment}",
        words,
        round_unit(floor + _FOOT),
        tuple(shapes),
        (("after", "in"), ("before", "out for their score")),
        ("points", "in", "out"),
        rows,
    )


def _mark_edge(scores: ScoreHistogram, edge: Edge, at: int, unit: float, floor: float) -> Iterator[Shape]:
    """A line at the score from which a band begins, and its name on a line of its own."""
    x = round_unit((edge.edge - scores.start) / scores.width * unit)
    y = _LINE * (at + 2) - 3
    if at >= EDGES:
        yield Stroke(x, _LINE * (EDGES + 1), x, floor, "edge")
        return
    yield Stroke(x, y - 9, x, floor, "edge")
    points = f" from {edge.edge:g}"
    left = x < WIDTH / 2
    name = fit_label(edge.band, (WIDTH - x if left else x) - LETTER * (len(points) + 2))
    yield Label(x + 4 if left else x - 4, y, f"{name}{points}", "start" if left else "end", "edge-name")


def _name_step(scores: ScoreHistogram, at: int) -> str:
    low = scores.start + scores.width * at
    return f"{low:g} to {low + scores.width:g}"
