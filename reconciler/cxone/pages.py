"""Read many pages as one whole, though pages shift and tokens expire."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from reconciler.cxone.errors import BadReply, Invalid
from reconciler.model.errors import ReconcilerError
from reconciler.model.reply_shape import whole
from reconciler.model.worker_pool import work_through

LARGEST_PAGE = 1000
MOST_RESTARTS = 5
MOST_PAGES = 20_000
"""More pages than any list has: a reply that always names a next page must not hold a run for ever."""
MOST_OBJECT_PAGES = 2_000
"""More than any tenant has of lists or campaigns, though there be ten on a page."""
MOST_REPEATED = 20
"""Pages with nothing but the rows of an earlier one. Where pages are short, rows that shift can make a few."""
LONGEST_READ = 7_200.0
"""Seconds after which a read of many pages is given up, however it gets on."""
MOST_EMPTY = 5
"""Times that a page is asked for again which is empty though the tenant says that there are more rows."""
MOST_EMPTY_IN_A_ROW = 100
"""Pages without a row, one after the other, each of which names a next one."""
QUIET_HINT = "try again when nobody is changing it; if it stays so, ask whoever runs it"

log = logging.getLogger(__name__)

Rows = Sequence[Mapping[str, Any]]


class Unsettled(ReconcilerError):
    """The pages of a read never fitted together."""

    code = "read-unsettled"


class Endless(Unsettled):
    """The pages of a read make no progress, or there are more than there can be."""

    code = "bad-reply"


class Progress:
    """Whether a read gets on: how many pages there were, and how often one came again."""

    def __init__(self, what: str, most: int, where: str | None, key: str) -> None:
        self.pages = 0
        self._what, self._most, self._where, self._key = what, most, where, key
        self._seen: set[int] = set()
        self._repeated = self._empty = self._rows = 0
        self._began = time.monotonic()

    def start_again(self) -> None:
        """The read begins again: its first pages are no repetition."""
        self._seen.clear()
        self._rows = 0

    def count_page(self, rows: Rows, total: int | None) -> None:
        """Count a page; raises Endless where they lead nowhere."""
        self.pages += 1
        self._empty = 0 if rows else self._empty + 1
        self._rows += len(rows)
        if rows:
            ids = frozenset(str(row.get(self._key, "")) for row in rows)
            self._repeated += hash(ids) in self._seen
            self._seen.add(hash(ids))
        if self._repeated > MOST_REPEATED:
            raise self.make_endless("the same rows come on one page after the other")
        if self._empty > MOST_EMPTY_IN_A_ROW:
            raise self.make_endless("pages hold no rows, and each names a next one")
        if total is not None and self._rows > 2 * total + 2 * LARGEST_PAGE:
            raise self.make_endless(f"the tenant says that there are {total:,} rows, and gives more than twice as many")
        if self.pages >= self._most:
            raise self.make_endless("there are more of them than there can be rows")
        if time.monotonic() - self._began > LONGEST_READ:
            raise self.make_endless(f"they were read for {LONGEST_READ / 3600:g} hours")

    def make_endless(self, why: str) -> Endless:
        """What is said of a read that leads nowhere."""
        message = f"{self._what}: the pages never ended; {self.pages:,} were read"
        return Endless(message, where=self._where, note=why, hint=QUIET_HINT)


@dataclass(frozen=True, slots=True)
class Heard:
    """What the tenant said of how many rows there are: the last total, and whether it changed between pages."""

    total: int | None
    shifted: bool

    def is_whole(self, different: int) -> bool:
        """Whether so many different rows are all there are.

        A total that changed proves nothing: the row that went made room for one that was never seen.
        """
        return not self.shifted and self.total in (None, different)


def read_by_offset(
    fetch: Callable[[int], Mapping[str, Any]],
    key: str,
    add: Callable[[Rows], None],
    workers: int,
    *,
    most: int = MOST_PAGES,
    where: str | None = None,
    id_field: str = "id",
) -> Heard:
    """Read offset pages; those after the first at once, where the total is known by then.

    A page may be shorter than it was asked for, and the next begins after the rows received (contract, clarified
    since): every part of the whole is read on until it is full. The caller takes out rows that were seen twice and
    compares with the total that is returned. A tenant that does not say its total is read until an empty page.

    Args:
        fetch: the page from one row on: its rows, and their `total` where it is told. key: of its rows.
        most: pages. where: METHOD url, for messages. id_field: by which rows are told apart.

    Raises:
        Unsettled: the tenant says that there are more rows, and gives none.
        Endless: the pages make no progress.
    """
    first = fetch(0)
    rows, total = first[key], read_total(first)
    progress = Progress(repr(key), most, where, id_field)
    progress.count_page(rows, total)
    add(rows)
    if total is None:
        start, page = len(rows), rows
        while page and (page := fetch(start)[key]):
            progress.count_page(page, None)
            add(page)
            start += len(page)
        return Heard(None, shifted=False)
    if total > LARGEST_PAGE * most:
        message = f"the tenant says that there are {total:,} rows of {key!r}: more than any list has"
        raise Endless(message, where=where, hint=QUIET_HINT)
    step = len(rows) * (LARGEST_PAGE // len(rows) or 1) if rows else LARGEST_PAGE
    starts = range(len(rows), total, step)
    totals: set[int | None] = {total}
    parts = ((start, min(start + step, total)) for start in starts)
    for pages_of_part in work_through(partial(_read_part, fetch, key), parts, workers, "read"):
        for page, said in pages_of_part:
            progress.count_page(page, said)
            add(page)
            totals.add(said)
    log.info("read an offset read in %d parts, total %d", 1 + len(starts), total)
    return Heard(total, shifted=len(totals - {None}) > 1)


_Part = list[tuple[Rows, int | None]]


def _read_part(fetch: Callable[[int], Mapping[str, Any]], key: str, bounds: tuple[int, int]) -> _Part:
    """The pages of one part of a read, from one row up to another, each with the total that it tells."""
    at, end = bounds
    found: _Part = []
    empty = 0
    while at < end:
        reply = fetch(at)
        page, total = reply[key], read_total(reply)
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
                hint=QUIET_HINT,
            )
    return found


_Item = TypeVar("_Item")


def read_total(reply: Mapping[str, Any]) -> int | None:
    """How many rows there are, as the tenant says it; None where it does not, or says that it does not know."""
    return whole(reply.get("total"))


def read_by_token(
    fetch: Callable[[str | None], Any],
    add: Callable[[Rows], None],
    what: str,
    *,
    most: int = MOST_PAGES,
    where: str | None = None,
    id_field: str = "id",
    rows: str = "data",
) -> Heard:
    """Read token pages (`data`, `pagination.nextPageToken`); the total where the tenant says it (ours).

    A reply without `data`, a token that is refused or one already seen restarts the read from the first page, a
    bounded number of times: tokens can go stale or repeat after a network fault (contract, section lists). The caller
    takes out the rows that come twice because of that.

    Args:
        fetch: the page of a token, with `data` and `pagination`; the first one of None.
        most: pages. where: METHOD url, for messages. id_field: by which rows are told apart.
        rows: the path of the rows in the tenant's own answer.

    Raises:
        BadReply: the pages never were as they must be.
        Endless: it was restarted too often, or makes no progress.
    """
    progress, broken = Progress(what, most, where, id_field), None
    for _ in range(MOST_RESTARTS + 1):
        progress.start_again()
        seen: set[str] = set()
        token: str | None = None
        totals: set[int | None] = set()
        while True:
            try:
                reply = fetch(token)
            except (Invalid, BadReply) as error:
                if not _may_be_stale(error, token, rows):
                    raise
                broken = error
                log.warning("%s: a page that is none; starting again from the first page", what)
                break
            pagination = reply.get("pagination") or {}
            progress.count_page(reply["data"], read_total(pagination))
            add(reply["data"])
            told = pagination.get("nextPageToken")
            token = None if told in (None, "") else str(told)
            totals.add(read_total(pagination))
            if token is None:
                log.info("%s: read %d pages", what, progress.pages)
                return Heard(read_total(pagination), shifted=len(totals - {None}) > 1)
            if token in seen:
                broken = None
                log.warning("%s: a page token came twice; starting again from the first page", what)
                break
            seen.add(token)
    if isinstance(broken, Invalid):
        raise progress.make_endless("page tokens kept going stale") from broken
    raise broken or progress.make_endless("page tokens kept coming again")


def _may_be_stale(error: Invalid | BadReply, token: str | None, rows: str) -> bool:
    """Whether a page may be right when it is read from the first one again: a token was refused, data is missing."""
    if isinstance(error, Invalid):
        return token is not None
    return error.odd is not None and error.odd.path in ("$", f"$.{rows}")


def read_collected(
    read: Callable[[Callable[[Rows], None]], Heard], what: str, id_field: str = "id"
) -> Iterable[Mapping[str, Any]]:
    """Every object of a collection, once each; it is read again where its pages shifted.

    Raises:
        Unsettled: it shifted every time.
    """
    for _ in range(MOST_RESTARTS + 1):
        found: dict[str, Mapping[str, Any]] = {}

        def add(page: Rows, found: dict[str, Mapping[str, Any]] = found) -> None:
            found.update({str(row[id_field]): row for row in page})

        if read(add).is_whole(len(found)):
            return found.values()
        log.warning("%s: the pages shifted; reading again", what)
    raise Unsettled(f"{what}: the pages shifted every time they were read", hint="try again when nobody is changing it")
