# tested by: tests/views/test_markdown.py
"""Define a section of a plan, whose texts say whose they are: what is somebody else's is never markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text.

    `kind`: `ours`, or `strong`, which is ours too; `name` and `words` are somebody else's: a short text, and a
    sentence with such in it, which may be longer before its middle is left out.
    """

    text: str
    kind: Literal["ours", "strong", "name", "words"] = "ours"


Cell = tuple[Span, ...]
"""A text, of its pieces."""


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a plan.

    Attributes:
        key: its name in an address. title: ours. rows: each a line, with a cell for each column; without columns they
            are the points of a list, of one cell each. folded: whether it is details that few will look at.
    """

    key: str
    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    folded: bool = False


def say(text: str) -> Cell:
    """A text of ours."""
    return (Span(text),)


def stress(text: str) -> Cell:
    """A text of ours that matters more than others."""
    return (Span(text, "strong"),)


def name(text: object) -> Cell:
    """A short text of somebody else."""
    return (Span(str(text), "name"),)


def quote(text: str) -> Cell:
    """A sentence that has texts of somebody else in it."""
    return (Span(text, "words"),)
