"""ContactSource: where contacts come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from reconciler.model.external_references import Named
from reconciler.model.kind import Kind
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.row_queries import ContactsIn, ContactsOf, HistoryQuery, PeopleQuery
from reconciler.model.source_parsing import (
    HISTORIES,
    PEOPLE,
    check_files,
    check_people,
    iter_names_of_rows,
    make_history_feed,
    make_live_list,
    make_people_query,
)


@dataclass(frozen=True, slots=True)
class Source:
    """The contacts, the types of interaction that count, and where their history is read, if not in the tenant."""

    contacts: PeopleQuery
    types: tuple[str, ...] = ()
    history: HistoryQuery | None = None


def make_source(resource: Resource) -> Source:
    """What a ContactSource manifest says."""
    interactions = resource.spec.get("interactions")
    if interactions is None:
        return Source(make_people_query(resource))
    types = tuple(sorted(interactions["types"]))
    # what the rows do not say is of the one type that is meant
    past = make_history_feed(resource, types[0] if len(types) == 1 else None)
    if "of" in interactions:
        place = resource.where("spec", "interactions", "of")
        return Source(ContactsOf(make_live_list(interactions["of"]), place), types, past)
    if past is not None and not any(name in resource.spec for name in PEOPLE):
        return Source(ContactsIn(past, past.where), types, past)
    return Source(make_people_query(resource), types, past)


def feeds(resource: Resource) -> Iterable[PeopleQuery | HistoryQuery]:
    """Where its contacts and their interactions are read."""
    declared = make_source(resource)
    yield declared.contacts
    if declared.history is not None:
        yield declared.history


def list_attributes(resource: Resource) -> tuple[str, ...]:
    """The attributes that a ContactSource manifest maps."""
    named = {attribute for way in PEOPLE for attribute in resource.spec.get(way, {}).get("attributes", {})}
    return tuple(sorted(named))


def names(resource: Resource) -> Iterator[Named]:
    """Where its contacts and their interactions are read."""
    yield from iter_names_of_rows(resource)
    yield from iter_names_of_rows(resource, "interactions")


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """One way of naming people: the source's own, the list in `interactions.of`, or the files of interactions."""
    interactions = resource.spec.get("interactions", {})
    if "of" in interactions and any(name in resource.spec for name in PEOPLE):
        message = "`interactions.of` names the contacts, and so does the source itself"
        hint = "leave `of` out: the interactions of the source's own contacts are meant"
        yield Problem(resource.where("spec", "interactions", "of"), "source-unclear", message, hint=hint)
    elif "of" not in interactions and (not set(HISTORIES) & set(interactions) or set(PEOPLE) & set(resource.spec)):
        yield from check_people(resource)
    given = [name for name in HISTORIES if name in interactions]
    if len(given) > 1:
        message = f"interactions are in one place: {' and '.join(given)} are given"
        yield Problem(resource.where("spec", "interactions"), "source-unclear", message)
    if "files" in given:
        yield from check_files(resource, "interactions", "files")
    for name in given:
        if "type" not in interactions[name]["columns"] and len(interactions["types"]) > 1:
            message = "no column says of which type an interaction is, and more than one type counts"
            hint = "map the column `type`, or name one type"
            yield Problem(resource.where("spec", "interactions", "types"), "type-unknown", message, hint=hint)


KIND = Kind(name="ContactSource", summary="where contacts come from", feeds=feeds, names=names, check=check)
