"""Two numbers reach one subscriber where they share a key, and nothing that cannot be read is silent."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.audience.relations import engine
from reconciler.audience.staging import number_readings, subscriber_keys
from tests.audience.conftest import Written

FORMS = subscriber_keys.load_forms()
PLANS = tomllib.loads(files("reconciler.audience.staging").joinpath("subscribers.toml").read_text(encoding="utf-8"))[
    "plan"
]
OLD = st.sampled_from(FORMS).flatmap(lambda form: st.from_regex(form.pattern.replace("\\d", "[0-9]"), fullmatch=True))


def keys(text: str, region: str | None, rule: number_readings.Rule = "reachable") -> set[str]:
    return set(number_readings.read_number(text, region, rule).subscribers)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("+54 11 2345-6789", None), ("+54 9 11 2345-6789", None)),
        (("011 15-2345-6789", "AR"), ("+54 11 2345-6789", None)),
        (("491771234567", "DE"), ("0177 1234567", "DE")),
        (("49 (0)177 1234567", "DE"), ("+49 177 1234567", None)),
        (("447400123456", "GB"), ("07400 123456", "GB")),
        (("+52 1 222 123 4567", None), ("222 123 4567", "MX")),
        (("+55 11 6123-4567", None), ("(11) 96123-4567", "BR")),
        (("07123456", "CI"), ("+225 07 07 12 34 56", None)),
        (("97 12 34 56", "BJ"), ("+229 01 97 12 34 56", None)),
        (("0162 345 6789", "VN"), ("032 345 6789", "VN")),
        (("0262 12 34 56", "FR"), ("+262 262 12 34 56", None)),
        (("+377 44 123 456", None), ("+383 44 123 456", None)),
        (("+970 59 912 3456", None), ("059-912-3456", "IL")),
        (("+39 0549 886377", None), ("+378 0549 886377", None)),
        (("+997 701 234 5678", None), ("8 701 234 5678", "KZ")),
        (("0044 121 234 5678", "US"), ("0121 234 5678", "GB")),
    ],
)
def test_every_form_of_a_number_reaches_its_subscriber(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    assert keys(*one) & keys(*other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("+54 11 2345-6789", None), ("+54 11 2345-6780", None)),
        (("+55 11 2123-4567", None), ("+55 11 92123-4567", None)),
        (("+225 07 07 12 34 56", None), ("+225 05 07 12 34 56", None)),
        (("0177 1234567", "DE"), ("0177 1234568", "DE")),
    ],
)
def test_numbers_of_two_subscribers_share_no_key(one: tuple[str, Any], other: tuple[str, Any]) -> None:
    assert keys(*one) and keys(*other)
    assert not keys(*one) & keys(*other)


@given(OLD)
@settings(max_examples=300, deadline=None)
def test_a_key_is_its_own_key(old: str) -> None:
    assert subscriber_keys.key_number(old) != old
    assert subscriber_keys.key_number(subscriber_keys.key_number(old)) == subscriber_keys.key_number(old)


@given(st.sets(OLD, min_size=20, max_size=80))
@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_engine_gives_the_same_keys(backend: Any, written: Written, olds: set[str]) -> None:
    table = engine.read_rows(backend, written([{"number": each} for each in olds], {"number": "VARCHAR"}))
    found = table.select("number", key=subscriber_keys.key_column(table["number"]))
    listed = dict(engine.list_rows(backend, found, tuple[str, str]))
    assert listed == {each: subscriber_keys.key_number(each) for each in olds}


def test_every_plan_has_a_source_and_says_whether_it_was_read() -> None:
    assert all(plan["source"]["title"] and isinstance(plan["source"]["verified"], bool) for plan in PLANS)


def ways(number: Any, region: str) -> Iterator[tuple[str, str | None]]:
    """Ways of writing a number in its region, and in another one."""
    formats = phonenumbers.PhoneNumberFormat
    full = phonenumbers.format_number(number, formats.E164)
    yield full, None
    yield phonenumbers.format_number(number, formats.INTERNATIONAL), "US"
    yield phonenumbers.format_number(number, formats.NATIONAL), region
    yield phonenumbers.format_number(number, formats.RFC3966), None
    yield full[1:], region
    yield f"00{full[1:]}", "US"
    yield f"{phonenumbers.format_number(number, formats.NATIONAL)} x12", region
    yield "\u202a" + full.translate({48 + n: 0x0660 + n for n in range(10)}) + "\u202c", None
    yield f"{full[1:]}.0", region
    yield f"{full};{full}", None
    yield f"{full[:-2]}xx", None


KINDS = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
EXAMPLES = [
    (region, number)
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for number in (phonenumbers.example_number_for_type(region, kind) for kind in KINDS)
    if number is not None
]


def test_whatever_way_an_entry_and_a_contact_are_written_the_one_suppresses_the_other_or_is_refused() -> None:
    number_readings.cache_patterns()
    silent, pairs = [], 0
    for region, number in EXAMPLES:
        written_so = list(ways(number, region))
        entries = [(way, number_readings.read_number(*way, "reachable")) for way in written_so]
        contacts = [(way, number_readings.read_number(*way, "valid")) for way in written_so]
        for entry, listed in entries:
            for contact, called in contacts:
                pairs += 1
                met = set(listed.subscribers) & set(called.subscribers)
                if called.e164 is not None and listed.fault is None and not met:
                    silent.append((region, entry, contact))
    assert pairs > 50_000
    assert silent == []
