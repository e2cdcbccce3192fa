"""Keep figures of few people from being told, by themselves or as the difference of two that are."""

from __future__ import annotations

from collections.abc import Iterable

FEWEST = 10
"""A figure is of at least so many people, or of none."""


def show_count(many: int) -> int | None:
    """A count as it may be told; None: it is of fewer people than may be spoken of."""
    return many if many == 0 or many >= FEWEST else None


def show_within(part: int, whole: int) -> tuple[int | None, int | None]:
    """A count and a wider one that it is part of: the wider one is not told where the rest would be of too few."""
    shown = show_count(part)
    if shown is not None and show_count(whole - part) is None:
        return shown, None
    return shown, show_count(whole)


def blur_counts(counts: Iterable[int]) -> tuple[int, ...]:
    """Counts to the nearest ten, and none of too few: whatever they are taken from, what is left is no exact figure."""
    return tuple((many + 5) // 10 * 10 if many >= FEWEST else 0 for many in counts)
