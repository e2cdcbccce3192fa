# tested by: tests/cli/test_releasing.py
"""Find objects that are no longer managed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.kind import Kind
from reconciler.model.live_state import Live, LiveObject
from reconciler.model.notice import Notice
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.reason import Reason
from reconciler.model.rename_lookup import Held, name_of
from reconciler.model.resource import Resource

EVERYTHING = "all"
"""What a person says who releases all that is declared no longer."""

_OPTION = Location("--release")


def find_released(desired: Desired, live: Live) -> Mapping[tuple[str, str], tuple[Resource | None, Reason]]:
    """By kind and live name what is to be released, the manifest that says so, and the reason."""
    found: dict[tuple[str, str], tuple[Resource | None, Reason]] = {}
    for kind, held in _iter_ours(desired, live):
        for each in held:
            if EVERYTHING in desired.release or _is_named(kind, each, desired.release):
                found[kind.name, each.name] = None, Reason("released_by_option")
    for resource in desired.released:
        for each in _find_meant(desired, live, resource):
            why = Reason("released_by_manifest", (str(resource.where("spec", "release")),))
            found[resource.address.kind, each.name] = resource, why
    return found


def _iter_ours(desired: Desired, live: Live) -> Iterator[tuple[Kind, list[LiveObject]]]:
    """By kind, the marked objects that no manifest manages."""
    for kind in load_kinds().values():
        declared = {kind.live_name(resource) for resource in desired.catalogue.of_kind(kind.name)}
        held = live.objects.get(kind.name, {}).values()
        yield kind, [each for each in held if each.owner == desired.settings.name and each.name not in declared]


def _is_named(kind: Kind, found: LiveObject, names: tuple[str, ...]) -> bool:
    return not {found.name, name_of(found), f"{kind.name}/{found.name}", f"{kind.name}/{name_of(found)}"}.isdisjoint(
        names
    )


def _find_meant(desired: Desired, live: Live, resource: Resource) -> list[LiveObject]:
    """The marked objects that a released manifest means: by its name, else by those that it had before."""
    kind = load_kinds()[resource.address.kind]
    held = Held(live.objects.get(kind.name, {}).values())
    name = kind.live_name(resource)
    found = held.find_named(name) or held.find_by_earlier(name, kind.earlier_names(resource))
    return [each for each in found if each.owner == desired.settings.name]


def describe_released(desired: Desired, live: Live, resource: Resource) -> Iterator[Notice]:
    """That a manifest which releases something has nothing to release any more."""
    if not _find_meant(desired, live, resource):
        kind = load_kinds()[resource.address.kind]
        there = live.find(kind.name, kind.live_name(resource)) is not None
        state = "is released: it carries no mark of this workspace" if there else "is not in the tenant"
        where = str(resource.where("spec", "release"))
        args = {"object": str(resource.address), "state": "unmarked" if there else "absent", "where": where}
        yield Notice("release_done", f"{resource.address} {state}; its manifest can go ({where})", args)


def check_released_names(desired: Desired, live: Live) -> Iterator[Notice]:
    """Of what a person releases, what is not this workspace's any more.

    Raises:
        BadInput: a name that the tenant does not have, that several kinds have, or that a manifest declares.
    """
    problems = Problems()
    for name in desired.release:
        if name == EVERYTHING:
            continue
        found = [
            (kind, each)
            for kind in load_kinds().values()
            for each in live.objects.get(kind.name, {}).values()
            if _is_named(kind, each, (name,))
        ]
        ours = [(kind, each) for kind, each in found if each.owner == desired.settings.name]
        fault = _find_fault(desired, name, found, ours)
        if fault is not None:
            problems.append(fault)
        elif not ours:
            words = f"--release {name}: it carries no mark of this workspace; there is nothing to release"
            yield Notice("nothing_to_release", words, {"name": name})
    problems.refuse()


def _find_fault(
    desired: Desired, name: str, found: list[tuple[Kind, LiveObject]], ours: list[tuple[Kind, LiveObject]]
) -> Problem | None:
    if not found:
        hint = "a plan lists what is no longer declared; name it as `NAME`, or as `KIND/NAME`"
        return Problem(
            _OPTION, "unknown-release", f"the tenant has nothing named {name!r} that could be released", hint=hint
        )
    if len(ours) > 1:
        several = " and ".join(f"{kind.name}/{each.name}" for kind, each in ours)
        return Problem(_OPTION, "ambiguous-release", f"{name!r} may be {several}", hint="name it with its kind")
    for kind, each in ours:
        for resource in desired.catalogue.of_kind(kind.name):
            if kind.live_name(resource) == each.name:
                message = f"{name!r} is declared by {resource.address} ({resource.where('metadata', 'name')})"
                hint = "write `release: true` in its `spec`, or take the manifest out first"
                return Problem(_OPTION, "release-declared", message, hint=hint)
    return None


def list_dialling(kind: Kind, found: LiveObject, live: Live) -> tuple[str, ...]:
    """The objects that may be at work, and are this one or may work with it: which ones those do that name none, nobody
    knows."""
    if kind.run_states is not None:
        return (found.name,) if kind.run_states.may_run(found.fields) else ()
    names = []
    for other in load_kinds().values():
        surface = other.surface(live.surfaces)
        fields = [each.field for each in surface.references if each.kind == kind.name] if surface is not None else []
        if not fields or other.run_states is None:
            continue
        for each in live.objects.get(other.name, {}).values():
            named = {each.fields.get(field) for field in fields}
            if other.run_states.may_run(each.fields) and named & {found.name, None}:
                names.append(each.name)
    return tuple(sorted(names))
