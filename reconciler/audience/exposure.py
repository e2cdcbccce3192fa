"""Whom would a list's campaign call: how many people in which country, and where may they be?

One pass over a list. What is looked up is looked up of groups: of the first digits of numbers, and of addresses. A list
is grouped by expressions that are the same on every engine, and a short one without asking an engine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from reconciler.audience import sources, territory
from reconciler.model.exposure import Exposure, Place

Found = TypeVar("Found")

_CHUNK = 10_000
_BLANK = " \t\n\r\v\f"
_POSTAL = ((r"^[0-9]{5}", 3), (r"^[A-Za-z][0-9][A-Za-z]", 1))
"""What postal codes of the US and Canada look like, and how much of one says in which state an address is."""


FEW = 2_000
"""People of a list, at most, who are told one by one: for so few an engine would take longer to be asked."""

Group = tuple[str | None, str | None, str | None, str | None, str | None, int]
"""Of a number the country as a pattern says it, and its first digits; of an address its country, the beginning of its
postal code, and its zone; and how many people."""


def exposure(backend: Any, people: Any) -> Exposure:
    """Count the people of one list.

    Args:
        people: a row for each contact, with the text columns `e164` (its number, or null), `country` (that of its
            address, ISO 3166-1 alpha-2), `postalCode` and `timezone` (an IANA name), each null where it is not known.
    """
    first = people.select("e164", "country", "postalCode", "timezone").limit(FEW + 1)
    some = [row for chunk in sources.stream(backend, first, _CHUNK) for row in chunk]
    if len(some) <= FEW:
        return _summed(_one(*row) for row in some)
    return _summed(row for chunk in sources.stream(backend, _grouped(people), _CHUNK) for row in chunk)


def _one(number: str | None, place: str | None, code: str | None, clock: str | None) -> Group:
    """One person as a group: as `_grouped` would have it."""
    told = key = None
    if number is not None:
        shared = (each for each in territory.shared() if number.startswith(f"+{each.code}"))
        told = next((each.name for each in shared if re.search(each.pattern, number)), None)
        spread = (each for each in territory.spread() if number.startswith(f"+{each.code}"))
        adrift = next((str(each.code) for each in spread if not re.search(each.local, number)), None)
        plus_one = number.startswith("+1")
        key = number[1 : 1 + territory.longest("1")] if plus_one else adrift or number[1 : 1 + territory.longest()]
    place, code = (None if text is None else text.strip(_BLANK) for text in (place, code))
    home = place.upper() if place is not None and re.fullmatch("[A-Za-z]{2}", place) else None
    starts = (size for pattern, size in _POSTAL if code is not None and re.search(pattern, code))
    size = next(starts, None)
    return told, key, home, None if code is None or size is None else code[:size].upper(), clock, 1


def _grouped(people: Any) -> Any:
    """People counted by what is looked up: the country where a pattern says it, the digits, and the address."""
    import ibis

    number = people["e164"]
    country = ibis.cases(
        *(
            (number.startswith(f"+{each.code}") & number.re_search(each.pattern), each.name)
            for each in territory.shared()
        ),
        else_=ibis.null("string"),
    )
    adrift = [
        (number.startswith(f"+{each.code}") & ~number.re_search(each.local), str(each.code))
        for each in territory.spread()
    ]
    code = people["postalCode"].strip()
    starts = [(code.re_search(pattern), code.left(size).upper()) for pattern, size in _POSTAL]
    digits, place = number.substr(1, territory.longest()), people["country"].strip()
    named = people.mutate(
        told=country,
        # of +1 no entry is longer
        key=ibis.cases((number.startswith("+1"), number.substr(1, territory.longest("1"))), *adrift, else_=digits),
        # what is not plain is left out before it is put in capitals: engines differ there
        home=ibis.ifelse(place.re_search("^[A-Za-z]{2}$"), place.upper(), ibis.null("string")),
        code=ibis.cases(*starts, else_=ibis.null("string")),
    )
    by = ["told", "key", "home", "code", "timezone"]
    return named.group_by(by).agg(people=named.count())


@cache
def _area_codes() -> Mapping[str, str]:
    """States by the first digits of their numbers; where two have one area code both, with a space between."""
    return _one_each((f"1{code}", name) for name, area in territory.areas().items() for code in area.codes)


@cache
def _postal_codes() -> Mapping[str, str]:
    """States by the country and how their postal codes begin."""
    return _one_each((f"{name[:2]}{start}", name) for name, area in territory.areas().items() for start in area.postal)


def _one_each(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    named: dict[str, list[str]] = {}
    for prefix, name in pairs:
        named.setdefault(prefix, []).append(name)
    return {prefix: " ".join(sorted(names)) for prefix, names in named.items()}


def _longest(text: str | None, table: Mapping[str, Found], sizes: Iterable[int]) -> Found | None:
    """What a table has under the longest prefix that a text begins with."""
    if text is None:
        return None
    return next((table[text[:size]] for size in sizes if text[:size] in table), None)


def _summed(groups: Iterable[Group]) -> Exposure:
    """Groups of people as an exposure."""
    countries: Counter[str] = Counter()
    places: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    unknown = 0
    for told, key, place, code, clock, people in groups:
        country = told or _longest(key, territory.alone(), (3, 2, 1))
        zones = _longest(key, territory.zones(), range(territory.longest(), 0, -1)) or ()
        area = _longest(key, _area_codes(), (4,))
        # an address without a country is taken to be in that of the number
        home = place or country
        start = None if home is None or code is None else home + code
        state = _longest(start, _postal_codes(), (5, 3))
        if country is None:
            unknown += people
        else:
            countries[country] += people
        places[_regions(country, area, home, state), _zones(country, zones, home, state, clock)] += people
    return Exposure(
        contacts=sum(places.values()),
        countries=dict(sorted(countries.items(), key=lambda pair: (-pair[1], pair[0]))),
        unknown=unknown,
        places=tuple(
            Place(regions, named, count)
            for (regions, named), count in sorted(places.items(), key=lambda pair: (-pair[1], pair[0]))
        ),
    )


def _regions(country: str | None, area: str | None, home: str | None, state: str | None) -> tuple[str, ...]:
    """Every place whose law may count; not a whole country beside its state."""
    named = {country, home} - {None}
    states = {each for words in (area, state) if words is not None for each in words.split()}
    states = {each for each in states if each[:2] in named}
    wholes = {each for each in named if each is not None and not any(state[:2] == each for state in states)}
    return tuple(sorted(states | wholes))


def _zones(
    country: str | None, zones: Sequence[str], home: str | None, state: str | None, clock: str | None
) -> tuple[str, ...]:
    """Every zone that the number and the address leave open; none where they leave too many."""
    by_number = () if country is None else _few(zones)
    if clock is not None and _known(clock):
        by_address: tuple[str, ...] = (clock,)
    elif state is not None:
        by_address = tuple(sorted({zone for each in state.split() for zone in territory.zones_of(each)}))
    elif home is not None and home != country:
        by_address = _few(territory.zones_of(home))
    else:
        by_address = ()
    together = tuple(sorted({*by_number, *by_address}))
    return together if all(map(_known, together)) else ()


def _few(zones: Iterable[str]) -> tuple[str, ...]:
    named = tuple(zones)
    return named if len(named) <= territory.MOST_ZONES else ()


@cache
def _known(zone: str) -> bool:
    """Whether this machine knows the time in a zone."""
    try:
        ZoneInfo(zone)
    except (KeyError, OSError, ValueError):  # unknown, no file name, or a way out of the folder
        return False
    return True
