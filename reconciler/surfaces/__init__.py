"""The tenant's API surfaces: one file each, found by its `SURFACE`.

A file says where the surface is, how it hands out tokens, how it holds the objects of each kind (a `Wire` a kind), and
how contacts are put on lists and taken off them, and their interactions and outcomes told (`model.row_wire`).
Nothing lists the files, and nothing else knows a path, a field or a method of these objects.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Container, Iterable, Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType

from reconciler.model.api_surface import ApiSurface
from reconciler.model.row_wire import ListMethod
from reconciler.model.surface_wire import Wire


@cache
def load_surfaces() -> Mapping[str, ApiSurface]:
    """Every surface, by its name."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found = (getattr(module, "SURFACE", None) for module in modules)
    return MappingProxyType({each.name: each for each in found if isinstance(each, ApiSurface)})


def load_wires(kind: str) -> tuple[Wire, ...]:
    """How surfaces hold the objects of a kind: those first that can make them."""
    found = [each.wires[kind] for each in load_surfaces().values() if kind in each.wires]
    return tuple(sorted(found, key=lambda wire: (not wire.writable, wire.name)))


@cache
def load_methods() -> Mapping[str, ListMethod]:
    """Every way of putting contacts on a list, by its name."""
    return MappingProxyType({each.way.name: each for one in load_surfaces().values() for each in one.methods})


def tells_phones(declared: Container[str]) -> bool:
    """Whether one of a tenant's surfaces tells the phones of who is on a list."""
    held = (wire.members for wire in load_wires("ContactList") if wire.name in declared)
    return any(members is not None and "phone" in members.columns for members in held)


def list_companions(declared: Iterable[str]) -> frozenset[str]:
    """The surfaces that may serve a tenant together with those that it declares: of the same API, by their ids."""
    known = load_surfaces()
    ids = {known[name].ids for name in declared}
    return frozenset(name for name, each in known.items() if each.ids in ids)
