# tested by: tests/audience/diff/test_membership_diff.py
"""Write the row changes of each list of a segment to a file of its own, and count them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell
from reconciler.audience.staging import staged_members
from reconciler.model.reason import Counted, Reason
from reconciler.model.row_queries import Rows
from reconciler.model.tables import MEMBER_CHANGES, STAGED_MEMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_CHANGES = ("add", "update", "remove")


@dataclass(frozen=True, slots=True)
class MemberDiff:
    """What must change on one list.

    Attributes:
        rows: `MEMBER_CHANGES`, ordered by action and contact.
        reasons: how many rows there are of each action and reason; of each action the most frequent reason first.
        kept: members that stay as they are.
        stays: of those, who no longer belongs: `upsert` leaves them on the list.
        owed: contacts that the list would not take before; the rows have those of them that are retried now.
        pending: how many are not.
    """

    rows: Rows
    reasons: tuple[Counted, ...]
    kept: int
    stays: tuple[Counted, ...]
    owed: tuple[Counted, ...]
    pending: int = 0

    def count(self, action: str) -> int:
        """How many rows there are of an action."""
        return sum(each.count for each in self.reasons if each.action == action)


def split_by_list(
    backend: BaseBackend, told: Table, live: Mapping[str, Rows], into: Mapping[str, Path]
) -> dict[str, MemberDiff]:
    """What is told of all lists, counted and taken apart.

    Raises:
        RuntimeError: a row of a list would be changed twice; nothing is planned then.
    """
    _check_once(backend, told)
    counted = told.group_by("on", "action", "reason", "owed").agg(n=told.count())
    by_band: dict[str, list[tuple[str, ReasonCell, ReasonCell | None, int]]] = {band: [] for band in into}
    told_of = engine.list_rows(backend, counted, tuple[str, str, ReasonCell, ReasonCell | None, int])
    for on, action, why, pending, n in told_of:
        by_band[on].append((action, why, pending, n))
    found = {}
    for band, target in into.items():
        here = by_band[band]
        changing = [(action, reasons.read_reason(why), n) for action, why, _, n in here if action in _CHANGES]
        staying = [(None, reasons.read_reason(why), n) for action, why, _, n in here if action == "stay"]
        owed = [(None, reasons.read_reason(why), n) for _, _, why, n in here if why is not None]
        mine = told.filter(told["on"] == band, told["action"].isin(_CHANGES)).select(*MEMBER_CHANGES.columns)
        rows = tables.write_table(backend, mine.order_by("action", "contactId", "member"), target, MEMBER_CHANGES)
        gone = sum(n for action, _, n in changing if action != "add")
        found[band] = MemberDiff(
            rows,
            _sum_counts(changing),
            _count_list(backend, live[band]) - gone,
            _sum_counts(staying),
            _sum_counts(owed),
            sum(n for action, _, _, n in here if action == "wait"),
        )
    return found


def _check_once(backend: BaseBackend, told: Table) -> None:
    """Each row of a list is changed once, and each contact put on it once.

    Whatever joined a row to two of something would take it off twice, or off in place of a copy that there is not.
    """
    import ibis

    changed = told.filter(told["action"].isin(_CHANGES))
    added = ibis.ifelse(changed["member"].isnull(), changed["contactId"], ibis.null("string"))
    changed = changed.mutate(added=added)
    again = changed.group_by("on", "member", "added").agg(n=changed.count())
    if engine.count_rows(backend, again.filter(again["n"] > 1)):
        raise RuntimeError("the comparison of a list would change a row of it twice")


def count_foreign_removals(backend: BaseBackend, compared: MemberDiff, live: Rows) -> int:
    """How many rows that somebody else put on a list are to be taken off it while others are put there."""
    changed = tables.read_table(backend, compared.rows, MEMBER_CHANGES)
    if not any(each.action != "remove" for each in compared.reasons):
        return 0
    members = staged_members.read_members(backend, live)
    theirs = members.filter(members["sent_as"].isnull())
    return engine.count_rows(backend, changed.filter(changed["action"] == "remove").semi_join(theirs, "member"))


def _count_list(backend: BaseBackend, members: Rows) -> int:
    """How many are on a list."""
    kept = not members.count or members.columns == STAGED_MEMBERS.types
    return members.count if kept else engine.count_rows(backend, staged_members.read_members(backend, members))


def _sum_counts(counts: Iterable[tuple[str | None, Reason, int]]) -> tuple[Counted, ...]:
    """How many there are of each action and reason: by action, the most frequent first."""
    summed: Counter[tuple[str | None, Reason]] = Counter()
    for action, why, count in counts:
        summed[action, why] += count
    counted = [Counted(why, count, action) for (action, why), count in summed.items()]
    return tuple(sorted(counted, key=lambda each: (each.action or "", -each.count, each.reason)))
