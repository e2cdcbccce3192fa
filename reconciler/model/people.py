"""How does a manifest name people: the contacts of a source, or the numbers of a do-not-call list?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.problem import Problem
from reconciler.model.resource import Resource
from reconciler.model.rows import ContactsOf, LiveList, PeopleQuery

PEOPLE = ("contactList",)
"""The ways of naming people; a source has one of them, or the interactions of a list's contacts."""


def people(resource: Resource) -> PeopleQuery:
    """The query for the people that a manifest names, of a source or of a do-not-call list."""
    return ContactsOf(live_list(resource.spec["contactList"]), resource.where("spec", "contactList"))


def live_list(spec: Mapping[str, Any]) -> LiveList:
    """A list of the tenant that a manifest points at by name or by id."""
    return LiveList(name=spec.get("name"), id=spec.get("id"))


def check_people(resource: Resource) -> Iterable[Problem]:
    """Exactly one way of naming people."""
    given = [name for name in PEOPLE if name in resource.spec]
    if len(given) != 1:
        words = " and ".join(given) if given else "none"
        message = f"a {resource.address.kind} names its people in one way: {', '.join(PEOPLE)}; {words} is given"
        yield Problem(resource.where("spec"), "source-unclear", message)
