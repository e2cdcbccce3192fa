"""ContactSource: where contacts come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reconciler.model.kind import Kind
from reconciler.model.resource import Resource
from reconciler.model.rows import ContactsOf, LiveList


@dataclass(frozen=True, slots=True)
class Source:
    """The list whose contacts are meant, and the types of interaction that are read for them, if any are."""

    contacts: ContactsOf
    types: tuple[str, ...] | None


def source(resource: Resource) -> Source:
    """What a ContactSource manifest says."""
    if "contactList" in resource.spec:
        place = resource.where("spec", "contactList")
        return Source(ContactsOf(live_list(resource.spec["contactList"]), place), None)
    interactions = resource.spec["interactions"]
    place = resource.where("spec", "interactions", "of")
    return Source(ContactsOf(live_list(interactions["of"]), place), tuple(sorted(interactions["types"])))


def live_list(spec: dict[str, Any]) -> LiveList:
    """A list of the tenant that a manifest points at by name or by id."""
    return LiveList(name=spec.get("name"), id=spec.get("id"))


KIND = Kind(name="ContactSource", says="where contacts come from")
