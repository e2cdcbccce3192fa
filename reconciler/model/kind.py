# tested by: tests/model/test_campaign_state.py
"""Define what a manifest kind is.

A kind is one file in `reconciler/kinds/` that sets `KIND`, and one JSON Schema in `schemas/`. Everything else in
the house is generic: it asks a kind for these facts and nothing more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from reconciler.model.campaign_state import RunState
from reconciler.model.draft import Draft

if TYPE_CHECKING:
    from reconciler.model.draft import NameOf
    from reconciler.model.external_references import Named
    from reconciler.model.held_numbers import NumberSet
    from reconciler.model.problem import Problem
    from reconciler.model.reason import Reason
    from reconciler.model.resource import Catalogue, Resource
    from reconciler.model.row_queries import RowQuery
    from reconciler.model.surface_wire import Wire


Fields = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reference:
    """A place in a spec that names another resource; `*` stands for every key or item on the way."""

    path: tuple[str, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class RunStates:
    """How an object that does something by itself is set to work, and made to rest.

    Attributes:
        field: the live field that says so. on: its value while it runs; off: while it is paused; initial: before it has
            run.
        changeable_while_running: live fields that may be changed while it runs. Every other is changed while paused.
    """

    field: str
    on: str
    off: str
    initial: str
    changeable_while_running: frozenset[str] = frozenset()

    def read_state(self, fields: Fields) -> RunState:
        """What an object with these fields does."""
        return RunState.of(fields.get(self.field))

    def is_running(self, fields: Fields | None) -> bool:
        """Whether an object with these fields is known to be at work."""
        return fields is not None and self.read_state(fields) is RunState.ACTIVE

    def may_run(self, fields: Fields | None) -> bool:
        """Whether an object with these fields may be at work: whatever is not known to rest."""
        return fields is not None and self.read_state(fields).may_dial


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a live value of a field is held against one of ours, where it may be written in the vendor's words.

    Attributes:
        as_declared: (live, declared) → whether nothing needs to be written.
        as_written: (live, written) → whether it is known to be what was written.
    """

    as_declared: Callable[[Any, Any], bool]
    as_written: Callable[[Any, Any], bool]


@dataclass(frozen=True, slots=True)
class Later:
    """A field whose value is fixed when the object is created: so many seconds after that moment."""

    seconds: int
    why: Reason


@dataclass(frozen=True, slots=True)
class ReplaceBehaviour:
    """How an object is replaced, where a field differs that the tenant will not change.

    Attributes:
        fields: the live fields with the declared ones laid over them → those of the new object.
        downtime: live fields, those of the new object, and its fields that are fixed later → for how long its work
            stands still.
    """

    fields: Callable[[Fields], dict[str, Any]]
    downtime: Callable[[Fields, Fields, Mapping[str, Later]], Reason]


@dataclass(frozen=True, slots=True)
class ForEach:
    """How one manifest stands for several objects, a part for each.

    Attributes:
        field: the key of the spec that holds, by part, what differs; it is laid over the rest of the spec.
        variable: by which name templates of the manifest know the part.
        whole: keys of the spec that a part replaces and does not lay over.
    """

    field: str
    variable: str
    whole: frozenset[str] = frozenset()


