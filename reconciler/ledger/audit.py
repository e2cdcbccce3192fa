"""Can it be proved what was done, and that nobody has altered the record since?

One JSON object a line; each carries the hash of the line before it, so that a line changed, removed or put in between
breaks the chain from there on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson

from reconciler.ledger.store import Store
from reconciler.model.errors import LedgerError

FILE = "audit.jsonl"
_START = "0" * 64


def record(store: Store, entry: Mapping[str, Any]) -> None:
    """Append an entry to the chain. The caller holds the lock: two writers would fork it."""
    lines = store.lines(FILE)
    previous = hashlib.sha256(lines[-1]).hexdigest() if lines else _START
    store.append(FILE, orjson.dumps({"previous": previous, "number": len(lines) + 1, **entry}))


def verify(store: Store) -> int:
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
                where=f"{store.folder / FILE}:{number}",
                note="the entry, or one before it, was changed, removed or put in after it was written",
                hint="compare it with a copy of the ledger from before",
            )
        previous = hashlib.sha256(line).hexdigest()
    return len(lines)
