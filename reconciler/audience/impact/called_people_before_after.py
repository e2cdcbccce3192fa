# tested by: tests/steps/test_impact.py
"""Compare who is called by which campaign before and after a plan, and who moves between bands.

People are followed: who leaves one list of a campaign for another of its lists goes on being called. Only those are
looked at whose rows change, and everybody of a list that a campaign begins or ceases to dial.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.impact.dialled_lists_before_after import Dialling, Listed
from reconciler.audience.relations import engine
from reconciler.audience.staging import staged_contacts, staged_members
from reconciler.model.intermediate_tables import CALLED_PEOPLE
from reconciler.model.list_change import RowChange
from reconciler.model.row_queries import Rows
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import MEMBER_CHANGES, STAGED_CONTACTS

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

_OTHERS_ROW = ("number_was_another_contacts", "number_on_foreign_row")
"""Why a row is updated that was somebody else's."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many people start, stop, and are called by another list; `shared` as `CampaignImpact` has it."""

    starts: int = 0
    stops: int = 0
    moves: int = 0
    shared: int = 0


def find_people(backend: BaseBackend, lists: Sequence[Listed], target: Path) -> Rows | None:
    """Everybody whose calling may change, on every list, written to `target`; None where nobody is."""
    import ibis

    changing = [
        (number, each.change) for number, each in enumerate(lists) if each.change is not None and each.change.total
    ]
    whole = [(number, each) for number, each in enumerate(lists) if each.whole and each.rows is not None]
    if not changing and not whole:
        return None
    changed = _union_parts(_select_changed(backend, number, each) for number, each in changing)
    now = _union_parts(
        _select_now(backend, number, each.rows) for number, each in enumerate(lists) if each.rows is not None
    )
    added = None if changed is None else changed.filter(changed["action"] == "add")
    parts = [] if added is None else [_place_person(added["row_id"], added, before=False, after=True)]
    if now is not None:
        parts += _join_held(now, changed, [number for number, _ in whole])
    everybody = ibis.union(parts[0], *parts[1:]) if len(parts) > 1 else parts[0]
    return tables.write_table(backend, everybody, target, CALLED_PEOPLE)


def _union_parts(parts: Iterable[Table]) -> Table | None:
    import ibis

    every = list(parts)
    return ibis.union(every[0], *every[1:]) if len(every) > 1 else next(iter(every), None)


def _select_changed(backend: BaseBackend, number: int, change: RowChange) -> Table:
    import ibis

    rows = tables.read_table(backend, change.rows, MEMBER_CHANGES)
    code = rows["reason"]["code"]
    taken = (rows["action"] == "update") & code.isin(_OTHERS_ROW)
    return rows.select("action", on=ibis.literal(number, "int64"), row_id="contactId", row="member", taken=taken)


def _select_now(backend: BaseBackend, number: int, rows: Rows) -> Table:
    import ibis

    if rows.columns == STAGED_CONTACTS.types:
        people = staged_contacts.read_contacts(backend, rows)
        people = people.filter(people["contactId"].notnull(), ~people["duplicate"])
        return people.select(person="contactId", member="contactId", list=ibis.literal(number, "int64"))
    people = staged_members.read_members(backend, rows)
    return people.select("member", person="contactId", list=ibis.literal(number, "int64"))


def _place_person(person: Column, of: Table, *, before: Column | bool, after: Column | bool) -> Table:
    import ibis

    flags = {
        name: ibis.literal(value) if isinstance(value, bool) else value
        for name, value in (("before", before), ("after", after))
    }
    return of.select(contactId=person, list=of["on"] if "on" in of.columns else of["list"], **flags)


def _join_held(now: Table, changed: Table | None, whole: Sequence[int]) -> list[Table]:
    """Who is on a list now, and what becomes of them."""
    import ibis

    if changed is None:
        kept = now.filter(now["list"].isin(whole))
        return [_place_person(kept["person"], kept, before=True, after=True)]
    rows = changed.filter(changed["action"] != "add")
    met = now.left_join(rows, [now["list"] == rows["on"], now["member"] == rows["row"]])
    met = met.select("person", "member", "list", "action", "row_id", "taken")
    ids = changed.select(known="row_id").distinct()
    met = met.left_join(ids, met["person"] == ids["known"])
    met = met.filter(met["action"].notnull() | met["known"].notnull() | met["list"].isin(whole or [-1]))
    stays = met["action"].isnull() | ((met["action"] == "update") & ~met["taken"])
    person = ibis.ifelse(met["action"].notnull() & ~met["taken"], met["row_id"], met["person"])
    taken = met.filter(met["taken"].fill_null(False))
    return [
        _place_person(person, met, before=True, after=stays),
        _place_person(taken["row_id"], taken, before=False, after=True),
    ]


