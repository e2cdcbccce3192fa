# tested by: tests/properties/test_keeping.py
"""Work out which time ranges of interactions are cached and which must be read.

Relations only. Moments are whole seconds since 1970, as on the wire; a window holds its start and not its end.

- wanted: contactId, start. The window of each contact ends with the plan's.
- known: CACHED_RANGES. `until` is its watermark; `read` is when they were last read from the start of their window.
- asks: contactId, lo, hi. What is asked of the tenant.
- history: CACHED_INTERACTIONS.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reconciler.model.intermediate_tables import CACHED_INTERACTIONS, CACHED_RANGES, TENANT_INTERACTIONS
from reconciler.model.table_spec import TableSpec

if TYPE_CHECKING:
    from ibis import Column, Table


def make_empty(any_relation: Table, table: TableSpec) -> Table:
    """A relation without a row, in the engine of another."""
    import ibis

    return any_relation.limit(0).select(**{name: ibis.null(kind) for name, kind in table.types.items()})


def make_moment(seconds: int) -> Column:
    """A moment as a column; the cast stays in the query, or the engine would choose a narrower type."""
    import ibis

    return ibis.literal(seconds).cast("int64")


def drop_duplicates(told: Table) -> Table:
    """The history that a tenant tells: one row an interaction, by `id`; a read that began again has some twice."""
    named = told.mutate(type=told["type"].fill_null(""))  # so that it can be compared
    first = named.group_by("id").agg(
        **{name: named[name].min() for name in TENANT_INTERACTIONS.columns if name != "id"}
    )
    at = first["startTime"].cast("timestamp").truncate("s")
    return first.mutate(second=at.epoch_seconds().cast("int64"))


def find_missing_ranges(wanted: Table, known: Table, end: int) -> Table:
    """The wanted contacts with what is known of them: since, until, read; null where all must be asked for.

    What is known and does not touch the window, or only what comes after it (`later`), is of no use for it.
    """
    import ibis

    both = wanted.left_join(known, "contactId").drop("contactId_right")
    useful = (both["until"] > both["start"]) & (both["since"] < end)
    usable = {name: ibis.ifelse(useful, both[name], ibis.null("int64")) for name in ("since", "until", "read")}
    later = (both["since"] >= end).fill_null(False)
    return both.select("contactId", "start", later=later, **usable)


def build_requests(contacts: Table, end: int, overlap: int) -> Table:
    """What is asked for: all of a new contact's window; else what is older than is known, and what is new.

    What is new begins `overlap` seconds before the watermark: an interaction may reach the tenant's search after others
    that started later, and what is asked for twice shows whether the tenant still says what it said.
    """
    import ibis

    last = make_moment(end)
    new = contacts["until"].isnull()
    whole = contacts.filter(new).select("contactId", lo=contacts["start"], hi=last)
    older = contacts.filter(~new & (contacts["start"] < contacts["since"]))
    before = older.select("contactId", lo=older["start"], hi=older["since"])
    lo = ibis.greatest(contacts["start"], contacts["since"], contacts["until"] - overlap)
    after = contacts.filter(~new).select("contactId", lo=lo, hi=last)
    return whole.union(before).union(after.filter(after["lo"] < after["hi"]))


def count_contradictions(kept: Table, asked: Table, fresh: Table) -> Table:
    """The ids of kept interactions that the tenant, asked for them again, no longer has or says otherwise."""
    again = kept.join(asked, "contactId")
    again = again.filter((again["second"] >= again["lo"]) & (again["second"] < again["hi"]))
    gone = again.select(*TENANT_INTERACTIONS.columns).anti_join(fresh, list(TENANT_INTERACTIONS.columns))
    renamed = fresh.select("id", **{f"{name}_now": fresh[name] for name in TENANT_INTERACTIONS.columns if name != "id"})
    both = kept.join(renamed, "id")
    differs = [both[name] != both[f"{name}_now"] for name in TENANT_INTERACTIONS.columns if name != "id"]
    other = both.filter(differs[0] | differs[1] | differs[2])
    return gone.select("id").union(other.select("id")).distinct()


def merge_interactions(kept: Table, fresh: Table) -> Table:
    """What was kept and what was read, each interaction once."""
    return (
        kept.anti_join(fresh, "id")
        .select(*CACHED_INTERACTIONS.columns)
        .union(fresh.select(*CACHED_INTERACTIONS.columns))
    )


def extend_ranges(contacts: Table, known: Table, upto: int, now: int) -> Table:
    """What is known once the asks are answered. What is older than every window in use is let go.

    Args:
        upto: the moment up to which the tenant was asked; never after `now`, as nobody knows what is yet to come.
    """
    import ibis

    asked = contacts.filter(~contacts["later"])
    reached = asked.select(
        "contactId",
        since=ibis.least(asked["start"], asked["since"].fill_null(asked["start"])),
        until=ibis.greatest(make_moment(upto), asked["until"].fill_null(upto)),
        read=asked["read"].fill_null(now),
    )
    reached = reached.filter(reached["since"] < reached["until"])
    everybody = reached.union(known.anti_join(reached, "contactId").select(*CACHED_RANGES.columns))
    floor = contacts.agg(floor=contacts["start"].min())
    bounded = everybody.cross_join(floor)
    since = ibis.greatest(bounded["since"], bounded["floor"].fill_null(bounded["since"]))
    trimmed = bounded.select("contactId", since=since, until=bounded["until"], read=bounded["read"])
    return trimmed.filter(trimmed["since"] < trimmed["until"])


def select_covered(history: Table, known: Table) -> Table:
    """The interactions that a coverage speaks of."""
    both = history.join(known, "contactId")
    return both.filter((both["second"] >= both["since"]) & (both["second"] < both["until"])).select(
        *CACHED_INTERACTIONS.columns
    )


def select_within(history: Table, people: Table, start: int, end: int) -> Table:
    """The interactions of some contacts in a window."""
    timed = history.filter((history["second"] >= start) & (history["second"] < end))
    return timed.semi_join(people, "contactId").select(*TENANT_INTERACTIONS.columns)
