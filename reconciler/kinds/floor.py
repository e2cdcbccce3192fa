"""Floor: limits, severities and ceilings that no other manifest makes less strict."""

from __future__ import annotations

from reconciler.model.ceiling import Ceiling
from reconciler.model.countries import find_country
from reconciler.model.finding import Severity
from reconciler.model.instants import parse_duration
from reconciler.model.kind import Kind
from reconciler.model.resource import Resource
from reconciler.model.workspace_settings import Floor, Limits


def make_floor(resource: Resource) -> Floor:
    """What a valid manifest asks for at least."""
    spec = resource.spec
    limits, longest = spec.get("limits", {}), spec.get("waivers", {}).get("maxDuration")
    source = str(resource.address)
    return Floor(
        limits=Limits.from_manifest(limits, Floor().limits),
        severities={rule: Severity(said) for rule, said in spec.get("severities", {}).items()},
        ceilings={
            find_country(place) or place: Ceiling(float(percent), "of calls", source, internal=True)
            for place, percent in spec.get("ceilings", {}).items()
        },
        unwaivable=frozenset(spec.get("unwaivable", ())),
        max_waiver=None if longest is None else parse_duration(longest),
        max_dnc_age=parse_duration(limits["doNotCallAge"]) if "doNotCallAge" in limits else None,
    )


KIND = Kind(name="Floor", summary="what no other manifest makes less strict: limits, severities, ceilings, waivers")
