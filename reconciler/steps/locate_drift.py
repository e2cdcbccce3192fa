# tested by: tests/views/test_sarif.py
"""Say of each difference where it is declared: the line of the field, else that of the manifest. Pure."""

from __future__ import annotations

from dataclasses import replace

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.drift_difference import Difference, LocatedDifference
from reconciler.model.drift_round import list_valued_differences
from reconciler.model.plan import Plan
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address


def locate_drift(plan: Plan, desired: Desired) -> Plan:
    """A plan with each thing in which the tenant differs from the manifests, for a view that shows them one by one."""
    told = (
        LocatedDifference(each, before, after, _find_place(desired, each))
        for each, before, after in list_valued_differences(plan)
    )
    return replace(plan, drift=tuple(told))


def _find_place(desired: Desired, difference: Difference) -> Location | None:
    """A threshold of a policy, or a time of a calendar, stands elsewhere: then it is the nearest part around it."""
    try:
        address = Address.parse(difference.address)
    except ValueError:  # somebody gave it its name in the tenant
        return None
    resource = desired.catalogue.resources.get(address) or desired.catalogue.resources.get(address.resource)
    if resource is None:
        return None
    if not difference.field:
        return resource.where()
    kind = load_kinds()[address.kind]
    path = kind.spec_paths.get(difference.field, tuple(difference.field.split(".")))
    return resource.where("spec", *path)
