# tested by: tests/surfaces/test_surfaces.py
"""Describe how a surface holds the objects of a kind: paths, fields, requests, ownership.

A `Wire` is declared once for each kind and surface, in the surface's file below `reconciler/surfaces/`. What reads and
writes a tenant asks it, and knows no path, field or method of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from urllib.parse import quote

from reconciler.model.dialling_forecast import Statistics
from reconciler.model.ownership_mark import Ownership, TextMark
from reconciler.model.paging import Pages, Query
from reconciler.model.reply_shape import ID, NAME, TEXT, Field, Rows, Shape, may, needs

Body = Mapping[str, Any]

OBJECT_SHAPE = Shape({"id": needs(ID), "name": needs(NAME), "description": may(TEXT)})
"""What every object has, where an API does not call it otherwise."""


def make_object_shape(**fields: Field) -> Shape:
    """An object with further fields that are looked at."""
    return Shape({**OBJECT_SHAPE.fields, **fields})


def in_path(value: str) -> str:
    """A value as it stands in a path."""
    return quote(value, safe="")


@dataclass(frozen=True, slots=True)
class Call:
    """A request below a surface's base URL; what stands in its path is percent-encoded."""

    method: str
    path: str
    query: Query = field(default_factory=dict)
    body: Any = None


@dataclass(frozen=True, slots=True)
class Requests:
    """The requests that make, change and delete an object; None: the surface cannot.

    Attributes:
        create: the wire body of a new object → the request.
        named: where the answer to it names the new object's id, as a path; None: it does not, and it is looked up.
        change: the object's id, the wire body, and what `whole` says → the request.
        whole: whether a change carries the whole object. Then the wire body has all fields that we know, and the body
            that was read right before is given as well: what else is in it must not be lost. Else that is empty.
        delete: the object's id → the request. inactive: whether that leaves the object there, made inactive: a plan
            says so, and what `Wire.gone` says of its body is that there is none.
        refused: the answer to a creation or change → the words in which it refuses it though its status is 200; None:
            it does not.
        lags: whether a new object may be missing for a while in what is read.
        unique: whether the tenant itself refuses a second object of a name, as a conflict: then nobody has to look
            before one is made for the first time.
    """

    create: Callable[[Body], Call] | None = None
    named: str | None = "id"
    change: Callable[[str, Body, Body], Call] | None = None
    whole: bool = False
    delete: Callable[[str], Call] | None = None
    inactive: bool = False
    refused: Callable[[Any], str | None] | None = None
    lags: bool = False
    unique: bool = False


def rest(collection: str, *, unique: bool = False) -> Requests:
    """POST to the collection; PATCH and DELETE of `collection/{id}`, of which PATCH changes only the fields sent."""
    return Requests(
        create=lambda body: Call("POST", collection, body=body),
        change=lambda object_id, body, held: Call("PATCH", f"{collection}/{in_path(object_id)}", body=body),
        delete=lambda object_id: Call("DELETE", f"{collection}/{in_path(object_id)}"),
        unique=unique,
    )


@dataclass(frozen=True, slots=True)
class WireReference:
    """A live field that holds another object's name inside the tool and its id on the wire.

    With `many` it has the names of several, each true, and a list of ids there.
    """

    field: str
    kind: str
    wire: str
    many: bool = False


@dataclass(frozen=True, slots=True)
class CallStatistics:
    """Where it is told what was counted of an object's calls.

    Attributes:
        one: the object's id → the request. read: the answer → the statistics; raises ValueError where it is odd.
        shape: what the answer must look like.
    """

    one: Callable[[str], Call]
    read: Callable[[Body], Statistics]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Members:
    """Who is on an object that holds contacts.

    Attributes:
        of: the object's id → the request of the collection of its members. pages: how that is read.
        shape: of a member. columns: of each of our columns (contactId, engagementScore, status, phone) that it tells,
            the member's field; `contactId` there always is. With `status` the list can be a source of contacts.
        named: likewise, but read only where names and e-mail are asked for.
        data: the path of the attributes that are kept with a member; None: none are told.
        read: a row of the collection → the member that it is, in which all these paths are; None: it is none. Left out,
            the row is the member. key: the row's field by which rows are told apart, where that is another.
        since: the object's id, a moment of the tenant's clock → the request for those rows alone that were changed
            since, those that are none any more (`read`) among them; None: it does not tell them apart.
    """

    of: Callable[[str], Call]
    pages: Pages
    shape: Shape
    columns: Mapping[str, str]
    named: Mapping[str, str] = field(default_factory=dict)
    data: str | None = None
    read: Callable[[Body], Body | None] | None = None
    key: str | None = None
    since: Callable[[str, datetime], Call] | None = None


@dataclass(frozen=True, slots=True)
class Numbers:
    """How objects hold numbers, so that nobody who has one is called. Of several objects the id is theirs, with commas.

    Attributes:
        held: the id → the records, those that have expired among them; `columns` has `phone` and `expires`, may have
            `starts`, and as `contactId` the record's id.
        add: the id, numbers as their digits alone, the days from and until which they are held → the request. A number
            that is there may be added again without harm.
        expire: the id, such numbers → the request; None: none expires but by its day.
        most: numbers of one request.
        added, expired: the shapes of their answers; None: there is none. refused: either → how many were not taken.
    """

    held: Callable[[str], Members]
    add: Callable[[str, Sequence[str], date | None, date | None], Call]
    most: int
    expire: Callable[[str, Sequence[str]], Call] | None = None
    added: Shape | None = None
    expired: Shape | None = None
    refused: Callable[[Body], int] = lambda answer: 0


