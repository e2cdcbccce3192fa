# tested by: tests/audience/staging/test_consent_and_dnc_conditions.py
"""Parse instants in the texts of a source.

Moments and days are ISO 8601; what is written otherwise (`12/31/2026`, `31.12.2026`) has no order that is known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ibis import Column

CLOCK = r"^\s*(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:[.,]\d+)?\s*"
_OFFSET = r"(?:[Zz]|([+-])([01]\d|2[0-3])(?::?([0-5]\d))?)\s*$"
_TIMED = r"[Tt ]\d\d:\d\d"
_ISO = (
    r"^\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])"
    rf"(?:{_TIMED}(?::\d\d(?:[.,]\d+)?)?\s*(?:[Zz]|[+-]\d\d(?::?\d\d)?)?)?)?)?$"
)
"""A year, a month, a day, or a moment."""
_ZONED = _TIMED + r".*(?:[Zz]|[+-]\d\d(?::?\d\d)?)$"
_DIGIT = r"\p{Nd}"


def parse_utc(text: Column) -> Column:
    """A moment with Z or an offset, moved to UTC; null where it is none. Parts of a second are dropped."""
    return parse_epoch(text).as_timestamp("s").strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_epoch(text: Column) -> Column:
    """The same in whole seconds since 1970 (UTC)."""
    import ibis

    pattern = CLOCK + _OFFSET
    part = [text.re_extract(pattern, number) for number in range(6)]
    clock = (part[1] + " " + part[2]).try_cast("timestamp")
    seconds = part[4].try_cast("int64").fill_null(0) * 3600 + part[5].try_cast("int64").fill_null(0) * 60
    # an offset says how far the clock is ahead of UTC
    return clock.epoch_seconds() + ibis.ifelse(part[3] == "-", seconds, -seconds)


def to_ordered_text(one: Column, other: Column, compare: Callable[[Column, Column], Column]) -> Column:
    """Two texts, without blanks around them, compared by their order; null where that is not known.

    Known is that of days and moments (of two that say their offsets by time; of others letter by letter, by which a day
    begins before all its moments), and that of words without digits, where it is the same in any case. A number as a
    text, or a day in the order of some country, sorts by digits that mean something else.
    """
    import ibis

    iso = one.re_search(_ISO) & other.re_search(_ISO)
    zoned = one.re_search(_ZONED) & other.re_search(_ZONED)
    words = ~one.re_search(_DIGIT) & ~other.re_search(_DIGIT)
    found, folded = compare(one, other), compare(one.lower(), other.lower())
    return ibis.cases(
        (iso & zoned, compare(parse_epoch(one), parse_epoch(other))),
        (iso, compare(_make_plain(one), _make_plain(other))),
        (words & (found == folded), found),
        else_=ibis.null("boolean"),
    )


def _make_plain(moment: Column) -> Column:
    """A moment with `T` between its day and its clock."""
    return moment.re_replace(r"^(.{10})[Tt ]", r"\1T").upper()