def _no_fields(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Fields:
    return {}


def _no_queries(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Iterable[RowQuery]:
    return ()


def _no_queries_for_unmanaged(
    declared: Sequence[Resource], others: Mapping[str, Fields], catalogue: Catalogue
) -> Iterable[RowQuery]:
    return ()


def _no_problems(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    return ()


def _draft_as_told(fields: Fields, name_of: NameOf) -> Draft:
    return Draft(dict(fields))


def _no_names(resource: Resource) -> Iterable[Named]:
    return ()


def _no_numbers(resource: Resource, catalogue: Catalogue) -> NumberSet | None:
    return None


def _no_feeds(resource: Resource) -> Iterable[Any]:
    return ()


@dataclass(frozen=True, slots=True)
class Kind:
    """The facts of one kind.

    Attributes:
        name: as written in a manifest.
        summary: what a manifest of this kind says, in a few words.
        references: which parts of a spec name other resources: that gives the order of everything.
        surfaces: how API surfaces hold its objects, the preferred one first; none for a kind that only declares. A
            kind's file leaves them out: each surface's own file says them (`reconciler/surfaces/`).
        fields: what a resource wants of its live object, by live field and in names; only what was declared.
        queries: which rows must be read for a resource.
        feeds: the rows that a resource itself says where to read, its contacts, entries or outcomes among them.
        numbers: the numbers that its object is to hold, so that nobody who has one is called; None: it says nothing.
        names: what a resource names of the world outside: secrets, hosts, places; it is held to the operator's bounds.
        queries_for_unmanaged: which rows must be read for the declared resources of this kind because of what the
            tenant's other objects of it hold, those that nothing declares: by name, their live fields.
        check: faults that a JSON Schema cannot express.
        immutable: live fields that the tenant will not change.
        replacement: how an object of ours is replaced where such a field differs; None: it is not, and apply refuses.
        for_each: how one manifest stands for several objects, where it can.
        needed: live fields without which the tenant makes no object.
        literal: parts of a spec that are templates of their own: they are kept as written when manifests are loaded.
        single: whether a workspace may have only one.
        run_states: how its objects are set to work, where they do something by themselves.
        likeness: by live field, how its values are compared where that is more than whether they are equal.
        spec_paths: of live fields, where a spec says their values, where that is another place than their own path.
        draft: live fields, and which manifests declare other objects → what a manifest could say of the object.
        protects: whether its objects keep people from being called: nothing is set to work unless they are as declared.
        keeps_out: whether its resources say who must not be called, or add to what says so.
    """

    name: str
    summary: str
    references: tuple[Reference, ...] = ()
    surfaces: tuple[Wire, ...] = ()
    fields: Callable[[Resource, Catalogue, datetime], Fields] = _no_fields
    queries: Callable[[Resource, Catalogue, datetime], Iterable[RowQuery]] = _no_queries
    feeds: Callable[[Resource], Iterable[Any]] = _no_feeds
    numbers: Callable[[Resource, Catalogue], NumberSet | None] = _no_numbers
    names: Callable[[Resource], Iterable[Named]] = _no_names
    queries_for_unmanaged: Callable[[Sequence[Resource], Mapping[str, Fields], Catalogue], Iterable[RowQuery]] = (
        _no_queries_for_unmanaged
    )
    check: Callable[[Resource, Catalogue], Iterable[Problem]] = _no_problems
    immutable: frozenset[str] = field(default_factory=frozenset)
    replacement: ReplaceBehaviour | None = None
    for_each: ForEach | None = None
    needed: frozenset[str] = field(default_factory=frozenset)
    literal: tuple[tuple[str, ...], ...] = ()
    single: bool = False
    run_states: RunStates | None = None
    likeness: Mapping[str, Likeness] = field(default_factory=dict)
    draft: Callable[[Fields, NameOf], Draft] = _draft_as_told
    spec_paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protects: bool = False
    keeps_out: bool = False

    @property
    def writes(self) -> bool:
        """Whether anything is written for its resources: an object of the tenant, or rows; others only declare."""
        return bool(self.surfaces) or self.queries is not _no_queries

    def as_declared(self, name: str, live: Any, declared: Any) -> bool:
        """Whether a live field needs no write to be as declared; inside a mapping only declared keys count."""
        like = self.likeness.get(name)
        return like.as_declared(live, declared) if like else holds(live, declared)

    def as_written(self, name: str, live: Any, written: Any) -> bool:
        """Whether a live field is what was written; inside a mapping only written keys count."""
        like = self.likeness.get(name)
        return like.as_written(live, written) if like else holds(live, written)

    def live_name(self, resource: Resource) -> str:
        """The name that the resource's object has in the tenant: `spec.name`, else the manifest's own, and its part."""
        name, part = resource.address.name, resource.address.part
        return str(resource.spec.get("name", name if part is None else f"{name}-{part}"))

    def earlier_names(self, resource: Resource) -> tuple[str, ...]:
        """The names that the resource's object may have had in the tenant before, the latest first: `spec.was`."""
        said = resource.spec.get("was", ())
        return (said,) if isinstance(said, str) else tuple(said)

    def list_fixed(self, available: Iterable[str]) -> frozenset[str]:
        """The live fields that the surface which holds its objects does not change once they have a value."""
        surface = self.surface(available)
        return surface.fixed if surface is not None else frozenset()

    def surface(self, available: Iterable[str]) -> Wire | None:
        """The surface to reach objects of this kind through: a writable one where the tenant has one."""
        offered = set(available)
        return next((surface for surface in self.surfaces if surface.name in offered), None)


def holds(live: Any, wanted: Any) -> bool:
    """Whether a live value holds a wanted one: a tenant may add keys of its own inside a mapping."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        return all(key in live and holds(live[key], value) for key, value in wanted.items())
    return bool(live == wanted)


def iter_values_at(spec: Any, path: tuple[str, ...]) -> Iterable[tuple[tuple[str | int, ...], Any]]:
    """Every value at a path in a spec, with the concrete path; `*` stands for every key or item."""
    if not path:
        yield (), spec
        return
    head, rest = path[0], path[1:]
    if head == "*":
        steps: Iterable[tuple[str | int, Any]] = (
            spec.items() if isinstance(spec, Mapping) else enumerate(spec) if isinstance(spec, list) else ()
        )
    else:
        steps = [(head, spec[head])] if isinstance(spec, Mapping) and head in spec else []
    for step, value in steps:
        for deeper, found in iter_values_at(value, rest):
            yield (step, *deeper), found
