"""DncGroup: a live do-not-call group, the campaigns that it is scrubbed against, and those that add numbers to it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from reconciler.kinds import campaign
from reconciler.model.draft import Draft, NameOf
from reconciler.model.kind import Fields, Kind, Reference
from reconciler.model.ownership_mark import normalise_description
from reconciler.model.reason import Reason
from reconciler.model.resource import Catalogue, Resource

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
    summary="a live do-not-call group, and the campaigns that it is scrubbed against",
    references=(Reference(("scrubs", "*"), "Campaign"), Reference(("contributors", "*"), "Campaign")),
    fields=fields,
    draft=draft,
    protects=True,
)
