# tested by: tests/cli/test_narrowing.py
"""Narrow what is declared to what was asked for, and to what keeps people from being called by it.

What is asked for is written. What it refers to is read, and not written. Whatever says who must not be called is never
left out of what can dial: who fills the lists of a campaign, the groups that it is scrubbed against, and the sets whose
outcomes add to the do-not-call lists of either come with it, and leaving one of them out by name is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from reconciler.model.kind import Kind, iter_values_at
from reconciler.model.notice import Notice
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address
from reconciler.model.selection import Selection, Selector
from reconciler.model.text_enumerations import shorten_list

_EXCLUDE = Location("--exclude")


@dataclass(frozen=True, slots=True)
class Narrowed:
    """What is left of a catalogue.

    Attributes:
        catalogue: what is read. read_only: what of it is not written. left_out: what is in it no more.
        kept: what was not asked for, and is written as it keeps people from being called.
    """

    catalogue: Catalogue
    read_only: frozenset[Address]
    left_out: tuple[Resource, ...]
    kept: tuple[Address, ...]


def narrow(catalogue: Catalogue, selection: Selection, kinds: Mapping[str, Kind]) -> Narrowed:
    """What a selection leaves.

    Raises:
        BadInput: an option names nothing, or leaves out what keeps people from being called by what stays.
    """
    if not selection:
        return Narrowed(catalogue, frozenset(), (), ())
    graph = _Graph(catalogue, kinds)
    writes = [each for each in catalogue.resources.values() if kinds[each.address.kind].writes]
    problems = Problems(_find_idle(selection, catalogue, kinds))
    asked = {each.address for each in writes if selection.chooses(*graph.describe(each))}
    written = set(graph.close(asked))
    read = graph.reach(written)
    for address in sorted(written | read):
        resource = catalogue.resources[address]
        guards = address in written - asked or kinds[address.kind].keeps_out
        if guards and selection.excludes(*graph.describe(resource)):
            message = f"{address} keeps people from being called by what is not left out"
            hint = "leave it in, or leave out what it protects as well"
            problems.append(Problem(_EXCLUDE, "protection-left-out", message, str(resource.where()), hint))
    problems.refuse()
    return _cut(catalogue, asked, written, read, kinds)


def narrow_to(catalogue: Catalogue, asked: Set[Address], kinds: Mapping[str, Kind]) -> Narrowed:
    """What is left where just these are asked for."""
    graph = _Graph(catalogue, kinds)
    written = graph.close(asked)
    return _cut(catalogue, asked, written, graph.reach(written), kinds)


def find_fillers(catalogue: Catalogue, objects: Set[tuple[str, str]], kinds: Mapping[str, Kind]) -> Iterator[Address]:
    """What writes rows to objects of the tenant, which are told by kind and live name."""
    graph = _Graph(catalogue, kinds)
    for address, resource in catalogue.resources.items():
        kind = kinds[address.kind]
        if kind.surfaces and (kind.name, kind.live_name(resource)) in objects:
            yield from (each for each in graph.referred[address] if graph.fills(each))


def _cut(
    catalogue: Catalogue, asked: Set[Address], written: Set[Address], read: Set[Address], kinds: Mapping[str, Kind]
) -> Narrowed:
    writes = [each for each in catalogue.resources.values() if kinds[each.address.kind].writes]
    others = {each.address for each in writes} - written - read
    kept = {address: each for address, each in catalogue.resources.items() if address not in others}
    return Narrowed(
        Catalogue(kept),
        frozenset(each.address for each in writes if each.address in read - written),
        tuple(catalogue.resources[address] for address in sorted(others)),
        tuple(sorted(written - asked)),
    )


def describe_kept(narrowed: Narrowed) -> Iterator[Notice]:
    """That more is written than was asked for, and why."""
    if narrowed.kept:
        named = [str(each) for each in narrowed.kept]
        words = f"{shorten_list(named)} {'is' if len(named) == 1 else 'are'} written as well, though not asked for:"
        yield Notice(
            "kept_to_protect", f"{words} what keeps people from being called is not left out", {"objects": named}
        )


def _find_idle(selection: Selection, catalogue: Catalogue, kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    """Each option that names nothing that is declared."""
    graph = _Graph(catalogue, kinds)
    every = [graph.describe(each) for each in catalogue.resources.values()]
    given: list[tuple[str, Selector]] = [("--only", each) for each in selection.only]
    given += [("--exclude", each) for each in selection.exclude]
    for option, selector in given:
        if not any(selector.matches(*each) for each in every):
            hint = "write KIND, KIND/NAME, NAME or label:NAME=VALUE; names may hold * and ?"
            yield Problem(Location(option), "nothing-selected", f"nothing declared is `{selector.text}`", hint=hint)


class _Graph:
    """Who refers to whom."""

    def __init__(self, catalogue: Catalogue, kinds: Mapping[str, Kind]) -> None:
        self.catalogue, self.kinds = catalogue, kinds
        self.parts: dict[Address, list[Address]] = defaultdict(list)
        for address in catalogue.resources:
            self.parts[address.resource].append(address)
        self.refers: dict[Address, set[Address]] = {}
        self.referred: dict[Address, set[Address]] = defaultdict(set)
        for address, resource in catalogue.resources.items():
            self.refers[address] = set(self._iter_references(resource))
            for other in self.refers[address]:
                self.referred[other].add(address)

    def _iter_references(self, resource: Resource) -> Iterator[Address]:
        for reference in self.kinds[resource.address.kind].references:
            for _, name in iter_values_at(resource.spec, reference.path):
                yield from self.parts.get(Address(reference.kind, str(name)), ())

    def describe(self, resource: Resource) -> tuple[str, tuple[str, ...], Mapping[str, str]]:
        """What selectors are held against: kind, names, labels."""
        address, kind = resource.address, self.kinds[resource.address.kind]
        names = [address.name] if address.part is None else [address.name, f"{address.name}[{address.part}]"]
        names += [kind.live_name(resource)] if kind.surfaces else []
        return address.kind, tuple(names), resource.labels

    def reach(self, addresses: Iterable[Address]) -> set[Address]:
        """All that some resources refer to, they themselves among it."""
        found: set[Address] = set()
        waiting = list(addresses)
        while waiting:
            address = waiting.pop()
            if address not in found:
                found.add(address)
                waiting += self.refers[address]
        return found

    def close(self, addresses: Iterable[Address]) -> set[Address]:
        """Resources, with whatever keeps people from being called by what they are or fill."""
        found: set[Address] = set()
        waiting = list(addresses)
        while waiting:
            address = waiting.pop()
            if address not in found:
                found.add(address)
                waiting += self._iter_protectors(address)
        return found

    def _iter_protectors(self, address: Address) -> Iterator[Address]:
        reached = self.reach([address])
        kind = self.kinds[address.kind]
        dialling = {address} if kind.run_states is not None else set()
        if dialling:  # who fills the lists that it dials takes off them who must not be called
            lists = {each for each in reached if self.kinds[each.kind].surfaces} - dialling
            yield from (each for one in lists for each in self.referred[one] if self.fills(each))
        elif self.fills(address):  # what it puts on a list is called by whatever dials that
            for one in {each for each in self.refers[address] if self.kinds[each.kind].surfaces}:
                dialling |= {each for each in self.referred[one] if self.kinds[each.kind].run_states is not None}
            dialling |= {each for each in self.referred[address] if self.kinds[each.kind].run_states is not None}
        for campaign in dialling:
            yield from (each for each in self.referred[campaign] if self.kinds[each.kind].protects)
        for declared in (each for each in reached if self.kinds[each.kind].keeps_out):
            yield from (each for each in self.referred[declared] if self.kinds[each.kind].keeps_out)

    def fills(self, address: Address) -> bool:
        """Whether a resource is none of the tenant's objects, and writes rows."""
        kind = self.kinds[address.kind]
        return kind.writes and not kind.surfaces
