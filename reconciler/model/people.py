"""How does a manifest name people: the contacts of a source, or the numbers of a do-not-call list?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.model.feeds import FileFeed, FileHistory, Pairs
from reconciler.model.problem import Problem
from reconciler.model.resource import Resource
from reconciler.model.rows import ContactsOf, LiveList, PeopleQuery

PEOPLE = ("contactList", "files")
"""The ways of naming people; a source has one of them, or the interactions of a list's contacts."""


def people(resource: Resource) -> PeopleQuery:
    """The query for the people that a manifest names, of a source or of a do-not-call list."""
    if "files" in resource.spec:
        return file_feed(resource, resource.spec["files"])
    return ContactsOf(live_list(resource.spec["contactList"]), resource.where("spec", "contactList"))


def file_feed(resource: Resource, spec: Mapping[str, Any]) -> FileFeed:
    """Contacts in files, as `files` declares them."""
    columns = spec["columns"]
    return FileFeed(
        **_files(spec),
        columns=pairs(columns),
        attributes=pairs(spec.get("attributes", {})),
        opted_in=spec.get("optedIn"),
        region=spec.get("region", resource.spec.get("region")),
        where=resource.where("spec", "files"),
    )


def file_history(resource: Resource, spec: Mapping[str, Any], kind: str | None) -> FileHistory:
    """Interactions in files, as `interactions.files` declares them; `kind` where no column says their type."""
    return FileHistory(
        **_files(spec),
        columns=pairs(spec["columns"]),
        type=None if "type" in spec["columns"] else kind,
        where=resource.where("spec", "interactions", "files"),
    )


def _files(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "paths": tuple(spec["paths"]),
        "format": spec["format"],
        "delimiter": spec.get("delimiter"),
        "encoding": spec.get("encoding", "utf-8"),
        "on_invalid": spec.get("onInvalid", "refuse"),
    }


def pairs(mapping: Mapping[str, str]) -> Pairs:
    """A mapping as pairs in the order of their names: a query is a value that can be compared."""
    return tuple(sorted(mapping.items()))


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
