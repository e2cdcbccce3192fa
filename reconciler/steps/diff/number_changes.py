# tested by: tests/surfaces/nice/test_group_numbers.py
"""Compare the numbers that objects of the tenant are to hold with those that they hold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.audience.decision import dnc_additions, unreadable_dnc_entries
from reconciler.audience.diff import number_diff
from reconciler.kinds import load_kinds
from reconciler.kinds.disposition_set import make_disposition_sets
from reconciler.model.contact_tokens import Tokens
from reconciler.model.desired_state import Desired
from reconciler.model.errors import EmptySource
from reconciler.model.held_numbers import HeldChange, NumberSet
from reconciler.model.live_state import Live


def iter_number_sets(desired: Desired) -> Iterator[NumberSet]:
    """Every set of numbers that a manifest declares."""
    for kind in load_kinds().values():
        for resource in desired.catalogue.of_kind(kind.name):
            if (found := kind.numbers(resource, desired.catalogue)) is not None:
                yield found


def diff_numbers(
    backend: Any, desired: Desired, sets: Sequence[NumberSet], live: Live, tokens: Tokens, into: Path
) -> Iterator[HeldChange]:
    """What must change of the numbers of each set; those that outcomes of this plan add to its lists are of it.

    Raises:
        EmptySource: a list of theirs has no number: that is never read as "call everyone".
    """
    if not sets:
        return
    beside = desired.scratch / "numbers"
    beside.mkdir(exist_ok=True)
    pending = dnc_additions.find_pending_numbers(backend, make_disposition_sets(desired.catalogue), live.rows, beside)
    live = replace(live, rows={**live.rows, **pending})
    for wanted in sets:
        _refuse_empty(backend, wanted, live)
        surface = load_kinds()[wanted.holder.kind].surface(live.surfaces)
        if surface is not None and surface.numbers is not None:
            most = surface.numbers.most
            yield from number_diff.plan_numbers(backend, wanted, live.rows, tokens, into, desired.now, most)


def _refuse_empty(backend: Any, wanted: NumberSet, live: Live) -> None:
    for each in wanted.lists:
        empty = [query for query in each.never_empty if not live.rows[query].count]
        unread = live.rows[each.numbers].count and not unreadable_dnc_entries.reaches_somebody(backend, each, live.rows)
        if empty or unread:
            told = empty[0] if empty else each.numbers
            words = "which has no numbers" if empty else "none of whose numbers is a phone"
            raise EmptySource(
                f"{wanted.address}: {each.address} reads {told}, {words}",
                where=str(getattr(told, "where", "")),
                note="an empty do-not-call list is never read as “call everyone”; nothing was changed",
                hint=f"fetch the numbers again, or take the list out of the numbers of {wanted.address}",
            )
