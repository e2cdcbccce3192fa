# tested by: tests/audience/campaigns/test_audience_by_place.py
"""Look up the country, state and time zones of a number or an address.

Of numbers it is what the numbering library says (`phonenumbers`, and its `timezone`), as patterns and prefixes that an
engine can look up; of addresses what `geography.toml` says. All of it is a hint: a number is taken along when people
move, and an area code says where it was given out.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from reconciler.audience.staging import numbering_plans
from reconciler.model.weekly_calendar import list_zones_in
from reconciler.model.weekly_calendar import load_zones as known_zones

MOST_ZONES = 12
"""More zones than this say nothing of the time of day: a number of +1 800 could be in 42."""

_GEOGRAPHIC = "fixed_line"
_ELSEWHERE = (
    "premium_rate",
    "toll_free",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)
"""The types that the library tries before it calls a number a fixed line."""


@dataclass(frozen=True, slots=True)
class Country:
    """One of several countries with one calling code: a number that `pattern` finds is its, if none before has it."""

    name: str
    code: int
    pattern: str


@dataclass(frozen=True, slots=True)
class Spread:
    """A calling code of more than one time zone: only numbers that match `local` say where in it they are."""

    code: int
    local: str


@cache
def load_countries() -> frozenset[str]:
    """Every country that a number can be of (ISO 3166-1 alpha-2)."""
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


@cache
def list_single_countries() -> Mapping[str, str]:
    """The country of each calling code that one country has to itself."""
    import phonenumbers

    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    # 001 stands for what is in no country, such as +800
    return {str(code): names[0] for code, names in regions.items() if len(names) == 1 and names[0] != "001"}


@cache
def list_shared_codes() -> tuple[Country, ...]:
    """The countries that share a calling code, in the order in which the library tries them."""
    import phonenumbers

    found = []
    for code, names in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        for name in names if len(names) > 1 else ():
            plan = numbering_plans.find_plan(name)
            if plan is not None and plan.leading_digits:
                found.append(Country(name, code, rf"^\+{code}(?:{plan.leading_digits})"))
                continue
            kinds = [getattr(plan, kind) for kind in (_GEOGRAPHIC, "mobile", *_ELSEWHERE)]
            patterns = [each.national_number_pattern for each in kinds if each and each.national_number_pattern]
            found.append(Country(name, code, rf"^\+{code}(?:{'|'.join(dict.fromkeys(patterns))})$"))
    return tuple(found)


@cache
def load_spread() -> tuple[Spread, ...]:
    """The calling codes over several time zones, but +1: there an area code says where, for numbers of every kind."""
    return tuple(
        Spread(code, _make_local_pattern(code))
        for code in _iter_codes()
        if code != 1 and len(_list_zones_below(str(code))) > 1
    )


def _iter_codes() -> Iterator[int]:
    import phonenumbers

    yield from phonenumbers.COUNTRY_CODE_TO_REGION_CODE


def _make_local_pattern(code: int) -> str:
    """The numbers of a calling code that belong to a place: fixed lines, and mobiles in some countries."""
    import phonenumbers
    from phonenumbers.phonenumberutil import is_number_type_geographical

    mobile = is_number_type_geographical(phonenumbers.PhoneNumberType.MOBILE, code)
    kinds = (_GEOGRAPHIC, "mobile") if mobile else (_GEOGRAPHIC,)
    patterns: dict[str, None] = {}
    for name in phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]:
        plan = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, name)
        for kind in kinds:
            found = getattr(plan, kind)
            if found is not None and found.national_number_pattern:
                patterns[found.national_number_pattern] = None
    return rf"^\+{code}(?:{'|'.join(patterns)})$" if patterns else "^$"


@cache
def load_zones() -> Mapping[str, tuple[str, ...]]:
    """Time zones by the digits that numbers there begin with, calling code first; the longest that fits counts."""
    from phonenumbers import tzdata

    return {prefix: tuple(sorted(named)) for prefix, named in tzdata.TIMEZONE_DATA.items()}


@cache
def find_longest_prefix(code: str = "") -> int:
    """How many digits the longest entry of `zones` has that begins with a calling code."""
    return max(len(prefix) for prefix in load_zones() if prefix.startswith(code))


def _list_zones_below(code: str) -> set[tuple[str, ...]]:
    return {named for prefix, named in load_zones().items() if prefix.startswith(code)}


@dataclass(frozen=True, slots=True)
class Area:
    """A state or province: its time zones, the area codes of its numbers, and how its postal codes begin."""

    zones: tuple[str, ...]
    codes: tuple[str, ...]
    postal: tuple[str, ...]


@cache
def load_areas() -> Mapping[str, Area]:
    """States of the US and provinces of Canada, by their ISO 3166-2 codes (`geography.toml`)."""
    text = (files(__package__) / "geography.toml").read_text(encoding="utf-8")
    return {
        name: Area(
            tuple(each["zones"]),
            tuple(str(code) for code in each["codes"]),
            tuple(start for written in each["postal"] for start in _iter_starts(written)),
        )
        for name, each in tomllib.loads(text).items()
    }


def _iter_starts(written: str) -> Iterator[str]:
    """`350-352` as 350, 351, 352; a letter as it is."""
    first, _, last = written.partition("-")
    if not last:
        yield first
        return
    for number in range(int(first), int(last) + 1):
        yield f"{number:0{len(first)}d}"


@cache
def list_neighbours() -> Mapping[str, tuple[str, ...]]:
    """How ZIP codes begin in the territories, which are countries of their own to ISO 3166 (USPS Publication 65)."""
    return {"PR": ("006", "007", "009"), "VI": ("008",), "GU": ("969",)}


@cache
def find_zones(region: str) -> tuple[str, ...]:
    """Every time zone of a state, or of a country (ISO 3166); none where there is no such place.

    Of a country they are those that the IANA database and the numbering library name together.
    """
    if region in load_areas():
        return load_areas()[region].zones
    below = {zone for name, area in load_areas().items() if name.startswith(f"{region}-") for zone in area.zones}
    codes = [code for code, name in list_single_countries().items() if name == region]
    dialled = {zone for code in codes for named in _list_zones_below(code) for zone in named}
    return tuple(sorted(each for each in below | dialled | list_zones_in(region) if each in known_zones()))
