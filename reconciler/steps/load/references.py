"""Resolve the references between manifests, and find duplicates.

Names are used once, what a manifest refers to exists, nothing refers to itself in a circle, and each kind's own
checks hold. A kind's checks are asked only of resources whose references hold all the way down.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

from reconciler.model import text_folding
from reconciler.model.kind import Kind, iter_values_at
from reconciler.model.nearest_name import find_nearest, suggest
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Catalogue, Path, Resource
from reconciler.model.resource_address import Address
from reconciler.model.text_enumerations import shorten_list
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.problem_collector import Unread

SUGGESTED = 60
"""Missing names for which one that is alike is searched: more than are printed."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """A document of a kind that there is; `resource` is None where it does not fit the kind's schema."""

    kind: str
    document: Document
    resource: Resource | None


@dataclass(frozen=True, slots=True)
class Declared:
    """What the files declare.

    Attributes:
        manifests: in the order of the files; several may have one name.
        names: every name that can be read, by kind, with its places; of manifests that are not valid as well.
        unread: files that may declare more, because they could not be read to their end.
    """

    manifests: Sequence[Manifest] = ()
    names: Mapping[str, Mapping[str, Sequence[Location]]] = field(default_factory=dict)
    unread: Unread = field(default_factory=Unread)


class Checked(NamedTuple):
    """What came of the checks.

    Attributes:
        catalogue: what is declared. links: faults between resources. following: those that are none if a file that
            could not be read declares what is missing. own: what kinds find in their resources. sound: those without
            such a fault.
    """

    catalogue: Catalogue
    links: Problems
    following: Problems
    own: Problems
    sound: list[Resource]


@dataclass(frozen=True, slots=True)
class _Link:
    """One place where a resource names another."""

    target: Address
    where: Location
    secret: bool


def check(declared: Declared, kinds: Mapping[str, Kind]) -> Checked:
    """The catalogue of what is declared, and every fault between its resources."""
    resources = [manifest.resource for manifest in declared.manifests if manifest.resource is not None]
    # of several with one name the first counts
    first = {resource.address: resource for resource in reversed(resources)}
    catalogue = Catalogue({address: first[address] for address in sorted(first)})
    links: dict[Address, list[_Link]] = {}
    every: list[_Link] = []
    for manifest in declared.manifests:
        found = list(_iter_links(manifest, kinds))
        every += found
        if manifest.resource is not None:
            links.setdefault(manifest.resource.address, found)
    problems = Problems([*_find_repeated_names(declared, kinds), *_find_repeated_live_names(resources, kinds)])
    missing = [link for link in every if link.target.name not in declared.names.get(link.target.kind, {})]
    following = [link for link in missing if declared.unread and declared.unread.may_declare(link.target.name)]
    apart = set(map(id, following))
    problems += _find_unknown([link for link in missing if id(link) not in apart], declared)
    in_circles, circles = _find_circles(links)
    problems += circles
    own = Problems()
    sound: list[Resource] = []
    for address in sorted(_find_whole(links, in_circles)):
        faults = _run_own_checks(catalogue.resources[address], catalogue, kinds)
        own += faults
        if not faults:
            sound.append(catalogue.resources[address])
    return Checked(catalogue, problems, Problems(_find_unknown(following, declared)), own, sound)


def _iter_links(manifest: Manifest, kinds: Mapping[str, Kind]) -> Iterator[_Link]:
    document = manifest.document
    for reference in kinds[manifest.kind].references:
        for steps, name in iter_values_at(document.value.get("spec"), reference.path):
            path: Path = ("spec", *steps)
            where = document.locate(*path)
            if isinstance(name, str) and where not in document.spoiled:
                yield _Link(Address(reference.kind, name), where, document.is_secret(path))


