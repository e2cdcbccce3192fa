"""Who belongs on which list, and who does not and why?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from reconciler.audience import persons, scoring, sources, suppression
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.score import RecencyFrequency
from reconciler.model.segment import Delivery, Segment

REFUSED, UNRECORDED = "no consent", "no consent recorded"
"""Why a contact is out, or taken off a list: it said no; or nobody knows what it said."""

LOST, LOST_NUMBER, LOST_ROW = (
    "another number of theirs cannot be read",
    "their number cannot be read",
    "another row of theirs cannot be read",
)
"""The same, of who has a number that no do-not-call list can be asked for, or a row that may say such a one, or no."""

STANDING = {
    "contactId": "string",
    "score": "int64",
    "band": "string",
    "priority": "int64",
    "reason": "string",
    "suppressed_by": "string",
    "duplicate": "boolean",
    "consent": "boolean",
    "lost": "string",
    "e164": "string",
    "subscribers": "array<string>",
    "name": "string",
    "firstName": "string",
    "lastName": "string",
    "email": "string",
    "attributes": "map<string, string>",
    "place": "string",
    "sent_as": "string",
}
"""A row's standing in a segment: its band, or (band null) the reason for which it is on no list.

`consent`: whether it was given, where its source asks for it (null: nobody knows); true elsewhere. `lost`: why nobody
knows whether they asked not to be called, where a number or a row of theirs cannot be read (null: it is known).
`subscribers` are the keys of all whom the numbers of the contact's rows reach, as do-not-call numbers are compared by.
Names, e-mail and attributes are there where the segment's delivery writes them.
"""


def standing(
    backend: Any,
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
    people = _people(backend, segment, read)
    scored = scoring.scored(backend, segment, people, read, as_of)
    judged = scoring.banded(_with_lists(backend, segment, scored, members), segment.score)
    judged = judged.mutate(reason=_refusal(segment, judged))
    if segment.phones is not None:
        judged = _one_a_phone(judged)
    if segment.cap is not None:
        judged = _capped(segment, judged)
    return sources.write(backend, _final(segment, judged), target, STANDING)


def all_archived(backend: Any, rows: Rows) -> int:
    """How many contacts a source has, if every one of them is archived; else 0."""
    people = sources.contacts(backend, rows)
    people = people.filter(people["contactId"].notnull())
    active = sources.count(backend, people.filter(people["active"]))
    return 0 if active else sources.count(backend, people)


def _people(backend: Any, segment: Segment, read: Mapping[RowQuery, Rows]) -> Any:
    """The source's rows with what is known of their phones, and of the lists they must be on as well."""
    import ibis

    people = persons.doubtful(backend, sources.contacts(backend, read[segment.contacts]))
    if segment.phones is not None:
        people = persons.numbered(backend, people, segment.phones, segment.contacts, read[segment.contacts])
        if segment.suppress:
            lists = [read[query] for query in segment.intersect]
            people = suppression.with_numbers_of(backend, people, lists, replace(segment.phones, rule="possible"))
        people = suppression.with_contacts(people, segment.suppress)
        people = suppression.suppressed_by(backend, people, segment.suppress, read)
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
        wanted = sources.contacts(backend, read[query])
        named = wanted.filter(wanted["contactId"].notnull())
        gone = named.filter(~named["active"])
        there, archived = (people["contactId"].isin(some["contactId"]).fill_null(False) for some in (named, gone))
        people = people.mutate(**{f"on_{number}": there, f"archived_{number}": archived})
    return people


def _with_lists(backend: Any, segment: Segment, people: Any, members: Mapping[str, Rows]) -> Any:
    """Add `now_in`: the band whose list a contact is on now; the highest if it is on several."""
    import ibis

    if not segment.score.hysteresis:
        return people.mutate(now_in=ibis.null("string"))
    held = [
        sources.members(backend, members[target.band]).select(
            "contactId", rank=ibis.literal(rank), now_in=ibis.literal(target.band)
        )
        for rank, target in enumerate(segment.targets)
    ]
    every = ibis.union(held[0], *held[1:]) if len(held) > 1 else held[0]
    now = every.group_by("contactId").agg(now_in=every["now_in"].argmin(every["rank"]))
    return people.left_join(now, "contactId").drop("contactId_right")


