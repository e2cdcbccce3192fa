# tested by: tests/cxone/test_object_writer.py
"""Read the objects of one kind from a surface, and their members, as its wire says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.cxone.errors import NotFound
from reconciler.cxone.pages import (
    MOST_OBJECT_PAGES,
    Heard,
    Rows,
    read_by_offset,
    read_by_token,
    read_collected,
    read_total,
)
from reconciler.cxone.transport import Transport
from reconciler.model.paging import OffsetPages, OnePage, Pages, Query, TokenPages, make_answer_shape, pick
from reconciler.model.reply_shape import Shape, needs
from reconciler.model.surface_wire import Call, Members, Wire


def read_collection(transport: Transport, wire: Wire, query: Query) -> Iterator[Mapping[str, Any]]:
    """The bodies of every object that the query finds, once each; it is read again where its pages shifted.

    Raises:
        WireError, Unsettled: it cannot be read.
    """
    what = wire.path.lstrip("/")
    reading = Reading(
        transport, Call("GET", wire.path, query), wire.pages, wire.shape, wire.id_field, wire.read_scope, what
    )
    yield from read_collected(lambda add: reading.read(add, MOST_OBJECT_PAGES), what, wire.id_field)


def read_one(transport: Transport, wire: Wire, object_id: str) -> Mapping[str, Any] | None:
    """The body of one object by its id, where the wire says that it is told; None where there is none."""
    if wire.body is None:
        return None
    call, shape = wire.one(object_id), make_answer_shape({wire.body: needs(wire.shape)})
    try:
        reply = transport.call(call.method, call.path, query=call.query, scope=wire.read_scope, shape=shape)
    except NotFound:
        return None
    found: Mapping[str, Any] = pick(reply, wire.body)
    return found


def has_members(transport: Transport, wire: Wire, members: Members, object_id: str) -> bool:
    """Whether anybody is on an object, in one request; raises NotFound."""
    pages, call = members.pages, members.of(object_id)
    if isinstance(pages, OffsetPages):
        call = _make_page_call(call, pages, pages.query(0, 1))
    elif isinstance(pages, TokenPages):
        call = _make_page_call(call, pages, pages.query(None, 1))
    reply = transport.call(
        call.method,
        call.path,
        query=call.query,
        body=call.body,
        idempotent=True,
        reads=True,
        scope=wire.read_scope,
        shape=pages.shape(members.shape),
        may_be_empty=not isinstance(pages, TokenPages) and pages.empty,
    )
    more = pick(reply, pages.next) if isinstance(pages, TokenPages) else None
    return bool(pick(reply, pages.rows) or more or read_total({"total": pick(reply, pages.total)}))


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of all pages of one collection.

    Attributes:
        call: of the collection; a page's query is added to it. row: the shape of a row. key: by which rows are told
            apart. what: it is, for messages.
    """

    transport: Transport
    call: Call
    pages: Pages
    row: Shape
    key: str
    scope: str
    what: str

    def read(self, add: Callable[[Rows], None], most: int) -> Heard:
        """Every page, into a function; `most`: as many pages as there can be."""
        where = f"{self.call.method} {self.transport.base_url}{self.call.path}"
        pages = self.pages
        if isinstance(pages, OnePage):
            reply = self._ask({}, may_be_empty=pages.empty)
            add(pick(reply, pages.rows) or [])
            return Heard(read_total({"total": pick(reply, pages.total)}), shifted=False)
        if isinstance(pages, OffsetPages):
            name, workers = pages.rows or self.what, self.transport.access.pace.workers

            def from_row(start: int) -> Mapping[str, Any]:
                reply = self._ask(pages.query(start), may_be_empty=pages.empty)
                return {name: pick(reply, pages.rows) or [], "total": pick(reply, pages.total)}

            return read_by_offset(from_row, name, add, workers, most=most, where=where, id_field=self.key)

        def of_token(token: str | None) -> Mapping[str, Any]:
            reply = self._ask(pages.query(token))
            told = {"nextPageToken": pick(reply, pages.next), "total": pick(reply, pages.total)}
            return {"data": pick(reply, pages.rows), "pagination": told}

        return read_by_token(of_token, add, self.what, most=most, where=where, id_field=self.key, rows=pages.rows)

    def _ask(self, page: Query, *, may_be_empty: bool = False) -> Any:
        call = _make_page_call(self.call, self.pages, page)
        return self.transport.call(
            call.method,
            call.path,
            query=call.query,
            body=call.body,
            scope=self.scope,
            idempotent=True,
            reads=True,
            shape=self.pages.shape(self.row),
            may_be_empty=may_be_empty,
        )


def _make_page_call(call: Call, pages: Pages, page: Query) -> Call:
    """The request for one page of a collection."""
    if not isinstance(pages, OnePage) and pages.in_body:
        return replace(call, body={**call.body, **page})
    return replace(call, query={**call.query, **page})
