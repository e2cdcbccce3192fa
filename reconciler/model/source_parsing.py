# tested by: tests/audience/test_source_cases.py
"""Parse where a manifest reads contacts, do-not-call entries or interactions from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reconciler.model.countries import find_declared_country
from reconciler.model.external_references import HostName, Named, ObjectName, make_secret_name
from reconciler.model.instants import parse_duration
from reconciler.model.problem import Problem
from reconciler.model.resource import Resource
from reconciler.model.row_queries import ContactsOf, LiveList, PeopleQuery
from reconciler.model.soql import find_fault
from reconciler.model.source_specs import (
    Entries,
    FileFeed,
    FileHistory,
    HistoryFeed,
    Pairs,
    PhoneColumns,
    SalesforceFeed,
    SqlFeed,
    SqlHistory,
)

HISTORIES = ("files", "sql")
"""Where interactions may be, if not in the tenant."""

PEOPLE = ("contactList", "files", "sql", "salesforce")
"""The ways of naming people; a source has one of them, or the interactions of a list's contacts."""


def make_people_query(resource: Resource, entries: Callable[[Mapping[str, Any]], Entries] | None = None) -> PeopleQuery:
    """The query for the people that a manifest names, of a source or of a do-not-call list.

    `entries` makes of one way of naming them how do-not-call entries are read there; None: they are contacts.
    """
    if "files" in resource.spec:
        return FileFeed(**make_file_paths(resource.spec["files"]), **_make_contacts(resource, "files", entries))
    if "sql" in resource.spec:
        return SqlFeed(**make_sql_query(resource.spec["sql"]), **_make_contacts(resource, "sql", entries))
    if "salesforce" in resource.spec:
        return _make_salesforce_feed(resource, entries)
    return ContactsOf(make_live_list(resource.spec["contactList"]), resource.where("spec", "contactList"))


def iter_names_of_rows(resource: Resource, *above: str) -> Iterator[Named]:
    """What a part of a manifest names to read rows from: object stores, databases, an organisation of Salesforce."""
    spec: Any = resource.spec
    for step in above:
        spec = spec.get(step, {})
    at = ("spec", *above)
    for number, path in enumerate(spec.get("files", {}).get("paths", ())):
        if "://" in path:
            yield ObjectName(path, resource.where(*at, "files", "paths", number))
    if "sql" in spec:
        yield make_secret_name(spec["sql"]["url"], resource.where(*at, "sql", "url"), holds="database")
    if "salesforce" in spec:
        organisation, here = spec["salesforce"], (*at, "salesforce")
        instance = organisation["instance"]
        token = organisation.get("tokenUrl", instance)
        yield HostName(instance, resource.where(*here, "instance"), "the organisation")
        yield HostName(token, resource.where(*here, "tokenUrl"), "the organisation's tokens", beside=instance)
        for part, reference in organisation["credentials"].items():
            yield make_secret_name(reference, resource.where(*here, "credentials", part), token)


def make_history_feed(resource: Resource, kind: str | None) -> HistoryFeed | None:
    """Interactions in files or a database, where a manifest names some; `kind` where no column says their type."""
    declared = resource.spec["interactions"]
    for name in HISTORIES:
        if name in declared:
            spec = declared[name]
            columns = {
                "columns": make_pairs(spec["columns"]),
                "type": None if "type" in spec["columns"] else kind,
                "on_invalid": spec.get("onInvalid", "refuse"),
                "where": resource.where("spec", "interactions", name),
            }
            return (
                FileHistory(**make_file_paths(spec), **columns)
                if name == "files"
                else SqlHistory(**make_sql_query(spec), **columns)
            )
    return None


def _make_contacts(
    resource: Resource, name: str, entries: Callable[[Mapping[str, Any]], Entries] | None
) -> dict[str, Any]:
    spec = resource.spec[name]
    return {
        "columns": make_columns(spec["columns"]),
        "phones": make_phone_columns(spec["columns"].get("phone", [])),
        "entries": None if entries is None else entries(spec),
        "attributes": make_pairs(
            {attribute: _find_column(each) for attribute, each in spec.get("attributes", {}).items()}
        ),
        "types": make_pairs(
            {attribute: each["type"] for attribute, each in spec.get("attributes", {}).items() if _is_typed(each)}
        ),
        "sensitive": tuple(sorted(name for name, each in spec.get("attributes", {}).items() if _is_sensitive(each))),
        "opted_in": spec.get("optedIn"),
        "unknown_consent": spec.get("unknownConsent", "out"),
        "region": find_declared_country(spec.get("region", resource.spec.get("region"))),
        "on_invalid": spec.get("onInvalid", "refuse"),
        "where": resource.where("spec", name),
    }


def make_columns(given: Mapping[str, Any]) -> Pairs:
    """Which column means what, phones aside; a column that is named by its position is named by its digits."""
    return make_pairs({meaning: column for meaning, column in given.items() if meaning != "phone"})


def make_phone_columns(given: Any) -> PhoneColumns:
    """What a manifest says of phones: a column, the parts of one number (`join`), or a list of these, in its order."""
    each = given if isinstance(given, list) else [given]
    return tuple(tuple(map(str, one["join"])) if isinstance(one, Mapping) else (str(one),) for one in each)


def _find_column(attribute: Any) -> str:
    """An attribute's column, whether its type is declared beside it or not; by its digits where that is a position."""
    return str(attribute["column"] if isinstance(attribute, Mapping) else attribute)


