# tested by: tests/cli/test_rollback.py
"""Decide who goes back to the list that a run took it off, and off the list that the run put it on.

What was true when the run began says who was where; who may be called today says who is put back. Whoever is
suppressed, gave no consent, cannot be read or is not in the source any more stays off, whatever was true then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell, make_reason
from reconciler.audience.staging import staged_members
from reconciler.model.reason import Counted
from reconciler.model.row_queries import Rows
from reconciler.model.segment import Segment
from reconciler.model.tables import DECISIONS, MEMBER_CHANGES, MUST_REMOVE, RESTORED_MEMBERS

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

MAY_COME_BACK = ("no_interaction", "below_threshold", "band_without_list", "over_cap")
"""Why somebody may be on no list today and be put back on one: so they were chosen, and that is no bar to a call."""


def find_restored(
    backend: BaseBackend,
    changes: Mapping[str, Rows],
    later: Sequence[Rows],
    members: Mapping[str, Rows],
    target: Path,
) -> tuple[Rows, dict[str, int]]:
    """Whom a run put on lists of a segment or took off them, as `RESTORED_MEMBERS`, and how many stay where they are.

    `changes` are `MEMBER_CHANGES` of the run by band, `later` those of runs after it, `members` who is on which list
    now. By why: `later`, as a later run changed them too, and `elsewhere`, as they are on another list of the segment.
    """
    import ibis

    here = _read_members(backend, members)
    if not changes:
        nobody = here.select("contactId", put_on="on", was_on="on").filter(ibis.literal(False))
        return tables.write_table(backend, nobody, target, RESTORED_MEMBERS), {}
    moved = _read_moves(backend, changes)
    now = here.rename(now_id="contactId", now_on="on")
    met = moved.left_join(now, moved["contactId"] == now["now_id"])
    met = met.group_by("contactId", "put_on", "was_on").agg(
        stays=(met["now_on"] == met["put_on"]).any().fill_null(False),
        back=(met["now_on"] == met["was_on"]).any().fill_null(False),
        elsewhere=(
            met["now_on"].notnull()
            & (met["now_on"] != met["put_on"]).fill_null(True)
            & (met["now_on"] != met["was_on"]).fill_null(True)
        ).any(),
    )
    null = ibis.null("string")
    due = met.mutate(
        put_on=ibis.ifelse(met["stays"], met["put_on"], null), was_on=ibis.ifelse(met["back"], null, met["was_on"])
    )
    due = due.filter(due["put_on"].notnull() | due["was_on"].notnull())
    again = _read_touched(backend, later)
    touched = due["contactId"].isin(again["contactId"]) if again is not None else ibis.literal(False)
    due = due.mutate(left=ibis.cases((touched, ibis.literal("later")), (due["elsewhere"], ibis.literal("elsewhere"))))
    due = due.select(*RESTORED_MEMBERS.columns, "left")
    held = due.filter(due["left"].notnull())
    counted = held.group_by("left").agg(n=held.count())
    left = dict(engine.list_rows(backend, counted, tuple[str, int]))
    goes = due.filter(due["left"].isnull()).drop("left")
    return tables.write_table(backend, goes, target, RESTORED_MEMBERS), left


def _read_members(backend: BaseBackend, members: Mapping[str, Rows]) -> Table:
    import ibis

    held = [
        staged_members.read_members(backend, rows).select("contactId", on=ibis.literal(band))
        for band, rows in members.items()
    ]
    return (ibis.union(*held) if len(held) > 1 else held[0]).distinct()


def _read_moves(backend: BaseBackend, changes: Mapping[str, Rows]) -> Table:
    """By contact the band whose list it was put on, and the one whose list it was taken off, the highest of several."""
    import ibis

    parts = [
        tables.read_table(backend, rows, MEMBER_CHANGES).select(
            "contactId", "action", on=ibis.literal(band), rank=ibis.literal(rank, "int64")
        )
        for rank, (band, rows) in enumerate(changes.items())
    ]
    every = ibis.union(*parts) if len(parts) > 1 else parts[0]
    every = every.filter(every["action"] != "update")

    def choose(action: str) -> Column:
        return every["on"].argmin(ibis.ifelse(every["action"] == action, every["rank"], ibis.null("int64")))

    def has(action: str) -> Column:
        return (every["action"] == action).any()

    found = every.group_by("contactId").agg(
        put_on=choose("add"), was_on=choose("remove"), added=has("add"), removed=has("remove")
    )
    null = ibis.null("string")
    found = found.select(
        "contactId",
        put_on=ibis.ifelse(found["added"], found["put_on"], null),
        was_on=ibis.ifelse(found["removed"], found["was_on"], null),
    )
    return found.filter((found["put_on"] != found["was_on"]).fill_null(True))


def _read_touched(backend: BaseBackend, later: Sequence[Rows]) -> Table | None:
    import ibis

    parts = [tables.read_table(backend, rows, MEMBER_CHANGES).select("contactId") for rows in later]
    return (ibis.union(*parts) if len(parts) > 1 else parts[0]).distinct() if parts else None


def restore_decisions(
    backend: BaseBackend,
    segment: Segment,
    standing_rows: Rows,
    barred: Rows,
    restored: Rows,
    members: Mapping[str, Rows],
    run: str,
    target: Path,
) -> tuple[Rows, list[Counted]]:
    """Today's decisions with those who go back where they were, written to `target`; and who is not put back, by why.

    Whoever is put on a list has the values that the source and the score have today.
    """
    import ibis

    everyone = tables.read_table(backend, standing_rows, DECISIONS)
    goes = tables.read_table(backend, restored, RESTORED_MEMBERS)
    first = everyone.filter(~everyone["duplicate"])
    met = goes.left_join(first, goes["contactId"] == first["contactId"])
    shut = tables.read_table(backend, barred, MUST_REMOVE)
    code = met["reason"]["code"]
    may = met["reason"].isnull() | code.isin(MAY_COME_BACK)
    clear = met["suppressed_by"].isnull() & met["lost"].isnull() & ~met["contactId"].isin(shut["contactId"])
    known = met["contactId_right"].notnull()
    refused = reasons.first_reason(
        (~known, make_reason("not_in_source")),
        (met["suppressed_by"].notnull(), make_reason("suppressed", met["suppressed_by"])),
        (met["lost"].notnull(), met["lost"]),
        (~may, met["reason"]),
        (~clear, make_reason("number_in_tenant_unreadable")),
    )
    asked = met.mutate(refused=refused)
    asked = asked.filter(asked["was_on"].notnull()).select("contactId", "was_on", "e164", "refused")
    if segment.phones is not None:
        asked = _refuse_called_twice(backend, asked, everyone, goes, members)
    shut_out = asked.filter(asked["refused"].notnull())
    counted = shut_out.group_by("refused").agg(n=shut_out.count())
    out = [
        Counted(reasons.read_reason(why), n) for why, n in engine.list_rows(backend, counted, tuple[ReasonCell, int])
    ]
    back = asked.select(back_id="contactId", back="was_on", back_refused="refused")
    going = goes.select(goes_id="contactId")
    told = everyone.left_join(going, [everyone["contactId"] == going["goes_id"], ~everyone["duplicate"]])
    told = told.left_join(back, told["goes_id"] == back["back_id"])
    is_back = told["back"].notnull() & told["back_refused"].isnull()
    goes_off = told["goes_id"].notnull() & ~is_back
    priorities = [(told["back"] == band.name, ibis.literal(band.priority, "int64")) for band in segment.score.bands]
    whole = reasons.first_reason(
        (told["back_refused"].notnull(), told["back_refused"]), (told["reason"].notnull(), told["reason"])
    )
    changed = {
        "band": ibis.cases((is_back, told["back"]), (goes_off, ibis.null("string")), else_=told["band"]),
        "priority": ibis.cases(
            (is_back, ibis.cases(*priorities)), (goes_off, ibis.null("int64")), else_=told["priority"]
        ),
        "reason": reasons.first_reason(
            (is_back, reasons.make_no_reason()),
            (goes_off, ibis.coalesce(whole, make_reason("rolled_back", run))),
            default=told["reason"],
        ),
    }
    rows = told.select(**{name: changed.get(name, told[name]) for name in DECISIONS.columns})
    return tables.write_table(backend, rows, target, DECISIONS), sorted(
        out, key=lambda each: (-each.count, each.reason)
    )


def _refuse_called_twice(
    backend: BaseBackend, asked: Table, everyone: Table, goes: Table, members: Mapping[str, Rows]
) -> Table:
    """Nobody is put back by whose number another contact stays on a list, or is put back before it."""
    import ibis

    here = _read_members(backend, members)
    stays = here.anti_join(goes.filter(goes["put_on"].notnull()), "contactId")
    numbers = everyone.filter(~everyone["duplicate"], everyone["e164"].notnull()).semi_join(stays, "contactId")
    window = ibis.window(group_by=[asked["e164"], asked["refused"].isnull()], order_by=asked["contactId"])
    ranked = asked.mutate(rank=ibis.row_number().over(window))
    twice = ranked["e164"].isin(numbers["e164"]) | ((ranked["rank"] > 0) & ranked["e164"].notnull())
    refused = reasons.first_reason(
        (ranked["refused"].notnull(), ranked["refused"]), (twice.fill_null(False), make_reason("duplicate_phone"))
    )
    return ranked.mutate(refused=refused).drop("rank")
