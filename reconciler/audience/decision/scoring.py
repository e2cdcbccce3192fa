"""Score contacts, and assign the bands."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import reduce
from typing import TYPE_CHECKING

from reconciler.audience.staging import staged_interactions
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.score_model import Band, Combined, RecencyFrequency, Score
from reconciler.model.segment import Segment

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

_SECONDS_A_DAY = 86_400


def score_contacts(
    backend: BaseBackend, segment: Segment, people: Table, read: Mapping[RowQuery, Rows], as_of: datetime
) -> Table:
    """The people of a segment with `score` (hundredths; null: none) and `is_in` (at or above the lowest band)."""
    measured = people
    columns: dict[RecencyFrequency, str] = {}
    for number, (measure, query) in enumerate(segment.interactions.items()):
        history = staged_interactions.read_interactions(backend, read[query])
        column = columns[measure] = f"history_{number}"
        one = score_recency_frequency(history, measure, as_of).rename({column: "score"})
        measured = measured.left_join(one, "contactId").drop("contactId_right")
    value, inside = _make_value(measured, segment.score, columns)
    return measured.mutate(score=value, is_in=inside.fill_null(False)).drop(*columns.values())


def _make_value(measured: Table, score: Score, columns: Mapping[RecencyFrequency, str]) -> tuple[Column, Column]:
    """A score and whether it is in, as expressions."""
    import ibis

    if isinstance(score.measure, RecencyFrequency):
        value = measured[columns[score.measure]]
    elif isinstance(score.measure, Combined):
        parts = [(*_make_value(measured, part, columns), weight) for part, weight in score.measure.parts]
        if score.measure.by == "weighted":
            # two decimals a part before they are added: the order of a float sum must not show
            weighted = [_round_half_up(part.fill_null(0).cast("float64") * weight) for part, _, weight in parts]
            value = reduce(lambda one, other: one + other, weighted)
        elif score.measure.by == "and":
            everywhere = reduce(lambda one, other: one & other, [inside.fill_null(False) for _, inside, _ in parts])
            value = ibis.ifelse(everywhere, ibis.least(*(part for part, _, _ in parts)), ibis.null("int64"))
        else:
            those = [ibis.ifelse(inside.fill_null(False), part, -1) for part, inside, _ in parts]
            value = ibis.greatest(*those)
            value = ibis.ifelse(value >= 0, value, ibis.null("int64"))
    else:
        value = measured["engagement"]
    return value, value >= score.threshold


def _round_half_up(value: Column) -> Column:
    return (value + 0.5).floor().cast("int64")


def score_recency_frequency(interactions: Table, score: RecencyFrequency, as_of: datetime) -> Table:
    """One row a contact with an interaction in the window: contactId, score (hundredths).

    The window is [as_of − window, as_of), times in UTC, `d` in fractional days (seconds ÷ 86,400).
    """
    import ibis

    # whole seconds, and compared as moments: a file's own statistics can then leave out what is older
    end = as_of.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    at = interactions["at"]
    inside = (at >= ibis.literal(end - score.window)) & (at < ibis.literal(end))
    # a tenant may tell an enumeration in another case than it was asked for in
    chosen = interactions["type"].strip().lower().isin([each.lower() for each in score.types])
    counted = interactions.filter(chosen, inside)
    each = counted.group_by("contactId").agg(last=counted["at"].max().epoch_seconds(), n=counted.count())
    days = (ibis.literal(int(as_of.timestamp())) - each["last"]).cast("float64") / _SECONDS_A_DAY
    recency = ibis.greatest(ibis.literal(0.0), score.recency_start - score.recency_per_day * days)
    frequency = score.frequency_each * ibis.least(each["n"], ibis.literal(score.frequency_cap)).cast("float64")
    return each.select("contactId", score=_round_half_up((recency + frequency) * 100))


def assign_bands(scored_people: Table, score: Score) -> Table:
    """Add `band` and `priority`; null below the lowest band.

    With hysteresis, a contact that is on a band's list (`now_in`) stays in that band until its score is so many points
    past the band's edge: nobody flaps.
    """
    import ibis

    falling = sorted(score.bands, key=lambda band: band.low, reverse=True)
    value = scored_people["score"]
    branches = [(value >= band.low, band) for band in falling]
    if score.hysteresis:
        stays = [(scored_people["now_in"] == band.name) & _is_near(value, band, score.hysteresis) for band in falling]
        branches = [*zip(stays, falling, strict=True), *branches]
    name = ibis.cases(*((when, band.name) for when, band in branches), else_=ibis.null("string"))
    priority = ibis.cases(*((when, band.priority) for when, band in branches), else_=ibis.null("int64"))
    return scored_people.mutate(band=name, priority=priority)


def _is_near(value: Column, band: Band, hysteresis: int) -> Column:
    near = value >= band.low - hysteresis
    return near if band.high is None else near & (value < band.high + hysteresis)
