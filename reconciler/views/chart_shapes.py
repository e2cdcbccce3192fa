# tested by: tests/views/test_plan_charts.py
"""Define what a chart is drawn of, and where in it labels have room.

A chart is 360 units wide, which is about what a telephone has in pixels: its letters are as large there as any others.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from reconciler.views.plain_text import cut_middle, reveal

WIDTH = 360.0
"""Units from the left to the right of every chart."""

LETTER = 7.0
"""Units that a letter of a label takes at most, on the average; of scripts whose letters are wide, two of these."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle. `look`: what its class in the style sheet says of its colour."""

    x: float
    y: float
    width: float
    height: float
    look: str
    form: str = "bar"


@dataclass(frozen=True, slots=True)
class Label:
    """A text at its base line. `anchor`: start, middle or end, of it."""

    x: float
    y: float
    text: str
    anchor: str = "start"
    look: str = "label"
    form: str = "label"


@dataclass(frozen=True, slots=True)
class Stroke:
    """A straight line."""

    x: float
    y: float
    x2: float
    y2: float
    look: str
    form: str = "stroke"


@dataclass(frozen=True, slots=True)
class Ribbon:
    """An area that flows from left to right: its path."""

    path: str
    look: str
    form: str = "ribbon"


Shape = Bar | Label | Stroke | Ribbon


@dataclass(frozen=True, slots=True)
class Chart:
    """A picture, what it says in words, and the figures behind it.

    Attributes:
        key: its name in an address. title, description: for who does not see it. legend: looks and what they mean.
        columns, rows: the figures, the first column somebody else's text, whoever's it is.
    """

    key: str
    title: str
    description: str
    height: float
    shapes: tuple[Shape, ...]
    legend: tuple[tuple[str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def fit_label(text: str, units: float) -> str:
    """A text as far as it fits so many units, without what nobody sees."""
    return cut_middle([reveal(each) for each in text], max(3, int(units / LETTER)), _count_letters)


def _count_letters(shown: str) -> int:
    return 2 if len(shown) == 1 and unicodedata.east_asian_width(shown) in "WF" else len(shown)


def round_unit(value: float) -> float:
    """A place to a tenth of a unit, so that every machine writes it alike."""
    return round(value + 0.0, 1)


def scale_length(value: float, most: float, units: float) -> float:
    """How long a bar is; what is not nothing can be seen."""
    if value <= 0 or most <= 0:
        return 0.0
    return round_unit(max(1.0, units * value / most))
