"""What is known of one contact at each stage, from its row to its list?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

from reconciler.audience import persons, row_changes, scoring, sources
from reconciler.model.change import RowChange
from reconciler.model.members import Standing
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.segment import Segment

_SHOWN = 4

_STREAMED = 20_000
"""How many ids are held against a token at once."""


def known(backend: Any, standing: Standing, read: Mapping[RowQuery, Rows], contact: str) -> bool:
    """Whether the source of a segment, or one of its lists, has a contact."""
    relations = _everybody(backend, standing, read)
    return any(sources.count(backend, each.filter(each["contactId"] == contact)) for each in relations)


def _everybody(backend: Any, standing: Standing, read: Mapping[RowQuery, Rows]) -> Iterator[Any]:
    """The relations in which a segment's contacts are: its source, and its lists."""
    yield sources.contacts(backend, read[standing.segment.contacts])
    for target in standing.segment.targets:
        yield sources.members(backend, read[target.members])


def behind(
    backend: Any, standing: Standing, read: Mapping[RowQuery, Rows], is_meant: Callable[[str], bool]
) -> str | None:
    """The contact of a segment that is meant by something else than its id; None: there is none."""
    for relation in _everybody(backend, standing, read):
        ids = relation.filter(relation["contactId"].notnull()).select("contactId").distinct()
        for chunk in sources.stream(backend, ids, _STREAMED):
            for (contact,) in chunk:
                if is_meant(contact):
                    return str(contact)
    return None


def told(
    backend: Any,
    standing: Standing,
    changes: tuple[RowChange, ...],
    read: Mapping[RowQuery, Rows],
    as_of: datetime,
    contact: str,
    owed: Mapping[str, Any],
) -> Iterator[tuple[str, str]]:
    """What was read, how it was scored, where it stands, and what a plan would do; in that order.

    `owed`: what `owing.waiting` says of a list, by its name.
    """
    segment = standing.segment
    yield from _as_read(backend, sources.contacts(backend, read[segment.contacts]), segment, contact)
    if segment.phones is not None and len(persons.columns_of(segment.contacts)) > 1:
        everyone = sources.contacts(backend, read[segment.contacts])
        mine = everyone.filter(everyone["contactId"] == contact, ~everyone["duplicate"])
        for words in persons.explained(backend, mine, segment.phones, segment.contacts):
            yield "number", words
    for measure, query in segment.interactions.items():
        history = sources.interactions(backend, read[query])
        mine = history.filter(history["contactId"] == contact)
        count = sources.count(backend, mine)
        last = _first(backend, mine.agg(last=mine["at"].max().cast("string"))) or ("never",)
        scores = scoring.recency_and_frequency(mine, measure, as_of)
        score = _first(backend, scores.select("score"))
        words = f"{count:,} in {query}, the last at {last[0]} UTC" if count else f"none in {query}"
        yield "interactions", words
        yield "recency and frequency", _points(score[0]) if score else "no interaction in the window"
    for wanted in segment.intersect:
        everyone = sources.contacts(backend, read[wanted])
        on_it = sources.count(backend, everyone.filter(everyone["contactId"] == contact))
        yield str(wanted), "is on it" if on_it else "is not on it"
    yield from _standing(backend, standing, contact)
    yield from _lists(backend, standing, changes, read, contact, owed)


def _as_read(backend: Any, everyone: Any, segment: Segment, contact: str) -> Iterator[tuple[str, str]]:
    mine = everyone.filter(everyone["contactId"] == contact)
    columns = ("place", "fault", "duplicate", "active", "optedIn", "phone", "region_fault")
    rows = [row for chunk in sources.stream(backend, mine.select(*columns), _SHOWN) for row in chunk]
    source = segment.contacts
    if not rows:
        yield "source", f"{source} has no such contact"
    unsaid = "consent not asked for"
    if segment.asks_consent:
        unsaid = "no consent recorded"
    if segment.calls_unrecorded:
        unsaid += f", called all the same (unknownConsent: in at {source.where})"
    for place, fault, duplicate, active, opted_in, phone, region in rows:
        consent = {None: unsaid, True: "consent given", False: "no consent"}[opted_in]
        facts = ["active" if active else "archived", consent, "has a phone" if phone else "has no phone"]
        facts += [f"cannot be used: {fault}"] if fault else []
        facts += [region] if region else []
        facts += ["an earlier row has its id"] if duplicate else []
        yield "source", f"{place or source}: {', '.join(facts)}"


def _standing(backend: Any, standing: Standing, contact: str) -> Iterator[tuple[str, str]]:
    everyone = sources.table(backend, standing.rows)
    mine = everyone.filter((everyone["contactId"] == contact) & ~everyone["duplicate"])
    row = _first(backend, mine.select("score", "band", "reason", "suppressed_by"))
    if row is None:
        return
    score, band, reason, suppressed_by = row
    yield "score", "none" if score is None else _points(score)
    if suppressed_by:
        yield "do not call", f"its number is on {suppressed_by}"
    yield "verdict", f"in, band {band}" if band else f"out: {reason}"


def _lists(
    backend: Any,
    standing: Standing,
    changes: tuple[RowChange, ...],
    read: Mapping[RowQuery, Rows],
    contact: str,
    owed: Mapping[str, Any],
) -> Iterator[tuple[str, str]]:
    everyone = sources.table(backend, standing.rows)
    belongs = _first(
        backend, everyone.filter(everyone["contactId"] == contact, everyone["band"].notnull()).select("band")
    )
    for target in standing.segment.targets:
        members = sources.members(backend, read[target.members])
        row = _first(backend, members.filter(members["contactId"] == contact).select("score"))
        now = "is not on it" if row is None else "is on it now"
        if row is not None and row[0] is not None:
            now += f" with score {_points(row[0])}"
        planned = None
        change = next((each for each in changes if each.list == target.list), None)
        if change is not None:
            changed = sources.table(backend, change.rows)
            mine = changed.filter(changed["contactId"] == contact)
            planned = _first(backend, mine.select("action", why=row_changes.why(mine)))
            if planned and planned[0] != "add" and row is None:
                now = "is on it now by its number"
            now += f"; a plan would {planned[0]} it: {planned[1]}" if planned else "; a plan would change nothing"
        waits = owed.get(target.list)
        if waits is not None and belongs == (target.band,):
            mine = waits.filter(waits["owed"] == contact).select("owed_words", "pending_words", "row")
            found = _first(backend, mine)
            if found is not None:
                # whoever is known by the row waits for another, and is in the plan once it is there
                now += f"; {found[0] if found[2] is None or planned else found[1]}"
        yield f"list {target.list!r}", now


def _first(backend: Any, relation: Any) -> tuple[Any, ...] | None:
    return next((chunk[0] for chunk in sources.stream(backend, relation, 1)), None)


def _points(hundredths: int) -> str:
    return f"{hundredths / 100:g}"