@dataclass(frozen=True, slots=True)
class Part:
    """A part of an object that an endpoint of its own tells and changes.

    Attributes:
        fields: the live fields that it holds, and no other part does, nor the object's body.
        one: the object's id → the request that tells it. shape: of its answer. read: the answer → these live fields.
        change: the object's id, those of its fields that are written, with ids in the place of names, and its answer
            read right before → the request, or several in this order.
        also: a second request that tells it, and its shape: then both answers, in this order, are its answer.
    """

    fields: frozenset[str]
    one: Callable[[str], Call]
    shape: Shape | Rows
    read: Callable[[Any], dict[str, Any]]
    change: Callable[[str, Mapping[str, Any], Any], Call | Sequence[Call]]
    also: tuple[Callable[[str], Call], Shape | Rows] | None = None


@dataclass(frozen=True, slots=True)
class Companion:
    """An object that is made before another and under its name, and that the other's body refers to.

    Attributes:
        field: the body's field with its id. path, pages, shape: of its collection.
        find: a name → the query for those of the name. id_field, name_field: of its bodies.
        create: a name → the request that makes it. named: where the answer has its id.
    """

    field: str
    path: str
    pages: Pages
    shape: Shape
    find: Callable[[str], Query]
    id_field: str
    name_field: str
    create: Callable[[str], Call]
    named: str


@dataclass(frozen=True, slots=True)
class Wire:
    """How one API surface holds the objects of a kind.

    Attributes:
        name: the surface, e.g. `lists`.
        path: the collection of all objects. pages: how it is read.
        read_scope: the OAuth scope that reading needs; write_scope: that writing needs.
        shape: what the body of one object must look like; its id and name always must be there.
        id_field, name_field: the body's fields of what an object is known by, and what people call it.
        find: a name → the query by which the collection is asked for the objects of that name. It may find more; None:
            the surface finds nothing by name, and all are read.
        one: an id → the request that tells whether there is such an object. body: where its answer has the object, as a
            path; None: nowhere. Where nothing is found by name, an object whose id is known is read by it.
        requests: how objects are made, changed and deleted.
        ownership: how it is kept whose an object is.
        holds: the live fields that it can hold; None: whatever the kind declares.
        references: which of them hold ids of other objects.
        size: the body's count of contacts, where it has one. members: who these are.
        numbers: how its objects hold numbers that must not be called, by the kind of the manifest that says which.
        read: wire body → live fields (pure), before references become names; what is at `name_field` is `name`.
        write: live fields → wire body (pure), after references became ids.
        gone: whether a body is of an object that was made inactive, and counts as none.
        tell_state: a body → what it says of whether the object does something by itself (`Kind.run_states`): of one
            that rests, and is neither declared nor ours, the parts are not asked for. Empty: it does not say.
        parts: those of its fields that have endpoints of their own.
        fixed: the live fields that it does not change once they have a value.
        query: what the collection is always asked with.
        companions: what is made before an object.
        unheld: live fields that a manifest may say though there is no place for them: they are left out, and a plan
            says so. takes: of a field, the only values that there is a place for.
        unpublished: of some of these fields, the parameter of the surface that would give them a place: it says a unit
            or a number that the API's vendor does not publish.
        asks: of a field, the parameter of the surface without which it cannot be written.
        bind: the surface's parameters → how it then holds objects; None: they make no difference.
        paced: whether the tenant counts requests about each object, on whatever surface (contract, clarified since).
        statistics: what was counted of an object's calls; None: nothing is.
    """

    name: str
    path: str
    pages: Pages
    read_scope: str
    write_scope: str
    one: Callable[[str], Call]
    shape: Shape = OBJECT_SHAPE
    id_field: str = "id"
    name_field: str = "name"
    body: str | None = None
    find: Callable[[str], Query] | None = None
    requests: Requests = field(default_factory=Requests)
    ownership: Ownership = field(default_factory=TextMark)
    holds: frozenset[str] | None = None
    references: tuple[WireReference, ...] = ()
    size: str | None = None
    members: Members | None = None
    numbers: Mapping[str, Numbers] = field(default_factory=dict)
    read: Callable[[Body], dict[str, Any]] = dict
    write: Callable[[Mapping[str, Any]], dict[str, Any]] = dict
    statistics: CallStatistics | None = None
    paced: bool = False
    gone: Callable[[Body], bool] = lambda body: False
    tell_state: Callable[[Body], dict[str, Any]] = lambda body: {}
    parts: tuple[Part, ...] = ()
    fixed: frozenset[str] = field(default_factory=frozenset)
    query: Query = field(default_factory=dict)
    companions: tuple[Companion, ...] = ()
    unheld: frozenset[str] = field(default_factory=frozenset)
    takes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unpublished: Mapping[str, str] = field(default_factory=dict)
    asks: Mapping[str, str] = field(default_factory=dict)
    bind: Callable[[Mapping[str, str]], Wire] | None = None

    def has_place(self, name: str) -> bool:
        """Whether it holds a live field."""
        return name not in self.unheld and (self.holds is None or name in self.holds)

    def bind_to(self, spec: Mapping[str, Any]) -> Wire:
        """How it holds objects with what a Tenant's manifest says of the surface."""
        known = {name: str(value) for name, value in spec.items() if isinstance(value, str | int)}
        return self if self.bind is None else self.bind(known)

    @property
    def writable(self) -> bool:
        """Whether objects can be made here; what of them can be changed `fixed` and `requests` say."""
        return self.requests.create is not None

    def list_references(self, fields: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
        """The objects that live fields name, as kind and name."""
        held = ((each, fields.get(each.field)) for each in self.references)
        return tuple((each.kind, name) for each, told in held if told for name in (told if each.many else (told,)))

    @property
    def deletes(self) -> bool:
        """Whether objects can be deleted here."""
        return self.requests.delete is not None
