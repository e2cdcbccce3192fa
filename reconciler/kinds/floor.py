"""Floor: limits, severities, ceilings and approvals that no other manifest makes less strict."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.approval_policy import Policy, Requirement, When
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


def make_policy(resource: Resource, *, operator: bool) -> Policy:
    """What a valid manifest says of approvals, without what its files say; `operator`: manifests do not reach it."""
    spec, by = resource.spec["approvals"], str(resource.address)
    return Policy(
        by=by,
        operator=operator,
        requirements=tuple(
            Requirement(_make_when(each.get("when", {})), each["needs"]["count"], each["needs"]["group"], by)
            for each in spec.get("requirements", ())
        ),
        groups={name: tuple(members) for name, members in spec["groups"].items()},
        users=dict(spec.get("users", {})),
        reviews=spec.get("reviews", {}).get("trusted", False),
        not_only_author=spec.get("notOnlyAuthor", False),
    )


def _make_when(said: Mapping[str, Any]) -> When:
    return When(
        blast_radius=said.get("blastRadius"),
        rules=tuple(said.get("rules", ())),
        kinds=tuple(said.get("kinds", ())),
        acts=tuple(said.get("actions", ())),
        environments=tuple(said.get("environments", ())),
        tenants=tuple(said.get("tenants", ())),
    )


KIND = Kind(
    name="Floor", summary="what no other manifest makes less strict: limits, severities, ceilings, waivers, approvals"
)
