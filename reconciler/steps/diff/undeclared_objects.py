# tested by: tests/cli/test_undeclared.py
"""Say what becomes of objects that carry this workspace's mark and are declared no longer."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.kind import Kind
from reconciler.model.live_state import Live, LiveObject
from reconciler.model.object_change import Action, ObjectChange, Undeclared
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address
from reconciler.model.surface_wire import Wire
from reconciler.steps.diff import released_objects


def list_pruned(desired: Desired, live: Live) -> Iterator[ObjectChange]:
    """The deletion of what carries this workspace's mark and is declared no longer, where it can be deleted."""
    for _, surface, address, found in _iter_left(desired, live):
        if not surface.deletes:
            continue
        yield ObjectChange(
            address=address,
            name=found.name,
            action=Action.DELETE,
            before=found.fields,
            after=None,
            owner=found.owner,
            releases=surface.list_references(found.fields),
            precondition=found.digest(),
            why=(Reason("undeclared"), *((Reason("made_inactive"),) if surface.requests.inactive else ())),
            protected=None if live.applied is None else live.applied.protected.get(f"{address.kind}/{found.name}"),
        )


def list_undeclared(desired: Desired, live: Live) -> Iterator[Undeclared]:
    """The same objects where they stay: a plan names them, and whether they call anybody.

    They do where nobody asks for their deletion, and where the tenant's surface deletes none.
    """
    for kind, surface, address, found in _iter_left(desired, live):
        if desired.prune and surface.deletes:
            continue
        activity, uses = kind.run_states, surface.list_references(found.fields)
        state = None if activity is None else found.fields.get(activity.field)
        dials = activity is not None and activity.may_run(found.fields)
        yield Undeclared(address, found.name, None if state is None else str(state), dials, uses)


def _iter_left(desired: Desired, live: Live) -> Iterator[tuple[Kind, Wire, Address, LiveObject]]:
    """What is ours, declared no longer, and not released."""
    wanted = released_objects.find_released(desired, live)
    for kind, surface, address, found in _iter_ours(desired, live):
        if (kind.name, found.name) not in wanted:
            yield kind, surface, address, found


def list_released(desired: Desired, live: Live) -> Iterator[ObjectChange]:
    """What is ours and is managed no longer: its mark is removed, and it stays as it is."""
    wanted = released_objects.find_released(desired, live)
    for kind, surface, address, found in _iter_ours(desired, live):
        if (kind.name, found.name) in wanted:
            resource, why = wanted[kind.name, found.name]
            yield ObjectChange(
                address=address if resource is None else resource.address,
                name=found.name,
                action=Action.RELEASE,
                before=found.fields,
                after=found.fields,
                owner=found.owner,
                releases=surface.list_references(found.fields),
                precondition=found.digest(),
                dialled_by=released_objects.list_dialling(kind, found, live),
                why=(why,),
            )


def _iter_ours(desired: Desired, live: Live) -> Iterator[tuple[Kind, Wire, Address, LiveObject]]:
    for kind in load_kinds().values():
        surface = kind.surface(live.surfaces)
        if surface is None or not surface.writable:
            continue
        declared = {kind.live_name(resource) for resource in desired.catalogue.of_kind(kind.name)}
        declared |= {kind.live_name(each) for each in desired.left_out if each.address.kind == kind.name}
        for name, found in sorted(live.objects.get(kind.name, {}).items()):
            left_out = desired.selection and not desired.selection.chooses(kind.name, (name,), {})
            if found.owner == desired.settings.name and name not in declared and not left_out:
                yield kind, surface, _make_address(kind.name, name, desired), found


def _make_address(kind: str, name: str, desired: Desired) -> Address:
    """An address for a live object, which no manifest may have: a list that is renamed leaves its old self behind."""
    taken = {str(each) for address in desired.catalogue.resources for each in (address, address.activation)}
    address = Address(kind, name)
    return Address(kind, f"{name} (undeclared)") if str(address) in taken else address
