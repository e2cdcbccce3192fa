# tested by: tests/cxone/test_hostile_endpoints.py
"""Read the interactions of many contacts, as a surface says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.cxone.page_spool import Spool
from reconciler.cxone.pages import MOST_PAGES, MOST_RESTARTS, Rows, Unsettled
from reconciler.cxone.surface_objects import Reading
from reconciler.cxone.transport import Transport
from reconciler.model.errors import ReconcilerError
from reconciler.model.instants import parse_instant
from reconciler.model.row_queries import InteractionsOf
from reconciler.model.row_queries import Rows as RowsRead
from reconciler.model.row_wire import History
from reconciler.model.text_folding import normalise_id
from reconciler.model.worker_pool import work_all


class Undated(ReconcilerError):
    """An interaction of which nobody can say when it was: of what it is, a score cannot be made."""

    code = "bad-reply"


def read_history(
    transport: Transport, history: History, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path
) -> RowsRead:
    """The interactions of each chunk of contacts, several chunks at once; a row may come twice."""
    with Spool(into) as spool:
        search = partial(_search, transport, history, query, spool)
        work_all(search, map(list, ids), transport.access.pace.workers, "search")
    columns = dict.fromkeys(history.columns.values(), "VARCHAR")
    return RowsRead(into, "json", columns, spool.count, dict(history.columns))


def read_list_history(
    transport: Transport,
    history: History,
    query: InteractionsOf,
    list_id: str,
    ids: Iterable[Sequence[str]],
    into: Path,
) -> RowsRead:
    """The interactions of some contacts of a list, where all of the list's are told at once; a row may come twice.

    Raises:
        BadReply: it is not said when one was.
    """
    if history.of_list is None:
        raise TypeError(f"the surface {history.surface} tells no list's interactions")
    wanted = {normalise_id(each) for chunk in ids for each in chunk}
    who, when, kind = (history.columns[name] for name in ("contactId", "startTime", "type"))

    def is_wanted(row: Mapping[str, Any]) -> bool:
        return (
            normalise_id(str(row[who])) in wanted
            and row[kind] in query.types
            and query.start <= parse_instant(str(row[when])) < query.end
        )

    def add(page: Rows) -> None:
        read = history.read
        rows = page if read is None else [each for row in page if (each := read(row)) is not None]
        try:
            spool.add([row for row in rows if is_wanted(row)])
        except ValueError:
            where = f"{call.method} {transport.base_url}{call.path}"
            raise Undated("the tenant tells of an interaction without a moment that can be read", where=where) from None

    call = history.of_list(query, list_id)
    key = history.key or history.columns["id"]
    with Spool(into) as spool:
        Reading(transport, call, history.pages, history.shape, key, history.scope, "interactions").read(add, MOST_PAGES)
    columns = dict.fromkeys(history.columns.values(), "VARCHAR")
    return RowsRead(into, "json", columns, spool.count, dict(history.columns))


def _search(transport: Transport, history: History, query: InteractionsOf, spool: Spool, ids: list[str]) -> None:
    key = history.columns["id"]
    if history.of is None:
        raise TypeError(f"the surface {history.surface} does not tell interactions by contact")
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
