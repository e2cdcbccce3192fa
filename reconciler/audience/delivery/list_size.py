# tested by: tests/test_engines.py
"""Count how many are on a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from reconciler.model.desired_state import Desired
from reconciler.model.live_state import LiveObject
from reconciler.model.row_queries import MemberPhones, MembersOf, RowQuery, Rows

LIST = "ContactList"

Held = Mapping[str, Mapping[str, LiveObject]]


def count_members(objects: Held, rows: Mapping[RowQuery, Rows]) -> dict[str, Mapping[str, LiveObject]]:
    """The objects, each list whose members were read with as many as these are."""
    read = {
        query.list: found.count if found.total is None else found.total
        for query, found in rows.items()
        if isinstance(query, MembersOf | MemberPhones)
    }
    held = objects.get(LIST, {})
    known = {name: replace(each, size=read[name]) if name in read else each for name, each in held.items()}
    return {**objects, **({LIST: known} if held else {})}


def count_after_leaving(desired: Desired, objects: Held, declared: set[str]) -> Iterator[MembersOf]:
    """Who is on the lists that are to be deleted and are said to be empty: nobody is deleted on a count that lags."""
    for name, each in objects.get(LIST, {}).items() if desired.prune else ():
        if each.owner == desired.settings.name and name not in declared and not each.size:
            yield MembersOf(name, ())
