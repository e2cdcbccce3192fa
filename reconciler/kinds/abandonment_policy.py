"""AbandonmentPolicy: the threshold of each band, stricter ceilings, and what is waived until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from reconciler.model.ceiling import Ceiling
from reconciler.model.countries import find_country
from reconciler.model.kind import Kind
from reconciler.model.resource import Resource
from reconciler.model.workspace_settings import Override

DEFAULTS: Mapping[str, float] = {"high": 3, "medium": 5, "low": 8}
"""Percent, by band, of a policy that says none (contract, Scores). One that says some has those and no others: nobody
gets 8 % by leaving a line out."""


def make_thresholds(resource: Resource) -> dict[str, float]:
    """The threshold of each band, in percent of calls."""
    return dict(resource.spec.get("thresholds", DEFAULTS))


def make_ceilings(resource: Resource) -> dict[str, Ceiling]:
    """The ceilings that the policy itself names, by country, `*` for every other."""
    named: Mapping[str, float] = resource.spec.get("ceilings", {})
    source = str(resource.address)
    return {
        find_country(place) or place: Ceiling(float(percent), "of calls", source, internal=True)
        for place, percent in named.items()
    }


def iter_waivers(resource: Resource) -> Iterator[Override]:
    """What the policy sets aside, each for one object until a day."""
    for each in resource.spec.get("waivers", ()):
        until = date.fromisoformat(each["until"])
        yield Override(each["rule"], each["object"], each["reason"], until, str(resource.address))


KIND = Kind(name="AbandonmentPolicy", summary="threshold per band, in percent of calls; stricter ceilings; waivers")
