# tested by: tests/properties/test_values.py
"""Define abandonment ceilings, and choose the strictest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ELSEWHERE = "*"
"""Stands for every country that has no ceiling of its own, and for numbers of no known country."""


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The highest threshold that a campaign may have for contacts of one place.

    Attributes:
        percent: of what `measured` says. measured: which calls, over which time, in words.
        source: who says so: a citation, or the manifest that names it.
        internal: whether it is a caution of this tool's, or of the workspace's, and no number of the law.
    """

    percent: float
    measured: str
    source: str
    internal: bool = False


def find_strictest(place: str, *several: Mapping[str, Ceiling]) -> Ceiling | None:
    """The lowest ceiling of a place among several sets of them; the first of equal ones.

    A set that says nothing of the place has what it says of `*`.
    """
    found = [each for each in (ceilings.get(place, ceilings.get(ELSEWHERE)) for ceilings in several) if each]
    return min(found, key=lambda each: each.percent, default=None)


def merge_ceilings(*several: Mapping[str, Ceiling]) -> dict[str, Ceiling]:
    """One set of ceilings that is as strict as each of several."""
    places = {place for ceilings in several for place in ceilings}
    found = {place: find_strictest(place, *several) for place in sorted(places)}
    return {place: ceiling for place, ceiling in found.items() if ceiling is not None}
