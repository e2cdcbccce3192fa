# tested by: tests/cli/test_rollback.py
"""Say what of the tenant's objects goes back to what a run found, and what stays and why. Pure.

A field goes back where it still is as the run left it. Whatever was changed since, by a later run or by hand, stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.kind import Kind, holds
from reconciler.model.live_state import Live, LiveObject
from reconciler.model.notice import Notice
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.reason import Reason
from reconciler.model.resource import Resource
from reconciler.model.run_reversal import Reversal
from reconciler.model.segment_membership import Members
from reconciler.model.surface_wire import Wire
from reconciler.steps.diff import object_diff

_WHY = {
    "changed": "it was changed since, by hand or by somebody else's program",
    "later": "run {run} changed it since: roll that one back first",
    "gone": "the tenant has it no more",
    "there_again": "the tenant has one of its name again",
    "foreign": "it does not carry this workspace's mark",
    "protected": "it is protected ({run})",
    "protects": "it keeps people from being called, and no rollback weakens that",
    "used": "{run} works with it",
    "renamed": "a name is not taken back: set `name` and `was` in its manifest",
    "unset": "it had no value, and the tenant takes none away",
    "adopted": "an adoption is not taken back: `--release` it",
    "no_surface": "the tenant's surfaces do not make, delete or tell such objects",
}
"""Why something stays as it is, in words; `run` is what the words are about."""


def diff_back(desired: Desired, back: Reversal, live: Live) -> tuple[list[ObjectChange], list[Notice]]:
    """What goes back, and what a person should know of what does not."""
    found = list(_iter_back(desired, back, live))
    changes = [each for each in found if isinstance(each, ObjectChange)]
    notices = [_tell_rollback(back), *(each for each in found if isinstance(each, Notice)), *_list_kept(back)]
    used = dict(_iter_used(changes, live))
    kept = [each for each in changes if (each.address.kind, each.name) not in used]
    notices += [
        _leave(each, "used", run=used[key]) for each in changes if (key := (each.address.kind, each.name)) in used
    ]
    return list(object_diff.add_alike(kept, live)), notices


def list_strange_lists(members: Members, back: Reversal) -> Iterator[Notice]:
    """Lists that the run changed and that no segment fills any more: who may be on them, nobody says."""
    filled = {(each.segment.part(target), target.list) for each in members for target in each.segment.targets}
    for change in back.rows:
        if change.total and (change.address, change.list) not in filled:
            words = f"{change.total:,} contacts of list {change.list!r} stay as they are: no manifest says any more who"
            told = {"list": change.list, "count": change.total, "why": "undeclared"}
            yield Notice("rollback_contacts_left", f"{words} may be on it", told)


def _tell_rollback(back: Reversal) -> Notice:
    partly = "" if back.whole else ", as far as it got"
    words = f"this plan goes back to what run {back.run} found{partly}; the manifests still declare the rest: "
    return Notice("rollback", words + "the next plan of them would undo it", {"run": back.run, "whole": back.whole})


def _list_kept(back: Reversal) -> Iterator[Notice]:
    if back.outcomes or back.numbers:
        words = (
            f"{back.outcomes:,} outcomes that the run set, and {back.numbers:,} numbers that it added to do-not-call"
        )
        told = {"outcomes": back.outcomes, "numbers": back.numbers}
        yield Notice("rollback_kept", f"{words} lists, stay: neither is taken back", told)


def _iter_back(desired: Desired, back: Reversal, live: Live) -> Iterator[ObjectChange | Notice]:
    for change in back.objects:
        kind = load_kinds()[change.address.kind]
        surface = kind.surface(live.surfaces)
        if surface is None or not surface.writable or kind.name not in live.objects:
            yield _leave(change, "no_surface")
        elif kind.protects:
            yield _leave(change, "protects")
        elif change.action is Action.CREATE:
            yield from _unmake(desired, back, live, change, kind, surface)
        elif change.action is Action.DELETE:
            yield from _make_again(desired, back, live, change, surface)
        else:
            yield from _set_back(desired, back, live, change, kind, surface)


def _leave(change: ObjectChange, why: str, *, what: str = "", run: str = "") -> Notice:
    words = f"{change.address}{f' {what}' if what else ''} is not taken back: {_WHY[why].format(run=run)}"
    told = {"object": str(change.address), "field": what or None, "why": why, "about": run or None}
    return Notice("rollback_left", words, told)


def _find_resource(desired: Desired, change: ObjectChange) -> Resource:
    """The manifest of an object; where none declares it any more, one that says nothing."""
    return desired.catalogue.resources.get(change.address) or Resource(change.address, {})


def _find_protection(desired: Desired, change: ObjectChange, live: Live) -> str | None:
    told = object_diff.find_protection(_find_resource(desired, change))
    known = {} if live.applied is None else live.applied.protected
    return told or known.get(f"{change.address.kind}/{change.name}")


def _unmake(
    desired: Desired, back: Reversal, live: Live, change: ObjectChange, kind: Kind, surface: Wire
) -> Iterator[ObjectChange | Notice]:
    """What the run made goes as `--prune` would delete it, unless it is another by now."""
    found = live.find(kind.name, change.name)
    if found is None:
        return
    made = change.after or {}
    later = back.find_later((kind.name, change.name))
    differing = [name for name, value in made.items() if not kind.as_declared(name, found.fields.get(name), value)]
    protected = _find_protection(desired, change, live)
    if found.owner != desired.settings.name:
        yield _leave(change, "foreign")
    elif later is not None:
        yield _leave(change, "later", run=later)
    elif differing:
        yield _leave(change, "changed", what=", ".join(sorted(differing)))
    elif protected is not None:
        yield _leave(change, "protected", run=protected)
    elif not surface.deletes:
        yield _leave(change, "no_surface")
    else:
        inactive = (Reason("made_inactive"),) if surface.requests.inactive else ()
        yield ObjectChange(
            address=change.address,
            name=found.name,
            action=Action.DELETE,
            before=found.fields,
            after=None,
            owner=found.owner,
            releases=surface.list_references(found.fields),
            precondition=found.digest(),
            why=(*inactive, Reason("rolled_back", (back.run,))),
        )


def _make_again(
    desired: Desired, back: Reversal, live: Live, change: ObjectChange, surface: Wire
) -> Iterator[ObjectChange | Notice]:
    """What the run deleted is made again with the fields that it had: another object, of which nobody knows more."""
    kind = load_kinds()[change.address.kind]
    if live.find(kind.name, change.name) is not None:
        later = back.find_later((kind.name, change.name))
        yield _leave(change, "there_again" if later is None else "later", run=later or "")
        return
    held = change.before or {}
    fields = {name: value for name, value in held.items() if surface.holds is None or name in {*surface.holds, "name"}}
    made = object_diff.make_creation(_find_resource(desired, change), fields, surface)
    yield replace(made, why=(Reason("rolled_back", (back.run,)),))
    words = f"{change.address} is made again as it was, and is another object: its id, its calls and who was on it"
    yield Notice("rollback_lost", f"{words} are lost", {"object": str(change.address)})


def _set_back(
    desired: Desired, back: Reversal, live: Live, change: ObjectChange, kind: Kind, surface: Wire
) -> Iterator[ObjectChange | Notice]:
    """The fields that the run changed go back, each where it still is as the run left it."""
    found = live.find(kind.name, str((change.after or {}).get("name", change.name))) or live.find(
        kind.name, change.name
    )
    if found is None:
        yield _leave(change, "gone")
        return
    released = change.action is Action.RELEASE
    if found.owner != desired.settings.name and not (released and found.owner is None):
        yield _leave(change, "foreign")
        return
    if change.adopts:
        yield _leave(change, "adopted")
    wanted: dict[str, Any] = {}
    for path, value, why in _iter_fields(kind, found, change):
        later = back.find_later((kind.name, found.name), path)
        if why is not None:
            told = "later" if why == "changed" and later is not None else why
            yield _leave(change, told, what=path, run=later or "")
        elif later is not None:
            yield _leave(change, "later", what=path, run=later)
        else:
            _lay_in(wanted, tuple(path.split(".")), value)
    if not wanted and not (released and found.owner is None):
        return
    fields = {"name": found.fields.get("name", found.name), **wanted}
    resource = _find_resource(desired, change)
    update = object_diff.make_update(kind, resource, fields, surface, found)
    whole = object_diff.replace_stuck(kind, fields, surface, update, live)
    yield replace(whole, why=(*whole.why, Reason("rolled_back", (back.run,))))


def _iter_fields(kind: Kind, found: LiveObject, change: ObjectChange) -> Iterator[tuple[str, Any, str | None]]:
    """Each field that the run changed and that is not as before: its path, its value then, and why it stays if so."""
    before, after = change.before or {}, change.after or {}
    for name in {**before, **after}:
        if before.get(name) != after.get(name) and name not in change.later:
            yield from _go_back(kind, name, (name,), found.fields.get(name), before.get(name), after.get(name))


def _go_back(
    kind: Kind, name: str, path: tuple[str, ...], now: Any, before: Any, after: Any
) -> Iterator[tuple[str, Any, str | None]]:
    if all(isinstance(each, Mapping) for each in (now, before, after)):
        for key in {**before, **after}:
            if before.get(key) != after.get(key):
                yield from _go_back(kind, name, (*path, str(key)), now.get(key), before.get(key), after.get(key))
        return
    told = ".".join(path)
    if _is(kind, path, now, before):
        return
    if name == "name":
        yield told, before, "renamed"
    elif not _is(kind, path, now, after):
        yield told, before, "changed"
    elif before is None:
        yield told, before, "unset"
    else:
        yield told, before, None


def _is(kind: Kind, path: tuple[str, ...], live: Any, value: Any) -> bool:
    if live is None or value is None:
        return live is None and value is None
    return kind.as_declared(path[0], live, value) if len(path) == 1 else holds(live, value)


def _lay_in(wanted: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        wanted = wanted.setdefault(key, {})
    wanted[path[-1]] = value


def _iter_used(changes: list[ObjectChange], live: Live) -> Iterator[tuple[tuple[str, str], str]]:
    """What would be deleted, and an object that works with it, stays, and does not let go of it."""
    gone = {(each.address.kind, each.name) for each in changes if each.action is Action.DELETE}
    after = {(each.address.kind, each.name): each.references for each in changes if each.action is not Action.DELETE}
    for kind in load_kinds().values():
        surface = kind.surface(live.surfaces)
        for name, found in live.objects.get(kind.name, {}).items():
            mine = (kind.name, name)
            if mine in gone or surface is None:
                continue
            held = after.get(mine, surface.list_references(found.fields))
            yield from ((each, f"{kind.name} {name!r}") for each in held if each in gone)
