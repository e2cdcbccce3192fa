"""Measure the impact of a plan: the people and moves between bands of each list, and hours of dialling."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import Any

from reconciler.audience.impact import (
    called_people_before_after,
    concentration,
    data_age,
    near_threshold,
    score_histogram,
)
from reconciler.audience.impact.called_people_before_after import Counts
from reconciler.audience.impact.dialled_lists_before_after import Dialling, Listed, find_lists, list_dialling
from reconciler.audience.relations import engine
from reconciler.ledger.git_history import find_commit_time
from reconciler.ledger.git_index import is_tracked
from reconciler.model.desired_state import Desired
from reconciler.model.dialling_forecast import make_forecast
from reconciler.model.impact import (
    BandMove,
    BlastRadius,
    CampaignImpact,
    Concentration,
    DataAge,
    Impact,
    NearThreshold,
    Overlap,
    ScoreHistogram,
    blast_radius,
)
from reconciler.model.instants import find_present
from reconciler.model.list_change import RowChange
from reconciler.model.live_state import Live
from reconciler.model.resource_address import Address
from reconciler.model.rule_results import RuleResults
from reconciler.model.segment_membership import Members


def measure_impact(desired: Desired, members: Members, judged: RuleResults, live: Live) -> Impact:
    """Follow the people of every list that changes, and count them; nobody is named."""
    changes = judged.changes
    dialling = list_dialling(judged.campaigns, judged.others, changes)
    lists = find_lists(dialling, changes, live)
    if not any(each.whole or each.changes for each in lists) and not any(each.treated for each in dialling):
        dialled = {name for each in dialling if not each.at_rest for name in each.lists}
        called = sum(each.size or 0 for each in lists if each.name in dialled)
        return Impact(BlastRadius(0.0, called, called))
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        called, known = called_people_before_after.count_called(backend, lists, dialling)
        found = called_people_before_after.find_people(backend, lists, desired.scratch / "impact.parquet")
        if found is None:
            every, by_campaign, moves = Counts(), tuple(Counts() for _ in dialling), None
        else:
            every, by_campaign = called_people_before_after.count_calls(backend, found, lists, dialling)
            moves = called_people_before_after.find_moves(backend, found, lists, members) if members else None
        campaigns = tuple(
            _iter_campaigns(dialling, by_campaign, lists, judged, find_present(desired.as_of, desired.now))
        )
        treated = sum(each.treated for each in campaigns)
        blast = blast_radius(called, every.starts, every.stops, every.moves, treated, known=known)
        overlaps = tuple(found for each in campaigns for found in _list_overlaps(each.address, judged))
        impact = Impact(blast, campaigns, overlaps=overlaps)
        if moves is None:
            return impact
        return _add_segments(impact, backend, moves, members, changes.rows, live, desired)


def _iter_campaigns(
    dialling: Sequence[Dialling],
    counted: Sequence[Counts],
    lists: Sequence[Listed],
    judged: RuleResults,
    moment: datetime,
) -> Iterator[CampaignImpact]:
    """Those whose people or calls change."""
    sizes = {each.name: each.size for each in lists}
    unread = {each.name for each in lists if each.rows is None}
    for each, many in zip(dialling, counted, strict=True):
        now = [name for name, (before, _) in each.lists.items() if before]
        before = _sum_known([sizes[name] for name in now])
        lost = any(name in unread and flags[0] != flags[1] for name, flags in each.lists.items())
        after = None if before is None or lost else before + many.starts - many.stops
        goes_on = each.treated and each.dials_before and each.dials_after
        treated = max(0, (before or 0) - many.stops) if goes_on else 0
        if not (many.starts or many.stops or many.moves or treated or lost or each.dials_before != each.dials_after):
            continue
        yield CampaignImpact(
            each.address,
            each.dials_before,
            each.dials_after,
            before,
            after,
            many.starts,
            many.stops,
            many.moves,
            many.shared,
            treated,
            *_count_hours(each.address, lists, judged, moment),
        )


def _list_overlaps(address: Address, judged: RuleResults) -> Iterator[Overlap]:
    """With which other campaigns it would call the same people, and how many, most first."""
    together: Counter[str] = Counter()
    for each in judged.campaigns:
        if Address(each.change.address.kind, each.change.address.name) == address:
            together.update({shared.campaign: shared.contacts for shared in each.shared})
    yield from (
        Overlap(address, name, many) for name, many in sorted(together.items(), key=lambda pair: (-pair[1], pair[0]))
    )


def _sum_known(values: Sequence[int | None]) -> int | None:
    return None if any(each is None for each in values) else sum(each or 0 for each in values)


def _count_hours(
    address: Address, lists: Sequence[Listed], judged: RuleResults, moment: datetime
) -> tuple[float | None, float | None]:
    """Hours of dialling, of the lists as they are and as they will be."""
    sizes = {each.name: each.size for each in lists}
    mine = [each for each in judged.campaigns if Address(each.change.address.kind, each.change.address.name) == address]
    after = [None if each.forecast is None else each.forecast.hours for each in mine]
    before = [
        make_forecast(each.campaign, sizes.get(each.was.list or "") if each.was is not None else 0, moment).hours
        for each in mine
    ]
    if not mine or any(each is None for each in (*before, *after)):
        return None, None
    return tuple(round(sum(each or 0.0 for each in hours), 2) for hours in (before, after))  # type: ignore[return-value]


def _add_segments(
    impact: Impact,
    backend: Any,
    moves: Any,
    members: Members,
    rows: Sequence[RowChange],
    live: Live,
    desired: Desired,
) -> Impact:
    """The impact with what becomes of the people of each segment that changes."""
    committed = cache(partial(find_commit_time, environ=os.environ))
    with engine.cache_rows(backend, moves) as moved:
        counted = called_people_before_after.count_moves(backend, moved)
        changing = sorted({segment for segment, *_ in counted})
        bands = tuple(_iter_moves(counted, members))
        found: list[Concentration] = []
        edges: list[NearThreshold] = []
        ages: list[DataAge] = []
        scores: list[ScoreHistogram] = []
        for place in changing:
            standing = members[place]
            mine = (row for row in rows if row.address.resource == standing.segment.address)
            departed = any(each.reason.code == "not_in_source" for row in mine for each in row.reasons)
            found += concentration.find_concentration(backend, standing, moved, place, live.rows, departed=departed)
            edges += near_threshold.count_near(backend, standing)
            ages += data_age.list_ages(backend, standing, live.rows, desired.root, is_tracked, committed)
            scores += score_histogram.count_scores(backend, standing)
    return replace(
        impact,
        bands=bands,
        concentration=tuple(found),
        near=tuple(edges),
        data=tuple(ages),
        scores=tuple(scores),
    )


def _iter_moves(counted: Sequence[tuple[int, int | None, int | None, int]], members: Members) -> Iterator[BandMove]:
    for place, was, will, many in counted:
        segment = members[place].segment
        names = [target.band for target in segment.targets]
        before, after = (None if each is None else names[each] for each in (was, will))
        yield BandMove(segment.address, before, after, many)
