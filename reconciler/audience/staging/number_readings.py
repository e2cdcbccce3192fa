# tested by: tests/audience/staging/test_phone_normalisation.py
"""Work out which numbers a text may mean, and whether its numbering plan reaches them.

A text without `+` may have two readings: digits that begin with the calling code of their own country, or with what is
dialled for abroad somewhere. What is called is what the library reads; what is compared is every reading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, get_args

from reconciler.audience.staging import numbering_plans, phone_recognition, subscriber_keys
from reconciler.model.reason import Reason

if TYPE_CHECKING:
    from phonenumbers import PhoneNumber

Rule = Literal["valid", "possible", "reachable"]
"""`valid`: the numbering plan has such a number. `possible`: its length alone is right. `reachable`: of a do-not-call
entry, that some reading of it is a number that its plan has, or has had and has another one for."""

RULES: tuple[Rule, ...] = get_args(Rule)

NOWHERE = "no_region"
"""The fault of three digits or more without `+` where no region is known."""

_LEAST = 6
"""The digits of a number that may stand beside another one."""


@dataclass(frozen=True, slots=True)
class Read:
    """What a text is read as: a number or a fault, never both; and the keys of all whom it may reach, in order."""

    e164: str | None
    fault: Reason | None
    subscribers: tuple[str, ...] = ()


def read_number(raw: str | None, region: str | None, rule: Rule) -> Read:
    """What a text says in a region (ISO 3166 alpha-2, in capitals), by a rule. A fault never repeats the text."""
    import phonenumbers

    spelt = phone_recognition.parse_spelling(raw)
    if isinstance(spelt, str):
        return Read(None, Reason(spelt))
    try:
        first = phonenumbers.parse(spelt.text, region, keep_raw_input=True)
        fault = _explain_length(first)
    except phonenumbers.NumberParseException as error:
        first, fault = None, _explain_unread(error.error_type, spelt, region)
    if _are_several(spelt, region):
        return Read(None, Reason(phone_recognition.MORE))
    others = {
        subscriber_keys.key_number(_format_e164(each)): each
        for each in _iter_others(spelt, region, first)
        if _is_reachable(each)
    }
    keys = set(others)
    reached = first is not None and _is_reachable(first)
    if first is not None and (reached or fault is None):
        keys.add(subscriber_keys.key_number(_format_e164(first)))
    found = tuple(sorted(keys))
    if rule == "reachable":
        right = first if reached else next(iter(others.values()), None)
    else:
        right = first if first is not None and (_is_in_plan(first) if rule == "valid" else fault is None) else None
    if right is not None:
        return Read(_format_e164(right), None, found)
    return Read(None, fault or _explain_refused(first), found)


def _format_e164(number: PhoneNumber) -> str:
    """As the library formats it, which gives a number of zeros back as it was written."""
    import phonenumbers

    return f"+{number.country_code}{phonenumbers.national_significant_number(number)}"


def _is_in_plan(number: PhoneNumber) -> bool:
    """Whether the numbering plan has a number; one without its area code is nobody's for certain (310-1234 in CA)."""
    import phonenumbers

    return bool(phonenumbers.is_valid_number(number)) and _explain_length(number) != _LOCAL


def _is_reachable(number: PhoneNumber) -> bool:
    """Whether the numbering plan has a number, or another one for whom it reached."""
    if _is_in_plan(number):
        return True
    told = _format_e164(number)
    now = subscriber_keys.key_number(told)
    return now != told and _is_valid(now)


def _is_valid(text: str, region: str | None = None) -> bool:
    import phonenumbers

    try:
        return _is_in_plan(phonenumbers.parse(text, region))
    except phonenumbers.NumberParseException:
        return False


def _iter_others(
    spelt: phone_recognition.Spelling, region: str | None, first: PhoneNumber | None
) -> Iterator[PhoneNumber]:
    """What else a text may mean: as if it had a `+`, or none of what the library took for a country's code."""
    import phonenumbers

    told = None if first is None else _format_e164(first)
    for text in dict.fromkeys(_iter_written_out(spelt, region, first)):
        try:
            number = phonenumbers.parse(text, None)
        except phonenumbers.NumberParseException:
            continue
        if _format_e164(number) != told:
            yield number


