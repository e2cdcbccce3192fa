"""Draft manifests of what is live. Pure: an object that no manifest can declare is left out, with the reason.

Each draft is proven: it fits its schema, its kind's own check finds no fault, and what it declares is what the tenant
holds. One that fails is left out, and never written wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.draft import Imported, ImportedManifest, LeftOut, SchemaFault
from reconciler.model.kind import Kind, Later, iter_values_at
from reconciler.model.live_state import LiveObject
from reconciler.model.reason import Reason
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address
from reconciler.model.surface_wire import Wire
from reconciler.model.text_folding import normalise_name
from reconciler.steps.import_live.manifest_names import choose_names
from reconciler.steps.import_live.schema_fit import Unfit, fit

Objects = Mapping[str, Sequence[LiveObject]]
Find = Callable[[Mapping[str, Any]], list[SchemaFault]]
Chosen = Callable[[str, str], bool]


def import_live(
    desired: Desired,
    objects: Objects,
    surfaces: Iterable[str],
    list_faults: Find,
    chosen: Chosen,
    *,
    adopts: bool = False,
    unseen: Sequence[tuple[str, Reason]] = (),
) -> Imported:
    """The manifests of the live objects that are chosen and that the workspace does not declare yet.

    Lists that chosen campaigns dial are written as well. Where the tenant has one object that two kinds can declare,
    it is written once, as the kind whose objects do something by themselves where that can say it.

    Args:
        objects: by kind, as the reader tells them. surfaces: those of the tenant. list_faults: a manifest → where it
            is not what its schema says. chosen: whether the object of a kind and name is asked for.
        adopts: whether the next plan is to take the objects over.
    """
    work = _Import(desired, objects, set(surfaces), list_faults, adopts)
    for kind in _sort_kinds():
        work.draft_kind(kind, chosen)
    return work.finish(chosen, unseen)


class _Import:
    """What was drafted so far."""

    def __init__(self, desired: Desired, objects: Objects, surfaces: set[str], list_faults: Find, adopts: bool) -> None:
        self.desired, self.objects, self.surfaces = desired, objects, surfaces
        self.list_faults, self.adopts = list_faults, adopts
        self.resources = dict(desired.catalogue.resources)
        self.made: dict[Address, ImportedManifest] = {}
        self.left: dict[LeftOut, tuple[str, str, str]] = {}
        self.known = _list_declared(desired)
        self.ids: set[tuple[str, str, str]] = set()
        self.declared = 0

    def draft_kind(self, kind: Kind, chosen: Chosen) -> None:
        surface = kind.surface(self.surfaces)
        held = self.objects.get(kind.name, ())
        if surface is None or not held:
            return
        taken = {address.name for address in self.resources if address.kind == kind.name}
        names = choose_names([each.name for each in held], taken)
        several = _list_ambiguous(kind.name, held, self.known)
        wanted = {each.name: chosen(kind.name, each.name) for each in held}
        for found in sorted(held, key=lambda each: each.name):
            at = (surface.name, surface.path, found.id)
            if (kind.name, found.fields["name"]) in self.known:
                self.declared += wanted[found.name]
                self.ids.add(at)
            elif at in self.ids:
                continue  # another kind declares it, and says more of it
            elif normalise_name(found.fields["name"]) in several:
                self._leave(kind, surface, found, Reason("import_ambiguous"))
            elif found.owner not in (None, self.desired.settings.name):
                self._leave(kind, surface, found, Reason("import_foreign", (str(found.owner),)))
            elif self._draft(kind, surface, found, Address(kind.name, names[found.name])) and wanted[found.name]:
                self.ids.add(at)

    def _leave(self, kind: Kind, surface: Wire, found: LiveObject, why: Reason) -> None:
        self.left[LeftOut(kind.name, found.name, why)] = (surface.name, surface.path, found.id)

    def _draft(self, kind: Kind, surface: Wire, found: LiveObject, address: Address) -> bool:
        """Draft one object; whether a manifest can declare it."""
        told = {name: value for name, value in found.fields.items() if name not in surface.unheld}
        draft = kind.draft(told, self._name_of)
        if draft.refused is not None:
            self._leave(kind, surface, found, draft.refused)
            return False
        try:
            spec, left = fit(address, draft.spec, self.list_faults)
        except Unfit as unfit:
            self._leave(kind, surface, found, unfit.why)
            return False
        resource = Resource(address, spec)
        added = {each: Resource(each, said) for each, said in draft.needs.items() if each not in self.resources}
        added[address] = resource
        self.resources |= added
        why = self._find_untrue(kind, surface, resource, found)
        if why is not None:
            for each in added:
                del self.resources[each]
            self._leave(kind, surface, found, why)
            return False
        self.known[kind.name, found.fields["name"]] = address.name
        marked = spec if found.owner is not None or self.adopts else {**spec, "adopt": False}
        unmarked = "import_adopted" if self.adopts else "import_unmarked"
        notes = [Reason("import_ours" if found.owner is not None else unmarked)]
        notes += [Reason("import_no_rows", (address.name,))] if surface.members is not None else []
        self.made[address] = ImportedManifest(
            address, marked, found.fields["name"], found.id, (*draft.left, *left), tuple(notes)
        )
        self.made |= {each: ImportedManifest(each, one.spec) for each, one in added.items() if each != address}
        return True

    def _name_of(self, kind: str, live_name: str) -> str | None:
        return self.known.get((kind, live_name))

    def _find_untrue(self, kind: Kind, surface: Wire, resource: Resource, found: LiveObject) -> Reason | None:
        """Why a manifest is not the object's; None: what it declares is what the tenant holds."""
        catalogue = Catalogue(self.resources)
        fault = next(iter(kind.check(resource, catalogue)), None)
        if fault is not None:
            return Reason("import_check", (fault.code,))
        for name, value in kind.fields(resource, catalogue, self.desired.as_of).items():
            if name in surface.unheld:
                continue
            held = surface.holds is None or name in surface.holds
            taken = name not in surface.takes or value in surface.takes[name]
            same = not isinstance(value, Later) and kind.as_declared(name, found.fields.get(name), value)
            if not (held and taken and same):
                return Reason("import_differs", (name,))
        return None

    def finish(self, chosen: Chosen, unseen: Sequence[tuple[str, Reason]]) -> Imported:
        """Those that are chosen, and those that they need."""
        wanted = {
            address
            for address, each in self.made.items()
            if each.live_name is not None and chosen(address.kind, each.live_name)
        }
        needed = set(self._iter_needed(wanted))
        written = tuple(
            self.made[address]
            if address in wanted or self.made[address].live_name is None
            else replace(self.made[address], notes=(*self.made[address].notes, Reason("import_needed")))
            for address in sorted(wanted | needed)
        )
        objects = sum(each.live_name is not None for each in self.made.values())
        told = sum(each.live_name is not None for each in written)
        left = tuple(
            sorted(each for each, at in self.left.items() if chosen(each.kind, each.name) and at not in self.ids)
        )
        return Imported(
            self.desired.tenant.address.name,
            written,
            left,
            self.declared,
            objects - told + len(self.left) - len(left),
            self.adopts,
            tuple(unseen),
        )

    def _iter_needed(self, wanted: Iterable[Address]) -> Iterator[Address]:
        """Drafted manifests that others name."""
        for address in wanted:
            for reference in load_kinds()[address.kind].references:
                for _, name in iter_values_at(self.made[address].spec, reference.path):
                    other = Address(reference.kind, str(name))
                    if other in self.made:
                        yield other
                        yield from self._iter_needed([other])


