"""SuppressionList: numbers that must not be called, where they are kept, and how old they may be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from reconciler.model.countries import find_declared_country
from reconciler.model.external_references import Named, PlaceName
from reconciler.model.instants import parse_duration, parse_instant
from reconciler.model.kind import Kind
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.row_queries import Additions, RowQuery
from reconciler.model.segment import Phones, Suppression
from reconciler.model.source_parsing import PEOPLE, check_people, iter_names_of_rows, make_people_query
from reconciler.model.source_specs import Answers, Entries, FileFeed

DEFAULT_AGE = "31d"
"""How old registry data may be: 31 days, 16 CFR 310.4(b)(3)(iv) (69 FR 16367)."""


def make_suppression(resource: Resource, region: str | None) -> Suppression:
    """The do-not-call list that a valid manifest declares; `region` is the segment's, for a list that names none.

    An entry is read where its numbering plan reaches it, whatever the segment's rule. One that is in no range is a
    finding, as whoever it meant may be called; it suppresses the number that it could be all the same.
    """
    spec = resource.spec
    kept = _make_kept_feed(resource)
    also: tuple[RowQuery, ...] = (Additions(resource.address),) if kept else ()
    if kept is not None and any(name in spec for name in PEOPLE):
        also = (kept, *also)
    return Suppression(
        address=resource.address,
        numbers=kept if kept is not None and kept not in also else make_people_query(resource, _make_entries),
        also=also,
        phones=Phones("reachable", find_declared_country(spec.get("region", region))),
        taken=parse_instant(spec["asOf"]) if "asOf" in spec else None,
        max_age=parse_duration(spec.get("maxAge", DEFAULT_AGE)),
        only_warns=spec.get("onStale", "refuse") == "warn",
    )


def feeds(resource: Resource) -> Iterable[RowQuery]:
    """Where its entries are read, those that outcomes added among them."""
    declared = make_suppression(resource, None)
    return (declared.numbers, *declared.also)


def _make_entries(part: Mapping[str, Any]) -> Entries:
    """How the entries of one part of a list are read: of its `files`, `sql` or `salesforce`."""
    answers = None
    if "answers" in part:
        suppress, skip = (_parse_answers(part["answers"].get(way, ())) for way in ("suppress", "skip"))
        answers = Answers(column=str(part["answers"]["column"]), suppress=suppress, skip=skip)
    # `where` of records is asked of Salesforce itself
    condition = None if "object" in part else part.get("where")
    return Entries(separator=part.get("separator"), condition=condition, answers=answers)


def _parse_answers(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(each.strip().lower() for each in given))


def list_stores(catalogue: Catalogue) -> dict[str, str]:
    """Where each list keeps the numbers that outcomes add to it, by its address."""
    declared = catalogue.of_kind(KIND.name)
    return {str(resource.address): str(resource.spec["store"]) for resource in declared if "store" in resource.spec}


def _make_kept_feed(resource: Resource) -> FileFeed | None:
    """The numbers that outcomes have added: in files of the list's own, as `decision/dnc_store.py` writes them."""
    if "store" not in resource.spec:
        return None
    return FileFeed(
        paths=(f"{resource.spec['store'].rstrip('/')}/*.jsonl",),
        format="jsonl",
        columns=(("contactId", "contactId"),),
        phones=(("phone",),),
        optional=resource.spec.get("mayBeginEmpty", False),
        only=True,
        entries=Entries(),
        where=resource.where("spec", "store"),
    )


def names(resource: Resource) -> Iterator[Named]:
    """Where its numbers are read, and where those are written that outcomes add."""
    yield from iter_names_of_rows(resource)
    if "store" in resource.spec:
        yield PlaceName(resource.spec["store"], resource.where("spec", "store"), "numbers that outcomes add")


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """Numbers that are not read live say of which moment they are; those that are added stay in the workspace."""
    yield from check_people(resource, optional="store" in resource.spec)
    if "store" in resource.spec:
        yield from _check_store(resource)
    yield from _check_answers(resource)
    for name in ("maxAge", "onStale"):
        if name in resource.spec and "asOf" not in resource.spec and not _needs_date(resource):
            message = f"`{name}` means nothing here: numbers that are read live, or kept by outcomes, are never too old"
            yield Problem(resource.where("spec", name), "without-effect", message, hint="leave it out")
    if _needs_date(resource) and "asOf" not in resource.spec:
        yield Problem(
            resource.where("spec"),
            "age-unknown",
            "the do-not-call numbers do not say of which moment they are",
            hint="add `asOf`, the instant at which they were taken from the registry",
        )


def _needs_date(resource: Resource) -> bool:
    """Whether a list holds numbers that are of some moment: of a file, a database, or another organisation."""
    return any(name in resource.spec for name in PEOPLE if name != "contactList")


def _check_answers(resource: Resource) -> Iterable[Problem]:
    """No answer means both."""
    for part in PEOPLE:
        answers = resource.spec.get(part, {}).get("answers", {})
        suppress = {each.strip().lower() for each in answers.get("suppress", ())}
        for number, answer in enumerate(answers.get("skip", ())):
            if answer.strip().lower() in suppress:
                place = resource.where("spec", part, "answers", "skip", number)
                yield Problem(place, "answer-twice", f"the answer {answer!r} is in `suppress` as well")


def _check_store(resource: Resource) -> Iterable[Problem]:
    store = resource.spec["store"]
    place = resource.where("spec", "store")
    if re.search(r"[*?\[\]]", store):
        yield Problem(place, "not-a-folder", "a store is one folder, and holds no `*`, `?` or `[`")
    elif "://" not in store and (Path(store).is_absolute() or ".." in Path(store).parts):
        yield Problem(place, "outside-the-workspace", f"`{store}` is not a path inside the workspace")


KIND = Kind(
    name="SuppressionList",
    summary="do-not-call numbers, and how old they may be",
    feeds=feeds,
    names=names,
    check=check,
    keeps_out=True,
)
