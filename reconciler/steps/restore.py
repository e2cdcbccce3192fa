# tested by: tests/cli/test_rollback.py
"""Put contacts back where a run found them, as far as they may be called today; of a plan that rolls one back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.audience.decision import restored_members
from reconciler.audience.relations import engine
from reconciler.model.desired_state import Desired
from reconciler.model.list_change import RowChange
from reconciler.model.live_state import Live
from reconciler.model.notice import Notice
from reconciler.model.reason import Counted
from reconciler.model.row_queries import Rows
from reconciler.model.run_reversal import Reversal
from reconciler.model.segment_membership import Members, MembershipDecision, Restored

_WHY = {
    "later": "a later run changed them too: roll that one back first",
    "elsewhere": "they are on another list of their segment by now",
}


def restore_members(desired: Desired, members: Members, live: Live) -> Members:
    """Who belongs where, so that those whom a run moved go back; without a rollback, as it was decided.

    Raises:
        ReconcilerError: the rows of the run cannot be read.
    """
    if desired.back is None:
        return members
    into = desired.scratch / "restored"
    into.mkdir(mode=0o700, exist_ok=True)
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        return tuple(_restore(backend, each, desired.back, live, into) for each in members)


def _restore(backend: Any, standing: MembershipDecision, back: Reversal, live: Live, into: Any) -> MembershipDecision:
    segment = standing.segment
    members = {each.band: live.rows[each.members] for each in segment.targets}
    lists = {each.band: each.list for each in segment.targets}
    mine = {each.address.part: each for each in back.rows if each.address.resource == segment.address}
    changes = {band: mine[band].rows for band, name in lists.items() if band in mine and mine[band].list == name}
    later = [row.rows for each in back.later for row in each.rows if row.address.resource == segment.address]
    file = into / f"{segment.address.name}.parquet"
    restored, left = restored_members.find_restored(backend, changes, later, members, file)
    rows, out = restored_members.restore_decisions(
        backend, segment, standing.rows, standing.barred, restored, members, back.run, file.with_suffix(".rows.parquet")
    )
    return replace(
        standing,
        segment=replace(segment, mirror=True),
        rows=rows,
        restored=Restored(back.run, restored),
        notices=tuple(_tell(", ".join(lists[band] for band in changes), changes, mine, left, out)),
    )


def _tell(
    names: str, changes: Mapping[str, Rows], mine: Mapping[Any, RowChange], left: Mapping[str, int], out: list[Counted]
) -> Iterator[Notice]:
    for why, count in sorted(left.items()):
        yield _tell_left(names, count, why)
    for each in out:
        words = f"{each.count:,} contacts are not put back on list {names!r}, by what holds today: {each.reason.code}"
        told = {"list": names, "count": each.count, "why": each.reason.code}
        yield Notice("rollback_not_put_back", words, told)
    for band in changes:
        if updates := mine[band].updates:
            words = f"{updates:,} contacts on list {mine[band].list!r} keep the values that the run wrote"
            told = {"list": mine[band].list, "count": updates}
            yield Notice("rollback_values_stay", f"{words}: those from before are not kept", told)


def _tell_left(name: str, count: int, why: str) -> Notice:
    words = f"{count:,} contacts of list {name!r} stay as they are: {_WHY[why]}"
    return Notice("rollback_contacts_left", words, {"list": name, "count": count, "why": why})
