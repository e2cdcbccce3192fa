# tested by: tests/simulator/test_control_api.py
"""Route calls to the functions of surfaces."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote

import orjson
from aiohttp import web

from reconciler.simulator.error_replies import Refusal, not_found

if TYPE_CHECKING:
    from reconciler.simulator.tenant import Tenant

_UNREAD = object()
Wire = Literal["whole", "cut-body", "cut-headers", "reset"]


@dataclass(slots=True)
class Reply:
    """What goes back. `wire` says how much of it arrives; faults set it.

    Attributes:
        status: HTTP status.
        body: anything orjson writes; None is an empty body.
        raw: takes the connection over in place of all this (a WebSocket).
    """

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    wire: Wire = "whole"
    raw: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]] | None = None


@dataclass(slots=True)
class Call:
    """One request, as an endpoint sees it.

    Attributes:
        path: decoded, without the query, such as `/lists/api/v1/lists`.
        query: the query's fields; of a name given twice, both values are in `repeated`.
        params: what stands for `{listId}` and the like in the endpoint's path.
        origin: where the client thinks the tenant is, such as `http://127.0.0.1:8080`.
        root: what `path` begins with, and the client did not ask for: it asked a host that the tenant stands in for.
        body: the parsed JSON body, set once it has been checked to be JSON.
        headers: as they came; their names in any case.
        in_flight: how many calls of its surface were under way as it arrived, itself among them.
        orders: what a fault wants of that which this call makes, such as a job's `fate`.
    """

    tenant: Tenant
    request_id: str
    method: str
    path: str
    query: Mapping[str, str]
    repeated: frozenset[str]
    content_type: str
    authorization: str | None
    raw: bytes
    params: Mapping[str, str] = field(default_factory=dict)
    origin: str = ""
    root: str = ""
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    in_flight: int = 0
    orders: dict[str, Any] = field(default_factory=dict)
    _parsed: Any = field(default=_UNREAD, repr=False)

    def parse_body(self) -> Any:
        """The body if it is JSON, else None."""
        if self._parsed is _UNREAD:
            try:
                self._parsed = orjson.loads(self.raw)
            except ValueError:
                self._parsed = None
        return self._parsed


Handler = Callable[[Call], Reply]


@dataclass(frozen=True, slots=True)
class Surface:
    """One family of endpoints.

    Attributes:
        name: also the first part of its paths.
        base: what its endpoints' paths stand under, after the name, such as `/api/v2`.
        token_path: where tokens are asked for, after the name.
        token_body: how the token request is written.
        scopes: the scopes there are.
        logs_rows: whether the request log keeps the rows that are sent, or only counts them.
        root: the first part of its paths, where that is not its name.
        grant: what it makes of the reply to a token request, where that is not the contract's.
        refuse: how it says no, where that is not as the others do.
        issue: how it answers a token request, where that is not by OAuth 2.0 client credentials.
        check: what every call of its endpoints has to have; raises a Refusal.
        find_inner: a path → what of it is below a base URL, where several are good; None: nothing.
        hosts: of the vendor that it is found at, for a tenant that stands in for them; `*.` stands for one part.
    """

    name: str
    base: str
    token_path: str
    token_body: Literal["json", "form"]
    scopes: frozenset[str]
    logs_rows: bool = True
    root: str = ""
    grant: Callable[[Call, Mapping[str, Any]], Mapping[str, Any]] | None = None
    refuse: Callable[[Call, Refusal], Reply] | None = None
    issue: Callable[[Call], Mapping[str, Any]] | None = None
    check: Callable[[Call], None] | None = None
    find_inner: Callable[[str], str | None] | None = None
    hosts: tuple[str, ...] = ()

    @property
    def base_path(self) -> str:
        """The path of its base URL."""
        return f"/{self.root or self.name}{self.base}"

    @property
    def full_token_path(self) -> str:
        """The path of its token URL."""
        return f"/{self.root or self.name}{self.token_path}"


@dataclass(frozen=True)
class Route:
    """One endpoint of a surface.

    Attributes:
        path: under the surface's base, with `{name}` for a variable part.
        scope: what the token must carry; empty: there need not be one.
        query: the query fields it knows; any other is refused with 400.
        takes_body: whether a JSON body must come; if not, none may.
        is_read: whether it changes nothing (a search by POST is a read).
        takes_form: whether what comes may be a form.
        repeats: the query fields that may be given twice, of which the last counts.
    """

    surface: str
    method: str
    path: str
    scope: str
    handler: Handler
    query: frozenset[str] = frozenset()
    takes_body: bool = False
    is_read: bool = False
    takes_form: bool = False
    repeats: frozenset[str] = frozenset()

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Matches the path, still percent-encoded, after the base."""
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


def read_route(surface: str, path: str, scope: str, handler: Handler, *query: str) -> Route:
    """An endpoint read by GET."""
    return Route(surface, "GET", path, scope, handler, frozenset(query), is_read=True)


def write_route(surface: str, method: str, path: str, scope: str, handler: Handler) -> Route:
    """An endpoint that changes something and takes a JSON body."""
    return Route(surface, method, path, scope, handler, takes_body=True)


class Router:
    """Finds the surface and the endpoint of a path."""

    def __init__(self, surfaces: Iterable[Surface], routes: Iterable[Route]) -> None:
        self.surfaces = {surface.name: surface for surface in surfaces}
        self._roots = {surface.root or surface.name: surface for surface in self.surfaces.values()}
        self._routes: dict[str, list[Route]] = {name: [] for name in self.surfaces}
        for route in routes:
            self._routes[route.surface].append(route)

    @property
    def hosts(self) -> tuple[str, ...]:
        """The hosts of the vendor that the surfaces are found at."""
        return tuple(host for surface in self.surfaces.values() for host in surface.hosts)

    def root_of_host(self, host: str) -> str | None:
        """What the paths of a host begin with here, such as `/nice`; None: it is none of the tenant's."""
        name = host.lower()
        parent = f"*.{name.partition('.')[2]}"
        found = (root for root, surface in self._roots.items() if name in surface.hosts or parent in surface.hosts)
        return next((f"/{root}" for root in found), None)

    def surface_of(self, path: str) -> Surface | None:
        """The surface a path belongs to."""
        return self._roots.get(path.split("/", 2)[1])

    def find(self, surface: Surface, method: str, raw_path: str) -> tuple[Route, dict[str, str]]:
        """The endpoint, and what stands for its variable parts; 404 or 405 where there is none."""
        inner: str | None = raw_path.removeprefix(surface.base_path)
        if surface.find_inner is not None:
            inner = surface.find_inner(raw_path)
        others = set()
        for route in self._routes[surface.name] if inner not in (None, raw_path) else ():
            if match := route.pattern.fullmatch(str(inner)):
                if route.method == method:
                    return route, {name: unquote(value) for name, value in match.groupdict().items()}
                others.add(route.method)
        if others:
            allow = ", ".join(sorted(others))
            raise Refusal(405, "method_not_allowed", f"{method}: only {allow}", {"Allow": allow})
        raise not_found(f"no endpoint {method} {raw_path}")
