# tested by: tests/ledger/test_promises.py
"""Write and verify the hash-chained audit record.

One JSON object a line; each carries the hash of the line before it, and an HMAC by the workspace's key: a line changed,
removed or put in between breaks the chain from there on, and without the key nobody can make another.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from reconciler.ledger import truncation_check
from reconciler.ledger.json_hmac import read_proof, write_proof
from reconciler.ledger.record_store_interface import Records, line_damaged, parse_line
from reconciler.ledger.sealing import Seal
from reconciler.model.audit_anchor import START, Anchor
from reconciler.model.errors import LedgerError

FILE = "audit.jsonl"
ADOPTED = "adopted"
"""The event with which somebody answers for everything that stands before it."""


@dataclass
class Reading:
    """The record, read from its beginning.

    Attributes:
        fault: the first place at which it is not as it was written, if nobody has answered for that: number and words.
        unproven: entries that no key at hand has written, and for which nobody has answered; by what they show instead.
        adopted: up to where somebody answers for the record, in words of the entry that says so.
    """

    entries: int = 0
    head: str = START
    fault: tuple[int, str] | None = None
    unproven: Counter[str] = field(default_factory=Counter)
    adopted: list[Mapping[str, Any]] = field(default_factory=list)
    last: str = "proven"
    _content: Any = field(default_factory=hashlib.sha256)

    @property
    def anchor(self) -> Anchor:
        """Where the record ends."""
        return Anchor(self.entries, self.head)

    def take(self, line: bytes, seal: Seal | None) -> Mapping[str, Any]:
        """Hold the next line against those before it; what it says, or nothing where it is none."""
        number = self.entries + 1
        entry = _parse_line(line)
        state = read_proof(seal, FILE, line)[0] if seal is not None else "foreign"
        chained = entry.get("previous") == self.head and entry.get("number") == number
        adopts = chained and state == "proven" and entry.get("event") == ADOPTED
        # it names the content of all before it: that is what was answered for, and no other
        if adopts and entry.get("content") == self._content.hexdigest():
            self.fault, self.unproven = None, Counter()
            self.adopted.append(entry)
        if not entry or not chained:
            self._fail(number, "the entry, or one before it, was changed, removed or put in after it was written")
        elif state == "altered":
            self._fail(number, "the entry was changed after it was written: its proof does not fit")
        elif state != "proven":
            self.unproven[state] += 1
        self.last = state
        self.entries, self.head = number, hashlib.sha256(line).hexdigest()
        self._content.update(line + b"\n")
        return entry

    @property
    def content(self) -> str:
        """The SHA-256 of all of it."""
        return str(self._content.hexdigest())

    def _fail(self, number: int, words: str) -> None:
        if self.fault is None:
            self.fault = (number, words)


def _parse_line(line: bytes) -> Mapping[str, Any]:
    try:
        entry = orjson.loads(line)
    except orjson.JSONDecodeError:
        return {}
    return entry if isinstance(entry, dict) else {}


class Chain:
    """The record of a run that holds the lock: it is alone in adding to it.

    In a folder all of it is read first; of a record in an object store, a request a line, the last line is.

    Raises:
        LedgerError: what is there is not as it was written under the workspace's key. Nothing may follow that.
    """

    def __init__(self, store: Records, seal: Seal, *, adopting: bool = False) -> None:
        self._store, self._seal = store, seal
        reading, confirmed = Reading(), truncation_check.read_confirmed(store, seal, FILE)
        if store.shared and not adopting:
            number, last = store.read_last(FILE)
            if number:
                reading.entries, reading.head = number - 1, str(_parse_line(last).get("previous"))
                reading.take(last, seal)
        else:
            for line in store.scan_lines(FILE):
                reading.take(line, seal)
        if not adopting:
            refuse_broken(store, reading)
            refuse_unproven(store, reading)
            truncation_check.refuse_short(store, FILE, reading.entries, confirmed)
        self.read = reading
        self._number, self._previous = reading.entries, reading.head
        truncation_check.write_count(store, seal, FILE, self._number)

    @property
    def anchor(self) -> Anchor:
        """Where the record ends by now."""
        return Anchor(self._number, self._previous)

    def entries(self) -> Iterator[Mapping[str, Any]]:
        """Every entry, those that this run has added among them; raises LedgerError where one was altered."""
        for number, line in enumerate(self._store.scan_lines(FILE), start=1):
            if read_proof(self._seal, FILE, line)[0] == "altered":
                raise line_damaged(self._store, FILE, number)
            yield parse_line(self._store, FILE, number, line)

    def record(self, entry: Mapping[str, Any]) -> None:
        """Append an entry. Where that fails, the next one takes its number: a store that has it after all refuses."""
        number = self._number + 1
        line = self._make_line(self._previous, number, entry)
        self._store.append(FILE, line, number)
        self._number, self._previous = number, hashlib.sha256(line).hexdigest()
        truncation_check.write_count(self._store, self._seal, FILE, number)

    def extend(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Append several entries at once; all of them are there when this returns."""
        number, previous, lines = self._number, self._previous, []
        for entry in entries:
            number += 1
            lines.append(self._make_line(previous, number, entry))
            previous = hashlib.sha256(lines[-1]).hexdigest()
        self._store.extend(FILE, lines, self._number + 1)
        self._number, self._previous = number, previous
        truncation_check.write_count(self._store, self._seal, FILE, number)

    def _make_line(self, previous: str, number: int, entry: Mapping[str, Any]) -> bytes:
        return write_proof(self._seal, FILE, orjson.dumps({"previous": previous, "number": number, **entry}))


def read_head(store: Records) -> Anchor:
    """Where the record ends, as it lies there."""
    number, last = store.read_last(FILE)
    return Anchor(number, hashlib.sha256(last).hexdigest()) if number else Anchor()


def adopt(store: Records, seal: Seal, entry: Mapping[str, Any]) -> Reading:
    """Answer for everything that the record has, as it lies there: an entry under the present key says who, and why.

    Returns:
        What was found wrong with it.
    """
    chain = Chain(store, seal, adopting=True)
    found = chain.read
    told = {"entries": found.entries, "content": found.content, "fault": found.fault, "unproven": dict(found.unproven)}
    chain.record({"event": ADOPTED, **entry, **told})
    return found


def refuse_broken(store: Records, reading: Reading) -> None:
    """Refuse a record that is not as it was written; raises LedgerError with the place."""
    if reading.fault is not None:
        number, words = reading.fault
        raise LedgerError(
            f"the audit record is broken at entry {number}",
            where=store.locate(FILE, number),
            note=words,
            hint="compare it with a copy of the ledger from before; `reconciler audit adopt --reason …` vouches for it",
        )


def refuse_unproven(store: Records, reading: Reading) -> None:
    """Refuse a record whose last entry was not written under a key that is at hand; raises LedgerError."""
    if not reading.entries or reading.last == "proven":
        return
    foreign = reading.last == "foreign"
    raise LedgerError(
        f"the audit record ends with an entry {'under another key' if foreign else 'without proof of who wrote it'}",
        where=store.locate(FILE, reading.entries),
        note="without the key that it was written under, anybody could have written all of it"
        if foreign
        else "an older version of this program wrote it, or somebody who does not have the key",
        hint="give that key in RECONCILER_PREVIOUS_KEYS, or vouch for the record: reconciler audit adopt --reason …"
        if foreign
        else "to vouch for the record as it is: reconciler audit adopt --reason …",
    )
