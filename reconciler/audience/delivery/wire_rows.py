# tested by: tests/test_engines.py
"""Count, stream and digest the rows of a change as they go over the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import orjson

from reconciler.audience import tables
from reconciler.audience.diff import row_matching
from reconciler.audience.relations import batches, engine, reasons
from reconciler.audience.relations.reasons import ReasonCell
from reconciler.audience.staging import staged_members
from reconciler.model.list_change import RowChange
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.reason import Reason
from reconciler.model.row_queries import Rows
from reconciler.model.segment import BAND
from reconciler.model.tables import MEMBER_CHANGES

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_STREAMED = 10_000


@dataclass(frozen=True, slots=True)
class Example:
    """A row of a change: whose, what is done, why, and the scores in points, now and on the list it is on."""

    contact: str
    action: str
    reason: Reason
    score: float | None
    was: float | None


def list_examples(backend: BaseBackend, rows: Table) -> list[Example]:
    """The examples that a few rows of a change are, in their order."""
    few = rows.select(*_EXAMPLE)
    found = engine.list_rows(backend, few, tuple[str, str, ReasonCell, int | None, int | None])
    return [_make_example(*each) for each in found]


def _make_example(contact: str, action: str, why: ReasonCell, score: int | None, was: int | None) -> Example:
    points = (None if each is None else each / 100 for each in (score, was))
    return Example(contact, action, reasons.read_reason(why), *points)


_EXAMPLE = ("contactId", "action", "reason", "score", "was")


def pick_examples(backend: BaseBackend, changes: Mapping[str, Rows], each: int) -> dict[str, list[Example]]:
    """A few rows of each action of each change: the first by contact."""
    import ibis

    found: dict[str, list[Example]] = {name: [] for name in changes}
    parts = [
        tables.read_table(backend, rows, MEMBER_CHANGES).mutate(of=ibis.literal(name))
        for name, rows in changes.items()
        if rows.count
    ]
    if parts:
        changed = ibis.union(parts[0], *parts[1:]) if len(parts) > 1 else parts[0]
        rank = ibis.row_number().over(ibis.window(group_by=["of", "action"], order_by="contactId"))
        chosen = changed.mutate(rank=rank)
        few = chosen.filter(chosen["rank"] < each)
        few = few.select("of", *_EXAMPLE).order_by("action", "contactId")
        rows = engine.list_rows(backend, few, tuple[str, str, str, ReasonCell, int | None, int | None])
        for name, contact, action, why, score, was in rows:
            found[name].append(_make_example(contact, action, why, score, was))
    return found


def digest_rows(rows: Rows) -> str:
    """The SHA-256 of a change's rows, column by column in the order in which they lie in their file, as `sha256:…`."""
    return _digest(batches.iter_file_batches(rows, tuple(rows.columns), _STREAMED))


def is_unaltered(change: AnyRowChange) -> bool:
    """Whether a change's rows are those that its digest was made of; rows that cannot be read are not."""
    import pyarrow as pa

    try:
        if isinstance(change, RowChange) and change.reached is not None:
            return digest_rows(change.rows) == change.digest and digest_rows(change.reached) == change.reached_digest
        return digest_rows(change.rows) == change.digest
    except (OSError, pa.ArrowException, ValueError, KeyError):  # cut short, or something else altogether
        return False


def digest_members(backend: BaseBackend, rows: Rows) -> str:
    """The SHA-256 of who is on a list, with their attributes; by the ids that the list itself has for them."""
    if not rows.count:
        return _digest(())
    listed = staged_members.read_members(backend, rows).drop("contactId").order_by("member")
    return _digest(engine.stream_rows(backend, listed, _STREAMED))


def _digest(chunks: Iterable[list[tuple[object, ...]]]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        # without the brackets, so that the digest does not depend on how many rows come at once
        digest.update(orjson.dumps(chunk)[1:-1] + b",")
    return f"sha256:{digest.hexdigest()}"


class _Sent(NamedTuple):
    """What is sent of a row of a change, by the names of its columns."""

    action: str
    reason: ReasonCell
    contactId: str  # noqa: N815 # as the wire names it
    member: str | None
    sent_as: str | None
    e164: str | None
    priority: int | None
    score: int | None
    attributes: dict[str, str | None] | None
    name: str | None
    firstName: str | None  # noqa: N815
    lastName: str | None  # noqa: N815
    email: str | None


PHASES = ("thin", "put", "remove")
"""In which order a list is written: first, where rows are found by phone, those go that are not the only ones of their
contact; last, those who do not belong."""


MOST_REMOVED = 1000
"""Contacts that one request takes off a list, whichever way puts them on it (contract, sections lists and outbound)."""


class WireRow(TypedDict):
    """A contact as it is sent: contactId, member (its id on the list, where it is on it), sent_as (the id that the
    tenant is to know it by), phone (E.164), the names and the address, and data (the attributes to write)."""

    contactId: str
    member: str | None
    sent_as: str
    name: str | None
    firstName: str | None
    lastName: str | None
    email: str | None
    phone: str | None
    data: dict[str, object]


def iter_bodies(change: RowChange, phase: str) -> Iterator[list[WireRow]]:
    """The contacts of one of `PHASES`, a chunk at a time and always in the same chunks: as they lie in their file.

    Raises:
        WrongColumns: the file's columns are not those of a change.
    """
    tables.check_file(change.rows, MEMBER_CHANGES)
    written = [(name, dict(change.values).get(name, name)) for name in change.attributes]
    held: list[WireRow] = []
    size = change.chunk_size if phase == "put" else min(change.chunk_size, MOST_REMOVED)
    for some in batches.iter_file_batches(change.rows, _Sent._fields, change.chunk_size, _Sent):
        held += (
            _make_body(row, written, change.address.part)
            for row in some
            if _name_phase(change, row.action, row.reason) == phase
        )
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held


def _name_phase(change: RowChange, action: str, why: ReasonCell) -> str:
    if action != "remove":
        return "put"
    return "thin" if change.key == "phone" and why["code"] == row_matching.AGAIN else "remove"


def _make_body(row: _Sent, written: Iterable[tuple[str, str]], band: str | None) -> WireRow:
    known: dict[str, object] = {
        name: None if value is None else orjson.loads(value) for name, value in (row.attributes or {}).items()
    }
    known |= {"priority": row.priority, "score": None if row.score is None else row.score / 100, BAND: band}
    return WireRow(
        contactId=row.contactId,
        member=row.member,
        sent_as=row.sent_as or row.contactId,
        name=row.name,
        firstName=row.firstName,
        lastName=row.lastName,
        email=row.email,
        phone=row.e164,
        data={attribute: known.get(value) for attribute, value in written},
    )
