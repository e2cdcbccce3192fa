# tested by: tests/cli/test_releasing.py
"""Check manifests that say `release: true`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.kind import Kind, iter_values_at
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address


def is_released(resource: Resource) -> bool:
    """Whether a manifest, or a part of one, says `release: true`."""
    return resource.spec.get("release") is True


def split_released(catalogue: Catalogue) -> tuple[Catalogue, tuple[Resource, ...]]:
    """What is managed, and what is managed no longer."""
    resources = catalogue.resources
    kept = {address: each for address, each in resources.items() if not is_released(each)}
    return Catalogue(kept), tuple(resources[address] for address in sorted(resources.keys() - kept.keys()))


def check(catalogue: Catalogue, kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    """Each place that names something released: whoever uses it would go on managing it."""
    released = {address.resource: each for address, each in catalogue.resources.items() if is_released(each)}
    for address, resource in catalogue.resources.items() if released else ():
        if is_released(resource):
            continue
        for reference in kinds[address.kind].references:
            for steps, name in iter_values_at(resource.spec, reference.path):
                other = released.get(Address(reference.kind, str(name)))
                if other is not None:
                    yield Problem(
                        resource.where("spec", *steps),
                        "released-and-used",
                        f"{address} uses {other.address}, which is released ({other.where('spec', 'release')})",
                        hint=f"release {address.resource} as well where it can be, or let it use another",
                    )
