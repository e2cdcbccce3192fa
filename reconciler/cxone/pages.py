"""How is a read of many pages made whole, when pages shift and tokens go stale while it goes on?"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from reconciler.model.errors import ReconcilerError

LARGEST_PAGE = 1000
MOST_RESTARTS = 5
MOST_PAGES = 100_000
"""More pages than any list has: a reply that always names a next page must not hold a run for ever."""

log = logging.getLogger(__name__)

Rows = Sequence[Mapping[str, Any]]


class Unsettled(ReconcilerError):
    """The pages of a read never fitted together."""

    code = "read-unsettled"


class Spool:
    """A file that takes pages of rows from several threads and holds them as one JSON array."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0
        self._lock = threading.Lock()
        path.touch(mode=0o600)
        self._file = path.open("wb")
        self._file.write(b"[")

    def add(self, rows: Rows) -> None:
        """Add a page."""
        if not rows:
            return
        body = orjson.dumps(rows)[1:-1]
        with self._lock:
            if self.count:
                self._file.write(b",")
            self._file.write(body)
            self.count += len(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.write(b"]")
        self._file.close()


def by_offset(fetch: Callable[[int], Mapping[str, Any]], key: str, add: Callable[[Rows], None], workers: int) -> int:
    """Read offset pages (`count`, `start`); those after the first at once, as the total is known by then.

    The caller takes out rows that were seen twice and compares with the total that is returned: the last one heard.
    A tenant that does not say its total is read page by page until an empty one.
    """
    first = fetch(0)
    add(_page(first, key))
    total = first.get("total")
    if total is None:
        start = len(_page(first, key))
        while page := _page(fetch(start), key):
            add(page)
            start += len(page)
        return start
    starts = range(LARGEST_PAGE, int(total), LARGEST_PAGE)
    heard = int(total)
    with ThreadPoolExecutor(workers, thread_name_prefix="read") as pool:
        for reply in pool.map(fetch, starts):
            add(_page(reply, key))
            heard = int(reply.get("total", heard))
    log.info("read %d offset pages, total %d", 1 + len(starts), heard)
    return heard


def _page(reply: Mapping[str, Any], key: str) -> Rows:
    rows = reply.get(key) if isinstance(reply, Mapping) else None
    if not isinstance(rows, list):
        raise Unsettled(f"a page of the tenant has no {key!r}", hint="check that the surface's base URL is right")
    return rows


def by_token(fetch: Callable[[str | None], Any], add: Callable[[Rows], None], what: str) -> int | None:
    """Read token pages (`data`, `pagination.nextPageToken`); the total where the tenant says it (ours).

    A reply without `data`, or a token already seen, restarts the read from the first page, a bounded number of times:
    tokens can go stale or repeat after a network fault (contract, section lists). The caller takes out the rows that
    come twice because of that.

    Raises:
        Unsettled: it was restarted too often, or has more pages than any list.
    """
    pages = 0
    for _ in range(MOST_RESTARTS + 1):
        seen: set[str] = set()
        token: str | None = None
        while pages < MOST_PAGES:
            reply = fetch(token)
            pages += 1
            if not isinstance(reply, Mapping) or not isinstance(reply.get("data"), list):
                log.warning("%s: a page without data; starting again from the first page", what)
                break
            add(reply["data"])
            pagination = reply.get("pagination") or {}
            token = pagination.get("nextPageToken")
            if token is None:
                log.info("%s: read %d pages", what, pages)
                return pagination.get("total")
            if token in seen:
                log.warning("%s: a page token came twice; starting again from the first page", what)
                break
            seen.add(token)
    raise Unsettled(
        f"{what}: the pages never came to an end; {pages} were read",
        note="page tokens kept going stale or repeating",
        hint="try again when the tenant is quiet",
    )
