# tested by: tests/steps/test_causes.py
"""Compute the digests of the manifests that define who belongs in a segment."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.kinds import load_kinds
from reconciler.model.json_digest import compute_digest
from reconciler.model.kind import iter_values_at
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address


def digest_definition(catalogue: Catalogue, segment: Address) -> dict[str, str]:
    """Digests of the manifests that say who belongs in a segment, by address: its own, and what it refers to."""
    found: dict[str, str] = {}
    left = [segment]
    while left:
        resource = catalogue.resources.get(left.pop())
        if resource is not None and str(resource.address) not in found:
            found[str(resource.address)] = compute_digest(resource.spec)
            left += _iter_references(resource)
    return found


def _iter_references(resource: Resource) -> Iterator[Address]:
    for reference in load_kinds()[resource.address.kind].references:
        for _, name in iter_values_at(resource.spec, reference.path):
            if isinstance(name, str):
                yield Address(reference.kind, name)
