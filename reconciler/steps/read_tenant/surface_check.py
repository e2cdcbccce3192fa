# tested by: tests/test_engines.py
"""Find what is declared and the tenant cannot hold, or holds twice under one name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.kind import Kind
from reconciler.model.live_state import LiveObject
from reconciler.model.ports import Reader
from reconciler.model.problem import Problem
from reconciler.model.resource import Resource
from reconciler.model.surface_wire import Wire


def find_unreachable(desired: Desired, reader: Reader) -> Iterator[Problem]:
    """Kinds and delivery methods that are declared and that none of the tenant's surfaces offers."""
    offered = ", ".join(sorted(reader.surfaces))
    hint = f"tenant {desired.tenant.address.name!r} declares {offered}; add the surface if the tenant has it"
    for kind in load_kinds().values():
        for resource in desired.catalogue.of_kind(kind.name):
            surface = kind.surface(reader.surfaces)
            if surface is not None:
                yield from _find_unheld(desired, kind, resource, surface)
            if kind.surfaces and surface is None:
                needed = " or ".join(surface.name for surface in kind.surfaces)
                message = f"{resource.address} needs the surface {needed}"
                yield Problem(resource.where(), "missing-surface", message, hint=hint)
            method = resource.spec.get("delivery", {}).get("method")
            if method not in (None, "auto") and method not in reader.methods:
                place = resource.where("spec", "delivery", "method")
                yield Problem(place, "missing-surface", f"no surface of the tenant offers {method}", hint=hint)


def _find_unheld(desired: Desired, kind: Kind, resource: Resource, surface: Wire) -> Iterator[Problem]:
    """What is declared of an object, and the tenant's surface has no place for, or not without being told more."""
    spec = desired.tenant.spec["surfaces"][surface.name]
    surface = surface.bind_to(spec)
    for name, value in kind.fields(resource, desired.catalogue, desired.as_of).items():
        if surface.holds is not None and name not in surface.holds | surface.unheld:
            message = f"the surface {surface.name} of the tenant has no `{name}` of a {kind.name}"
            yield Problem(resource.where("spec", name), "field-not-held", message, hint="leave it out")
        elif name in surface.takes and value not in surface.takes[name]:
            message = f"the surface {surface.name} of the tenant has no place for `{name}: {value}` of a {kind.name}"
            known = ", ".join(sorted(surface.takes[name]))
            yield Problem(resource.where("spec", name), "field-not-held", message, hint=f"it takes {known}")
        elif name in surface.asks and surface.asks[name] not in spec:
            asked = surface.asks[name]
            message = f"the surface {surface.name} cannot be told the `{name}` of a {kind.name} without its `{asked}`"
            where = desired.tenant.where("spec", "surfaces", surface.name)
            yield Problem(where, "missing-field", message, hint=f"add `{asked}:` to the surface")


def find_ambiguous(desired: Desired, kind: Kind, held: Sequence[LiveObject]) -> Iterator[Problem]:
    """Declared objects of which the tenant has more than one: nobody could say which of them is meant."""
    ids: dict[str, list[str]] = {}
    for found in held:
        ids.setdefault(found.fields["name"], []).append(found.id)
    for resource in desired.catalogue.of_kind(kind.name):
        name = kind.live_name(resource)
        several = sorted(ids.get(name, ()))
        if len(several) > 1:
            message = f"the tenant has {len(several)} objects named {name!r}, and {resource.address} means one"
            message += f": their ids are {' and '.join(several)}"
            hint = "rename or delete the others in the tenant"
            yield Problem(resource.where("spec", "name"), "ambiguous-name", message, hint=hint)
