"""DncGroup: a live do-not-call group, its numbers, the campaigns scrubbed against it, and those that add numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from reconciler.kinds import campaign, suppression_list
from reconciler.model.draft import Draft, NameOf
from reconciler.model.held_numbers import NumberSet
from reconciler.model.kind import Fields, Kind, Reference
from reconciler.model.ownership_mark import normalise_description
from reconciler.model.problem import Problem
from reconciler.model.reason import Reason
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.row_queries import NumbersOf, RowQuery

_CAMPAIGNS = ("scrubs", "contributors")


def fields(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Fields:
    """What is declared of the group; campaigns by their live names, every part of one that has parts."""
    spec = resource.spec
    declared: dict[str, Any] = {"name": KIND.live_name(resource)}
    if "description" in spec:
        declared["description"] = normalise_description(spec["description"])
    for field in _CAMPAIGNS:
        if field in spec:
            # by name: of those that are not declared, which others added, none is ever taken out
            declared[field] = dict.fromkeys(sorted(_iter_live_names(spec[field], catalogue)), True)
    return declared


def _iter_live_names(names: list[str], catalogue: Catalogue) -> Iterator[str]:
    wanted = set(names)
    for each in catalogue.of_kind("Campaign"):
        if each.address.name in wanted:
            yield campaign.KIND.live_name(each)


def make_numbers(resource: Resource, catalogue: Catalogue) -> NumberSet | None:
    """The numbers that a group is to hold: those of do-not-call lists."""
    declared = resource.spec.get("numbers")
    if declared is None:
        return None
    manifests = (catalogue.get(suppression_list.KIND.name, name) for name in declared["from"])
    lists = tuple(suppression_list.make_suppression(each, declared.get("region")) for each in manifests)
    name = KIND.live_name(resource)
    holder = NumbersOf(KIND.name, name, ((KIND.name, name),))
    mirrors = declared.get("membership", "upsert") == "mirror"
    return NumberSet(resource.address, resource.where("spec", "numbers"), holder, lists, mirrors)


def queries(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Iterable[RowQuery]:
    """The numbers of its lists, and those that it holds now."""
    declared = make_numbers(resource, catalogue)
    if declared is not None:
        for each in declared.lists:
            yield from each.read
        yield declared.holder


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Numbers that outcomes add are on no list of the workspace: where they come in, none expires for that."""
    if resource.spec.get("numbers", {}).get("membership") == "mirror" and "contributors" in resource.spec:
        message = "with `membership: mirror` the numbers would expire that the outcomes of `contributors` add"
        hint = "leave `membership` out, or let the campaigns contribute to a group of their own"
        yield Problem(resource.where("spec", "numbers", "membership"), "mirror-with-contributors", message, hint=hint)


def draft(fields: Fields, name_of: NameOf) -> Draft:
    """What a manifest could say of a group: of its campaigns those that manifests declare. The others stay in it."""
    spec = {name: value for name, value in fields.items() if name not in _CAMPAIGNS}
    left = []
    for name in _CAMPAIGNS:
        found = {each: name_of(campaign.KIND.name, each) for each in fields.get(name, ())}
        if known := sorted(each for each in found.values() if each is not None):
            spec[name] = known
        missing = sum(each is None for each in found.values())
        if missing:
            left.append((name, Reason("import_undeclared_campaigns", (str(missing),))))
    return Draft(spec, None, tuple(left))


KIND = Kind(
    name="DncGroup",
    summary="a live do-not-call group, its numbers, and the campaigns that it is scrubbed against",
    references=(
        Reference(("scrubs", "*"), "Campaign"),
        Reference(("contributors", "*"), "Campaign"),
        Reference(("numbers", "from", "*"), "SuppressionList"),
    ),
    fields=fields,
    queries=queries,
    numbers=make_numbers,
    check=check,
    draft=draft,
    protects=True,
)
