"""ContactSource: where contacts come from."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.kind import Kind
from reconciler.model.people import PEOPLE, check_people, file_history, live_list, people
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.rows import ContactsIn, ContactsOf, HistoryQuery, PeopleQuery


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
    history = None
    if "files" in interactions:
        # what the files do not say is of the one type that is meant
        kind = types[0] if len(types) == 1 else None
        history = file_history(resource, interactions["files"], kind)
    if "of" in interactions:
        place = resource.where("spec", "interactions", "of")
        return Source(ContactsOf(live_list(interactions["of"]), place), types, history)
    if history is not None and not any(name in resource.spec for name in PEOPLE):
        return Source(ContactsIn(history, history.where), types, history)
    return Source(people(resource), types, history)


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """One way of naming people: the source's own, the list in `interactions.of`, or the files of interactions."""
    interactions = resource.spec.get("interactions", {})
    if "of" in interactions and any(name in resource.spec for name in PEOPLE):
        message = "`interactions.of` names the contacts, and so does the source itself"
        hint = "leave `of` out: the interactions of the source's own contacts are meant"
        yield Problem(resource.where("spec", "interactions", "of"), "source-unclear", message, hint=hint)
    elif "of" not in interactions and ("files" not in interactions or any(name in resource.spec for name in PEOPLE)):
        yield from check_people(resource)
    if "files" in interactions and "type" not in interactions["files"]["columns"] and len(interactions["types"]) > 1:
        message = "the files do not say of which type an interaction is, and more than one type counts"
        hint = "map the column `type`, or name one type"
        yield Problem(resource.where("spec", "interactions", "types"), "type-unknown", message, hint=hint)


KIND = Kind(name="ContactSource", says="where contacts come from", check=check)
