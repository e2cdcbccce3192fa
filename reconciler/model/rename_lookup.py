# tested by: tests/cli/test_renaming.py
"""Find the live object that a manifest with `was` renames.

An object of ours whose manifest gives it another name is one object, and not two: inside it goes by the name that is
declared, and `fields["name"]` is what the tenant calls it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from reconciler.model import text_folding
from reconciler.model.live_state import LiveObject
from reconciler.model.object_change import Unmoved

Earlier = Mapping[str, Sequence[str]]
"""Of each declared name of a kind that has some, the names that its object may have had before."""


def name_of(found: LiveObject) -> str:
    """What the tenant calls an object."""
    return str(found.fields.get("name", found.name))


class Held:
    """Objects of one kind, to be found by what the tenant calls them."""

    def __init__(self, objects: Iterable[LiveObject]) -> None:
        self._named: dict[str, list[LiveObject]] = {}
        self._looks: dict[str, list[LiveObject]] = {}
        for each in objects:
            self._named.setdefault(name_of(each), []).append(each)
            self._looks.setdefault(text_folding.normalise_name(name_of(each)), []).append(each)

    def find_named(self, name: str) -> Sequence[LiveObject]:
        """Those of a name, to the letter."""
        return self._named.get(name, ())

    def find_by_earlier(self, name: str, earlier: Sequence[str]) -> Sequence[LiveObject]:
        """Those that have one of the earlier names; where none has, those whose names only look the same."""
        exact = [each for old in earlier if old != name for each in self._named.get(old, ())]
        looks = dict.fromkeys(text_folding.normalise_name(old) for old in earlier)
        alike = [each for look in looks for each in self._looks.get(look, ()) if name_of(each) != name]
        return exact or alike


def rename_ours(objects: Sequence[LiveObject], earlier: Earlier, owner: str) -> list[LiveObject]:
    """The objects, those of ours that are to be renamed by the names that they are to have.

    One of which it cannot be said without doubt that it is meant keeps its own.
    """
    held, moves = Held(objects), {}
    for name, olds in earlier.items():
        found = held.find_by_earlier(name, olds)
        if not held.find_named(name) and len(found) == 1 and found[0].owner == owner:
            moves[found[0].id] = name
    return [replace(each, name=moves.get(each.id, each.name)) for each in objects]


def find_unmoved(name: str, earlier: Sequence[str], held: Held, owner: str) -> Unmoved | None:
    """What is to be said of an object that is not renamed; None where it is, or the tenant has none of these names."""
    there, before = held.find_named(name), held.find_by_earlier(name, earlier)
    if not before:
        return Unmoved("gone", name, tuple(earlier)) if there else None
    several = (*there, *before)
    if len(several) == 1 and before[0].owner == owner:
        return None
    objects = tuple((name_of(each), each.id, each.owner) for each in several)
    return Unmoved("several" if len(several) > 1 else "foreign", name, tuple(earlier), objects)