def _find_repeated_names(declared: Declared, kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    for kind, names in declared.names.items():
        for name, places in names.items():
            for place in places[1:]:
                message = f"there is a {kind} `{name}` already, at {places[0]}"
                yield Problem(place, "duplicate-name", message, hint="give each a name of its own")
        if kind in kinds and kinds[kind].single and len(names) > 1:
            first, *others = sorted(places[0] for places in names.values())
            for place in others:
                message = f"a workspace has one {kind}, and there is one at {first}"
                yield Problem(place, "more-than-one", message, hint="keep one of them")


def _find_repeated_live_names(resources: Iterable[Resource], kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    first: dict[tuple[str, str], Resource] = {}
    for resource in resources:
        kind = kinds[resource.address.kind]
        if not kind.surfaces:
            continue
        other = first.setdefault((kind.name, text_folding.normalise_name(kind.live_name(resource))), resource)
        if other.address != resource.address:
            alike = kind.live_name(resource) != kind.live_name(other)
            same = "a name that looks the same" if alike else "the same name"
            place = "spec" if "name" in resource.spec else "metadata"
            there = other.where("spec" if "name" in other.spec else "metadata", "name")
            yield Problem(
                resource.where(place, "name"),
                "duplicate-live-name",
                f"{other.address} has {same} in the tenant ({there})",
                note="the names differ only by case, spaces or invisible characters"
                if alike
                else f"both manifests would change the one {kind.name} of that name, and undo each other",
                hint=_describe_own_names(kind, resource, other),
            )


def _describe_own_names(kind: Kind, resource: Resource, other: Resource) -> str:
    if kind.for_each is None or resource.address.resource != other.address.resource:
        return "give each a `spec.name` of its own"
    return f'make the part a part of the name: `name: "… {{{{ {kind.for_each.variable} }}}}"`'


def _find_unknown(links: Iterable[_Link], declared: Declared) -> Iterator[Problem]:
    meant: dict[Address, str | None] = {}
    for link in links:
        kind, name = link.target.kind, link.target.name
        known = declared.names.get(kind, {})
        # the names of a large workspace are not searched for each of many that are missing
        if link.target not in meant and len(meant) < SUGGESTED:
            others = f"declare it: `kind: {kind}`, `metadata: {{name: {name}}}`"
            meant[link.target] = _describe_others(name, known) if known else others if not link.secret else None
        yield Problem(
            link.where,
            "unknown-reference",
            f"no manifest declares {kind} " + ("of that name" if link.secret else f"`{name}`"),
            hint=meant.get(link.target),
        )


def _describe_others(name: str, known: Mapping[str, Sequence[Location]]) -> str:
    meant = find_nearest(name, known)
    if meant is not None:
        return f"did you mean `{meant}` ({known[meant][0]})?"
    places = sorted({places[0].file for places in known.values()})
    return f"{suggest(name, known)} (declared in {shorten_list(places, 3)})"


def _find_circles(links: Mapping[Address, Sequence[_Link]]) -> tuple[set[Address], Problems]:
    """The resources that refer to themselves by way of others, and one problem for each circle."""
    targets = {address: {link.target: link for link in several} for address, several in links.items()}
    found: set[Address] = set()
    problems = Problems()
    while True:
        try:
            TopologicalSorter(targets).prepare()
        except CycleError as error:
            # each item is referred to by the one after it; the last is the first again
            circle: list[Address] = list(reversed(error.args[1]))
            start = circle.index(min(circle))
            circle = [*circle[start:-1], *circle[:start]]
            circle.append(circle[0])
            found.update(circle)
            link = targets[circle[0]].pop(circle[1])
            message = f"{circle[0]} refers to itself: {' → '.join(map(str, circle))}"
            problems.append(Problem(link.where, "reference-cycle", message, hint="remove one of these references"))
        else:
            return found, problems


def _find_whole(links: Mapping[Address, Sequence[_Link]], without: set[Address]) -> set[Address]:
    """The resources whose references hold, and the references of those, all the way down."""
    whole = links.keys() - without
    while True:
        # what is referred to is a manifest: all of its parts
        names = {address.resource for address in whole} - {address.resource for address in links.keys() - whole}
        kept = {address for address in whole if all(link.target in names for link in links[address])}
        if kept == whole:
            return kept
        whole = kept


def _run_own_checks(resource: Resource, catalogue: Catalogue, kinds: Mapping[str, Kind]) -> Problems:
    try:
        return Problems(kinds[resource.address.kind].check(resource, catalogue))
    except (OverflowError, ValueError):
        # a schema's pattern lets a duration of a million days through; the calendar does not
        message = f"a number, duration or instant of {resource.address} is too large"
        return Problems([Problem(resource.where("spec"), "out-of-range", message)])
