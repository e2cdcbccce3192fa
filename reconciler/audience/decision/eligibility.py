# tested by: tests/audience/decision/test_suppression.py
"""Decide who belongs on which list, and give everybody else a reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import scoring, suppression
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell, make_reason, make_unusable
from reconciler.audience.staging import number_to_call, staged_contacts, staged_members
from reconciler.model.reason import Counted
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.score_model import RecencyFrequency
from reconciler.model.segment import Delivery, Segment
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table


def decide_membership(
    backend: BaseBackend,
    segment: Segment,
    read: Mapping[RowQuery, Rows],
    members: Mapping[str, Rows],
    as_of: datetime,
    target: Path,
) -> Rows:
    """Every row of a segment's source, in or out, written to `target`.

    `members` are those of each band's list now. The reasons are tried in the order of `_refusal`, then one contact a
    phone, then the cap: the first that applies is the one that is told.
    """
    people = _join_people(backend, segment, read)
    scored = scoring.score_contacts(backend, segment, people, read, as_of)
    judged = scoring.assign_bands(_add_lists(backend, segment, scored, members), segment.score)
    judged = judged.mutate(reason=_decide_refusal(segment, judged))
    if segment.phones is not None:
        judged = _keep_one_a_phone(judged)
    if segment.cap is not None:
        judged = _cap_bands(segment, judged)
    return tables.write_table(backend, _select_final(segment, judged), target, DECISIONS)


def count_all_archived(backend: BaseBackend, rows: Rows) -> int:
    """How many contacts a source has, if every one of them is archived; else 0."""
    people = staged_contacts.read_contacts(backend, rows)
    people = people.filter(people["contactId"].notnull())
    active = engine.count_rows(backend, people.filter(people["active"]))
    return 0 if active else engine.count_rows(backend, people)


def _join_people(backend: BaseBackend, segment: Segment, read: Mapping[RowQuery, Rows]) -> Table:
    """The source's rows with what is known of their phones, and of the lists they must be on as well."""
    import ibis

    people = number_to_call.add_doubtful(backend, staged_contacts.read_contacts(backend, read[segment.contacts]))
    if segment.phones is not None:
        people = number_to_call.choose_numbers(
            backend, people, segment.phones, segment.contacts, read[segment.contacts]
        )
        if segment.suppress:
            lists = [read[query] for query in segment.intersect]
            people = suppression.add_list_numbers(backend, people, lists, replace(segment.phones, rule="possible"))
        people = suppression.add_contact_entries(people, segment.suppress)
        people = suppression.add_suppressed_by(backend, people, segment.suppress, read)
    else:
        nobody = ibis.null("array<string>")
        none = {
            "e164": ibis.null("string"),
            "called_keys": nobody,
            "subscribers": nobody,
            "unread": ibis.literal(False),
        }
        people = people.mutate(**none, suppressed_by=ibis.null("string"))
    for number, query in enumerate(segment.intersect):
        wanted = staged_contacts.read_contacts(backend, read[query])
        named = wanted.filter(wanted["contactId"].notnull())
        gone = named.filter(~named["active"])
        there, archived = (people["contactId"].isin(some["contactId"]).fill_null(False) for some in (named, gone))
        people = people.mutate(**{f"on_{number}": there, f"archived_{number}": archived})
    return people


def _add_lists(backend: BaseBackend, segment: Segment, people: Table, members: Mapping[str, Rows]) -> Table:
    """Add `now_in`: the band whose list a contact is on now; the highest if it is on several."""
    import ibis

    if not segment.score.hysteresis:
        return people.mutate(now_in=ibis.null("string"))
    held = [
        staged_members.read_members(backend, members[target.band]).select(
            "contactId", rank=ibis.literal(rank), now_in=ibis.literal(target.band)
        )
        for rank, target in enumerate(segment.targets)
    ]
    every = ibis.union(held[0], *held[1:]) if len(held) > 1 else held[0]
    now = every.group_by("contactId").agg(now_in=every["now_in"].argmin(every["rank"]))
    return people.left_join(now, "contactId").drop("contactId_right")


def _decide_refusal(segment: Segment, judged: Table) -> Column:
    """Why a row is out, as far as it can be said of the row alone."""
    listed = [target.band for target in segment.targets]
    branches = [
        (judged["fault"].notnull(), make_unusable(judged["fault"])),
        (judged["duplicate"], make_reason("duplicate_row")),
        (~judged["active"], make_reason("archived")),
        (~judged["optedIn"].fill_null(True), make_reason("no_consent")),
    ]
    if segment.asks_consent and not segment.calls_unrecorded:
        branches.append((judged["optedIn"].isnull(), make_reason("no_consent_recorded")))
    branches.append((judged["region_fault"].notnull(), make_reason("unknown_region", judged["region_fault"])))
    if segment.phones is not None:
        branches += [
            (judged["e164"].isnull(), make_reason("no_valid_phone")),
            (judged["suppressed_by"].notnull(), make_reason("suppressed", judged["suppressed_by"])),
        ]
    branches.append((_explain_lost(segment, judged).notnull(), _explain_lost(segment, judged)))
    for number, query in enumerate(segment.intersect):
        branches += [
            (~judged[f"on_{number}"], make_reason("not_on_list", str(query.list))),
            (judged[f"archived_{number}"], make_reason("archived_on_list", str(query.list))),
        ]
    lowest = make_reason("below_threshold", f"{segment.score.threshold / 100:g}")
    unscored = make_reason("no_interaction") if isinstance(segment.score.measure, RecencyFrequency) else lowest
    branches += [
        (judged["score"].isnull(), unscored),
        (judged["band"].isnull(), lowest),
        (~judged["band"].isin(listed), make_reason("band_without_list", judged["band"])),
    ]
    return reasons.first_reason(*branches)


