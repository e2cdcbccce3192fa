"""Read all records of a Salesforce query, page by page.

`GET /services/data/{version}/query/?q={SOQL}`: at most 2,000 records a page; `nextRecordsUrl` is a path below the
instance (contract, Salesforce). The reply to a token request does not say how long the token lives: it is used until it
is refused, and renewed once.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.cxone.errors import BadReply, Unauthorised, WireError
from reconciler.cxone.page_spool import Spool
from reconciler.cxone.pages import MOST_PAGES, MOST_RESTARTS, Progress, Unsettled
from reconciler.cxone.response import list_error_codes
from reconciler.cxone.salesforce_errors import map_salesforce_error
from reconciler.cxone.transport import Transport
from reconciler.model.problem import BadInput, Location, Problem, Problems
from reconciler.model.reason import Reason
from reconciler.model.reply_shape import ID as RECORD_ID
from reconciler.model.reply_shape import WHOLE, Shape, may, needs, whole
from reconciler.model.reply_shape import Rows as RowsOf
from reconciler.model.row_queries import Rows
from reconciler.model.secret import Secret
from reconciler.model.soql import ID, make_select
from reconciler.model.source_specs import SalesforceFeed
from reconciler.model.tenant import Pace, SurfaceAccess, TokenRequest

LIFETIME = 86_400.0
"""Seconds after which a token is renewed unasked; an organisation's sessions end after 24 hours at the latest."""

_STALE = "INVALID_QUERY_LOCATOR"
_NEXT = re.compile(r"/services/data/v\d+\.\d/query/[A-Za-z0-9_-]+")
_EXACT = ("contactId",)
_PAGE = Shape({"records": needs(RowsOf(Shape({ID: may(RECORD_ID)}))), "totalSize": needs(WHOLE)})
"""A page of a query; what `done` and `nextRecordsUrl` say is looked at apart."""

log = logging.getLogger(__name__)

Secrets = Callable[[str, Location], Secret]


def connect(feed: SalesforceFeed, secret: Secrets) -> Transport:
    """The connection to a feed's organisation; nothing is sent yet.

    Raises:
        BadInput: the credentials that are missing.
    """
    problems = Problems()
    fetched: list[Secret] = []
    for reference in (feed.client_id, feed.client_secret):
        with problems.collect():
            fetched.append(secret(reference, feed.credentials_at))
    problems.refuse()
    token = TokenRequest(
        url=feed.token_url or f"{feed.instance}/services/oauth2/token",
        body="form",
        scope="",
        client_id=fetched[0].reveal(),
        client_secret=fetched[1],
        early=60,
        lifetime=LIFETIME,
    )
    # a page may take a while to be found; there is one reader, as each page names the next
    access = SurfaceAccess(
        "salesforce",
        feed.instance,
        token,
        Pace(feed.rate, 10, 1),
        read_timeout=min(120.0, feed.reply_timeout),
        reply_timeout=feed.reply_timeout,
    )
    return Transport(access, credentials=feed.client_secret)


@contextmanager
def open_records(
    feed: SalesforceFeed, secret: Secrets, counted: Callable[[int], None] = lambda requests: None
) -> Iterator[Callable[[Sequence[str], Path], Rows]]:
    """What reads some fields of every record of a feed, as `read`, by a connection that is closed in the end.

    `counted` is told then how many requests it took.
    """
    with connect(feed, secret) as organisation:
        try:
            yield partial(read, organisation, feed)
        finally:
            counted(organisation.traffic.requests)


def read(transport: Transport, feed: SalesforceFeed, fields: Sequence[str], into: Path) -> Rows:
    """Some fields of every record of a feed, as text, written to `into` page by page.

    A locator that Salesforce does not know any more, or not by a new token, is followed by another reading from the
    first page. What was read before a failure is not kept.

    Returns:
        The columns `id`, `row` (from 1), `fault` (why the record cannot be used), and `c0`, `c1`, … for the fields; of
        those that are attributes `value0`, … as JSON, with the numbers of their `c`.

    Raises:
        BadInput: Salesforce refuses the query, or a field is no value.
        WireError: it refuses the client, has no requests left, or cannot be reached; the note says at which page.
        Unsettled: the pages never ended.
    """
    query = make_select(feed.object, fields, feed.condition)
    renewed = False
    try:
        for restarts in range(MOST_RESTARTS + 1):
            reading = _Reading(transport, feed, fields)
            try:
                return reading.read_whole(query, into)
            except _Broken as broken:
                log.warning("%s: %s; starting again from the first page", feed, broken)
            except BadReply as error:
                if error.odd is None or restarts == MOST_RESTARTS:
                    raise map_salesforce_error(error, feed, reading.page, reading.count) from None
                log.warning("%s: page %d is none; starting again from the first page", feed, reading.page)
            except WireError as error:
                # A locator belongs to the session that made it, and some organisations say so with a 401.
                lost = isinstance(error, Unauthorised) and reading.page > 1 and not renewed
                if not lost and _STALE not in list_error_codes(error.reply):
                    raise map_salesforce_error(error, feed, reading.page, reading.count) from None
                renewed = renewed or lost
                log.warning("%s: the locator of page %d is stale; starting again", feed, reading.page)
    except BaseException:
        into.unlink(missing_ok=True)
        raise
    into.unlink(missing_ok=True)
    raise Unsettled(
        f"{feed}: the pages never ended; they were read {MOST_RESTARTS + 1} times",
        where=f"GET {feed.instance}/services/data/{feed.version}/query/",
        note=f"the last reading broke at page {reading.page}; none of its records is kept",
        hint="try again later; a narrower `where` makes fewer pages",
    )


