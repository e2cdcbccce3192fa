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
from reconciler.model.problem import BadInput, Problem


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
        BadInput: the tenant has no place for them.
        EmptySource: a list of theirs has no number: that is never read as "call everyone".
    """
    if not sets:
        return
    beside = desired.scratch / "numbers"
    beside.mkdir(exist_ok=True)
    pending = dnc_additions.find_pending_numbers(backend, make_disposition_sets(desired.catalogue), live.rows, beside)
    live = replace(live, rows={**live.rows, **pending})
    for wanted in sets:
        if wanted.holder.until is not None and wanted.holder.until <= desired.now.date():
            continue  # it is over
        _refuse_empty(backend, wanted, live)
        most = _find_most(wanted, live)
        yield from number_diff.plan_numbers(backend, wanted, live.rows, tokens, into, desired.now, most)


def _find_most(wanted: NumberSet, live: Live) -> int:
    """How many numbers one request takes."""
    kind = wanted.holder.objects[0][0]
    surface = load_kinds()[kind].surface(live.surfaces)
    if surface is None or wanted.holder.kind not in surface.numbers:
        message = f"no surface of the tenant holds numbers for a {kind}, so that who has one is not called"
        hint = "name the same do-not-call lists in `suppress` of the segments instead"
        raise BadInput([Problem(wanted.where, "missing-surface", message, hint=hint)])
    return surface.numbers[wanted.holder.kind].most


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