def _explain_lost(segment: Segment, judged: Table) -> Column:
    """Why no do-not-call list can be asked for a contact, or for its consent; null where it can, or nobody would."""
    import ibis

    asks = bool(segment.suppress) or (segment.asks_consent and not segment.calls_unrecorded)
    branches = [(judged["doubtful"], make_reason("other_row_unreadable"))] if asks else []
    if segment.suppress:
        only = judged["e164"].isnull()
        number = ibis.ifelse(only, make_reason("number_unreadable"), make_reason("other_number_unreadable"))
        branches.append((judged["unread"], number))
    return reasons.first_reason(*branches) if branches else reasons.make_no_reason()


def _keep_one_a_phone(judged: Table) -> Table:
    """Of contacts with one phone the one with the highest score is called, then the first by id: nobody twice."""
    import ibis

    # most phones are those of one contact, and nobody has to be put in order for them
    eligible = judged.filter(judged["reason"].isnull())
    eligible = eligible.select("contactId", "score", key=eligible["called_keys"].unnest())
    counted = eligible.group_by("key").agg(n=eligible.count())
    shared = eligible.semi_join(counted.filter(counted["n"] > 1), "key")
    shared = shared.select("contactId", "key", "score")
    window = ibis.window(group_by="key", order_by=[ibis.desc(shared["score"]), shared["contactId"]])
    ranked = shared.mutate(rank=ibis.row_number().over(window))
    later = ranked.filter(ranked["rank"] > 0)["contactId"]
    second = judged["reason"].isnull() & judged["contactId"].isin(later)
    return judged.mutate(reason=ibis.ifelse(second, make_reason("duplicate_phone"), judged["reason"]))


def _cap_bands(segment: Segment, judged: Table) -> Table:
    """The first so many of each band stay in; ties go by contact id."""
    import ibis

    if segment.cap is None:
        return judged
    first = {
        "highest-score": [ibis.desc(judged["score"]), judged["contactId"]],
        "lowest-score": [judged["score"], judged["contactId"]],
        "contact-id": [judged["contactId"]],
    }[segment.cap.first]
    window = ibis.window(group_by=[judged["band"], judged["reason"].isnull()], order_by=first)
    ranked = judged.mutate(rank=ibis.row_number().over(window))
    over = ranked["reason"].isnull() & (ranked["rank"] >= segment.cap.most)
    cap = make_reason("over_cap", str(segment.cap.most))
    return ranked.mutate(reason=ibis.ifelse(over, cap, ranked["reason"])).drop("rank")


def _select_final(segment: Segment, judged: Table) -> Table:
    import ibis

    out, delivery = judged["reason"].notnull(), segment.delivery
    null = ibis.null("string")
    return judged.select(
        "contactId",
        "score",
        band=ibis.ifelse(out, null, judged["band"]),
        priority=ibis.ifelse(out, ibis.null("int64"), judged["priority"]),
        reason=judged["reason"],
        suppressed_by=judged["suppressed_by"],
        duplicate=judged["duplicate"],
        consent=judged["optedIn"] if segment.asks_consent else judged["optedIn"].fill_null(True),
        lost=_explain_lost(segment, judged),
        e164=judged["e164"],
        subscribers=judged["subscribers"],
        **_make_names(judged, delivery),
        attributes=judged["attributes"] if delivery.mapped else ibis.null("map<string, string>"),
        place=judged["place"],
        sent_as=judged["sent_as"],
    )


def _make_names(judged: Table, delivery: Delivery) -> dict[str, Column]:
    """Name and e-mail as they are written: null where nothing is.

    A name in one is taken apart where the source has no other: the last of several words is the last name.
    """
    import ibis

    null = ibis.null("string")
    if not delivery.whole:
        return dict.fromkeys(("name", "firstName", "lastName", "email"), null)

    def join_words(text: Column) -> Column:
        return text.re_replace(r"\s+", " ").strip().nullif("")

    name, first, last = (join_words(judged[column]) for column in ("name", "firstName", "lastName"))
    whole = first.isnull() & last.isnull()
    joined = ibis.coalesce(first + " " + last, first, last)
    before = name.re_replace(r" ?[^ ]*$", "").nullif("")
    return {
        "name": ibis.coalesce(judged["name"].strip().nullif(""), joined),
        "firstName": ibis.ifelse(whole, ibis.coalesce(before, name), first),
        "lastName": ibis.ifelse(whole & before.notnull(), name.re_extract(r"([^ ]*)$", 1), last),
        "email": judged["email"].strip().nullif(""),
    }


def count_called_unrecorded(backend: BaseBackend, standing_rows: Rows) -> int:
    """How many are in though nobody recorded their consent."""
    everyone = tables.read_table(backend, standing_rows, DECISIONS)
    return engine.count_rows(backend, everyone.filter(everyone["band"].notnull(), everyone["consent"].isnull()))


def count_decisions(backend: BaseBackend, standing_rows: Rows) -> tuple[dict[str, int], list[Counted]]:
    """How many contacts are in each band, and how many are left out for each reason, the most frequent first."""
    everyone = tables.read_table(backend, standing_rows, DECISIONS)
    counted = everyone.group_by("band", "reason").agg(n=everyone.count()).order_by("band", "reason")
    included: dict[str, int] = {}
    left_out = []
    for band, why, count in engine.list_rows(backend, counted, tuple[str, ReasonCell | None, int]):
        if why is None:
            included[band] = count
        else:
            left_out.append(Counted(reasons.read_reason(why), count))
    return included, sorted(left_out, key=lambda each: (-each.count, each.reason))
