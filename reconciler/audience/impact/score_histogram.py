"""Count the people of a segment by their scores, in steps that are even in the points of its model."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.impact.disclosable_attributes import hides_score
from reconciler.audience.impact.near_threshold import select_decided
from reconciler.audience.impact.small_groups import blur_counts
from reconciler.audience.relations import engine
from reconciler.model.impact import Edge, ScoreHistogram
from reconciler.model.score_model import Combined, RecencyFrequency, Score
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend

STEPS = 25
"""Steps at most."""


def count_scores(
    backend: BaseBackend,
    standing: MembershipDecision,
    shown: Callable[[Iterable[int]], tuple[int, ...]] = blur_counts,
) -> Iterator[ScoreHistogram]:
    """Who is in and who is out, of those whose score alone decides, by score; nothing where there is nobody.

    `shown` makes of exact counts those that may be told.

    Nothing either where the score is a column of the source that the mapping calls sensitive. Scores below the first
    step, or above the last, count to these.
    """
    import ibis

    if hides_score(standing):
        return
    start, width, steps = plan_steps(standing.segment.score)
    decided = select_decided(tables.read_table(backend, standing.rows, DECISIONS))
    step = ((decided["score"] - start).cast("float64") / width).floor().cast("int64")
    step = ibis.greatest(ibis.least(step, steps - 1), 0)
    counted = decided.group_by(step=step, inside=decided["band"].notnull()).agg(n=decided.count())
    people = ([0] * steps, [0] * steps)
    for at, is_in, many in engine.list_rows(backend, counted, tuple[int, bool, int]):
        people[is_in][at] = many
    outside, inside = shown(people[0]), shown(people[1])
    bands = sorted(standing.segment.score.bands, key=lambda band: band.low)
    edges = tuple(Edge(band.name, band.low / 100) for band in bands if band.low > start)
    if any(inside) or any(outside):
        yield ScoreHistogram(standing.segment.address, start / 100, width / 100, inside, outside, edges)


def plan_steps(score: Score) -> tuple[int, int, int]:
    """Where the first step begins, how wide each is (both in hundredths), and how many there are.

    All thresholds and every score that the model can give are within, and a step is a round number of points.
    """
    lows = [band.low for band in score.bands]
    bottom, top = min(0, *lows), max(_find_highest(score), *lows)
    width = _round_up((top - bottom) / STEPS)
    start = bottom // width * width
    # who is at the highest threshold is beyond it, and not in the step before
    return start, width, max(-(-(top - start) // width), (max(lows) - start) // width + 1)


def _find_highest(score: Score) -> int:
    """A score, in hundredths, that nobody is above."""
    measure = score.measure
    if isinstance(measure, RecencyFrequency):
        points = max(0.0, measure.recency_start) + max(0.0, measure.frequency_each * measure.frequency_cap)
        return round(100 * points)
    if not isinstance(measure, Combined):
        return 100_00
    parts = [(_find_highest(part), weight) for part, weight in measure.parts]
    if measure.by == "weighted":
        return round(sum(max(0.0, high * weight) for high, weight in parts))
    return max(high for high, _ in parts)


def _round_up(width: float) -> int:
    """The next of 1, 2 and 5, of 10, 20 and 50 … points, in hundredths."""
    step = 100
    while True:
        for each in (1, 2, 5):
            if each * step >= width:
                return each * step
        step *= 10
