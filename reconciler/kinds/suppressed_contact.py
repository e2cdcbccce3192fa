"""SuppressedContact: numbers of do-not-call lists that are not called for some campaigns, from a day until another."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from reconciler.kinds import campaign, suppression_list
from reconciler.model.held_numbers import NumberSet
from reconciler.model.kind import Kind, Reference
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.row_queries import NumbersOf, RowQuery


def make_numbers(resource: Resource, catalogue: Catalogue) -> NumberSet:
    """The numbers that a set suppresses, and for which campaigns: every part of one that has parts."""
    spec, named = resource.spec, set(resource.spec["campaigns"])
    manifests = (catalogue.get(suppression_list.KIND.name, name) for name in spec["from"])
    lists = tuple(suppression_list.make_suppression(each, spec.get("region")) for each in manifests)
    declared = (each for each in catalogue.of_kind(campaign.KIND.name) if each.address.name in named)
    objects = tuple(sorted((campaign.KIND.name, campaign.KIND.live_name(each)) for each in declared))
    since, until = (date.fromisoformat(spec[name]) if name in spec else None for name in ("since", "until"))
    holder = NumbersOf(KIND.name, resource.address.name, objects, since, until)
    return NumberSet(resource.address, resource.where("spec"), holder, lists, mirrors=False)


def queries(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Iterable[RowQuery]:
    """The numbers of its lists, and those that are suppressed now."""
    declared = make_numbers(resource, catalogue)
    for each in declared.lists:
        yield from each.read
    yield declared.holder


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """It begins before it ends."""
    since, until = resource.spec.get("since"), resource.spec.get("until")
    if since is not None and until is not None and until <= since:
        yield Problem(
            resource.where("spec", "until"), "ends-before-it-begins", f"it ends on {until}, and begins on {since}"
        )


KIND = Kind(
    name="SuppressedContact",
    summary="numbers that are not called for some campaigns, from a day until another",
    references=(Reference(("from", "*"), "SuppressionList"), Reference(("campaigns", "*"), "Campaign")),
    queries=queries,
    numbers=make_numbers,
    check=check,
    protects=True,
)
