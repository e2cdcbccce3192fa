# tested by: tests/steps/test_impact.py
"""Count the people near the edge of a band, and the age of the data behind their scores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.staging import staged_interactions
from reconciler.model.impact import DataAge, NearThreshold
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_FIVE, _TEN = 500, 1000
"""Points, in hundredths."""

_BY_SCORE = ("below_threshold", "band_without_list")
"""Why somebody is out whom another score would put in."""


def count_near(backend: BaseBackend, standing: MembershipDecision) -> Iterator[NearThreshold]:
    """Who stands within five and ten points of each band's lower edge, of those whose score alone decides."""
    import ibis

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
        around = (within(low - _FIVE, low), within(low - _TEN, low), within(low, low + _FIVE), within(low, low + _TEN))
        if low > 0 and any(around):
            yield NearThreshold(standing.segment.address, name, low / 100, *around)


def select_decided(everyone: Table) -> Table:
    """Of the people of a segment, those who are in, and those who are out for their score alone."""
    return everyone.filter(everyone["band"].notnull() | everyone["reason"]["code"].isin(_BY_SCORE))


def list_ages(backend: BaseBackend, standing: MembershipDecision, read: Mapping[RowQuery, Rows]) -> Iterator[DataAge]:
    """How old is what a segment was judged by, as far as it says so itself."""
    segment = standing.segment
    yield DataAge(segment.address, "contacts", str(segment.contacts))
    for query in dict.fromkeys(segment.interactions.values()):
        times = staged_interactions.read_interactions(backend, read[query])["at"]
        spanned = times.name("at").as_table().agg(oldest=times.min(), newest=times.max())
        ((oldest, newest),) = engine.list_rows(backend, spanned, tuple[datetime | None, datetime | None])
        yield DataAge(segment.address, "interactions", str(query), _to_utc(oldest), _to_utc(newest))
    for each in segment.suppress:
        yield DataAge(segment.address, "do-not-call", str(each.address), each.taken, each.taken)


def _to_utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
