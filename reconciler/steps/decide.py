# tested by: tests/test_engines.py
"""Decide who belongs on which list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.audience.decision import (
    dnc_additions,
    dnc_wrong_region,
    eligibility,
    misread_phone_country,
    must_remove,
    shared_number_consent,
    unreadable_dnc_entries,
)
from reconciler.audience.relations import engine
from reconciler.kinds import segment as segments
from reconciler.kinds.disposition_set import make_disposition_sets
from reconciler.model.desired_state import Desired
from reconciler.model.errors import EmptySource
from reconciler.model.list_change import Accounting
from reconciler.model.live_state import Live
from reconciler.model.reason import Share
from reconciler.model.row_queries import Rows
from reconciler.model.segment import Segment, Suppression
from reconciler.model.segment_membership import Alike, DoNotCall, Members, MembershipDecision


def decide(desired: Desired, live: Live) -> Members:
    """The standing of every contact of every segment.

    Raises:
        EmptySource: a source, its interactions, or a list to intersect with has no rows.
    """
    if not any(desired.catalogue.of_kind(segments.KIND.name)):
        return ()
    into = desired.scratch / "standing"
    into.mkdir(exist_ok=True)
    found = []
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        # what outcomes of this plan add to a do-not-call list holds for its lists of contacts already
        live = replace(
            live,
            rows={
                **live.rows,
                **dnc_additions.find_pending_numbers(
                    backend, make_disposition_sets(desired.catalogue), live.rows, into
                ),
            },
        )
        for resource in desired.catalogue.of_kind(segments.KIND.name):
            segment = segments.make_segment(resource, desired.catalogue, desired.as_of)
            _refuse_empty(backend, segment, live, desired.as_of)
            target = into / f"{resource.address.name}.parquet"
            members = {each.band: live.rows[each.members] for each in segment.targets}
            rows = eligibility.decide_membership(backend, segment, live.rows, members, desired.as_of, target)
            by_phone = segment.delivery.whole and any(way.phones for way in live.methods.values())
            beside = target.with_suffix(".barred.parquet")
            barred = must_remove.find_must_remove(backend, segment, rows, live.rows, beside, by_phone=by_phone)
            included, left_out = eligibility.count_decisions(backend, rows)
            account = Accounting(
                segment.address,
                rows.count,
                tuple(Share(band.name, included[band.name]) for band in segment.score.bands if band.name in included),
                tuple(left_out),
                eligibility.count_called_unrecorded(backend, rows) if segment.calls_unrecorded else None,
            )
            dialled = {} if by_phone else must_remove.count_dialled_suppressed(backend, segment, rows, live.rows)
            lost = 0 if by_phone else must_remove.count_unread_in_tenant(backend, segment, rows, live.rows)
            judged = _check_suppressions(backend, segment, live, desired.settings.max_dnc_age, dialled, lost)
            suppressions = tuple(
                replace(told, alike=_find_alike(backend, segment, told, live, rows)) for told in judged
            )
            foreign = tuple(misread_phone_country.find_foreign_numbers(backend, segment, live.rows, rows))
            refused = tuple(shared_number_consent.find_refused_numbers(backend, segment, rows))
            found.append(MembershipDecision(segment, rows, barred, account, suppressions, foreign, refused))
    return tuple(found)


def _check_suppressions(
    backend: Any, segment: Segment, live: Live, oldest: timedelta | None, dialled: Mapping[str, int], lost: int
) -> Iterator[DoNotCall]:
    """The do-not-call lists of a segment; none may be older than the floor says."""
    for place, each in enumerate(segment.suppress):
        if live.rows[each.numbers].count and not unreadable_dnc_entries.reaches_somebody(backend, each, live.rows):
            raise _describe_nobodys(backend, segment, each, live)
        age = each.max_age if oldest is None else min(each.max_age, oldest)
        called = dialled.get(each.address.name, 0)
        unread = unreadable_dnc_entries.count_unreadable(backend, each, live.rows)
        yield DoNotCall(
            segment.address,
            each.address,
            each.taken,
            age,
            each.only_warns,
            unread,
            called,
            unreadable=unreadable_dnc_entries.list_first_unreadable(backend, each, live.rows) if unread else (),
            misread=unreadable_dnc_entries.find_misread_regions(backend, each, live.rows) if unread else (),
            entries=tuple(live.rows[query].count for query in each.read),
            lost=0 if place else lost,
        )


def _find_alike(backend: Any, segment: Segment, told: DoNotCall, live: Live, rows: Rows) -> tuple[Alike, ...]:
    listed = next(each for each in segment.suppress if each.address == told.address)
    return tuple(dnc_wrong_region.find_mismatch(backend, listed, live.rows, rows))


def _describe_nobodys(backend: Any, segment: Segment, listed: Suppression, live: Live) -> EmptySource:
    """A list none of whose entries is a number, with the region in which most of them are, if there is one."""
    likely = [
        each.likely for each in unreadable_dnc_entries.find_misread_regions(backend, listed, live.rows) if each.likely
    ]
    hint = "check that `phone` is mapped to the right column, and that `region` is that of the numbers"
    return EmptySource(
        f"{segment.address}: {listed.address} reads {listed.numbers}, none of whose numbers is a phone",
        where=str(listed.numbers.where),
        note="a do-not-call list that nobody can read suppresses nobody; nothing was changed",
        hint=f"{hint}; most are numbers of {likely[0]}" if likely else hint,
    )


def _refuse_empty(backend: Any, segment: Segment, live: Live, as_of: datetime) -> None:
    for query in (segment.contacts, *segment.intersect):
        if not live.rows[query].count:
            raise _source_empty(f"{query} has no contacts", str(query.where), segment)
    for each in segment.suppress:
        for numbers in each.never_empty:
            if not live.rows[numbers].count:
                words = f"{each.address} reads {numbers}, which has no numbers"
                raise _numbers_missing(words, str(getattr(numbers, "where", "")), segment)
    for measure, history in segment.interactions.items():
        if not live.rows[history].count:
            _refuse_archived(backend, segment, live)
            types = " or ".join(measure.types)
            words = f"{segment.contacts} has no {types} interaction since {as_of - measure.window:%Y-%m-%d}"
            raise _source_empty(words, str(history.where), segment)


def _refuse_archived(backend: Any, segment: Segment, live: Live) -> None:
    """Say of a source of archived contacts alone that it is one: their interactions are not even asked for."""
    archived = eligibility.count_all_archived(backend, live.rows[segment.contacts])
    if archived:
        raise EmptySource(
            f"{segment.address}: all {archived:,} contacts of {segment.contacts} are archived",
            where=str(segment.contacts.where),
            note="archived contacts are never called; nothing was changed",
            hint="check that it is the right list, or have the tenant make its contacts active again",
        )


def _numbers_missing(words: str, where: str, segment: Segment) -> EmptySource:
    return EmptySource(
        f"{segment.address}: {words}",
        where=where,
        note="an empty do-not-call list is never read as “call everyone”; nothing was changed",
        hint="fetch the numbers again, or take the list out of the segment's `suppress` if nobody is on it",
    )


def _source_empty(words: str, where: str, segment: Segment) -> EmptySource:
    return EmptySource(
        f"{segment.address}: {words}",
        where=where,
        note="an empty source is never read as “remove everyone”; nothing was changed",
        hint="check that it is the right list and that it has been filled",
    )
