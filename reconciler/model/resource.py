# tested by: tests/steps/load/test_references.py
"""Define a resource: what one manifest declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.model.problem import Location
from reconciler.model.resource_address import Address

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Resource:
    """One manifest, rendered and valid; or one part of a manifest that stands for several.

    Attributes:
        address: with the part, where there are several.
        spec: what was declared; a key that is absent is not managed.
        places: where each part was written, by its path from the manifest's root, e.g. `("spec", "list")`.
    """

    address: Address
    spec: Mapping[str, Any]
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    places: Mapping[Path, Location] = field(default_factory=dict)

    def where(self, *path: str | int) -> Location:
        """The place of a part, or of the nearest part around it that was written."""
        for end in range(len(path), -1, -1):
            place = self.places.get(path[:end])
            if place is not None:
                return place
        return Location(str(self.address))


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every resource of a workspace, by address."""

    resources: Mapping[Address, Resource]

    def of_kind(self, kind: str) -> Iterable[Resource]:
        """The resources of one kind, in the order of their names."""
        return (self.resources[a] for a in sorted(self.resources) if a.kind == kind)

    def get(self, kind: str, name: str) -> Resource:
        """One resource. References were checked when the manifests were loaded.

        Raises:
            KeyError: there is none of that kind and name.
        """
        return self.resources[Address(kind, name)]

    def parts(self, kind: str, name: str) -> Iterable[Resource]:
        """What one manifest stands for: its one resource, or one for each of its parts."""
        return (each for each in self.of_kind(kind) if each.address.name == name)
