"""Subscribers of many countries and the ways in which people write their numbers, from numbering-plan metadata alone.

Nothing here knows the program: what a subscriber is was decided before anything was written down, and every text is
made from it. So a text that the program reads as somebody else, or as nobody, is found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

REGIONS = [
    "AE", "AR", "AT", "AU", "BD", "BE", "BG", "BR", "CA", "CH", "CI", "CL", "CN", "CO", "CR", "CZ", "DE", "DK",
    "DO", "EC", "EE", "EG", "ES", "FI", "FR", "GB", "GH", "GR", "HK", "HR", "HU", "ID", "IE", "IL", "IN", "IS",
    "IT", "JM", "JP", "KE", "KR", "KZ", "LT", "LU", "LV", "MA", "MX", "MY", "NG", "NL", "NO", "NZ", "PE", "PH",
    "PK", "PL", "PT", "RO", "RS", "RU", "SA", "SE", "SG", "SI", "SK", "TH", "TN", "TR", "TW", "UA", "US", "UY",
    "VE", "VN", "ZA",
]  # fmt: skip
"""The countries, by their ISO 3166 codes; among them those that share a calling code, keep a trunk zero, or have none."""

_KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.FIXED_LINE_OR_MOBILE)


@dataclass(frozen=True)
class Subscriber:
    """One line of one country. `number` is how the plan writes it; nobody else has it."""

    region: str
    number: PhoneNumber

    @property
    def national(self) -> str:
        """Its digits within the country, without a trunk prefix."""
        return phonenumbers.national_significant_number(self.number)

    @property
    def code(self) -> str:
        """The country's calling code."""
        return str(self.number.country_code)


@cache
def _prefixes(region: str) -> tuple[str, str]:
    """How a country dials itself and abroad: its trunk prefix, and its international prefix."""
    plan = PhoneMetadata.metadata_for_region(region)
    assert plan is not None
    abroad = plan.preferred_international_prefix or plan.international_prefix or "00"
    return plan.national_prefix or "", abroad if abroad.isdigit() else "00"


def subscribers(region: str, count: int) -> Iterator[Subscriber]:
    """So many lines of a country, half of them mobile where there are two kinds; always the same ones."""
    found: dict[str, Subscriber] = {}
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in _KINDS]
    starts = list({phonenumbers.national_significant_number(each): each for each in examples if each is not None})
    for step in range(10_000):
        for start in starts:
            # the last four digits run through all there are, from those of the example on
            text = start[:-4] + f"{(int(start[-4:]) + step) % 10_000:04}"
            try:
                number = phonenumbers.parse(f"+{phonenumbers.country_code_for_region(region)}{text}")
            except phonenumbers.NumberParseException:
                continue
            # in some countries one line has two forms that end alike: no two lines here do
            end = phonenumbers.national_significant_number(number)[-8:]
            if phonenumbers.is_valid_number_for_region(number, region) and end not in found:
                found[end] = Subscriber(region, number)
                yield found[end]
                if len(found) == count:
                    return
    raise LookupError(f"{region} has fewer than {count} lines near its examples")


def _format(each: Subscriber, how: int) -> str:
    return phonenumbers.format_number(each.number, how)


def _e164(each: Subscriber) -> str:
    return _format(each, PhoneNumberFormat.E164)


def _trunk(each: Subscriber) -> str:
    """As it is dialled at home, digits alone."""
    return "".join(filter(str.isdigit, _format(each, PhoneNumberFormat.NATIONAL)))


def _groups(digits: str, between: str) -> str:
    """Digits in groups of three from the end."""
    head = len(digits) % 3
    parts = [digits[:head]] * bool(head) + [digits[at : at + 3] for at in range(head, len(digits), 3)]
    return between.join(parts)


def _wide(text: str) -> str:
    """The digits of an East Asian keyboard."""
    return text.translate({ord(digit): ord(digit) + 0xFEE0 for digit in "0123456789+"})


def _bracketed_zero(each: Subscriber) -> str:
    """`+44 (0)20 …` where the country dials 0 at home; else a plain international form."""
    trunk, _ = _prefixes(each.region)
    if trunk != "0" or each.number.italian_leading_zero:
        return f"+{each.code} ({each.national[:2]}) {each.national[2:]}"
    return f"+{each.code} (0){_groups(each.national, ' ')}"


