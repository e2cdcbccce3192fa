"""Can it be proved what was done, and that nobody has altered the record since?

One JSON object a line; each carries the hash of the line before it, so that a line changed, removed or put in between
breaks the chain from there on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.ledger.records import Records
from reconciler.model.errors import LedgerError

FILE = "audit.jsonl"
_START = "0" * 64


class Chain:
    """The record of a run that holds the lock: it reads what was last, and is alone in adding to it."""

    def __init__(self, store: Records) -> None:
        self._store = store
        self._number, last = store.last(FILE)
        self._previous = hashlib.sha256(last).hexdigest() if self._number else _START

    def record(self, entry: Mapping[str, Any]) -> None:
        """Append an entry. Where that fails, the next one takes its number: a store that has it after all refuses."""
        number = self._number + 1
        line = orjson.dumps({"previous": self._previous, "number": number, **entry})
        self._store.append(FILE, line, number)
        self._number, self._previous = number, hashlib.sha256(line).hexdigest()

    def extend(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Append several entries at once; all of them are there when this returns."""
        number, previous, lines = self._number, self._previous, []
        for entry in entries:
            number += 1
            lines.append(orjson.dumps({"previous": previous, "number": number, **entry}))
            previous = hashlib.sha256(lines[-1]).hexdigest()
        self._store.extend(FILE, lines, self._number + 1)
        self._number, self._previous = number, previous


def verify(store: Records) -> int:
    """How many entries the chain has.

    Raises:
        LedgerError: the line at which it is broken.
    """
    previous = _START
    lines = store.lines(FILE)
    for number, line in enumerate(lines, start=1):
        try:
            entry = orjson.loads(line)
        except orjson.JSONDecodeError:
            entry = None
        if not isinstance(entry, dict) or entry.get("previous") != previous or entry.get("number") != number:
            raise LedgerError(
                f"the audit record is broken at entry {number}",
                where=store.place(FILE, number),
                note="the entry, or one before it, was changed, removed or put in after it was written",
                hint="compare it with a copy of the ledger from before",
            )
        previous = hashlib.sha256(line).hexdigest()
    return len(lines)