def _is_sensitive(attribute: Any) -> bool:
    return isinstance(attribute, Mapping) and attribute.get("sensitive", False) is True


def _is_typed(attribute: Any) -> bool:
    return isinstance(attribute, Mapping) and "type" in attribute


def make_file_paths(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Which files a manifest means, and how they are written."""
    return {
        "paths": tuple(spec["paths"]),
        "format": spec["format"],
        "delimiter": spec.get("delimiter"),
        "encoding": spec.get("encoding", "utf-8"),
        "header": spec.get("header", True),
        "sheet": spec.get("sheet"),
    }


def make_sql_query(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The query that a manifest asks, and where the URL of its database is kept."""
    ((kept, name),) = spec["url"].items()
    return {"url": f"{kept} {name}", "query": spec["query"]}


def _make_salesforce_feed(resource: Resource, entries: Callable[[Mapping[str, Any]], Entries] | None) -> SalesforceFeed:
    spec, at = resource.spec["salesforce"], ("spec", "salesforce")
    places = {
        _find_column(column): resource.where(*at, part, name)
        for part in ("attributes", "columns")
        for name, column in spec.get(part, {}).items()
        if name != "phone"
    }
    phones = make_phone_columns(spec["columns"].get("phone", []))
    places |= {column: resource.where(*at, "columns", "phone") for parts in phones for column in parts}
    kept = {part: " ".join(*spec["credentials"][part].items()) for part in ("clientId", "clientSecret")}
    given = {name: spec[wire] for name, wire in _SALESFORCE.items() if wire in spec}
    if "replyTimeout" in spec:
        given["reply_timeout"] = parse_duration(spec["replyTimeout"]).total_seconds()
    return SalesforceFeed(
        instance=spec["instance"].rstrip("/"),
        version=spec.get("apiVersion", "v58.0"),
        client_id=kept["clientId"],
        client_secret=kept["clientSecret"],
        object=spec["object"],
        condition_at=resource.where(*at, "where"),
        credentials_at=resource.where(*at, "credentials"),
        fields_at=tuple(sorted(places.items())),
        **given,
        # a record that cannot be used is counted and left out, unless the manifest asks for more (contract, Salesforce)
        **{**_make_contacts(resource, "salesforce", entries), "on_invalid": spec.get("onInvalid", "skip")},
    )


_SALESFORCE = {"condition": "where", "token_url": "tokenUrl", "rate": "rate"}


def make_pairs(mapping: Mapping[str, str | int]) -> Pairs:
    """A mapping as pairs in the order of their names: a query is a value that can be compared."""
    return tuple(sorted((name, str(column)) for name, column in mapping.items()))


def make_live_list(spec: Mapping[str, Any]) -> LiveList:
    """A list of the tenant that a manifest points at by name or by id."""
    return LiveList(name=spec.get("name"), id=spec.get("id"))


def check_files(resource: Resource, *path: str) -> Iterable[Problem]:
    """Without a header columns are named by position."""
    spec: Any = resource.spec
    for step in path:
        spec = spec[step]
    bare = spec.get("header", True) is False
    for place, column in _iter_named(spec):
        position = isinstance(column, int) or re.fullmatch(r"[1-9]\d{0,4}", column) is not None
        if bare and not position:
            message = f"`{column}` is not a position, and without a header columns have no names"
            hint = "write 1 for the first column, 2 for the second, and so on"
            yield Problem(resource.where("spec", *path, *place), "no-position", message, hint=hint)
        elif isinstance(column, int) and not bare:
            message = f"the column {column} is named by its position, and the files have a header"
            hint = f'say `header: false`, or put the column\'s name in quotes: "{column}"'
            yield Problem(resource.where("spec", *path, *place), "no-position", message, hint=hint)


def _iter_named(spec: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str | int]]:
    """The columns that a manifest names, each with its place."""
    for part in ("columns", "attributes", "customFields"):
        for name, given in spec.get(part, {}).items():
            for steps, column in _iter_columns(given):
                yield (part, name, *steps), column
    if "answers" in spec:
        yield ("answers", "column"), spec["answers"]["column"]


def _iter_columns(given: Any) -> Iterator[tuple[tuple[str | int, ...], str | int]]:
    inside: Iterable[tuple[str | int, Any]] = ()
    if isinstance(given, Mapping) and "column" in given:
        inside = (("column", given["column"]),)  # beside it stands what is said of its values
    elif isinstance(given, Mapping):
        inside = given.items()
    elif isinstance(given, list):
        inside = enumerate(given)
    else:
        yield (), given
    for step, each in inside:
        for steps, column in _iter_columns(each):
            yield (step, *steps), column


def check_people(resource: Resource, *, optional: bool = False) -> Iterable[Problem]:
    """Exactly one way of naming people, or none where it is `optional`; a condition for Salesforce that only reads."""
    given = [name for name in PEOPLE if name in resource.spec]
    if len(given) > 1 or not (given or optional):
        words = f"{' and '.join(given)} are given" if given else "none is given"
        message = f"a {resource.address.kind} names its people in one way: {', '.join(PEOPLE)}; {words}"
        yield Problem(resource.where("spec"), "source-unclear", message)
    if "files" in resource.spec:
        yield from check_files(resource, "files")
    fault = find_fault(resource.spec.get("salesforce", {}).get("where", "Id != null"))
    if fault is not None:
        yield Problem(resource.where("spec", "salesforce", "where"), "soql-condition", fault[0], hint=fault[1])