CODE_ALONE = "its code without a plus"
"""The library takes such a text for a number within the country, though people mean the code."""


def reads(each: Subscriber, text: str) -> bool:
    """Whether the numbering plans read a text as this line: by the metadata, in its country."""
    try:
        read = phonenumbers.parse(text, each.region)
    except phonenumbers.NumberParseException:
        return False
    same = read.country_code == each.number.country_code
    return same and phonenumbers.national_significant_number(read) == each.national


WAYS: dict[str, Callable[[Subscriber], str]] = {
    "E.164": _e164,
    "international": lambda each: _format(each, PhoneNumberFormat.INTERNATIONAL),
    "national": lambda each: _format(each, PhoneNumberFormat.NATIONAL),
    "dialled at home": _trunk,
    "dialled from abroad": lambda each: f"{_prefixes(each.region)[1]}{each.code}{each.national}",
    "a link": lambda each: _format(each, PhoneNumberFormat.RFC3966),
    "with an extension": lambda each: f"{_format(each, PhoneNumberFormat.NATIONAL)} ext. 12",
    "E.164 and an extension": lambda each: f"{_e164(each)} x7",
    "dots": lambda each: f"+{each.code}.{_groups(each.national, '.')}",
    "dashes at home": lambda each: _groups(_trunk(each), "-"),
    "wide digits": lambda each: _wide(_e164(each)),
    "the trunk zero in brackets": _bracketed_zero,
    "blanks around": lambda each: f"\u00a0 {_format(each, PhoneNumberFormat.INTERNATIONAL)} ",
    CODE_ALONE: lambda each: f"{each.code}{each.national}",
}
"""The ways in which the same line is written, all of them read in its own country."""


def _local(each: Subscriber) -> str | None:
    """What is dialled within a town, where the plan has such numbers and it is no number of the whole country."""
    plan = PhoneMetadata.metadata_for_region(each.region)
    assert plan is not None and plan.general_desc is not None
    for size in sorted(plan.general_desc.possible_length_local_only, reverse=True):
        text = each.national[-size:]
        try:
            read = phonenumbers.parse(text, each.region)
        except phonenumbers.NumberParseException:
            continue
        if not phonenumbers.is_valid_number(read):
            return text
    return None


def _prefix(each: Subscriber) -> str | None:
    """The beginning of a number, where that is no number itself."""
    text = _e164(each)[:-5]
    try:
        return None if phonenumbers.is_valid_number(phonenumbers.parse(text)) else text
    except phonenumbers.NumberParseException:
        return text


def _in_no_range(each: Subscriber) -> str | None:
    """Digits of the right length that the plan gives to nobody."""
    for start in "0123456789":
        text = f"+{each.code}{start * 3}{each.national[3:]}"
        read = phonenumbers.parse(text)
        if phonenumbers.is_possible_number(read) and not phonenumbers.is_valid_number(read):
            return text
    return None


DAMAGES: dict[str, Callable[[Subscriber], str | None]] = {
    "two numbers": lambda each: f"{_e164(each)}; {_e164(each)[:-1]}0",
    "two numbers with a slash": lambda each: f"{_e164(each)} / {_e164(each)[:-1]}0",
    "two numbers at home": lambda each: f"{_trunk(each)},{_trunk(each)[:-1]}0",
    "a wildcard": lambda each: f"{_e164(each)[:-3]}*",
    "crosses": lambda each: f"{_e164(each)[:-3]}xxx",
    "a prefix": _prefix,
    "a note behind": lambda each: f"{_e164(each)} call after six",
    "a note before": lambda each: f"moved, was {_e164(each)}",
    "a spreadsheet's power": lambda each: f"{each.code}.{each.national[:5]}E+{len(each.code + each.national) - 1}",
    "a local number": _local,
    "in no range": _in_no_range,
    "words": lambda each: "do not call",
    "nothing but signs": lambda each: "+--",
}
"""What stands on do-not-call lists and is nobody's whole number; None where a country has nothing of the kind."""
