# tested by: tests/cli/test_adopting_drift.py
"""Choose which live values are written into the manifests, and where. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from reconciler.kinds import load_kinds
from reconciler.model.change_cause import Cause
from reconciler.model.desired_state import Desired
from reconciler.model.draft import SchemaFault
from reconciler.model.drift_adoption import NotAdopted, ValueEdit
from reconciler.model.object_change import Action, FieldChange, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.problem import Location
from reconciler.model.reason import Reason
from reconciler.model.resource import Resource

Find = Callable[[Mapping[str, Any]], list[SchemaFault]]
_CHANGED = {Cause.MANIFEST: "drift_of_manifest", Cause.VENDOR: "drift_of_manifest", Cause.BOTH: "drift_of_both"}


def choose_edits(plan: Plan, desired: Desired, list_faults: Find) -> tuple[list[ValueEdit], list[NotAdopted]]:
    """Each value that somebody changed in the tenant, with the place that it goes to; and what is left, and why.

    What was changed in the manifests since the last apply is a wish of somebody's, and not undone.
    """
    edits: list[ValueEdit] = []
    left: list[NotAdopted] = []
    for change in plan.objects:
        resource = desired.catalogue.resources.get(change.address)
        if change.action is Action.NO_OP or resource is None:
            continue
        if change.action is Action.CREATE:
            left.append(NotAdopted(change.address, "", Reason("drift_absent")))
            continue
        for field in change.fields:
            found = _find_edit(plan, change, field, resource, list_faults)
            if isinstance(found, ValueEdit):
                edits.append(found)
            else:
                left.append(NotAdopted(change.address, field.path, found))
    kept, shared = _split_shared(edits, desired)
    return kept, [*left, *shared]


def _find_edit(
    plan: Plan, change: ObjectChange, field: FieldChange, resource: Resource, list_faults: Find
) -> ValueEdit | Reason:
    told = None if plan.causes is None else plan.causes.objects.get(str(change.address))
    cause = Cause.UNKNOWN if told is None else told.fields.get(field.path, told.cause)
    if cause in _CHANGED:
        return Reason(_CHANGED[cause])
    if field.before is None or isinstance(field.before, Mapping | list | tuple):
        return Reason("drift_no_scalar")
    path = load_kinds()[change.address.kind].spec_paths.get(field.path, tuple(field.path.split(".")))
    place = resource.places.get(("spec", *path))
    if place is None or isinstance(_pick(resource.spec, path), Mapping | list):
        return Reason("drift_not_said")
    spec = deepcopy(dict(resource.spec))
    _pick(spec, path[:-1])[path[-1]] = field.before
    manifest = {
        "apiVersion": "cxone.reconciler/v1",
        "kind": change.address.kind,
        "metadata": {"name": change.address.name},
        "spec": spec,
    }
    if list_faults(manifest):
        return Reason("drift_not_allowed")
    return ValueEdit(change.address, field.path, place, field.before)


def _pick(spec: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        spec = spec[step]
    return spec


def _split_shared(edits: list[ValueEdit], desired: Desired) -> tuple[list[ValueEdit], list[NotAdopted]]:
    """Without those of which one place stands for several objects that do not all hold the same."""
    users: dict[Location, int] = defaultdict(int)
    for resource in desired.catalogue.resources.values():
        for path, place in resource.places.items():
            users[place] += path[:1] == ("spec",)
    wanted: dict[Location, list[ValueEdit]] = defaultdict(list)
    for each in edits:
        wanted[each.place].append(each)
    kept, left = [], []
    for place, several in wanted.items():
        alike = len(several) == users[place] and all(each.value == several[0].value for each in several)
        if alike:
            kept.append(several[0])
        else:
            left += [NotAdopted(each.address, each.path, Reason("drift_shared")) for each in several]
    return kept, left
