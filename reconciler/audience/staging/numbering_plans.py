# tested by: tests/audience/staging/test_phone_normalisation.py
"""Give countries' numbering plans as patterns, which validate numbers without a library call for each.

The library is `phonenumbers`, the Python port of Google's libphonenumber; its metadata are the numbering plans.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from phonenumbers import PhoneMetadata, PhoneNumberDesc

PUNCTUATION = " \u00a0\u00ad\u200b\u2010-\u2015\u2060\u2212\u3000().-"
"""As a regular expression's class: what says nothing between the digits of a number, and starts no extension."""

DOUBTFUL = (
    # a wildcard, the end of a float, and what may go on
    r"\.\.",
    r"\.[0-9]{1,2}[^0-9]*$",
    "[-(.\u2010-\u2015\u2212][^0-9]*$",
    # two numbers beside each other
    r"^(?:[^0-9]*[0-9]){6}.*[^0-9](?:[^0-9]*[0-9]){6}",
)
"""What must be looked at as it is written, though all between its digits is `PUNCTUATION`.

`phone_text.parse_spelling` does.
"""

_TYPES = (
    "fixed_line",
    "mobile",
    "toll_free",
    "premium_rate",
    "shared_cost",
    "voip",
    "personal_number",
    "pager",
    "uan",
    "voicemail",
)


@dataclass(frozen=True, slots=True)
class Zone:
    """The numbering plans of a world zone as regular expressions over `+` and digits, as Python and RE2 read them.

    A text that `kind` and `general` match and `doubtful` does not is a valid and possible number in E.164, and the
    library gives it back as it is. Of any other text they say nothing.

    Attributes:
        start: how its numbers begin: `+` and the first digit of their calling codes.
        kind: a number of some type (fixed line, mobile, …) of its country.
        general: a number of its country.
        doubtful: what a further look may change: digits that could be a national prefix, or that belong to one of
            several countries with one calling code (the Caribbean, Kazakhstan, …).
    """

    start: str
    kind: str
    general: str
    doubtful: str


@cache
def list_zones() -> tuple[Zone, ...]:
    """The numbering plans of the library as it is installed.

    By zone, as RE2 reads one expression of all the plans in the world twenty times as slowly: its automaton outgrows
    the memory it has.
    """
    import phonenumbers

    by_start: dict[str, list[int]] = {}
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        by_start.setdefault(f"+{code}"[:2], []).append(code)
    return tuple(
        Zone(
            start,
            _make_alternatives(codes, _list_kinds, "$"),
            _make_alternatives(codes, _list_generals, "$"),
            _make_alternatives(codes, _list_doubts, ""),
        )
        for start, codes in by_start.items()
    )


@dataclass(frozen=True, slots=True)
class Homes:
    """Where a number that says no country is the country's calling code and its digits, without one zero before them.

    Attributes:
        codes: the regions (ISO 3166 alpha-2) and their calling codes.
        zero: those of them in which a zero is dialled before a number within the country.
        others: what else is dialled before a number in one of them.
    """

    codes: Mapping[str, str]
    zero: frozenset[str]
    others: frozenset[str]


@cache
def list_home_patterns() -> Homes:
    """The regions whose plans know no other way to write a number, and where only `00` is dialled for abroad."""
    import phonenumbers

    codes: dict[str, str] = {}
    zero: set[str] = set()
    others: set[str] = set()
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        plan = find_plan(regions[0])
        if plan is None or plan.international_prefix != "00" or plan.national_prefix_transform_rule:
            continue
        prefixes = set((plan.national_prefix_for_parsing or "").split("|")) - {""}
        if plan.national_prefix in (None, "0") and all(each.isdigit() for each in prefixes):
            codes[regions[0]] = str(code)
            zero |= {regions[0]} if "0" in prefixes else set()
            others |= prefixes - {"0"}
    return Homes(codes, frozenset(zero), frozenset(others))


def _make_alternatives(
    codes: list[int], patterns: Callable[[PhoneMetadata, list[PhoneMetadata]], list[str]], end: str
) -> str:
    """One expression for several calling codes: none begins another, so at most one alternative is looked into."""
    import phonenumbers

    found = []
    for code in codes:
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[code]
        found_plans = [phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, name) for name in regions]
        plans = [each for each in found_plans if each is not None]
        alternatives = dict.fromkeys(patterns(plans[0], plans))
        if alternatives:
            found.append(f"{code}(?:{'|'.join(alternatives)})")
    # nothing to say matches the empty text, which is no number, and not every text
    return rf"^\+(?:{'|'.join(found)}){end}" if found else "^$"


def find_plan(region: str) -> PhoneMetadata | None:
    """The numbering plan of a region (ISO 3166 alpha-2), as the library has it; None where it has none."""
    from phonenumbers import PhoneMetadata

    return PhoneMetadata.metadata_for_region(region, None)


def list_lengths(plan: PhoneMetadata) -> tuple[int, ...]:
    """How many digits a national number of a plan may have."""
    return tuple(_describe_general(plan).possible_length)


def _describe_general(plan: PhoneMetadata) -> PhoneNumberDesc:
    if plan.general_desc is None:
        raise LookupError(f"the library does not say what a number of {plan.id} is")
    return plan.general_desc


def _list_unclaimed(plans: list[PhoneMetadata]) -> list[PhoneMetadata]:
    """The regions that have no digits of their own: a number that nobody claims is valid where one of them has it."""
    return [each for each in plans if each.leading_digits is None]


def _list_kinds(main: PhoneMetadata, plans: list[PhoneMetadata]) -> list[str]:
    # a number counts as possible by the lengths of the code's main region
    lengths = set(list_lengths(main))
    kinds = [getattr(each, kind) for each in _list_unclaimed(plans) for kind in _TYPES]
    return [
        each.national_number_pattern
        for each in kinds
        if each is not None and each.national_number_pattern and set(each.possible_length) <= lengths
    ]


def _list_generals(main: PhoneMetadata, plans: list[PhoneMetadata]) -> list[str]:
    return [_describe_general(each).national_number_pattern or "" for each in _list_unclaimed(plans)]


def _list_doubts(main: PhoneMetadata, plans: list[PhoneMetadata]) -> list[str]:
    prefix = [main.national_prefix_for_parsing] if main.national_prefix_for_parsing else []
    return prefix + [each.leading_digits for each in plans if each.leading_digits is not None]
