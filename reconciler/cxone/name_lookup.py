# tested by: tests/cxone/test_statistics.py
"""Find the object that a name means, where several look alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from reconciler.model import text_folding
from reconciler.model.live_state import LiveObject

seen = text_folding.strip_invisible
"""A name as people see it: case counts, what is not displayed does not."""


def split_alike(objects: Sequence[LiveObject], known: set[str]) -> list[LiveObject]:
    """Objects of one kind, each by a name of its own: of those with one name each is told with its id.

    `known`: the ids of those that were told so before, and are from now on. Once one of two is gone the other is still
    called what a plan calls it.
    """
    names = Counter(each.name for each in objects)
    known.update(each.id for each in objects if names[each.name] > 1)
    return [replace(each, name=f"{each.name} (id {each.id})") if each.id in known else each for each in objects]


def find_alike(objects: Iterable[LiveObject]) -> dict[str, list[LiveObject]]:
    """Objects of one kind by their names as people see them, in the order of their ids."""
    found: dict[str, list[LiveObject]] = {}
    for each in sorted(objects, key=lambda each: each.id):
        found.setdefault(seen(str(each.fields["name"])), []).append(each)
    return found


def describe_alike(objects: Iterable[LiveObject]) -> str:
    """Their names to the letter, and their ids."""
    return " and ".join(f"{each.fields['name']!a} (id {each.id})" for each in objects)
