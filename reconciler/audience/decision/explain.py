# tested by: tests/cli/test_questions.py
"""Collect what is known of one contact at each stage, from its row to its list."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import scoring
from reconciler.audience.delivery import wire_rows
from reconciler.audience.impact.disclosable_attributes import hides_score
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell
from reconciler.audience.relations.row_type_check import Row
from reconciler.audience.staging import number_to_call, staged_contacts, staged_interactions, staged_members
from reconciler.model.contact_tokens import Tokens
from reconciler.model.explanation import Stage
from reconciler.model.list_change import RowChange, Sample
from reconciler.model.reason import Reason
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment import Segment
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.tables import DECISIONS, MEMBER_CHANGES

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_SHOWN = 4

_STREAMED = 20_000
"""How many ids are held against a token at once."""


def has_contact(
    backend: BaseBackend, standing: MembershipDecision, read: Mapping[RowQuery, Rows], contact: str
) -> bool:
    """Whether the source of a segment, or one of its lists, has a contact."""
    relations = _iter_everybody(backend, standing, read)
    return any(engine.count_rows(backend, each.filter(each["contactId"] == contact)) for each in relations)


def _iter_everybody(
    backend: BaseBackend, standing: MembershipDecision, read: Mapping[RowQuery, Rows]
) -> Iterator[Table]:
    """The relations in which a segment's contacts are: its source, and its lists."""
    yield staged_contacts.read_contacts(backend, read[standing.segment.contacts])
    for target in standing.segment.targets:
        yield staged_members.read_members(backend, read[target.members])


def find_contact(
    backend: BaseBackend, standing: MembershipDecision, read: Mapping[RowQuery, Rows], is_meant: Callable[[str], bool]
) -> str | None:
    """The contact of a segment that is meant by something else than its id; None: there is none."""
    for relation in _iter_everybody(backend, standing, read):
        ids = relation.filter(relation["contactId"].notnull()).select("contactId").distinct()
        for chunk in engine.stream_rows(backend, ids, _STREAMED, tuple[str]):
            for (contact,) in chunk:
                if is_meant(contact):
                    return contact
    return None


def explain_stages(
    backend: BaseBackend,
    standing: MembershipDecision,
    changes: tuple[RowChange, ...],
    read: Mapping[RowQuery, Rows],
    as_of: datetime,
    contact: str,
    owed: Mapping[str, Table],
    tokens: Tokens,
) -> Iterator[Stage]:
    """What was read, how it was scored, where it stands, and what a plan would do; in that order.

    `owed`: what `retry_queue.select_waiting` says of a list, by its name.
    """
    segment = standing.segment
    yield from _explain_row(backend, staged_contacts.read_contacts(backend, read[segment.contacts]), segment, contact)
    if segment.phones is not None and len(number_to_call.list_phone_columns(segment.contacts)) > 1:
        everyone = staged_contacts.read_contacts(backend, read[segment.contacts])
        mine = everyone.filter(everyone["contactId"] == contact, ~everyone["duplicate"])
        for column, fact in number_to_call.explain_numbers(backend, mine, segment.phones, segment.contacts):
            yield Stage("number", column, (fact,))
    yield from _explain_scores(backend, segment, read, as_of, contact)
    for wanted in segment.intersect:
        everyone = staged_contacts.read_contacts(backend, read[wanted])
        on_it = engine.count_rows(backend, everyone.filter(everyone["contactId"] == contact))
        yield Stage("intersect", str(wanted), (Reason("on_list" if on_it else "off_list"),))
    yield from _explain_standing(backend, standing, contact)
    yield from _explain_lists(backend, standing, changes, read, contact, owed, tokens)


def _explain_scores(
    backend: BaseBackend, segment: Segment, read: Mapping[RowQuery, Rows], as_of: datetime, contact: str
) -> Iterator[Stage]:
    for measure, query in segment.interactions.items():
        history = staged_interactions.read_interactions(backend, read[query])
        mine = history.filter(history["contactId"] == contact)
        count = engine.count_rows(backend, mine)
        last = _read_first(backend, mine.agg(last=mine["at"].max().cast("string")), tuple[str | None])
        found = (
            Reason("interactions", (str(count), (last[0] if last else None) or ""))
            if count
            else Reason("no_interactions")
        )
        yield Stage("interactions", str(query), (found,))
        score = _read_first(backend, scoring.score_recency_frequency(mine, measure, as_of).select("score"), tuple[int])
        yield Stage("recency_and_frequency", "", (_format_points(score[0]) if score else Reason("no_interaction"),))


