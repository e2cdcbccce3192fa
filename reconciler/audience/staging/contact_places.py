# tested by: tests/audience/campaigns/test_audience_by_place.py
"""Work out where a person may be, by number and address.

What the number and the address leave open is taken together. What an address says and cannot be read does not make it
less: then all the zones of the number's country hold, and of the address's.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeVar

from reconciler.audience.staging import geography, postal_codes
from reconciler.audience.staging.time_zone_lookup import resolve_zones
from reconciler.model.countries import find_country as country_of
from reconciler.model.weekly_calendar import load_zones as known_zones
from reconciler.model.weekly_calendar import resolve_zone

Found = TypeVar("Found")

COLUMNS = ("region", "postalCode", "timezone")
"""The columns of a source that say where somebody is, as manifests map them."""


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What is known of somebody.

    Attributes:
        country: of the number, where a pattern says it. key: its first digits.
        place: the country of the address, as it is written. code: its postal code, as `postcodes` keeps it.
        clock: its time zone, as it is written. Blank is null.
    """

    country: str | None
    key: str | None
    place: str | None
    code: str | None
    clock: str | None


@dataclass(frozen=True, slots=True)
class Places:
    """Where somebody may be.

    Attributes:
        country: of the number; None: of no country. regions, zones, assumed: as `Place` has them.
        unread: which of `COLUMNS` say something that cannot be read.
    """

    country: str | None
    regions: tuple[str, ...]
    zones: tuple[str, ...]
    assumed: bool
    unread: frozenset[str]


def find_places(told: PlaceFacts) -> Places:
    """Every place, and every zone, that a number and an address leave open."""
    country = told.country or _find_longest(told.key, geography.list_single_countries(), (3, 2, 1))
    home = None if told.place is None else country_of(told.place)
    unread = set() if told.place is None or home is not None else {"region"}
    own = home or country
    states: frozenset[str] = frozenset()
    if told.code is not None and own in postal_codes.CODED:
        states, _ = postal_codes.load_places(told.code, own)
        if not states:
            unread.add("postalCode")
    clock: frozenset[str] = frozenset()
    if told.clock is not None:
        clock = resolve_zones(told.clock, tuple(sorted(each for each in {country, home} if each is not None)))
        if not clock:
            unread.add("timezone")
    zones = _find_zones_by_number(country, told.key)
    by_address = _find_zones_by_address(country, home, states, clock)
    assumed = not (unread or zones or by_address)
    together = zones | by_address
    if assumed or unread:
        together |= {zone for each in (country, home) if each is not None for zone in geography.find_zones(each)}
    return Places(
        country,
        _list_regions(country, _find_longest(told.key, _load_area_codes(), (4,)), home, states),
        tuple(sorted(together)),
        assumed and bool(together),
        frozenset(unread),
    )


def _find_zones_by_number(country: str | None, key: str | None) -> frozenset[str]:
    """The zones that a number leaves open; none where they are too many to mean anything."""
    zones = (
        ()
        if country is None
        else _find_longest(key, geography.load_zones(), range(geography.find_longest_prefix(), 0, -1)) or ()
    )
    known = frozenset(zone for zone in zones if zone in known_zones())
    return known if len(zones) <= geography.MOST_ZONES and len(known) == len(zones) else frozenset()


def _find_zones_by_address(
    country: str | None, home: str | None, states: frozenset[str], clock: frozenset[str]
) -> frozenset[str]:
    """The zones that an address leaves open: those that it names, and those of a state that has none of these."""
    there = frozenset(zone for each in states for zone in geography.find_zones(each))
    if clock:
        agree = {resolve_zone(zone) for zone in clock} & {resolve_zone(zone) for zone in there}
        return clock if agree or not there else clock | there
    if there:
        abroad = home is not None and home != country and not any(each[:2] == home for each in states)
        return there | (frozenset(geography.find_zones(home)) if abroad and home is not None else frozenset())
    if home is not None and home != country:
        return frozenset(geography.find_zones(home))
    return frozenset()


def _list_regions(country: str | None, area: str | None, home: str | None, states: Iterable[str]) -> tuple[str, ...]:
    """Every place whose law may count; not a whole country beside its state."""
    named = {each for each in (country, home) if each is not None}
    by_number = {each for each in (area or "").split() if each[:2] in named}
    places = by_number | set(states)
    wholes = {each for each in named if not any(place[:2] == each for place in places)}
    return tuple(sorted(places | wholes))


@cache
def _load_area_codes() -> Mapping[str, str]:
    """States by the first digits of their numbers; where several have one area code all, with a space between."""
    named: dict[str, list[str]] = {}
    for name, area in geography.load_areas().items():
        for code in area.codes:
            named.setdefault(f"1{code}", []).append(name)
    return {prefix: " ".join(sorted(names)) for prefix, names in named.items()}


def _find_longest(text: str | None, table: Mapping[str, Found], sizes: Iterable[int] | Sequence[int]) -> Found | None:
    """What a table has under the longest prefix that a text begins with."""
    if text is None:
        return None
    return next((table[text[:size]] for size in sizes if text[:size] in table), None)