def count_calls(
    backend: BaseBackend, people: Rows, lists: Sequence[Listed], dialling: Sequence[Dialling]
) -> tuple[Counts, tuple[Counts, ...]]:
    """Of all campaigns that call together, then of each: how many people start and stop being called."""
    codes: dict[int, list[int]] = {}
    numbers = {each.name: number for number, each in enumerate(lists)}
    for place, campaign in enumerate(dialling, start=1):
        for name, (before, after) in campaign.lists.items():
            code = 2 * before + after
            codes.setdefault(numbers[name], []).append(8 * place + 4 * campaign.at_rest + code)
    for mine in codes.values():
        together = {each % 4 for each in mine if not each & 4}
        if together:
            mine.append(2 * any(each & 2 for each in together) + any(each & 1 for each in together))
    if not codes:
        return Counts(), tuple(Counts() for _ in dialling)
    found = {
        campaign: Counts(starts, stops, moves, shared)
        for campaign, starts, stops, moves, shared in engine.list_rows(
            backend, _group_by_campaign(backend, people, codes), tuple[int, int, int, int, int]
        )
    }
    return found.get(0, Counts()), tuple(found.get(place, Counts()) for place in range(1, len(dialling) + 1))


def _group_by_campaign(backend: BaseBackend, people: Rows, codes: Mapping[int, Sequence[int]]) -> Table:
    import ibis

    rows = engine.read_rows(backend, people)
    told = _look_up(rows["list"], {number: ",".join(map(str, each)) for number, each in codes.items()})
    rows = rows.mutate(told=told).filter(lambda each: each["told"] != "")
    rows = rows.mutate(code=rows["told"].split(",").unnest()).mutate(code=lambda each: each["code"].cast("int64"))
    code = rows["code"]
    flags = rows.select(
        "contactId",
        campaign=(code - code % 8) / 8,
        calls=(code % 8) < 4,
        b=rows["before"] & ((code % 4) >= 2),
        a=rows["after"] & ((code % 2) == 1),
    ).mutate(campaign=lambda each: each["campaign"].cast("int64"))
    each = flags.group_by("campaign", "contactId").agg(
        calls=flags["calls"].any(),
        before=flags["b"].any(),
        after=flags["a"].any(),
        same=(flags["b"] & flags["a"]).any(),
    )
    by_whom = (each["after"] & each["calls"] & (each["campaign"] > 0)).cast("int64")
    each = each.mutate(by=by_whom.sum().over(ibis.window(group_by="contactId")))
    starts = ~each["before"] & each["after"]
    return each.group_by("campaign").agg(
        starts=starts.cast("int64").sum(),
        stops=(each["before"] & ~each["after"]).cast("int64").sum(),
        moves=(each["before"] & each["after"] & ~each["same"]).cast("int64").sum(),
        shared=(starts & each["calls"] & (each["by"] > 1)).cast("int64").sum(),
    )


def _look_up(number: Column, texts: Mapping[int, str]) -> Column:
    import ibis

    keys = ibis.array([ibis.literal(each, "int64") for each in texts])
    return ibis.map(keys, ibis.array(list(texts.values()))).get(number, ibis.literal(""))


def find_moves(
    backend: BaseBackend, people: Rows, lists: Sequence[Listed], members: Sequence[MembershipDecision]
) -> Table:
    """A row for each contact of a segment whose band changes: segment, contactId, and both bands' numbers or null."""
    import ibis

    numbers = {each.name: number for number, each in enumerate(lists)}
    ranks = {
        numbers[target.list]: str(1000 * place + rank)
        for place, standing in enumerate(members)
        for rank, target in enumerate(standing.segment.targets)
    }
    rows = engine.read_rows(backend, people)
    rows = rows.mutate(told=_look_up(rows["list"], ranks)).filter(lambda each: each["told"] != "")
    rows = rows.mutate(code=rows["told"].cast("int64"))
    null = ibis.null("int64")
    rank = rows["code"] % 1000
    rows = rows.select(
        "contactId",
        segment=((rows["code"] - rank) / 1000).cast("int64"),
        was=ibis.ifelse(rows["before"], rank, null),
        will=ibis.ifelse(rows["after"], rank, null),
    )
    each = rows.group_by("segment", "contactId").agg(was=rows["was"].min(), will=rows["will"].min())
    return each.filter(~each["was"].identical_to(each["will"]))


def count_moves(backend: BaseBackend, moves: Table) -> list[tuple[int, int | None, int | None, int]]:
    """How many there are of each segment and pair of bands, in their order."""
    counted = moves.group_by("segment", "was", "will").agg(n=moves.count())
    found = engine.list_rows(backend, counted, tuple[int, int | None, int | None, int])
    return sorted(found, key=lambda row: (row[0], *(-1 if each is None else each for each in row[1:3])))


def count_called(backend: BaseBackend, lists: Sequence[Listed], dialling: Sequence[Dialling]) -> tuple[int, bool]:
    """How many people are called now by anybody, and whether that is known; a list nobody read counts by its size."""
    names = {name for each in dialling if not each.at_rest for name, (before, _) in each.lists.items() if before}
    called = [each for each in lists if each.name in names]
    unread = [each for each in called if each.rows is None]
    rest = sum(each.size or 0 for each in unread)
    read = [(number, each.rows) for number, each in enumerate(called) if each.rows is not None and each.rows.count]
    if len(read) == 1:
        return rest + read[0][1].count, not unread
    everybody = _union_parts(_select_now(backend, number, rows).select("person") for number, rows in read)
    if everybody is None:
        return rest, not unread
    counted = everybody.agg(n=everybody["person"].nunique())
    ((many,),) = engine.list_rows(backend, counted, tuple[int])
    return rest + many, not unread