def _explain_row(backend: BaseBackend, everyone: Table, segment: Segment, contact: str) -> Iterator[Stage]:
    mine = everyone.filter(everyone["contactId"] == contact)
    columns = ("place", "fault", "duplicate", "active", "optedIn", "phone", "region_fault")
    rows = engine.list_rows(
        backend,
        mine.select(*columns),
        tuple[str | None, ReasonCell | None, bool, bool, bool | None, str | None, str | None],
    )
    source = segment.contacts
    if not rows:
        yield Stage("source", str(source), (Reason("not_in_source"),))
    unsaid = [Reason("no_consent_recorded" if segment.asks_consent else "consent_not_asked")]
    if segment.calls_unrecorded:
        unsaid.append(Reason("called_without_recorded_consent", (str(source.where),)))
    for place, fault, duplicate, active, opted_in, phone, region in rows:
        consent = {None: unsaid, True: [Reason("consent_given")], False: [Reason("no_consent")]}[opted_in]
        facts = [Reason("active" if active else "archived"), *consent, Reason("has_phone" if phone else "has_no_phone")]
        facts += [reasons.read_fault_reason("unusable", fault)] if fault else []
        facts += [Reason("unknown_region", (region,))] if region is not None else []
        facts += [Reason("earlier_row")] if duplicate else []
        yield Stage("source", place or str(source), tuple(facts))


def _explain_standing(backend: BaseBackend, standing: MembershipDecision, contact: str) -> Iterator[Stage]:
    everyone = tables.read_table(backend, standing.rows, DECISIONS)
    mine = everyone.filter((everyone["contactId"] == contact) & ~everyone["duplicate"])
    row = _read_first(
        backend,
        mine.select("score", "band", "reason", "suppressed_by"),
        tuple[int | None, str | None, ReasonCell, str | None],
    )
    if row is None:
        return
    score, band, reason, suppressed_by = row
    told = Reason("no_score") if score is None else _format_points(score)
    yield Stage("score", "", (Reason("score_sensitive") if hides_score(standing) else told,))
    if suppressed_by:
        yield Stage("do_not_call", "", (Reason("suppressed", (suppressed_by,)),))
    yield Stage("verdict", "", (Reason("included", (band,)) if band else reasons.read_reason(reason),))


def _explain_lists(
    backend: BaseBackend,
    standing: MembershipDecision,
    changes: tuple[RowChange, ...],
    read: Mapping[RowQuery, Rows],
    contact: str,
    owed: Mapping[str, Table],
    tokens: Tokens,
) -> Iterator[Stage]:
    everyone = tables.read_table(backend, standing.rows, DECISIONS)
    belongs = _read_first(
        backend,
        everyone.filter(everyone["contactId"] == contact, everyone["band"].notnull()).select("band"),
        tuple[str],
    )
    planned_on, hidden = {change.list: change for change in changes}, hides_score(standing)
    for target in standing.segment.targets:
        members = staged_members.read_members(backend, read[target.members])
        row = _read_first(backend, members.filter(members["contactId"] == contact).select("score"), tuple[int | None])
        planned = _find_planned(backend, planned_on.get(target.list), contact, tokens)
        if hidden:
            row = None if row is None else (None,)
            planned = None if planned is None else replace(planned, score=None, was=None)
        facts = [_describe_presence(row, planned)]
        if planned is None and target.list in planned_on:
            facts.append(Reason("nothing_planned"))
        waits = owed.get(target.list)
        if waits is not None and belongs == (target.band,):
            mine = waits.filter(waits["owed"] == contact).select("owed_reason", "pending_reason", "row")
            found = _read_first(backend, mine, tuple[ReasonCell, ReasonCell, str | None])
            if found is not None:
                # whoever is known by the row waits for another, and is in the plan once it is there
                facts.append(reasons.read_reason(found[0] if found[2] is None or planned else found[1]))
        yield Stage("list", target.list, tuple(facts), planned)


def _describe_presence(row: tuple[int | None, ...] | None, planned: Sample | None) -> Reason:
    if row is None:
        return Reason("on_list_by_number" if planned is not None and planned.action != "add" else "off_list")
    return Reason("on_list") if row[0] is None else Reason("on_list_with_score", _format_points(row[0]).args)


def _find_planned(backend: BaseBackend, change: RowChange | None, contact: str, tokens: Tokens) -> Sample | None:
    """What a plan would do with a contact on a list."""
    if change is None:
        return None
    changed = tables.read_table(backend, change.rows, MEMBER_CHANGES)
    found = wire_rows.list_examples(backend, changed.filter(changed["contactId"] == contact).limit(1))
    if not found:
        return None
    (each,) = found
    return Sample(tokens.token(contact), tokens.hint(contact), each.action, each.reason, each.score, each.was)


def _read_first(backend: BaseBackend, relation: Table, row: type[Row]) -> Row | None:
    return next((chunk[0] for chunk in engine.stream_rows(backend, relation, 1, row)), None)


def _format_points(hundredths: int) -> Reason:
    return Reason("points", (f"{hundredths / 100:g}",))
