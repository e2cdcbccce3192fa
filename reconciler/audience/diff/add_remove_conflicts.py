# tested by: tests/audience/diff/test_membership_diff.py
"""Defer rows that one plan would both add to and remove from a list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.relations.reasons import make_reason

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

APART = "number_removed_first"
"""Why a contact is not put on a list yet: a row of another phone text may reach who must not be called."""


def defer_contradictions(backend: BaseBackend, changes: Table) -> Table:
    """The changes, of which none puts on a list what another takes off it: neither a row, nor the only row of a number.

    A list would be left without both, or with one that must go. What is taken off goes; what would be put waits for the
    next plan, which finds no such row any more.
    """
    import ibis

    put = changes.filter(changes["action"].isin(["add", "update"]))
    gone = changes.filter(changes["action"] == "remove")
    only = gone.filter(gone["spare"].isnull(), gone["number"].notnull())
    rows = gone.filter(gone["member"].notnull()).select("on", key=ibis.literal("row ") + gone["member"]).distinct()
    numbers = only.select("on", key=ibis.literal("number ") + only["number"]).distinct()
    taken = ibis.union(rows, numbers).rename(taken_on="on")

    def met(key: Column) -> Table:
        asked = put.select("contactId", "on", key=key)
        asked = asked.filter(asked["key"].notnull())
        return asked.semi_join(taken, [asked["key"] == taken["key"], asked["on"] == taken["taken_on"]])

    both = [met(ibis.literal("row ") + put["member"]), met(ibis.literal("number ") + put["e164"])]
    waits = ibis.union(*both).select(waits="contactId", waits_on="on").distinct()
    if not engine.count_rows(backend, waits):
        return changes
    found = changes.left_join(waits, [changes["contactId"] == waits["waits"], changes["on"] == waits["waits_on"]])
    held = found["waits"].notnull() & found["action"].isin(["add", "update"])
    action = ibis.ifelse(held, ibis.literal("wait"), found["action"])
    return found.mutate(action=action, owed=ibis.ifelse(held, make_reason(APART), found["owed"])).select(
        *changes.columns
    )
