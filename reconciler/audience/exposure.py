"""Whom would a list's campaign call: how many people in which country, and where may they be?

One pass over a list. What is looked up is looked up of groups: of the first digits of numbers, and of addresses; the
expressions are the same on every engine.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from reconciler.audience import engine, rough, sources, territory
from reconciler.model.exposure import Exposure, Place

_CHUNK = 10_000
_POSTAL = ((r"^[0-9]{5}", 3), (r"^[A-Za-z][0-9][A-Za-z]", 1))
"""What postal codes of the US and Canada look like, and how much of one says in which state an address is."""


@dataclass(frozen=True, slots=True)
class Tables:
    """What is looked up, as relations: by the first digits of a number, or of an address.

    Attributes:
        codes: prefix, country. zones: prefix, zones (names with a space between). areas: prefix, area.
        postal: prefix (the country, then the code's beginning), state.
    """

    codes: Any
    zones: Any
    areas: Any
    postal: Any


def tables(backend: Any) -> Tables:
    """The tables, in files of the engine's scratch folder."""
    areas = territory.areas().items()
    codes = ((f"1{code}", name) for name, area in areas for code in area.codes)
    postal = ((f"{name[:2]}{start}", name) for name, area in areas for start in area.postal)
    return Tables(
        _table(backend, territory.alone().items(), "country"),
        _table(backend, ((prefix, " ".join(named)) for prefix, named in territory.zones().items()), "zones"),
        _table(backend, _one_each(codes), "area"),
        _table(backend, _one_each(postal), "state"),
    )


def _one_each(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    """Where two states have one area code, both, with a space between."""
    named: dict[str, list[str]] = {}
    for prefix, name in pairs:
        named.setdefault(prefix, []).append(name)
    return ((prefix, " ".join(sorted(names))) for prefix, names in named.items())


def _table(backend: Any, pairs: Iterable[tuple[str, str]], name: str) -> Any:
    import pyarrow as pa

    handle, path = tempfile.mkstemp(prefix=f"{name}-", suffix=".parquet", dir=engine.scratch(backend))
    os.close(handle)
    with rough.parquet(Path(path), {"prefix": pa.string(), name: pa.string()}) as append:
        append(list(zip(*sorted(pairs), strict=True)))
    return engine.parquet(backend, Path(path))


def exposures(backend: Any, lists: Mapping[str, Any], looked_up: Tables) -> dict[str, Exposure]:
    """Count the people of some lists, by their names; all of them in one pass.

    Args:
        lists: of each list a row for each contact, with the text columns `e164` (its number, or null), `country` (that
            of its address, ISO 3166-1 alpha-2), `postalCode` and `timezone` (an IANA name), each null where it is not
            known.
    """
    import ibis

    if not lists:
        return {}
    names = list(lists)
    columns = ("e164", "country", "postalCode", "timezone")
    each = [lists[name].select(*columns, list=ibis.literal(number)) for number, name in enumerate(names)]
    grouped = _grouped(ibis.union(each[0], *each[1:]) if len(each) > 1 else each[0])
    found = _with_country(grouped, looked_up)
    found = _longest(found, looked_up.zones, "key", "zones", range(territory.longest(), 0, -1))
    found = _longest(found, looked_up.areas, "key", "area", (4,))
    found = _with_state(found, looked_up)
    by = ["list", "country", "zones", "area", "home", "state", "timezone"]
    counted = found.group_by(by).agg(people=found["people"].sum()).order_by(*by)
    rows: dict[int, list[tuple[Any, ...]]] = {number: [] for number in range(len(names))}
    for chunk in sources.stream(backend, counted, _CHUNK):
        for number, *row in chunk:
            rows[number].append(tuple(row))
    return {name: _summed(rows[number]) for number, name in enumerate(names)}


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
    by = ["list", "told", "key", "home", "code", "timezone"]
    return named.group_by(by).agg(people=named.count())


def _with_country(grouped: Any, looked_up: Tables) -> Any:
    """Add `country`: of those who share a calling code as the pattern said, of the others by the code."""
    import ibis

    found = _longest(grouped, looked_up.codes, "key", "by_code", (3, 2, 1), "country")
    return found.mutate(country=ibis.coalesce(found["told"], found["by_code"])).drop("told", "by_code")


def _with_state(found: Any, looked_up: Tables) -> Any:
    """Add `state`, where the postal code of an address says in which it is."""
    import ibis

    # an address without a country is taken to be in that of the number
    found = found.mutate(home=ibis.coalesce(found["home"], found["country"]))
    start = found["home"] + found["code"]
    found = found.mutate(start=start)
    return _longest(found, looked_up.postal, "start", "state", (5, 3)).drop("start")


def _longest(rows: Any, table: Any, by: str, name: str, sizes: Iterable[int], column: str | None = None) -> Any:
    """Add a table's column by the longest prefix that a text begins with."""
    import ibis

    column, found = column or name, []
    for size in sizes:
        entries = table.filter(table["prefix"].length() == size)
        entries = entries.select(**{f"prefix_{size}": entries["prefix"], f"found_{size}": entries[column]})
        rows = rows.left_join(entries, rows[by].left(size) == entries[f"prefix_{size}"])
        found.append(f"found_{size}")
    rows = rows.mutate(**{name: ibis.coalesce(*(rows[each] for each in found))})
    return rows.drop(*found, *(each.replace("found", "prefix") for each in found))


def _summed(rows: Iterable[tuple[Any, ...]]) -> Exposure:
    """The groups of an engine as an exposure."""
    countries: Counter[str] = Counter()
    places: Counter[tuple[tuple[str, ...], tuple[str, ...]]] = Counter()
    unknown = 0
    for country, zones, area, home, state, clock, people in rows:
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


def _zones(country: str | None, zones: str | None, home: str | None, state: str | None, clock: str | None) -> Any:
    """Every zone that the number and the address leave open; none where they leave too many."""
    by_number = () if country is None else _few(zones.split() if zones else ())
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