class _Broken(Exception):
    """A page that is not as it must be: the query may be asked again."""


class _Reading:
    """One reading of a query from its first page. `page` is the one being read, `count` the records before it."""

    def __init__(self, transport: Transport, feed: SalesforceFeed, fields: Sequence[str]) -> None:
        self._transport = transport
        self._feed = feed
        self._paths = {f"c{number}": (name, name.split(".")) for number, name in enumerate(fields)}
        exact = {source: name for name, source in feed.columns if name in _EXACT}
        exact |= {source: "phone" for parts in feed.phones for source in parts}
        valued = {source for _, source in feed.attributes}
        self._valued = {
            column: column.replace("c", "value") for column, (name, _) in self._paths.items() if name in valued
        }
        self._exact = {column: exact[name] for column, (name, _) in self._paths.items() if name in exact}
        self.page = 0
        self.count = 0

    def read_whole(self, query: str, into: Path) -> Rows:
        totals: set[int] = set()
        with Spool(into) as spool:
            for body in self._iter_pages(query):
                totals.add(whole(body["totalSize"]) or 0)
                spool.add([self._make_row(record, self.count + n) for n, record in enumerate(body["records"], 1)])
                self.count = spool.count
        columns = {**dict.fromkeys(("id", *self._paths), "VARCHAR"), "fault": _FAULT, "row": "BIGINT"}
        columns |= dict.fromkeys(self._valued.values(), "JSON")
        log.info("%s: %d records on %d pages", self._feed, self.count, self.page)
        return Rows(into, "json", columns, self.count, total=max(totals), shifted=len(totals) > 1)

    def _iter_pages(self, query: str) -> Iterator[Mapping[str, Any]]:
        path, asked = f"/services/data/{self._feed.version}/query/", {"q": query}
        seen: set[str] = set()
        progress = Progress(str(self._feed), MOST_PAGES, f"GET {self._feed.instance}{path}", "Id")
        while True:
            self.page += 1
            body = self._transport.call("GET", path, query=asked, shape=_PAGE)
            progress.count_page(body["records"], whole(body["totalSize"]))
            yield body
            if body.get("done") is True:
                return
            path, asked = _find_next_page(body, self.page), {}
            if path in seen:
                raise _Broken(f"page {self.page} names a page that was read before")
            seen.add(path)

    def _make_row(self, record: Mapping[str, Any], number: int) -> Mapping[str, Any]:
        held = _find_value(record, [ID])
        row: dict[str, Any] = {"id": held, "row": number, "fault": None if held else _fault("no_record_id")}
        for column, (name, path) in self._paths.items():
            if not any(key.casefold() == path[0].casefold() for key in record):
                # what was asked for is told of every record, be it null
                row["fault"] = row["fault"] or _fault("field_not_in_reply", name)
            value = _find_value(record, path)
            if isinstance(value, Mapping | list):
                raise BadInput([_describe_no_value(self._feed, name)])
            if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
                value = int(value)  # a field of numbers without decimals comes as 42.0
            if column in self._exact and isinstance(value, float | bool):
                row["fault"] = row["fault"] or _fault("not_exact", self._exact[column])
            row[column] = value if value is None or isinstance(value, str) else _format_text(value)
            if column in self._valued:
                row[self._valued[column]] = value
        return row


_FAULT = "STRUCT(code VARCHAR, args VARCHAR[])"
"""The type of a fault, a reason, in the file that is laid down."""


def _fault(code: str, *args: str) -> Mapping[str, Any]:
    return {"code": Reason(code, args).code, "args": args}


def _find_value(record: Mapping[str, Any], path: Sequence[str]) -> Any:
    """A field, or a parent's; null where there is none. Salesforce takes names in any case and answers in its own."""
    value: Any = record
    for step in path:
        if not isinstance(value, Mapping):
            return None
        exact = step in value
        value = value.get(step if exact else next((name for name in value if name.casefold() == step.casefold()), step))
    return value


def _format_text(value: float | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)


def _find_next_page(body: Mapping[str, Any], page: int) -> str:
    """The path of the next page. The token goes nowhere but below the instance, whatever a reply says."""
    path = body.get("nextRecordsUrl")
    if not isinstance(path, str) or not _NEXT.fullmatch(path):
        raise _Broken(f"page {page} is not the last, and names no next one")
    return path


def _describe_no_value(feed: SalesforceFeed, name: str) -> Problem:
    return Problem(
        feed.place(name),
        "compound-field",
        f"the field `{name}` of {feed.object} holds several values and not one",
        hint="map one of its parts, such as `MailingCity` of `MailingAddress`",
    )
