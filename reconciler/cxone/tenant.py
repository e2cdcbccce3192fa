"""How do the surfaces of one tenant become a Reader, and a Writer?

Here names become ids and ids names, and the ownership mark is put on and taken off; above this module there is
neither. Which endpoints hold a kind is the kind's own fact; how a surface pages is the surface's module's.
"""

from __future__ import annotations

import difflib
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Self
from urllib.parse import quote

from reconciler.cxone import lists, outbound
from reconciler.cxone.auth import complete
from reconciler.cxone.faults import Conflict, NotFound, Unknown
from reconciler.cxone.methods import methods
from reconciler.cxone.transport import Transport
from reconciler.model.change import RowChange
from reconciler.model.errors import ReconcilerError
from reconciler.model.kind import Kind, Surface
from reconciler.model.live import LiveObject
from reconciler.model.ownership import split_mark, with_mark
from reconciler.model.problem import BadInput, Problem
from reconciler.model.rows import ContactsOf, InteractionsOf, LiveList, MembersOf, Rows
from reconciler.model.tenant import DeclaredSurface

_PAGED: Mapping[str, ModuleType] = {"outbound": outbound, "lists": lists}
_CREATIONS = 3


class TenantReader:
    """Reads one tenant. Holds its connections: use it as a context manager."""

    def __init__(
        self, surfaces: Iterable[DeclaredSurface], kinds: Mapping[str, Kind], stop: threading.Event | None = None
    ) -> None:
        self._kinds = kinds
        self._ids: dict[str, dict[str, str]] = {}
        self._owners: dict[tuple[str, str], LiveObject] = {}
        self._spooled = 0
        self._transports: dict[str, Transport] = {}
        self._stack = ExitStack()
        for declared in surfaces:
            transport = Transport(complete(declared), stop=stop, credentials=declared.credential_source)
            self._transports[declared.name] = self._stack.enter_context(transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def surfaces(self) -> Mapping[str, str]:
        """The tenant's surfaces and their base URLs."""
        return {name: transport.access.base_url for name, transport in self._transports.items()}

    @property
    def methods(self) -> frozenset[str]:
        """The delivery methods that the tenant's surfaces offer."""
        return frozenset(name for name, method in methods().items() if method.surface in self._transports)

    @property
    def requests(self) -> int:
        """How many requests were sent so far, retries and token requests among them."""
        return sum(transport.traffic.requests for transport in self._transports.values())

    def objects(self, kind: Kind) -> Sequence[LiveObject]:
        """Every object of a kind, references by name.

        Raises:
            WireError: the tenant cannot be read.
        """
        surface = self._surface(kind)
        bodies = list(self._collection(surface))
        for reference in surface.references:
            if bodies and reference.kind not in self._ids:
                self.objects(self._kinds[reference.kind])
        found = [self._live(kind, surface, body) for body in bodies]
        self._ids[kind.name] = {each.name: each.id for each in found}
        self._owners |= {(kind.name, each.name): each for each in found}
        return found

    def contacts(self, query: ContactsOf, into: Path) -> Rows:
        """The contacts of a list: through `outbound`, which knows status and engagement score, where there is one.

        Raises:
            BadInput: the tenant has no such list.
        """
        list_id = self._find(query.list, query)
        if "outbound" in self._transports:
            return outbound.contacts(self._transports["outbound"], list_id, self._file(into))
        raise BadInput([_needs(query, "outbound", "the status and score of contacts are read through it")])

    def interactions(self, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path) -> Rows:
        """The interactions of some contacts, searched a chunk of ids at a time."""
        if "lists" in self._transports:
            return lists.interactions(self._transports["lists"], query, ids, self._file(into))
        raise BadInput([_needs(query.contacts, "lists", "interactions are searched through it")])

    def members(self, query: MembersOf, into: Path) -> Rows:
        """Who is on a managed list: with attributes through `lists`, by id alone through `outbound`."""
        list_id = self._id("ContactList", query.list)
        by_id = not query.attributes or "lists" not in self._transports
        if by_id and "outbound" in self._transports:
            return outbound.contacts(self._transports["outbound"], list_id, self._file(into))
        return lists.members(self._transports["lists"], list_id, self._file(into))

    def _surface(self, kind: Kind) -> Surface:
        surface = kind.surface(self._transports)
        if surface is None:
            raise ReconcilerError(f"no surface of the tenant holds a {kind.name}")
        return surface

    def _collection(self, surface: Surface) -> Iterator[Mapping[str, Any]]:
        read: Callable[..., Iterator[Mapping[str, Any]]] = _PAGED[surface.name].collection
        return read(self._transports[surface.name], surface.path, surface.rows, surface.read_scope)

    def _live(self, kind: Kind, surface: Surface, body: Mapping[str, Any]) -> LiveObject:
        fields = surface.read(body)
        owner = None
        if "description" in fields:
            fields["description"], owner = split_mark(str(fields["description"]))
        for reference in surface.references:
            wire_id = fields.pop(reference.wire, None)
            if wire_id is not None:
                names = {each: name for name, each in self._ids[reference.kind].items()}
                fields[reference.field] = names.get(str(wire_id), f"(unknown {reference.kind} {wire_id})")
        size = body.get(surface.size) if surface.size else None
        return LiveObject(kind.name, str(fields["name"]), str(body["id"]), fields, owner, size)

    def _id(self, kind: str, name: str) -> str:
        if name not in self._ids.get(kind, {}):
            self.objects(self._kinds[kind])
        try:
            return self._ids[kind][name]
        except KeyError:
            raise ReconcilerError(f"the tenant has no {kind} named {name!r} any more") from None

    def _find(self, wanted: LiveList, query: ContactsOf) -> str:
        """The id of a list that a manifest points at; an id is checked with the tenant before anything else."""
        if "ContactList" not in self._ids:
            self.objects(self._kinds["ContactList"])
        known = self._ids["ContactList"]
        if wanted.name is not None:
            if wanted.name in known:
                return known[wanted.name]
            near = difflib.get_close_matches(wanted.name, known, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"the tenant has {len(known)} lists"
            raise BadInput([Problem(query.where, "unknown-list", f"the tenant has no {wanted}", hint=hint)])
        list_id = str(wanted.id)
        surface = self._surface(self._kinds["ContactList"]).name
        try:
            _PAGED[surface].contact_list(self._transports[surface], list_id)
        except NotFound as error:
            hint = "look the id up in the tenant, or refer to the list by name"
            problem = Problem(query.where, "unknown-list", f"the tenant has no {wanted}", error.where, hint)
            raise BadInput([problem]) from error
        return list_id

    def _file(self, into: Path) -> Path:
        self._spooled += 1
        return into / f"{self._spooled:04d}.json"


class TenantWriter(TenantReader):
    """Reads and writes one tenant; every write is safe to repeat."""

    def __init__(
        self, surfaces: Iterable[DeclaredSurface], kinds: Mapping[str, Kind], stop: threading.Event | None = None
    ) -> None:
        super().__init__(surfaces, kinds, stop)
        self._counted = threading.Lock()
        self._writes = 0

    @property
    def writes(self) -> int:
        """How many writing calls were made so far."""
        return self._writes

    def create(self, kind: Kind, fields: Mapping[str, Any], owner: str) -> None:
        """Make an object with our mark. It is looked up by name first, and after every reply that was lost.

        Raises:
            Conflict: somebody else has an object of that name.
            Unknown: it can still not be said whether it was made.
        """
        surface = self._surface(kind)
        body = self._body(surface, {**fields, "description": with_mark(str(fields.get("description", "")), owner)})
        for attempt in range(1, _CREATIONS + 1):
            found = next((each for each in self.objects(kind) if each.name == fields["name"]), None)
            if found is not None:
                return self._take_over(kind, found, fields, owner)
            try:
                return self._call("POST", surface, "", body, expect_id="id", idempotent=False)
            except (Conflict, Unknown):
                if attempt == _CREATIONS:
                    raise
        return None

    def _take_over(self, kind: Kind, found: LiveObject, fields: Mapping[str, Any], owner: str) -> None:
        """An object of the name is there: ours, if an earlier reply was lost; then it is made as it should be."""
        if found.owner != owner:
            raise ReconcilerError(
                f"somebody else has made a {kind.name} named {found.name!r} since the plan was made",
                hint="plan again; the new plan adopts it, if that is what you want",
            )
        wrong = {name: value for name, value in fields.items() if found.fields.get(name) != value}
        if wrong:
            self.update(kind, found.name, wrong, owner)

    def update(self, kind: Kind, name: str, fields: Mapping[str, Any], owner: str) -> None:
        """Write some fields of an object; its mark too, where it is missing or the description changes."""
        surface = self._surface(kind)
        object_id = self._id(kind.name, name)
        found = self._owners[kind.name, name]
        sent = dict(fields)
        if found.owner != owner or "description" in sent:
            text = str(sent.get("description", found.fields.get("description", "")))
            sent["description"] = with_mark(text, owner)
        self._call("PATCH", surface, f"/{quote(object_id, safe='')}", self._body(surface, sent))

    def delete(self, kind: Kind, name: str) -> None:
        """Delete an object; one that is gone already is deleted."""
        surface = self._surface(kind)
        found = next((each for each in self.objects(kind) if each.name == name), None)
        if found is not None:
            try:
                self._call("DELETE", surface, f"/{quote(found.id, safe='')}", None)
            except NotFound:
                return

    def put(self, change: RowChange, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put contacts on a list by the change's method.

        Raises:
            RowsRejected: the tenant will not take some of them.
        """
        method = methods()[change.method]
        if len(rows) > method.most:
            raise ValueError(f"{len(rows)} contacts in one request; {method.name} takes {method.most}")
        self._count()
        method.put(self._transports[method.surface], self._id("ContactList", change.list), rows)

    def remove(self, change: RowChange, ids: Sequence[str]) -> None:
        """Take contacts off a list; those that are not on it are off."""
        method = methods()[change.method]
        self._count()
        method.remove(self._transports[method.surface], self._id("ContactList", change.list), ids)

    def workers(self, change: RowChange) -> int:
        """How many chunks of a change may be under way at once: as many as its surface has workers."""
        return self._transports[methods()[change.method].surface].access.pace.workers

    def _body(self, surface: Surface, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields in names → a wire body with ids."""
        named = dict(fields)
        for reference in surface.references:
            if reference.field in named:
                named[reference.wire] = self._id(reference.kind, named.pop(reference.field))
        return surface.write(named)

    def _call(self, verb: str, surface: Surface, path: str, body: Any, **options: Any) -> None:
        self._count()
        transport = self._transports[surface.name]
        transport.call(verb, f"/{surface.path}{path}", body=body, scope=surface.write_scope, **options)

    def _count(self) -> None:
        with self._counted:
            self._writes += 1


def _needs(query: ContactsOf, surface: str, why: str) -> Problem:
    return Problem(query.where, "missing-surface", f"the tenant declares no surface {surface!r}", note=why)
