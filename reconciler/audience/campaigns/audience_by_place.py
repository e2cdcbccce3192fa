"""Count the people whom a campaign would call, by country and place.

One pass over a list. What is looked up is looked up of groups: of the first digits of numbers, and of addresses. A list
is grouped by expressions that are the same on every engine, and a short one without asking an engine.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.staging import geography, postal_codes
from reconciler.audience.staging.contact_places import COLUMNS, PlaceFacts, find_places
from reconciler.model.campaign_audience import Exposure, Place, Unread

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

_CHUNK = 10_000
_BLANK = " \t\n\r\v\f"

FEW = 2_000
"""People of a list, at most, who are told one by one: for so few an engine would take longer to be asked."""

Group = tuple[str | None, str | None, str | None, str | None, str | None, str | None, int]
"""As `Told` has it, then some postal code of the group as it is written, and how many people they are."""


def count_by_place(backend: BaseBackend, people: Table) -> Exposure:
    """Count the people of one list.

    Args:
        people: a row for each contact, with the text columns `e164` (its number, or null), `country` (that of its
            address, ISO 3166-1 alpha-2), `postalCode` and `timezone` (an IANA name), each null where it is not known.
    """
    first = people.select("e164", "country", "postalCode", "timezone").limit(FEW + 1)
    some = engine.list_rows(backend, first, tuple[str | None, str | None, str | None, str | None])
    if len(some) <= FEW:
        return _sum_groups(_make_group(*row) for row in some)
    groups = engine.stream_rows(
        backend,
        _group_people(people),
        _CHUNK,
        tuple[str | None, str | None, str | None, str | None, str | None, str | None, int],
    )
    return _sum_groups(group for chunk in groups for group in chunk)


def _make_group(number: str | None, place: str | None, code: str | None, clock: str | None) -> Group:
    """One person as a group: as `_grouped` would have it."""
    told = key = None
    if number is not None:
        shared = (each for each in geography.list_shared_codes() if number.startswith(f"+{each.code}"))
        told = next((each.name for each in shared if re.search(each.pattern, number)), None)
        spread = (each for each in geography.load_spread() if number.startswith(f"+{each.code}"))
        adrift = next((str(each.code) for each in spread if not re.search(each.local, number)), None)
        plus_one = number.startswith("+1")
        key = (
            number[1 : 1 + geography.find_longest_prefix("1")]
            if plus_one
            else adrift or number[1 : 1 + geography.find_longest_prefix()]
        )
    home, zone = ((text or "").strip(_BLANK) or None for text in (place, clock))
    return told, key, home, postal_codes.read_postal_code(code), zone, code, 1


def _group_people(people: Table) -> Table:
    """People counted by what is looked up: the country where a pattern says it, the digits, and the address."""
    import ibis

    number = people["e164"]
    country = ibis.cases(
        *(
            (number.startswith(f"+{each.code}") & number.re_search(each.pattern), each.name)
            for each in geography.list_shared_codes()
        ),
        else_=ibis.null("string"),
    )
    adrift = [
        (number.startswith(f"+{each.code}") & ~number.re_search(each.local), str(each.code))
        for each in geography.load_spread()
    ]
    digits = number.substr(1, geography.find_longest_prefix())
    named = people.mutate(
        told=country,
        # of +1 no entry is longer
        key=ibis.cases(
            (number.startswith("+1"), number.substr(1, geography.find_longest_prefix("1"))), *adrift, else_=digits
        ),
        home=people["country"].strip().nullif(""),
        code=postal_codes.locate_by_code(people["postalCode"]),
        zone=people["timezone"].strip().nullif(""),
    )
    by = ["told", "key", "home", "code", "zone"]
    return named.group_by(by).agg(example=named["postalCode"].min(), people=named.count())


def _sum_groups(groups: Iterable[Group]) -> Exposure:
    """Groups of people as an exposure."""
    countries: Counter[str] = Counter()
    places: Counter[tuple[tuple[str, ...], tuple[str, ...], bool, bool]] = Counter()
    unread: Counter[str] = Counter()
    words: dict[str, set[str]] = {name: set() for name in COLUMNS}
    unknown = 0
    for country, key, home, code, zone, example, people in groups:
        found = find_places(PlaceFacts(country, key, home, code, zone))
        if found.country is None:
            unknown += people
        else:
            countries[found.country] += people
        places[found.regions, found.zones, found.assumed, bool(found.unread)] += people
        written = {"region": home, "postalCode": example, "timezone": zone}
        for name in found.unread:
            unread[name] += people
            words[name].add(written[name] or "")
    return Exposure(
        contacts=sum(places.values()),
        countries=dict(sorted(countries.items(), key=lambda pair: (-pair[1], pair[0]))),
        unknown=unknown,
        places=tuple(
            Place(regions, zones, many, assumed, unclear)
            for (regions, zones, assumed, unclear), many in sorted(places.items(), key=lambda pair: (-pair[1], pair[0]))
        ),
        unread=tuple(
            Unread(name, unread[name], postal_codes.describe_code(words[name])) for name in COLUMNS if unread[name]
        ),
    )
