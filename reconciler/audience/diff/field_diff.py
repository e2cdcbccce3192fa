# tested by: tests/audience/diff/test_membership_diff.py
"""Compare the fields of a contact on a list with those to be written."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reconciler.audience.decision import suppression
from reconciler.audience.delivery import written_digests
from reconciler.audience.diff import recency_only
from reconciler.audience.relations import engine, numeric_parsing, reasons
from reconciler.audience.staging import attribute_values, staged_contacts
from reconciler.model.delivery_method import PERSONAL
from reconciler.model.list_change import RowChange
from reconciler.model.row_queries import Rows
from reconciler.model.segment import BAND, SCORED, Delivery, Phones
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.source_specs import Pairs

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table


@dataclass(frozen=True, slots=True)
class Personal:
    """What a method writes of the contacts themselves, and what is known of it.

    Attributes:
        fields: of `PERSONAL`. told: what the tenant tells of who is on a list, by band; None where it was not asked.
        last: what the ledger says was written last (`written`), by band; a band that is not there is not known.
        digested: makes digests of people, into a file beside one; None: nothing is known of what was written.
    """

    fields: tuple[str, ...] = ()
    told: Mapping[str, Rows | None] = field(default_factory=dict)
    last: Mapping[str, Rows] = field(default_factory=dict)
    digested: Callable[[Rows], Rows] | None = None


def compare_attributes(told: Table, names: Sequence[str], named: Pairs, prefix: str, band: Column) -> dict[str, Column]:
    """Of each attribute, by its name on the list, whether the list holds another value than it is to be.

    What the list holds is in the column `{prefix}attributes`, as `staged_members.read_members` has it; of
    what comes from a source the types count, too. `band`: the name of the band whose list it is.
    """
    found = {}
    for name in names:
        value = dict(named).get(name, name)
        held = told[f"{prefix}attributes"].get(name)
        if value == "priority":
            agree = numeric_parsing.parse_number(held) == told["priority"]
        elif value == "score":
            agree = numeric_parsing.parse_hundredths(held) == told["score"]
        elif value == BAND:
            agree = held == '"' + band + '"'
        else:
            agree = attribute_values.is_same_value(told["attributes"].get(value), held)
        found[name] = ~agree.fill_null(False)
    return found


@dataclass(frozen=True, slots=True)
class Known:
    """Rows of lists with what is known of their contacts beside them.

    Attributes:
        listed: as `row_matching.match_rows` has them. fields: those that the tenant tells, in `told_…`. unread: those
            that it does not, in `now_…` (to be written) and `last_…` (written last), as digests.
    """

    listed: Table
    fields: tuple[str, ...]
    unread: tuple[str, ...]


def join_known_values(backend: BaseBackend, listed: Table, personal: Personal, standing: MembershipDecision) -> Known:
    """Add to the rows of a segment's lists what is known of their contacts.

    A field that the tenant tells of nobody may be one that it does not tell, and counts as such.
    """
    told, fields = _read_told(backend, personal, standing.segment.phones)
    if told is not None:
        listed = listed.left_join(told, [listed["member"] == told["told_id"], listed["on"] == told["told_on"]])
    unread = tuple(each for each in personal.fields if each not in fields)
    last = _read_remembered(backend, personal, standing.rows, unread)
    if last is None:
        return Known(listed, fields, ())
    return Known(
        listed.left_join(last, [listed["stands"] == last["now_id"], listed["on"] == last["now_on"]]), fields, unread
    )


@dataclass(frozen=True, slots=True)
class Differing:
    """Whether a row differs from what is to be written; whether its score does; and the reason, which says in what."""

    any: Column
    rescored: Column
    reason: Column


def compare_fields(told: Table, known: Known, delivery: Delivery, *, aged: bool = False) -> tuple[Table, Differing]:
    """In what rows differ that are their contacts' own: those of `known.listed` with `STANDING` beside them.

    `aged`: whether beside them is what `recency_only.score_as_of_last_write` says of them.
    """
    import ibis

    no = ibis.literal(False)
    others, lost = _compare_untold(told, known.unread)
    people = {**_compare_personal(told, known.fields), **others}
    values_of = compare_attributes(told, delivery.attributes, delivery.values, "live_", told["on"])
    names = [*people, *values_of]
    differs = {f"differs_{number}": each for number, each in enumerate([*people.values(), *values_of.values()])}
    unknown = {f"unknown_{number}": each for number, each in enumerate(lost.values())}
    told = told.mutate(**differs, **unknown)
    changed, unsure = [told[name] for name in differs], [told[name] for name in unknown]
    rescored = changed[names.index(delivery.score, len(people))] if delivery.score in values_of else no
    for_sure = functools.reduce(operator.or_, changed, no)
    in_these = _name_differing(names, changed)
    branches = [(for_sure | ibis.literal(not lost), reasons.make_list_reason("changed", in_these))]
    if aged:
        named = dict(delivery.values)
        timed = [name in values_of and named.get(name, name) in SCORED for name in names]
        rest = [each for each, score in zip(changed, timed, strict=True) if not score]
        besides = functools.reduce(operator.or_, [*rest, *unsure], no)
        by_time = for_sure & ~besides & recency_only.differs_by_time_only(told, delivery)
        branches.insert(0, (by_time, reasons.make_list_reason(recency_only.BY_CALENDAR, in_these)))
    reason = reasons.first_reason(
        *branches, default=reasons.make_list_reason("live_value_unknown", _name_differing(list(lost), unsure))
    )
    return told, Differing(for_sure | functools.reduce(operator.or_, unsure, no), rescored, reason)


def is_as_written(told: Table, change: RowChange, prefix: str) -> Column:
    """Whether a list holds the attributes of a change's rows as they were written."""
    import ibis

    band = ibis.literal(change.address.part)
    wrong = compare_attributes(told, change.attributes, change.values, prefix, band).values()
    return ~functools.reduce(operator.or_, wrong, ibis.literal(False))