def _iter_written_out(
    spelt: phone_recognition.Spelling, region: str | None, first: PhoneNumber | None
) -> Iterator[str]:
    import phonenumbers
    from phonenumbers import CountryCodeSource

    if spelt.plus:
        # a country's code that the library does not know may be another form of one that it knows
        if first is None:
            yield subscriber_keys.key_number(f"+{spelt.digits}")
        return
    code = phonenumbers.country_code_for_region(region) if region in phonenumbers.SUPPORTED_REGIONS else 0
    if code:
        if first is not None and first.country_code_source != CountryCodeSource.FROM_DEFAULT_COUNTRY:
            yield f"+{code}{spelt.digits}"
        if spelt.digits.startswith(str(code)):
            yield f"+{spelt.digits}"
        if first is not None and first.country_code == code:
            national = phonenumbers.national_significant_number(first)
            if national.startswith(str(code)):
                yield f"+{national}"
    for prefix in read_abroad():
        if spelt.digits.startswith(prefix):
            yield f"+{spelt.digits[len(prefix) :]}"


@cache
def read_abroad() -> tuple[str, ...]:
    """What is dialled for abroad in any region, where it begins with a zero and is one thing: 00, 011, 0011, …"""
    import phonenumbers

    found = set()
    plans = map(phonenumbers.PhoneMetadata.metadata_for_region, phonenumbers.SUPPORTED_REGIONS)
    for plan in filter(None, plans):
        for written in (plan.preferred_international_prefix, plan.international_prefix):
            digits = (written or "").replace("~", "")
            # of one digit it is a national prefix elsewhere
            if digits.isdigit() and len(digits) > 1 and digits.startswith(("0", "810")):
                found.add(digits)
    return tuple(sorted(found))


_APART = re.compile(r"(?P<slash> ?/ ?)|[ \-.]+")


def _are_several(spelt: phone_recognition.Spelling, region: str | None) -> bool:
    """Whether a text is two numbers beside each other, or one and the end of another: `4155550101/02`."""
    most = len(spelt.digits)
    if most < 2 * _LEAST and "/" not in spelt.text:
        return False
    for gap in _APART.finditer(spelt.text):
        head, tail = spelt.text[: gap.start()], spelt.text[gap.end() :]
        before = sum(each.isdigit() for each in head)
        if before < _LEAST or before == most:
            continue
        if gap["slash"]:
            if _is_valid(head, region):
                return True
        elif most - before >= _LEAST and _is_valid(head, region) and _is_valid(tail, region):
            return True
    return False


def guess_region(texts: Sequence[str]) -> str | None:
    """The region in which most of some numbers are valid, and more than half are; None where there is none.

    Of several, one whose numbers have fewer lengths, and then the main one of its calling code: digits of any length
    are a number in some.
    """
    import phonenumbers

    found = []
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        right = sum(_is_valid(text, region) for text in texts)
        if 2 * right > len(texts):
            plan = numbering_plans.find_plan(region)
            lengths = 0 if plan is None else len(numbering_plans.list_lengths(plan))
            code = phonenumbers.country_code_for_region(region)
            main = phonenumbers.region_code_for_country_code(code) == region
            found.append((-right, lengths, not main, region))
    return min(found)[-1] if found else None


def cache_patterns() -> None:
    """Let the library keep the patterns it compiles: with many countries it is ten times as fast.

    Python's own cache holds 512 of them, fewer than forty countries need.
    """
    import phonenumbers

    phonenumbers.enable_pattern_cache()


def _explain_unread(error: int, spelt: phone_recognition.Spelling, region: str | None) -> Reason:
    from phonenumbers import SUPPORTED_REGIONS, NumberParseException

    if error == NumberParseException.NOT_A_NUMBER:
        return Reason(phone_recognition.NO_NUMBER)
    if error == NumberParseException.TOO_LONG:
        return Reason(phone_recognition.TOO_LONG)
    if error != NumberParseException.INVALID_COUNTRY_CODE:
        return Reason("number_too_short")
    if region in SUPPORTED_REGIONS or spelt.plus:
        return Reason("no_such_country_code")
    return Reason("region_unknown" if region else NOWHERE)


_LOCAL = Reason("no_area_code")


def _explain_length(number: PhoneNumber) -> Reason | None:
    """Why a number cannot be one for its length alone; null where it can."""
    import phonenumbers
    from phonenumbers import ValidationResult

    faults = {
        ValidationResult.TOO_SHORT: Reason("number_too_short"),
        ValidationResult.TOO_LONG: Reason(phone_recognition.TOO_LONG),
        ValidationResult.INVALID_LENGTH: Reason("number_of_wrong_length"),
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: _LOCAL,
    }
    return faults.get(phonenumbers.is_possible_number_with_reason(number))


def _explain_refused(number: PhoneNumber | None) -> Reason:
    """Why a number whose length is right is none."""
    import phonenumbers

    code = 0 if number is None else number.country_code or 0
    regions = phonenumbers.region_codes_for_country_code(code)
    # where several countries share a code, a number that none of them has is in none of them
    if len(regions) == 1 and regions[0] != "001":
        return Reason("no_such_number_in", (regions[0],))
    return Reason("no_such_number_under", (str(code),))
