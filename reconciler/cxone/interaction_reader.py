# tested by: tests/cxone/test_hostile_endpoints.py
"""Read the interactions of many contacts, as a surface says."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.cxone.page_spool import Spool
from reconciler.cxone.pages import MOST_PAGES, MOST_RESTARTS, Rows, Unsettled
from reconciler.cxone.surface_objects import Reading
from reconciler.cxone.transport import Transport
from reconciler.model.row_queries import InteractionsOf
from reconciler.model.row_queries import Rows as RowsRead
from reconciler.model.row_wire import History
from reconciler.model.worker_pool import work_all


def read_history(
    transport: Transport, history: History, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path
) -> RowsRead:
    """The interactions of each chunk of contacts, several chunks at once; a row may come twice."""
    with Spool(into) as spool:
        search = partial(_search, transport, history, query, spool)
        work_all(search, map(list, ids), transport.access.pace.workers, "search")
    columns = dict.fromkeys(history.columns.values(), "VARCHAR")
    return RowsRead(into, "json", columns, spool.count, dict(history.columns))


def _search(transport: Transport, history: History, query: InteractionsOf, spool: Spool, ids: list[str]) -> None:
    key = history.columns["id"]
    reading = Reading(
        transport, history.of(query, ids), history.pages, history.shape, key, history.scope, "interactions"
    )
    for _ in range(MOST_RESTARTS + 1):
        seen: set[Any] = set()

        def add(page: Rows, seen: set[Any] = seen) -> None:
            seen.update(str(row[key]) for row in page)
            spool.add(page)

        if reading.read(add, MOST_PAGES).is_whole(len(seen)):
            return
    raise Unsettled("the interactions shifted every time they were read", hint="try again when nobody is changing it")
