"""ContactSource: where contacts come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.kind import Kind
from reconciler.model.people import PEOPLE, check_people, live_list, people
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.rows import ContactsOf, HistoryQuery, PeopleQuery


@dataclass(frozen=True, slots=True)
class Source:
    """The contacts, the types of interaction that count, and where their history is read, if not in the tenant."""

    contacts: PeopleQuery
    types: tuple[str, ...] = ()
    history: HistoryQuery | None = None


def source(resource: Resource) -> Source:
    """What a ContactSource manifest says."""
    interactions = resource.spec.get("interactions")
    if interactions is None:
        return Source(people(resource))
    types = tuple(sorted(interactions["types"]))
    if "of" in interactions:
        place = resource.where("spec", "interactions", "of")
        return Source(ContactsOf(live_list(interactions["of"]), place), types)
    return Source(people(resource), types)


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """One way of naming people; or the interactions of a list, which name them too."""
    if "of" not in resource.spec.get("interactions", {}):
        yield from check_people(resource)
    elif any(name in resource.spec for name in PEOPLE):
        message = "`interactions.of` names the contacts, and so does the source itself"
        hint = "leave `of` out: the interactions of the source's own contacts are meant"
        yield Problem(resource.where("spec", "interactions", "of"), "source-unclear", message, hint=hint)


KIND = Kind(name="ContactSource", says="where contacts come from", check=check)
