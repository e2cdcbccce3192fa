# tested by: tests/test_engines.py
"""Count, stream and digest the rows of a change as they go over the wire."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from reconciler.audience.diff import row_matching
from reconciler.audience.relations import batches, reasons, relations
from reconciler.model.change import RowChange
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.reason import Reason
from reconciler.model.row_files import Rows
from reconciler.model.segment import BAND

_STREAMED = 10_000


@dataclass(frozen=True, slots=True)
class Example:
    """A row of a change: whose, what is done, why, and the scores in points, now and on the list it is on."""

    contact: str
    action: str
    reason: Reason
    score: float | None
    was: float | None


def read_example(row: tuple[Any, ...]) -> Example:
    """The example that a row of `EXAMPLE` is."""
    contact, action, why, *scores = row
    points = (None if each is None else each / 100 for each in scores)
    return Example(contact, action, reasons.read_reason(why), *points)


EXAMPLE = ("contactId", "action", "reason", "score", "was")


def pick_examples(backend: Any, changes: Mapping[str, Rows], each: int) -> dict[str, list[Example]]:
    """A few rows of each action of each change: the first by contact."""
    import ibis

    found: dict[str, list[Example]] = {name: [] for name in changes}
    tables = [
        relations.read_table(backend, rows).mutate(of=ibis.literal(name))
        for name, rows in changes.items()
        if rows.count
    ]
    if tables:
        changed = ibis.union(tables[0], *tables[1:]) if len(tables) > 1 else tables[0]
        rank = ibis.row_number().over(ibis.window(group_by=["of", "action"], order_by="contactId"))
        chosen = changed.mutate(rank=rank)
        few = chosen.filter(chosen["rank"] < each)
        few = few.select("of", *EXAMPLE).order_by("action", "contactId")
        for chunk in relations.stream_rows(backend, few, 1000):
            for name, *row in chunk:
                found[name].append(read_example(tuple(row)))
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


def digest_members(backend: Any, rows: Rows) -> str:
    """The SHA-256 of who is on a list, with their attributes; by the ids that the list itself has for them."""
    if not rows.count:
        return _digest(())
    listed = relations.read_members(backend, rows).drop("contactId").order_by("member")
    return _digest(relations.stream_rows(backend, listed, _STREAMED))


def _digest(chunks: Iterable[list[tuple[Any, ...]]]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        # without the brackets, so that the digest does not depend on how many rows come at once
        digest.update(orjson.dumps(chunk)[1:-1] + b",")
    return f"sha256:{digest.hexdigest()}"


_NAMED = ("name", "firstName", "lastName", "email")
_SENT = ("action", "reason", "contactId", "member", "sent_as", "e164", "priority", "score", "attributes", *_NAMED)


PHASES = ("thin", "put", "remove")
"""In which order a list is written: first, where rows are found by phone, those go that are not the only ones of their
contact; last, those who do not belong."""


MOST_REMOVED = 1000
"""Contacts that one request takes off a list, whichever way puts them on it (contract, sections lists and outbound)."""


def iter_bodies(change: RowChange, phase: str) -> Iterator[list[dict[str, Any]]]:
    """The contacts of one of `PHASES`, a chunk at a time and always in the same chunks: as they lie in their file.

    Each with contactId, member (its id on the list, where it is on it), sent_as (the id that the tenant is to know it
    by), phone, name, firstName, lastName, email and data (the attributes to write).
    """
    written = [(name, dict(change.values).get(name, name)) for name in change.attributes]
    held: list[dict[str, Any]] = []
    size = change.chunk_size if phase == "put" else min(change.chunk_size, MOST_REMOVED)
    for some in batches.iter_file_batches(change.rows, _SENT, change.chunk_size):
        held += (_make_body(row, written, change.address.part) for row in some if _name_phase(change, row) == phase)
        while len(held) >= size:
            yield held[:size]
            held = held[size:]
    if held:
        yield held


def _name_phase(change: RowChange, row: tuple[Any, ...]) -> str:
    action, why, *_ = row
    if action != "remove":
        return "put"
    return "thin" if change.key == "phone" and why["code"] == row_matching.AGAIN else "remove"


def _make_body(row: tuple[Any, ...], written: Iterable[tuple[str, str]], band: str | None) -> dict[str, Any]:
    _, _, contact, member, sent_as, phone, priority, score, told, *named = row
    known = {name: None if value is None else orjson.loads(value) for name, value in (told or {}).items()}
    known |= {"priority": priority, "score": None if score is None else score / 100, BAND: band}
    data = {attribute: known.get(value) for attribute, value in written}
    known_as = {"contactId": contact, "member": member, "sent_as": sent_as or contact}
    return {**known_as, **dict(zip(_NAMED, named, strict=True)), "phone": phone, "data": data}
