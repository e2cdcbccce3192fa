# tested by: tests/steps/test_compare.py
"""Compare the rows of two plans for one list: who is new in the later one, who is gone, who is treated otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.model.row_queries import Rows

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


def count_differences(backend: BaseBackend, before: Rows, after: Rows) -> tuple[int, int, int]:
    """How many contacts are only in the rows after, only in those before, and in both with something else.

    What is done, where to, with which priority, score and attributes, is compared, and why; nothing that is personal.
    """
    import ibis

    ids = ("contactId", "member")
    first, then = (engine.read_rows(backend, rows) for rows in (before, after))
    told = sorted((set(first.columns) & set(then.columns)) - _NOT_COMPARED)

    def describe(table: Table) -> Table:
        who = ibis.coalesce(*(table[name] for name in ids if name in table.columns))
        content = ibis.literal("")
        for name in told:
            content = content + "\x1f" + table[name].cast("string").fill_null("\x00")
        return table.select(who=who, does=content).distinct()

    one, other = describe(first), describe(then)
    new, gone = (
        engine.count_rows(backend, here.select("who").distinct().anti_join(there.select("who"), "who"))
        for here, there in ((other, one), (one, other))
    )
    both = other.semi_join(one, "who").anti_join(one, ("who", "does"))
    return new, gone, engine.count_rows(backend, both.select("who").distinct())


_NOT_COMPARED = frozenset(
    {"contactId", "member", "e164", "name", "firstName", "lastName", "email", "subscribers", "was", "custom", "phone"}
)
