# tested by: tests/steps/load/test_refusals.py
"""Shorten enumerations and format counts in texts for people."""

from __future__ import annotations

from collections.abc import Sequence

MOST = 12
"""How many names a sentence has."""


def count_shown(count: int, most: int) -> int:
    """How many of `count` are shown where `most` are to be: one alone is not hidden, as saying so takes its room."""
    return most + 1 if count == most + 1 else most


def shorten_list(names: Sequence[str], most: int = MOST) -> str:
    """The first names in their order, and how many more there are."""
    shown = names[: count_shown(len(names), most)]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more:,} more" if more else "")


def format_count(count: int, noun: str, plural: str | None = None) -> str:
    """A number of things, as a sentence has it: `1 entry`, `1,200 entries`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"