def _read_told(backend: BaseBackend, personal: Personal, how: Phones | None) -> tuple[Table | None, tuple[str, ...]]:
    """What the tenant tells of members: `told_id`, `told_on` (the band), and a column `told_…` for each field.

    Beside it the fields that can be compared: one that the tenant tells of nobody may be one that it does not tell.
    None where nothing can be.
    """
    import ibis

    fields, tables = personal.fields, []
    for band, rows in personal.told.items():
        if fields and rows is not None and rows.count:
            people = suppression.add_e164(
                backend, staged_contacts.read_contacts(backend, rows), Phones("possible", how.region if how else None)
            )
            columns = {f"told_{field}": people[field].strip().nullif("") for field in fields}
            own = ibis.coalesce(people["sent_as"], people["contactId"])  # as the list has it, to the letter
            tables.append(people.select(told_id=own, told_on=ibis.literal(band), **columns))
    if not tables:
        return None, ()
    everybody = ibis.union(tables[0], *tables[1:]) if len(tables) > 1 else tables[0]
    there = everybody.agg(**{field: everybody[f"told_{field}"].count() for field in fields})
    ((*counts,),) = next(engine.stream_rows(backend, there, 1))
    return everybody, tuple(field for field, count in zip(fields, counts, strict=True) if count)


def _compare_personal(told: Table, fields: Sequence[str]) -> dict[str, Column]:
    """Of each field, whether the tenant tells another value than is to be written. What is not written differs not."""
    differing = {field: told[field].notnull() & ~told[field].identical_to(told[f"told_{field}"]) for field in fields}
    return {PERSONAL[field]: each for field, each in differing.items()}


def _read_remembered(backend: BaseBackend, personal: Personal, people: Rows, fields: Sequence[str]) -> Table | None:
    """By contact (`now_id`) and band (`now_on`) what is to be written and was, of fields that the tenant tells not."""
    import ibis

    if personal.digested is None or not fields:
        return None
    now = engine.read_rows(backend, personal.digested(people))
    tables = []
    for band in personal.told:
        last = engine.read_rows(backend, personal.last[band]) if band in personal.last else None
        tables.append(written_digests.join_last_written(now, last, fields).mutate(now_on=ibis.literal(band)))
    return ibis.union(tables[0], *tables[1:]) if len(tables) > 1 else next(iter(tables), None)


def _compare_untold(told: Table, fields: Sequence[str]) -> tuple[dict[str, Column], dict[str, Column]]:
    """Of each field that the tenant tells not: whether another value was written last, and whether nobody knows."""
    others, lost = {}, {}
    for name in fields:
        now, last = told[f"now_{name}"], told[f"last_{name}"]
        others[PERSONAL[name]] = now.notnull() & (now != last).fill_null(False)
        lost[PERSONAL[name]] = now.notnull() & last.isnull()
    return others, lost


def _name_differing(names: Sequence[str], differing: Sequence[Column]) -> Column:
    """The names of what differs, as an array, in their order."""
    import ibis

    named = [
        ibis.ifelse(differs, ibis.literal(name), ibis.null("string"))
        for name, differs in zip(names, differing, strict=True)
    ]
    if not named:
        return ibis.literal([], "array<string>")
    return ibis.array(named).filter(lambda name: name.notnull())
