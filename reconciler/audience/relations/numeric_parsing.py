# tested by: tests/audience/relations/test_relations.py
"""Parse numeric values from text, the same on every engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis import Column

NUMBER = r"^\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?\s*$"
"""A number as people, JSON and spreadsheets write it."""


_LARGEST = 1e13


def parse_hundredths(score: Column) -> Column:
    """A score in whole hundredths; null where it is no number."""
    # floor(x + ½) is the same on every engine; their own rounding of halves is not
    return (parse_number(score) * 100 + 0.5).floor().cast("int64")


def round_whole(value: Column) -> Column:
    """A number in whole units; null where it is none."""
    return (parse_number(value) + 0.5).floor().cast("int64")


def parse_number(value: Column) -> Column:
    """A number that may be written as text; null where it is none to us: `1f`, `1_000` and `NaN` are to some engine."""
    import ibis

    if value.type().is_string():
        value = ibis.ifelse(value.re_search(NUMBER), value, ibis.null("string"))
    number = value.try_cast("float64")
    # beyond this hundredths are not exact; NaN is above everything, and so beyond it
    return ibis.ifelse(number.abs() < _LARGEST, number, ibis.null("float64"))
