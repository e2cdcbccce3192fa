"""How is a read of many pages made whole, when pages shift and tokens go stale while it goes on?"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import orjson

from reconciler.cxone.faults import Invalid
from reconciler.cxone.identity import check_ids
from reconciler.model.errors import ReconcilerError

LARGEST_PAGE = 1000
MOST_RESTARTS = 5
MOST_PAGES = 100_000
"""More pages than any list has: a reply that always names a next page must not hold a run for ever."""
MOST_EMPTY = 5
"""Times that a page is asked for again which is empty though the tenant says that there are more rows."""
MOST_EMPTY_IN_A_ROW = 100
"""Pages without a row, one after the other, each of which names a next one."""
_HINT = "try again when the tenant is quiet; if it stays so, ask whoever runs it"

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
    """A file that takes pages of rows from several threads and holds them as one JSON array.

    Args:
        key: the field that holds each row's id. url: where the rows come from, for the message where one has none.
    """

    def __init__(self, path: Path, key: str | None = None, url: str = "") -> None:
        self.path = path
        self.count = 0
        self._key, self._url = key, url
        self._lock = threading.Lock()
        path.touch(mode=0o600)
        self._file = path.open("wb")
        self._file.write(b"[")

    def add(self, rows: Rows) -> None:
        """Add a page; raises Unexpected where a row has no id."""
        if not rows:
            return
        if self._key is not None:
            check_ids(rows, self._key, self._url)
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
    """Read offset pages (`count`, `start`); those after the first at once, where the total is known by then.

    A page may be shorter than it was asked for, and the next begins after the rows received (contract, clarified
    since): every part of the whole is read on until it is full. The caller takes out rows that were seen twice and
    compares with the total that is returned. A tenant that does not say its total is read until an empty page.

    Raises:
        Unsettled: the tenant says that there are more rows, and gives none.
    """
    first = fetch(0)
    rows, total = rows_of(first, key), told_total(first)
    add(rows)
    if total is None:
        start, pages = len(rows), 1
        while page := rows_of(fetch(start), key) if rows else ():
            add(page)
            start, pages = start + len(page), pages + 1
            if pages > MOST_PAGES:
                raise _endless(key, pages)
        return Heard(None, shifted=False)
    if total > LARGEST_PAGE * MOST_PAGES:
        raise Unsettled(f"the tenant says that there are {total:,} rows of {key!r}: more than any list has", hint=_HINT)
    step = len(rows) * (LARGEST_PAGE // len(rows) or 1) if rows else LARGEST_PAGE
    starts = range(len(rows), total, step)
    totals: set[int | None] = {total}
    with ThreadPoolExecutor(workers, thread_name_prefix="read") as pool:
        part = partial(_part, fetch, key)
        for pages_of_part in _in_order(
            pool, part, ((start, min(start + step, total)) for start in starts), 2 * workers
        ):
            for page, said in pages_of_part:
                add(page)
                totals.add(said)
    log.info("read an offset read in %d parts, total %d", 1 + len(starts), total)
    return Heard(total, shifted=len(totals - {None}) > 1)


_Part = list[tuple[Rows, int | None]]


def _part(fetch: Callable[[int], Mapping[str, Any]], key: str, bounds: tuple[int, int]) -> _Part:
    """The pages of one part of a read, from one row up to another, each with the total that it tells."""
    at, end = bounds
    found: _Part = []
    empty = 0
    while at < end:
        reply = fetch(at)
        page, total = rows_of(reply, key), told_total(reply)
        found.append((page, total))
        at += len(page)
        if page:
            empty = 0
            continue
        if total is None or total <= at:
            break  # there are fewer rows than there were: the totals differ, and the whole is read again
        empty += 1
        if empty > MOST_EMPTY:
            raise Unsettled(
                f"the tenant says that there are {total:,} rows of {key!r}, and gives none after {at:,}",
                note=f"the page from row {at:,} was empty {empty} times",
                hint=_HINT,
            )
    return found


_Item = TypeVar("_Item")
_Bounds = tuple[int, int]


def _in_order(
    pool: Executor, fetch: Callable[[_Bounds], _Item], parts: Iterable[_Bounds], ahead: int
) -> Iterator[_Item]:
    """The parts in their order, at most so many of them fetched ahead: a quick tenant must not fill the memory."""
    pending: deque[Future[_Item]] = deque()
    try:
        for bounds in parts:
            pending.append(pool.submit(fetch, bounds))
            if len(pending) >= ahead:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        for each in pending:
            each.cancel()


def rows_of(reply: Any, key: str) -> Rows:
    """The rows of a page; raises Unsettled where it is none."""
    rows = reply.get(key) if isinstance(reply, Mapping) else None
    if not isinstance(rows, list):
        raise Unsettled(f"a page of the tenant has no {key!r}", hint="check that the surface's base URL is right")
    return rows


def told_total(reply: object) -> int | None:
    """How many rows there are, as the tenant says it; None where it says nothing that is a number of rows."""
    told = reply.get("total") if isinstance(reply, Mapping) else None
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None


def _endless(what: str, pages: int) -> Unsettled:
    return Unsettled(
        f"{what}: the pages never came to an end; {pages} were read",
        note="page tokens kept going stale or repeating, or pages held no rows",
        hint="try again when the tenant is quiet",
    )


def by_token(fetch: Callable[[str | None], Any], add: Callable[[Rows], None], what: str) -> Heard:
    """Read token pages (`data`, `pagination.nextPageToken`); the total where the tenant says it (ours).

    A reply without `data`, a token that is refused or one already seen restarts the read from the first page, a
    bounded number of times: tokens can go stale or repeat after a network fault (contract, section lists). The caller
    takes out the rows that come twice because of that.

    Raises:
        Unsettled: it was restarted too often, or has more pages than any list.
    """
    pages = empty = 0
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
            empty = 0 if reply["data"] else empty + 1
            pagination = reply.get("pagination")
            told = pagination.get("nextPageToken") if isinstance(pagination, Mapping) else None
            token = None if told in (None, "") else str(told)
            totals.add(told_total(pagination))
            if token is None:
                log.info("%s: read %d pages", what, pages)
                return Heard(told_total(pagination), shifted=len(totals - {None}) > 1)
            if empty > MOST_EMPTY_IN_A_ROW:
                raise _endless(what, pages)
            if token in seen:
                log.warning("%s: a page token came twice; starting again from the first page", what)
                break
            seen.add(token)
    raise _endless(what, pages)


def _page_of(fetch: Callable[[str | None], Any], token: str | None) -> Any:
    """A page; nothing where its token is refused, for it may have gone stale."""
    try:
        return fetch(token)
    except Invalid:
        if token is None:
            raise
        return None


def collected(read: Callable[[Callable[[Rows], None]], Heard], what: str, url: str) -> Iterable[Mapping[str, Any]]:
    """Every object of a collection, once each; it is read again where its pages shifted.

    Raises:
        Unexpected: an object has no id.
        Unsettled: it shifted every time.
    """
    for _ in range(MOST_RESTARTS + 1):
        found: dict[str, Mapping[str, Any]] = {}

        def add(page: Rows, found: dict[str, Mapping[str, Any]] = found) -> None:
            check_ids(page, "id", url)
            found.update({str(row["id"]): row for row in page})

        if read(add).whole(len(found)):
            return found.values()
        log.warning("%s: the pages shifted; reading again", what)
    raise Unsettled(f"{what}: the pages shifted every time they were read", hint="try again when the tenant is quiet")
