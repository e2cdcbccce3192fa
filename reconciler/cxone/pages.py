"""How is a read of many pages made whole, when pages shift and tokens go stale while it goes on?"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from reconciler.cxone.faults import Invalid
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


@dataclass(frozen=True, slots=True)
class Heard:
    """What the tenant said of how many rows there are: the last total, and whether it changed between pages."""

    total: int | None
    shifted: bool

    def whole(self, different: int) -> bool:
        """Whether so many different rows are all there are.

        A total that changed proves nothing: the row that went made room for one that was never seen.
        """
        return not self.shifted and self.total in (None, different)


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


def by_offset(fetch: Callable[[int], Mapping[str, Any]], key: str, add: Callable[[Rows], None], workers: int) -> Heard:
    """Read offset pages (`count`, `start`); those after the first at once, as the total is known by then.

    The caller takes out rows that were seen twice and compares with the total that is returned.
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
        return Heard(None, shifted=False)
    starts = range(LARGEST_PAGE, int(total), LARGEST_PAGE)
    heard = {int(total)}
    with ThreadPoolExecutor(workers, thread_name_prefix="read") as pool:
        for reply in _in_order(pool, fetch, starts, 2 * workers):
            add(_page(reply, key))
            heard.add(int(reply.get("total", total)))
    log.info("read %d offset pages, total %d", 1 + len(starts), total)
    return Heard(int(total), shifted=len(heard) > 1)


def _in_order(
    pool: Executor, fetch: Callable[[int], Mapping[str, Any]], starts: Iterable[int], ahead: int
) -> Iterator[Mapping[str, Any]]:
    """The pages in their order, at most so many of them fetched ahead: a quick tenant must not fill the memory."""
    pending: deque[Future[Mapping[str, Any]]] = deque()
    try:
        for start in starts:
            pending.append(pool.submit(fetch, start))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for each in pending:
            each.cancel()


def _page(reply: Mapping[str, Any], key: str) -> Rows:
    rows = reply.get(key) if isinstance(reply, Mapping) else None
    if not isinstance(rows, list):
        raise Unsettled(f"a page of the tenant has no {key!r}", hint="check that the surface's base URL is right")
    return rows


def by_token(fetch: Callable[[str | None], Any], add: Callable[[Rows], None], what: str) -> Heard:
    """Read token pages (`data`, `pagination.nextPageToken`); the total where the tenant says it (ours).

    A reply without `data`, a token that is refused or one already seen restarts the read from the first page, a
    bounded number of times: tokens can go stale or repeat after a network fault (contract, section lists). The caller
    takes out the rows that come twice because of that.

    Raises:
        Unsettled: it was restarted too often, or has more pages than any list.
    """
    pages = 0
    for _ in range(MOST_RESTARTS + 1):
        seen: set[str] = set()
        token: str | None = None
        totals: set[int | None] = set()
        while pages < MOST_PAGES:
            reply = _page_of(fetch, token)
            pages += 1
            if not isinstance(reply, Mapping) or not isinstance(reply.get("data"), list):
                log.warning("%s: a page without data; starting again from the first page", what)
                break
            add(reply["data"])
            pagination = reply.get("pagination") or {}
            token = pagination.get("nextPageToken")
            totals.add(pagination.get("total"))
            if token is None:
                log.info("%s: read %d pages", what, pages)
                return Heard(pagination.get("total"), shifted=len(totals) > 1)
            if token in seen:
                log.warning("%s: a page token came twice; starting again from the first page", what)
                break
            seen.add(token)
    raise Unsettled(
        f"{what}: the pages never came to an end; {pages} were read",
        note="page tokens kept going stale or repeating",
        hint="try again when the tenant is quiet",
    )


def _page_of(fetch: Callable[[str | None], Any], token: str | None) -> Any:
    """A page; nothing where its token is refused, for it may have gone stale."""
    try:
        return fetch(token)
    except Invalid:
        if token is None:
            raise
        return None


def collected(read: Callable[[Callable[[Rows], None]], Heard], what: str) -> Iterable[Mapping[str, Any]]:
    """Every object of a collection, once each; it is read again where its pages shifted.

    Raises:
        Unsettled: it shifted every time.
    """
    for _ in range(MOST_RESTARTS + 1):
        found: dict[Any, Mapping[str, Any]] = {}

        def add(page: Rows, found: dict[Any, Mapping[str, Any]] = found) -> None:
            found.update({row.get("id"): row for row in page})

        if read(add).whole(len(found)):
            return found.values()
        log.warning("%s: the pages shifted; reading again", what)
    raise Unsettled(f"{what}: the pages shifted every time they were read", hint="try again when the tenant is quiet")
