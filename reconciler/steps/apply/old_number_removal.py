# tested by: tests/steps/apply/test_delivery.py
"""Remove the rows of contacts that have since been written with another number."""

from __future__ import annotations

from typing import Any

from reconciler.audience.delivery import read_back
from reconciler.ledger.journal import Run
from reconciler.model.list_change import RowChange
from reconciler.model.ports import Writer
from reconciler.model.row_queries import Rows

_AT_ONCE = 1000


def remove_superseded(backend: Any, change: RowChange, now: Rows, writer: Writer, run: Run) -> int:
    """Take off rows whose contacts were written by another phone than the row has; how many.

    They are told by the list itself, and not by the journal: done again, it finds none.
    """
    found = 0
    for number, ids in enumerate(read_back.find_superseded(backend, change, now, min(change.chunk_size, _AT_ONCE))):
        key = f"{change.address}#superseded:{number}"
        run.record_intent(key, rows=0)
        writer.remove(change, ids)
        run.record_done(key, rows=0, rejected=[], split=0, unsure=False)
        found += len(ids)
    return found