def _list_declared(desired: Desired) -> dict[tuple[str, str], str]:
    """The live names that manifests of the workspace speak of, by kind, and the names of these manifests."""
    found: dict[tuple[str, str], str] = {}
    for resource in (*desired.catalogue.resources.values(), *desired.released):
        kind = load_kinds()[resource.address.kind]
        for name in (*kind.earlier_names(resource), kind.live_name(resource)) if kind.surfaces else ():
            found[kind.name, name] = resource.address.name
    return found


def _list_ambiguous(kind: str, held: Iterable[LiveObject], known: Iterable[tuple[str, str]]) -> set[str]:
    """The names, as people see them, that several objects or manifests have: no two manifests may."""
    counted = Counter(normalise_name(str(each.fields["name"])) for each in held)
    counted.update({normalise_name(name) for of, name in known if of == kind} - {""})
    there = {(kind, str(each.fields["name"])) for each in held}
    counted.subtract({normalise_name(name) for of, name in known if of == kind and (of, name) in there})
    return {name for name, count in counted.items() if count > 1}


def _sort_kinds() -> list[Kind]:
    """The kinds, each after those that it refers to; as far as that lets them, those that do something come first."""
    found: dict[str, Kind] = {}

    def visit(kind: Kind) -> None:
        for each in sorted({each.kind for each in kind.references} - {kind.name}):
            if each not in found:
                visit(load_kinds()[each])
        found.setdefault(kind.name, kind)

    for kind in sorted(load_kinds().values(), key=lambda each: (each.run_states is None, each.name)):
        visit(kind)
    return list(found.values())
