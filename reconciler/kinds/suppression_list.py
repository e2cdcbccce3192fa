"""SuppressionList: numbers that must not be called, where they are kept, and how old they may be."""

from __future__ import annotations

from collections.abc import Iterable

from reconciler.model.kind import Kind
from reconciler.model.moment import parse_duration, parse_instant
from reconciler.model.people import check_people, people
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.segment import Phones, Suppression

DEFAULT_AGE = "31d"
"""How old registry data may be: 31 days, 16 CFR 310.4(b)(3)(iv) (69 FR 16367)."""


def suppression(resource: Resource, region: str | None) -> Suppression:
    """The do-not-call list that a valid manifest declares; `region` is the segment's, for a list that names none.

    A number need only be possible, whatever the segment's rule: one that is in no range yet may be tomorrow.
    """
    spec = resource.spec
    return Suppression(
        address=resource.address,
        numbers=people(resource),
        phones=Phones("possible", spec.get("region", region)),
        taken=parse_instant(spec["asOf"]) if "asOf" in spec else None,
        max_age=parse_duration(spec.get("maxAge", DEFAULT_AGE)),
        only_warns=spec.get("onStale", "refuse") == "warn",
    )


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Numbers that are not read live say of which moment they are."""
    yield from check_people(resource)
    if "contactList" not in resource.spec and "asOf" not in resource.spec:
        yield Problem(
            resource.where("spec"),
            "age-unknown",
            "the do-not-call numbers do not say of which moment they are",
            hint="add `asOf`, the instant at which they were taken from the registry",
        )


KIND = Kind(name="SuppressionList", says="do-not-call numbers, and how old they may be", check=check)
