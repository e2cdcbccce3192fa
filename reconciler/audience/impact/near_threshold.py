# tested by: tests/steps/test_impact.py
"""Count the people near the edge of a band."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.impact.disclosable_attributes import hides_score
from reconciler.audience.impact.small_groups import show_within
from reconciler.audience.relations import engine
from reconciler.model.impact import NearThreshold
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_FIVE, _TEN = 500, 1000
"""Points, in hundredths."""

_BY_SCORE = ("below_threshold", "band_without_list")
"""Why somebody is out whom another score would put in."""


def count_near(backend: BaseBackend, standing: MembershipDecision) -> Iterator[NearThreshold]:
    """Who stands within five and ten points of each band's lower edge, of those whose score alone decides.

    Nothing where the score is a column of the source that the mapping calls sensitive; no figure of too few people.
    """
    import ibis

    if hides_score(standing):
        return
    edges = [(band.name, band.low) for band in standing.segment.score.bands]
    everyone = tables.read_table(backend, standing.rows, DECISIONS)
    score = everyone["score"]
    near = [(score >= low - _TEN) & (score < low + _TEN) for _, low in edges]
    either = ibis.or_(*near)
    decided = select_decided(everyone.filter(either))
    counted = decided.group_by("score").agg(n=decided.count())
    found = engine.list_rows(backend, counted, tuple[int, int])

    def within(low: int, high: int) -> int:
        return sum(many for one, many in found if low <= one < high)

    for name, low in edges:
        below_5, below_10 = within(low - _FIVE, low), within(low - _TEN, low)
        above_5, above_10 = within(low, low + _FIVE), within(low, low + _TEN)
        if low > 0 and (below_10 or above_10):
            below, above = show_within(below_5, below_10), show_within(above_5, above_10)
            yield NearThreshold(standing.segment.address, name, low / 100, *below, *above)


def select_decided(everyone: Table) -> Table:
    """Of the people of a segment, those who are in, and those who are out for their score alone."""
    return everyone.filter(everyone["band"].notnull() | everyone["reason"]["code"].isin(_BY_SCORE))
