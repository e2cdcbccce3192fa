# tested by: tests/cxone/test_hostile_endpoints.py
"""Read the objects of a tenant, whichever surfaces it has.

Here ids become names and the ownership mark is taken off; `object_writer` is the way back, and above there is neither.
How a surface holds a kind its wire says (`reconciler/surfaces/`).
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from reconciler.cxone import name_lookup
from reconciler.cxone.auth import make_access
from reconciler.cxone.campaign_rate_limit import CampaignLimiter
from reconciler.cxone.object_parts import Answers, read_parts
from reconciler.cxone.surface_objects import read_collection, read_one
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.cxone.transport import Transport
from reconciler.model import text_folding
from reconciler.model.errors import ReconcilerError
from reconciler.model.kind import Kind
from reconciler.model.live_state import LiveObject
from reconciler.model.nearest_name import find_nearest
from reconciler.model.ownership_registry import Owners
from reconciler.model.paging import Query
from reconciler.model.rename_lookup import name_of, rename_ours
from reconciler.model.reply_shape import whole
from reconciler.model.row_wire import Outcomes
from reconciler.model.surface_wire import Wire
from reconciler.surfaces import load_surfaces as api_surfaces


class Odd(ReconcilerError):
    """What the tenant says cannot be understood."""

    code = "bad-reply"


class ObjectReader:
    """Reads one tenant. Holds its connections: use it as a context manager."""

    def __init__(self, tenant: TenantConnection) -> None:
        self._kinds, self._earlier, self._owner = tenant.kinds, tenant.earlier, tenant.owner
        self._stop, self._declared = tenant.stop, tenant.declared
        self._open_registry, self._registered = tenant.owners, threading.Lock()
        self._renamed = {
            kind: {*names, *(old for olds in names.values() for old in olds)} for kind, names in self._earlier.items()
        }
        self._ids: dict[str, dict[str, str]] = {}
        self._names: dict[str, dict[str, str]] = {}
        self._alike: dict[str, dict[str, list[LiveObject]]] = {}
        self._apart: dict[str, set[str]] = {}
        self._owners: dict[tuple[str, str], LiveObject] = {}
        self._bodies: dict[tuple[str, str], Mapping[str, Any]] = {}
        self._spooled = itertools.count(1)  # lists are read from several threads
        self._elsewhere, self._elsewhere_guard = 0, threading.Lock()
        self._keeping = threading.RLock()  # objects are written from several threads, and what is known of them is one
        self._transports: dict[str, Transport] = {}
        self._stack = ExitStack()
        for declared in tenant.surfaces:
            source, access = declared.credential_source, make_access(declared)
            transport = Transport(
                access, stop=tenant.stop, lanes=tenant.lanes, credentials=source, carrier=tenant.carrier
            )
            self._transports[declared.name] = self._stack.enter_context(transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def _registry(self) -> Owners:
        with self._registered:  # it is opened once, and only for surfaces that need it
            return self._opened_registry

    @cached_property
    def _opened_registry(self) -> Owners:
        return self._open_registry()

    @property
    def surfaces(self) -> Mapping[str, str]:
        """The tenant's surfaces and their base URLs."""
        return {name: transport.base_url for name, transport in self._transports.items()}

    @property
    def requests(self) -> int:
        """How many requests were sent so far, retries and token requests among them."""
        return self._elsewhere + sum(transport.traffic.requests for transport in self._transports.values())

    def count_requests(self, requests: int) -> None:
        """Count requests that were sent for a plan or an apply, and to none of the surfaces."""
        with self._elsewhere_guard:
            self._elsewhere += requests

    def read_objects(self, kind: Kind) -> Sequence[LiveObject]:
        """Every object of a kind, references by name; those that have one name to the letter are told with their ids.

        Raises:
            WireError: the tenant cannot be read.
        """
        surface = self._find_surface(kind)
        bodies = list(self._iter_collection(surface))
        for reference in surface.references:
            if bodies and reference.kind not in self._ids:
                self.read_objects(self._kinds[reference.kind])
        understood = self._understand(kind, surface, bodies)
        with self._keeping:
            found = name_lookup.split_alike(understood, self._apart.setdefault(kind.name, set()))
            if kind.name in self._earlier and surface.writable:
                found = rename_ours(found, self._earlier[kind.name], self._owner)
            self._ids[kind.name] = {each.name: each.id for each in found}
            self._names[kind.name] = {each.id: each.name for each in found}
            self._alike[kind.name] = name_lookup.find_alike(found)
            self._owners |= {(kind.name, each.name): each for each in found}
        return found

    def read_named(self, kind: Kind, name: str) -> LiveObject | None:
        """One object of a kind by its name, as `objects` tells it; of the collection nothing else is asked for.

        Raises:
            WireError: the tenant cannot be read.
        """
        if self._is_renamed(kind, name):
            held = self.read_objects(kind)
            # it goes by the name that it is to have, and may be asked for by the one that it has
            others = (each for each in held if name_of(each) == name)
            return next((each for each in held if each.name == name), None) or next(others, None)
        surface = self._find_surface(kind)
        for reference in surface.references:
            if reference.kind not in self._ids:
                self.read_objects(self._kinds[reference.kind])
        known = self._owners.get((kind.name, name))
        own = name if known is None else str(known.fields["name"])
        # what the tenant finds by a name may be more than those that have it
        bodies = self._understand(kind, surface, self._iter_bodies(kind, surface, name, own))
        found = [each for each in bodies if each.fields["name"] == own]
        with self._keeping:
            found = name_lookup.split_alike(found, self._apart.setdefault(kind.name, set()))
            self._keep(kind, own, found)
        return next((each for each in found if each.name == name), None)

    def _iter_bodies(self, kind: Kind, surface: Wire, name: str, own: str) -> Iterable[Mapping[str, Any]]:
        """The bodies among which those of a name are: found by it, or by the id that it is known to have, or all."""
        if surface.find is not None:
            return self._iter_collection(surface, surface.find(own))
        known = self._ids.get(kind.name, {}).get(name)
        if known is not None and surface.body is not None:
            body = read_one(self._transports[surface.name], surface, known)
            if body is not None and str(body[surface.name_field]) == own:
                return [body]
        return self._iter_collection(surface)

    def _is_renamed(self, kind: Kind, name: str) -> bool:
        """Whether a name is that of an object which has another yet, or had before."""
        return name in self._renamed.get(kind.name, ())

    def _keep(self, kind: Kind, own: str, found: Sequence[LiveObject]) -> None:
        """Know those of a name anew, and by no other name any more."""
        self._owners |= {(kind.name, each.name): each for each in found}
        alike = self._alike.setdefault(kind.name, {})
        looked = alike.pop(name_lookup.seen(own), [])
        others = [each for each in looked if each.fields["name"] != own]
        alike |= name_lookup.find_alike([*others, *found])
        if kind.name in self._ids:  # else nobody knows them all yet
            ids, names = self._ids[kind.name], self._names[kind.name]
            for gone in (*(each.name for each in looked), *(names.get(each.id) for each in found)):
                ids.pop(str(gone), None)
            ids |= {each.name: each.id for each in (*others, *found)}
            names |= {each.id: each.name for each in found}

    def _find_lane(self, surface: Wire, object_id: str, *, write: bool) -> CampaignLimiter | None:
        """Where requests about an object are counted, if they are: with those that are about its contacts."""
        if not surface.paced:
            return None
        outcomes = self._outcomes
        name = surface.name if outcomes is None else outcomes.surface
        return self._transports[name].find_lane(object_id, write=write)

    @property
    def _outcomes(self) -> Outcomes | None:
        """How the tenant tells and sets outcomes of contacts, where one of its surfaces does."""
        known = api_surfaces()
        return next((known[each].outcomes for each in self._transports if known[each].outcomes is not None), None)

    def _find_surface(self, kind: Kind) -> Wire:
        surface = kind.surface(self._transports)
        if surface is None:
            raise ReconcilerError(f"no surface of the tenant holds a {kind.name}")
        return surface if surface.bind is None else surface.bind(self._transports[surface.name].access.known)

    def _make_url(self, surface: Wire) -> str:
        """Where the objects of a kind are: what their ids are of."""
        return self._transports[surface.name].base_url.rstrip("/") + surface.path

    def _iter_collection(self, surface: Wire, query: Query | None = None) -> Iterator[Mapping[str, Any]]:
        return read_collection(self._transports[surface.name], surface, {**surface.query, **(query or {})})

    def _understand(self, kind: Kind, surface: Wire, bodies: Iterable[Mapping[str, Any]]) -> list[LiveObject]:
        """Live objects of bodies; those that were made inactive are none."""
        there = [body for body in bodies if not surface.gone(body)]
        looked = [str(body[surface.id_field]) for body in there if self._is_looked_into(kind, surface, body)]
        parts = read_parts(self._transports[surface.name], surface, looked)
        found = []
        for body in there:
            with self._name_what_is_read(kind, surface, str(body[surface.name_field]), surface.path):
                found.append(self._make_live(kind, surface, body, parts))
        return found

    def _is_looked_into(self, kind: Kind, surface: Wire, body: Mapping[str, Any]) -> bool:
        """Whether the parts of an object matter: it may do something by itself, is declared, or may be ours."""
        works = kind.run_states is not None and kind.run_states.may_run(surface.tell_state(body))
        if works or self._declared is None or surface.ownership.registered:
            return True
        if str(body[surface.name_field]) in self._declared.get(kind.name, ()):
            return True
        try:
            return surface.ownership.split(dict(surface.read(body))) is not None
        except (KeyError, TypeError, ValueError):
            return True  # that it cannot be understood is told where it is

    @contextmanager
    def _name_what_is_read(self, kind: Kind, surface: Wire, name: Any, path: str) -> Iterator[None]:
        """Say what is read here, if it cannot be understood."""
        try:
            yield
        except (KeyError, TypeError, ValueError) as error:
            raise Odd(
                f"the tenant's {kind.name} {name!r} does not match its API's contract",
                where=f"GET {self._transports[surface.name].base_url}{path}",
                note=f"a field is missing: {error}" if isinstance(error, KeyError) else str(error),
                hint="look at it in the tenant; nothing is planned around what cannot be read",
            ) from error

    def _make_live(self, kind: Kind, surface: Wire, body: Mapping[str, Any], parts: Answers) -> LiveObject:
        object_id, fields = str(body[surface.id_field]), surface.read(body)
        if object_id in parts:
            for part, answer in zip(surface.parts, parts[object_id], strict=True):
                fields |= part.read(answer)
        elif surface.parts:
            fields |= surface.tell_state(body)
        if surface.requests.whole:
            self._bodies[kind.name, object_id] = body
        owner = surface.ownership.split(fields)
        if surface.ownership.registered:
            owner = self._registry.find_owner(self._make_url(surface), object_id)
        for reference in surface.references:
            wire_id = fields.pop(reference.wire, None)
            names = self._names.get(reference.kind, {})
            if reference.many and wire_id is not None:
                # what is of no manifest's kind is none of its business
                held = sorted(names[str(each)] for each in wire_id if str(each) in names)
                fields[reference.field] = dict.fromkeys(held, True)
            elif wire_id is not None:
                fields[reference.field] = names.get(str(wire_id), f"(unknown {reference.kind} {wire_id})")
        size = whole(body.get(surface.size)) if surface.size else None
        fields["name"] = str(body[surface.name_field])
        return LiveObject(kind.name, fields["name"], object_id, fields, owner, size)

    def _find_id(self, kind: str, name: str) -> str:
        if name not in self._ids.get(kind, {}):
            self.read_objects(self._kinds[kind])
        try:
            return self._ids[kind][name]
        except KeyError:
            self._refuse_doubles(kind, name)
            raise ReconcilerError(f"the tenant has no {kind} named {name!r} any more") from None

    def _refuse_doubles(self, kind: str, name: str) -> None:
        """Nothing is done to one of several objects of a name.

        Raises:
            ReconcilerError: the tenant has several by now.
        """
        found = [
            each for each in self._alike.get(kind, {}).get(name_lookup.seen(name), ()) if each.fields["name"] == name
        ]
        if len(found) > 1:
            message = f"the tenant has more than one {kind} of one name by now: {name_lookup.describe_alike(found)}"
            raise ReconcilerError(message, hint="rename or delete the others in the tenant, then plan again")

    def _describe_several(self, kind: str, name: str) -> str:
        """Those of which nobody could say which is called so, in words; empty where there are not several."""
        found = self._alike[kind].get(name_lookup.seen(name), [])
        return name_lookup.describe_alike(found) if len(found) > 1 else ""

    def _suggest_nearest(self, kind: str, name: str, many: str) -> str:
        """What may be meant by a name that there is not."""
        known = self._ids[kind]
        same = [each for each in known if text_folding.normalise_name(each) == text_folding.normalise_name(name)]
        meant = same[0] if same else find_nearest(name, known)
        return f"did you mean {meant!a}?" if meant else f"the tenant has {len(known)} {many}"

    def _make_file(self, into: Path) -> Path:
        return into / f"{next(self._spooled):04d}.json"