def _refusal(segment: Segment, judged: Any) -> Any:
    """Why a row is out, as far as it can be said of the row alone."""
    import ibis

    def said(words: str) -> Any:
        return ibis.literal(words)

    listed = [target.band for target in segment.targets]
    branches = [
        (judged["fault"].notnull(), said("cannot be used: ") + judged["fault"]),
        (judged["duplicate"], said("duplicate of another row with its id")),
        (~judged["active"], said("archived")),
        (~judged["optedIn"].fill_null(True), said(REFUSED)),
    ]
    if segment.asks_consent and not segment.calls_unrecorded:
        branches.append((judged["optedIn"].isnull(), said(UNRECORDED)))
    branches.append((judged["region_fault"].notnull(), judged["region_fault"]))
    if segment.phones is not None:
        branches += [
            (judged["e164"].isnull(), said("no valid phone")),
            (judged["suppressed_by"].notnull(), said("suppressed by ") + judged["suppressed_by"]),
        ]
    branches.append((_lost(segment, judged).notnull(), _lost(segment, judged)))
    for number, query in enumerate(segment.intersect):
        branches += [
            (~judged[f"on_{number}"], said(f"not on {query.list}")),
            (judged[f"archived_{number}"], said(f"archived on {query.list}")),
        ]
    lowest = f"score below {segment.score.threshold / 100:g}"
    unscored = "no interaction in the window" if isinstance(segment.score.measure, RecencyFrequency) else lowest
    branches += [
        (judged["score"].isnull(), said(unscored)),
        (judged["band"].isnull(), said(lowest)),
        (~judged["band"].isin(listed), said("in band ") + judged["band"] + said(", which has no list")),
    ]
    return ibis.cases(*branches, else_=ibis.null("string"))


def _lost(segment: Segment, judged: Any) -> Any:
    """Why no do-not-call list can be asked for a contact, or for its consent; null where it can, or nobody would."""
    import ibis

    asks = bool(segment.suppress) or (segment.asks_consent and not segment.calls_unrecorded)
    branches = [(judged["doubtful"], ibis.literal(LOST_ROW))] if asks else []
    if segment.suppress:
        number = ibis.ifelse(judged["e164"].isnull(), ibis.literal(LOST_NUMBER), ibis.literal(LOST))
        branches.append((judged["unread"], number))
    return ibis.cases(*branches, else_=ibis.null("string")) if branches else ibis.null("string")


def _one_a_phone(judged: Any) -> Any:
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
    words = ibis.literal("duplicate of another contact with its phone")
    reason = ibis.ifelse(judged["reason"].isnull() & judged["contactId"].isin(later), words, judged["reason"])
    return judged.mutate(reason=reason)


def _capped(segment: Segment, judged: Any) -> Any:
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
    words = ibis.literal(f"over the cap of {segment.cap.most:,}")
    return ranked.mutate(reason=ibis.ifelse(over, words, ranked["reason"])).drop("rank")


def _final(segment: Segment, judged: Any) -> Any:
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
        lost=_lost(segment, judged),
        e164=judged["e164"],
        subscribers=judged["subscribers"],
        **_called(judged, delivery),
        attributes=judged["attributes"] if delivery.mapped else null,
        place=judged["place"],
        sent_as=judged["sent_as"],
    )


def _called(judged: Any, delivery: Delivery) -> dict[str, Any]:
    """Name and e-mail as they are written: null where nothing is.

    A name in one is taken apart where the source has no other: the last of several words is the last name.
    """
    import ibis

    null = ibis.null("string")
    if not delivery.whole:
        return dict.fromkeys(("name", "firstName", "lastName", "email"), null)

    def words(text: Any) -> Any:
        return text.re_replace(r"\s+", " ").strip().nullif("")

    name, first, last = (words(judged[column]) for column in ("name", "firstName", "lastName"))
    whole = first.isnull() & last.isnull()
    joined = ibis.coalesce(first + " " + last, first, last)
    before = name.re_replace(r" ?[^ ]*$", "").nullif("")
    return {
        "name": ibis.coalesce(judged["name"].strip().nullif(""), joined),
        "firstName": ibis.ifelse(whole, ibis.coalesce(before, name), first),
        "lastName": ibis.ifelse(whole & before.notnull(), name.re_extract(r"([^ ]*)$", 1), last),
        "email": judged["email"].strip().nullif(""),
    }


def called_unrecorded(backend: Any, standing_rows: Rows) -> int:
    """How many are in though nobody recorded their consent."""
    everyone = sources.table(backend, standing_rows)
    return sources.count(backend, everyone.filter(everyone["band"].notnull(), everyone["consent"].isnull()))


def account(backend: Any, standing_rows: Rows) -> tuple[dict[str, int], list[tuple[str, int]]]:
    """How many contacts are in each band, and how many are left out for each reason."""
    everyone = sources.table(backend, standing_rows)
    counted = everyone.group_by("band", "reason").agg(n=everyone.count()).order_by("band", "reason")
    included: dict[str, int] = {}
    left_out = []
    for band, reason, count in (row for chunk in sources.stream(backend, counted, 1000) for row in chunk):
        if reason is None:
            included[band] = count
        else:
            left_out.append((reason, count))
    return included, left_out
