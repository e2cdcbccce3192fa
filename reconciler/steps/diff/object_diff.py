# tested by: tests/cli/test_ambiguous_names.py
"""Compare declared objects with live ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.kinds import load_kinds
from reconciler.model import text_folding
from reconciler.model.desired_state import Desired
from reconciler.model.kind import Kind, Later, ReplaceBehaviour
from reconciler.model.live_state import Live, LiveObject
from reconciler.model.notice import Notice
from reconciler.model.object_change import Action, FieldChange, ObjectChange, Replacement, Unmoved
from reconciler.model.reason import Reason
from reconciler.model.rename_lookup import Held, find_unmoved, name_of
from reconciler.model.resource import Resource
from reconciler.model.surface_wire import Wire
from reconciler.steps.diff import field_changes, released_objects


def diff_declared(desired: Desired, live: Live) -> Iterator[ObjectChange]:
    """The change of every declared object, also where there is nothing to do."""
    for kind in load_kinds().values():
        surface = kind.surface(live.surfaces)
        if surface is None:
            continue
        surface = surface.bind_to(desired.tenant.spec["surfaces"].get(surface.name, {}))
        held = Held(live.objects.get(kind.name, {}).values())
        for resource in desired.catalogue.of_kind(kind.name):
            declared = kind.fields(resource, desired.catalogue, desired.as_of)
            fields = {name: value for name, value in declared.items() if name not in surface.unheld}
            left = tuple(sorted(declared.keys() - fields.keys()))
            found = live.find(kind.name, fields["name"])
            unmoved = _find_unmoved(desired, kind, resource, held)
            if found is None:
                yield _tell_left_out(replace(make_creation(resource, fields, surface), unmoved=unmoved), left)
                continue
            update = make_update(kind, resource, fields, surface, found)
            # what carries no mark of ours is not deleted, nor what nobody can delete: it cannot be replaced either
            ours = found.owner == desired.settings.name
            change = replace_stuck(kind, fields, surface, update, live) if ours else update
            yield _tell_left_out(replace(change, unmoved=unmoved), left)


def replace_stuck(
    kind: Kind, fields: Mapping[str, Any], surface: Wire, update: ObjectChange, live: Live
) -> ObjectChange:
    """An update of an object of ours; where the tenant will not change one of its fields, its replacement if it can."""
    fixed = kind.list_fixed(live.surfaces)
    stuck = tuple(
        each.path
        for each in update.fields
        if each.path in kind.immutable or (each.path in fixed and each.before is not None)
    )
    if stuck and kind.replacement is not None and surface.deletes and not surface.requests.inactive:
        return _make_replacement(update, fields, stuck, kind.replacement, surface, live)
    return update


def _tell_left_out(change: ObjectChange, left: tuple[str, ...]) -> ObjectChange:
    """A change that says what of its manifest the tenant has no place for."""
    return replace(change, why=(Reason("not_held", left), *change.why)) if left else change


def _find_unmoved(desired: Desired, kind: Kind, resource: Resource, held: Held) -> Unmoved | None:
    """Why an object cannot be renamed that had another name before; None where it can be, or need not be."""
    told = _find_renaming(desired, kind, resource, held)
    return told if told is not None and told.refused else None


def _find_renaming(desired: Desired, kind: Kind, resource: Resource, held: Held) -> Unmoved | None:
    names, name = kind.earlier_names(resource), kind.live_name(resource)
    return find_unmoved(name, names, held, desired.settings.name) if names else None


def list_notices(desired: Desired, live: Live) -> Iterator[Notice]:
    """What a person should know of what was renamed or released before: what says so can go."""
    for kind in load_kinds().values():
        held = Held(live.objects.get(kind.name, {}).values())
        for resource in desired.catalogue.of_kind(kind.name):
            told = _find_renaming(desired, kind, resource, held)
            if told is not None and not told.refused:
                olds = " and ".join(f"{old!a}" for old in told.earlier)
                words = (
                    f"it is called {told.name!a} in the tenant, which has no {olds} any more: `was` can be taken out"
                )
                where = str(resource.where("spec", "was"))
                args = {"object": str(resource.address), "name": told.name, "earlier": list(told.earlier)}
                yield Notice("rename_done", f"{resource.address}: {words} ({where})", {**args, "where": where})
    for resource in desired.released:
        yield from released_objects.describe_released(desired, live, resource)
    yield from released_objects.check_released_names(desired, live)


def make_creation(resource: Resource, fields: Mapping[str, Any], surface: Wire) -> ObjectChange:
    """An object that is made with these live fields."""
    later, plain = _split_fields(fields)
    return ObjectChange(
        address=resource.address,
        name=fields["name"],
        action=Action.CREATE,
        before=None,
        after=plain,
        declared=plain,
        fields=tuple(FieldChange(name, None, value) for name, value in _flatten(plain)),
        later={name: value.why for name, value in later.items()},
        seconds_later={name: value.seconds for name, value in later.items()},
        references=surface.list_references(plain),
        why=(Reason("absent"),),
        unadopted=_declines(resource),
        protected=find_protection(resource),
    )


def _declines(resource: Resource) -> bool:
    """Whether a manifest says that its object is not to be taken over."""
    return resource.spec.get("adopt") is False


def find_protection(resource: Resource) -> str | None:
    """The place at which a manifest says that its object is protected."""
    return str(resource.where("spec", "protect")) if resource.spec.get("protect") is True else None


def add_alike(changes: Iterable[ObjectChange], live: Live) -> Iterator[ObjectChange]:
    """Changes, with the live objects that people would take for theirs.

    Of one that is made those count, too, whose names differ only by case; one that is there has its own name, and only
    those count that nobody can tell from it.
    """
    looks: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for kind, held in live.objects.items():
        for name, each in held.items():
            own = str(each.fields.get("name", name))
            looks.setdefault((kind, text_folding.normalise_name(own)), []).append((name, each.id))
    for change in changes:
        found = looks.get((change.address.kind, text_folding.normalise_name(change.name)), ())
        if change.action is not Action.CREATE and change.previous is None:
            found = [
                each
                for each in found
                if text_folding.strip_invisible(each[0]) == text_folding.strip_invisible(change.name)
            ]
        others = any(name != change.name for name, _ in found)
        yield replace(change, alike=tuple(sorted(found))) if others and change.action is not Action.DELETE else change


def make_update(
    kind: Kind, resource: Resource, fields: Mapping[str, Any], surface: Wire, found: LiveObject
) -> ObjectChange:
    """An object that is there, and what of these live fields is written to it."""
    _, wanted = _split_fields(fields)
    held = found.fields
    differing = {name: value for name, value in wanted.items() if not kind.as_declared(name, held.get(name), value)}
    written = {name: _overlay(held.get(name), value) for name, value in differing.items()}
    after = {**held, **written}
    nobodys = found.owner is None and surface.writable
    adopts, unadopted = nobodys and not _declines(resource), nobodys and _declines(resource)
    changed = tuple(field_changes.changed(found.fields, after)) if written else ()
    why = [Reason("differs")] if changed else []
    if adopts:
        why.append(Reason("adopted"))
    if unadopted:
        why.append(Reason("not_adopted"))
    return ObjectChange(
        address=resource.address,
        name=found.name,
        action=Action.UPDATE if written or adopts else Action.NO_OP,
        before=found.fields,
        after=after,
        declared=written,
        fields=changed,
        adopts=adopts,
        owner=found.owner,
        references=surface.list_references(after),
        releases=surface.list_references(found.fields),
        precondition=found.digest(),
        previous=name_of(found) if name_of(found) != fields["name"] else None,
        why=tuple(why) or (Reason("as_declared"),),
        unadopted=unadopted,
        protected=find_protection(resource),
    )


def _make_replacement(
    update: ObjectChange,
    fields: Mapping[str, Any],
    stuck: tuple[str, ...],
    behaviour: ReplaceBehaviour,
    surface: Wire,
    live: Live,
) -> ObjectChange:
    """The object replaced, under its name, with what is declared and all else that the old one has."""
    before = update.before or {}
    later, wanted = _split_fields(fields)
    # in our words: what the tenant calls it now, nothing is made with
    whole = {**(update.after or {}), **{name: _overlay(before.get(name), value) for name, value in wanted.items()}}
    after = {name: value for name, value in behaviour.fields(whole).items() if name not in later}
    found = [live.find(*each) for each in update.releases]
    sizes = [each.size for each in found if each is not None and each.size is not None]
    old = live.find(update.address.kind, update.name)
    return replace(
        update,
        action=Action.REPLACE,
        after=after,
        declared=after,
        fields=tuple(
            field_changes.changed({name: value for name, value in before.items() if name not in later}, after)
        ),
        later={name: value.why for name, value in later.items()},
        seconds_later={name: value.seconds for name, value in later.items()},
        references=surface.list_references(after),
        replacement=Replacement(
            stuck,
            sum(sizes) if sizes else None,
            old.statistics.attempts if old is not None and old.statistics is not None else None,
            behaviour.downtime(before, after, later),
        ),
        why=(*update.why, Reason("unchangeable", stuck)),
    )


def _split_fields(fields: Mapping[str, Any]) -> tuple[dict[str, Later], dict[str, Any]]:
    """What is fixed when the object is created, and the rest."""
    later = {name: value for name, value in fields.items() if isinstance(value, Later)}
    return later, {name: value for name, value in fields.items() if name not in later}


def _overlay(live: Any, wanted: Any) -> Any:
    """What is declared, over what is live: inside a mapping, too, only declared keys count."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        return {**live, **{key: _overlay(live.get(key), value) for key, value in wanted.items()}}
    return wanted


def _flatten(fields: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in fields.items():
        if isinstance(value, Mapping):
            yield from _flatten(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
