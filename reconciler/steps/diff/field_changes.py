"""List the fields of an object that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Number
from typing import Any

from reconciler.model.object_change import FieldChange


def changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    """The fields that differ between two objects, by their paths; of lists, each item.

    What is not there on one side is None on that one.
    """
    for path, was, is_now in sorted(_differing(before, after, ()), key=lambda each: each[0]):
        yield FieldChange(".".join(path), was, is_now)


_Difference = tuple[tuple[str, ...], Any, Any]


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[_Difference]:
    for name in {**before, **after}:
        here, was, is_now = (*path, str(name)), before.get(name), after.get(name)
        if name not in before or name not in after:
            yield here, was, is_now
        elif isinstance(was, Mapping) and isinstance(is_now, Mapping):
            yield from _differing(was, is_now, here)
        elif isinstance(was, list | tuple) and isinstance(is_now, list | tuple):
            yield from _differing_items(was, is_now, here) if was != is_now else ()
        elif not _same(was, is_now):
            yield here, was, is_now


def _same(was: Any, is_now: Any) -> bool:
    """Whether two values are one: 3 is 3.0, as far as a tenant keeps them, and a text is no number."""
    if isinstance(was, Number) and isinstance(is_now, Number):
        return was == is_now or f"{was:.12f}" == f"{is_now:.12f}"
    return type(was) is type(is_now) and bool(was == is_now)


def _differing_items(was: Sequence[Any], is_now: Sequence[Any], path: tuple[str, ...]) -> Iterator[_Difference]:
    # slow to import, as it brings in pandas where that is installed: what has no lists does without
    from deepdiff import DeepDiff, Delta

    found = DeepDiff(list(was), list(is_now), verbose_level=2, ignore_numeric_type_changes=True)
    for row in Delta(found, bidirectional=True).to_flat_rows():
        here = (*path, *(str(part) for part in row.path))
        match row.action:
            case "dictionary_item_added":
                yield here, None, row.value
            case "dictionary_item_removed":
                yield here, row.value, None
            case _:
                yield here, row.old_value, row.value
