"""A number as somebody wrote it becomes the library's E.164, or a fault.

`tests/cases/phones/SITUATION.csv` and `tests/cases/phones/countries/COUNTRY.csv`: how a number was written, in which
region (empty: unknown), and what becomes of it by a rule. Numbers are the examples of the numbering plans and the
fictional 555-01XX alone.
"""

from __future__ import annotations

import csv
import logging
import random
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import phonenumbers
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import write_fault
from reconciler.audience.staging import (
    number_readings,
    numbering_plans,
    phone_normalisation,
    phone_recognition,
    subscriber_keys,
)
from reconciler.audience.staging.number_readings import RULES, Rule
from reconciler.model.reason import Reason
from tests import sample
from tests.audience.conftest import Written

CASES = Path(__file__).parents[2] / "cases" / "phones"
COLUMNS = {"raw": "VARCHAR", "region": "VARCHAR"}
REGIONS = [None, "US", "CA", "GB", "FR", "AG", "AR", "BR", "DO", "MX", "RU", "KZ", "ID", "001", "us", "UK", ""]
MARKS = (
    "0123456789+-() ./x#*~,;=:\t\u00a0\u00ad\u200b\u2013\u2212\u3000\uff0b\uff11\u0664\u06f5ABCdefext\u0434\u043e\u0431"
)
Pair = tuple[str | None, str | None]
Told = dict[Pair, tuple[str | None, str | None]]

property_of_rows = settings(
    deadline=None,
    max_examples=sample.examples(20),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Even a few numbers are told as many are: by the patterns first."""
    monkeypatch.setattr(phone_normalisation, "FEW", 0)


def normalised(backend: Any, written: Written, pairs: Iterable[Pair], rule: Rule) -> dict[Pair, tuple[Any, ...]]:
    """Each pair with its number, its fault and whom it reaches; no pair comes twice."""
    rows = [{"raw": raw, "region": region} for raw, region in pairs]
    numbers = engine.read_rows(backend, written(rows, COLUMNS))
    found = phone_normalisation.normalise_phones(backend, numbers.rename(phone="raw"), rule)
    assert found.columns == ("phone", "region", "e164", "phone_fault", "subscribers")
    listed = engine.list_rows(
        backend, found, tuple[str | None, str | None, str | None, reasons.ReasonCell | None, list[str] | None]
    )
    assert len(listed) == len(rows)
    return {
        (raw, region): (e164, None if fault is None else reasons.read_reason(fault), tuple(keys or ()))
        for raw, region, e164, fault, keys in listed
    }


def told(backend: Any, written: Written, pairs: Iterable[Pair], rule: Rule) -> Told:
    """Each pair with its number and its fault; no pair comes twice."""
    return {pair: (row[0], in_a_cell(row[1])) for pair, row in normalised(backend, written, pairs, rule).items()}


def by_the_library(raw: str | None, region: str | None, rule: Rule) -> str | None:
    """The reference: nothing but the library's own functions, one number at a time."""
    try:
        number = phonenumbers.parse(raw, region)  # type: ignore[arg-type]
    except phonenumbers.NumberParseException:
        return None
    length = phonenumbers.is_possible_number_with_reason(number)
    local = length == phonenumbers.ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    possible = length == phonenumbers.ValidationResult.IS_POSSIBLE
    right = possible if rule == "possible" else phonenumbers.is_valid_number(number) and not local
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if right else None


def whole(raw: str | None) -> bool:
    """Whether the library drops nothing of a text but punctuation and an extension, so that it is to say what it is."""
    return bool(re.fullmatch(r"[ (]*\+?[0-9]+(?:[ ()-]+[0-9]+)*(?: ?(?:x|ext\.) ?[0-9]{1,6})?", raw or ""))


def as_the_library(backend: Any, written: Written, pairs: Iterable[Pair], rule: Rule) -> Told:
    """Normalise, and hold every row to the library: no other number, and a fault exactly where there is none.

    Where a text is not wholly a number, it is none though the library finds one. An entry may be read in another way.
    """
    wanted = set(pairs)
    found = normalised(backend, written, wanted, rule)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone_normalisation, "FEW", 5_000)
        assert normalised(backend, written, wanted, rule) == found
    for (written_so, region), (e164, fault, keys) in found.items():
        raw = written_so or ""
        read = number_readings.read_number(raw, region, rule)
        assert (e164, fault, keys) == (read.e164, read.fault, read.subscribers), (raw, region)
        assert (e164 is None) != (fault is None)
        assert list(keys) == sorted(set(keys))
        assert e164 is None or subscriber_keys.key_number(e164) in keys
        by_it = by_the_library(raw, region, rule)
        if rule != "reachable" and e164 != by_it:
            # what nobody sees is taken out first, and the library drops it, or reads on behind it
            odd = not raw.isascii()
            assert odd or (fault.code in phone_recognition.FAULTS if e164 is None else by_it is None), (raw, region)
        if rule != "reachable" and whole(raw) and fault != Reason(phone_recognition.MORE):
            assert e164 == by_it, (raw, region)
    return {pair: (row[0], in_a_cell(row[1])) for pair, row in found.items()}


def in_a_cell(fault: Reason | None) -> str | None:
    """A fault as a case has it: its code, and what it takes."""
    return None if fault is None else " ".join((fault.code, *fault.args))


def examples() -> Iterator[tuple[str, Any]]:
    """The library's example number of every type of every region, with that region."""
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        for kind in phonenumbers.PhoneNumberType.values():
            number = phonenumbers.example_number_for_type(region, kind)
            if number is not None:
                yield region, number
    for code in phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS:
        yield "001", phonenumbers.example_number_for_non_geo_entity(code)


EXAMPLES = [(region, phonenumbers.format_number(number, way)) for region, number in examples() for way in range(4)]


@st.composite
def mutated(draw: st.DrawFn) -> Pair:
    """An example number with a few characters changed, put in or left out."""
    region, text = draw(st.sampled_from(EXAMPLES))
    for _ in range(draw(st.integers(0, 4))):
        at, gone = draw(st.integers(0, len(text))), draw(st.integers(0, 1))
        text = text[:at] + draw(st.sampled_from(["", *MARKS])) + text[at + gone :]
    return text, draw(st.sampled_from([region, region, None, "US", "GB"]))


@pytest.mark.thin
@pytest.mark.parametrize("rule", RULES)
def test_a_number_is_read_as_its_case_says(backend: Any, written: Written, rule: Rule) -> None:
    """All cases at once: what one of them is about is the same whatever stands beside it."""
    expected: dict[Pair, tuple[str, str | None, str | None]] = {}
    for case in sorted(CASES.rglob("*.csv")):
        with case.open(encoding="utf-8", newline="") as file:
            rows = [{name: text or None for name, text in row.items()} for row in csv.DictReader(file)]
        assert rows, case.stem
        for row in rows:
            if row["rule"] == rule:
                told = (case.stem, row["e164"], row["fault"])
                before = expected.setdefault((row["raw"] or "", row["region"]), told)
                assert before[1:] == told[1:], (before[0], case.stem)
    found = as_the_library(backend, written, expected, rule)
    assert {pair: (expected[pair][0], *each) for pair, each in found.items()} == expected


@pytest.mark.thin
@pytest.mark.parametrize("rule", RULES)
def test_every_example_number_of_every_numbering_plan_is_read_as_by_the_library(
    backend: Any, written: Written, rule: Rule
) -> None:
    pairs = {(text, where) for region, text in EXAMPLES[:: sample.turns()] for where in (region, None, "US")}
    as_the_library(backend, written, pairs, rule)


@property_of_rows
@given(st.sets(st.tuples(st.text(), st.sampled_from(REGIONS)), max_size=30), st.sampled_from(RULES))
def test_any_text_is_read_as_by_the_library(backend: Any, written: Written, pairs: set[Pair], rule: Rule) -> None:
    as_the_library(backend, written, pairs, rule)


@property_of_rows
@given(st.sets(st.tuples(st.text(MARKS), st.sampled_from(REGIONS)), max_size=50), st.sampled_from(RULES))
def test_any_text_of_a_numbers_characters_is_read_as_by_the_library(
    backend: Any, written: Written, pairs: set[Pair], rule: Rule
) -> None:
    as_the_library(backend, written, pairs, rule)


@property_of_rows
@given(st.sets(mutated(), max_size=50), st.sampled_from(RULES))
def test_any_changed_example_is_read_as_by_the_library(
    backend: Any, written: Written, pairs: set[Pair], rule: Rule
) -> None:
    as_the_library(backend, written, pairs, rule)


@property_of_rows
@given(st.sets(mutated(), max_size=50))
def test_a_valid_number_in_e164_is_itself_in_every_region(backend: Any, written: Written, pairs: set[Pair]) -> None:
    numbers = {e164 for e164, _ in told(backend, written, pairs, "valid").values() if e164 is not None}
    again = told(backend, written, [(number, where) for number in numbers for where in (None, "US", "FR")], "valid")
    assert again == {(number, where): (number, None) for number, where in again}


def test_every_north_american_area_code_is_read_as_by_the_library(backend: Any, written: Written) -> None:
    exchanges = ["200", "234", "310", "345", "403", "521", "555", "621", "876", "911", "999", "155"]
    tens = [f"{area}{exchange}0100" for area in range(200, 1000) for exchange in exchanges][:: sample.turns()]
    as_the_library(backend, written, [(f"+1{ten}", None) for ten in tens] + [(ten, "US") for ten in tens], "valid")


@pytest.mark.matrix(instead="test_every_example_number_of_every_numbering_plan_is_read_as_by_the_library")
def test_digits_of_every_region_that_is_told_by_patterns_are_read_as_by_the_library(
    backend: Any, written: Written
) -> None:
    """Examples with other digits, the country's code or what is dialled before a number in front of or inside of them."""
    drawn, pairs = random.Random(7), set[Pair]()
    codes = numbering_plans.list_home_patterns().codes
    nationals = [
        (region, phonenumbers.national_significant_number(number)) for region, number in examples() if region in codes
    ]
    for region, national in nationals[:: sample.turns()]:
        for start in ("", "0", "00", codes[region], f"0{codes[region]}", "1"):
            at = drawn.randrange(len(national))
            changed = national[:at] + drawn.choice("0123456789") + national[at + 1 :]
            pairs |= {(start + text, region) for text in (national, changed, codes[region] + national[2:])}
    assert len(pairs) * sample.turns() > 10_000
    as_the_library(backend, written, pairs, drawn.choice(RULES))


def test_every_pattern_of_the_library_implies_the_lengths_that_go_with_it() -> None:
    """The engine matches patterns alone; the library looks at the number's length too."""
    for code, regions in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.items():
        for region in regions:
            plan = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(code, region)
            for kind in (getattr(plan, name) for name in numbering_plans._TYPES):
                if kind is not None and kind.national_number_pattern:
                    parsed = import_module("re._parser").parse(kind.national_number_pattern)
                    assert widths(parsed) <= set(kind.possible_length), f"+{code} {region}"


def widths(pattern: Any) -> set[int]:
    """Every length that a text can have which a parsed regular expression matches."""
    found = {0}
    for name, value in pattern:
        match str(name):
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
                here = {1}
            case "BRANCH":
                here = set().union(*map(widths, value[1]))
            case "SUBPATTERN":
                here = widths(value[3])
            case "MAX_REPEAT":
                low, high, repeated = value
                times = [{0}]
                for _ in range(high):
                    times.append({a + b for a in times[-1] for b in widths(repeated)})
                here = set().union(*times[low:])
            case other:
                raise AssertionError(other)
        found = {a + b for a in found for b in here}
    return found


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Pair]:
    """Every number that the library was asked for."""
    asked: list[Pair] = []
    read = number_readings.read_number

    def noted(raw: str | None, region: str | None, rule: Rule) -> number_readings.Read:
        asked.append((raw, region))
        return read(raw, region, rule)

    monkeypatch.setattr(number_readings, "read_number", noted)
    return asked


def test_plain_numbers_are_told_without_the_library(backend: Any, written: Written, asked: list[Pair]) -> None:
    plain: list[Pair] = [("+14155550100", None), ("(415) 555-0100", "US"), ("1-415-555-0100", "CA")]
    abroad: list[Pair] = [("+44 121 234 5678", None), ("+33 1 23 45 67 89", "US"), ("+61-2-1234-5678", "")]
    at_home: list[Pair] = [
        ("0121 234 5678", "GB"),
        ("(030) 901820", "DE"),
        ("612 34 56 78", "ES"),
        ("7911 123456", "GB"),
    ]
    assert all(fault is None for _, fault in told(backend, written, plain + abroad + at_home, "valid").values())
    assert asked == []


def test_the_library_is_asked_once_however_often_and_however_punctuated_a_number_comes(
    backend: Any, written: Written, asked: list[Pair]
) -> None:
    # 011 is what is dialled for abroad elsewhere
    ways: list[Pair] = [("0113 234 5678", "GB"), ("0113-234-5678", "GB"), ("(0113) 234 5678", "GB")] * 3
    assert set(told(backend, written, ways, "valid").values()) == {("+441132345678", None)}
    assert asked == [("01132345678", "GB")]


def test_more_numbers_than_are_asked_for_at_once_are_all_answered(
    backend: Any, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(phone_normalisation, "_ASKED", 7)
    pairs: list[Pair] = [(f"415-555-01{n:02d} x{n}", "US") for n in range(100)]
    found = told(backend, written, pairs, "valid")
    assert {e164 for e164, _ in found.values()} == {f"+141555501{n:02d}" for n in range(100)}


@pytest.mark.parametrize("few", [0, 5, 6, 2_000])
def test_what_was_told_before_is_not_asked_again_and_a_rows_own_region_comes_first(
    backend: Any, written: Written, asked: list[Pair], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(phone_normalisation, "FEW", few)
    rows: list[dict[str, Any]] = [
        {"phone": "+1 415 555 0100", "region": None, "plain": "+14155550100"},
        {"phone": "0121 234 5678", "region": "GB", "plain": None},
        {"phone": "(415) 555-0101", "region": None, "plain": None},
        {"phone": "0121 234 5678", "region": None, "plain": None},
        {"phone": "(415) 555-0102", "region": "", "plain": None},
        {"phone": None, "region": None, "plain": None},
        {"phone": "+1 415 555 0100", "region": "US", "plain": None},
    ]
    table = engine.read_rows(backend, written(rows, dict.fromkeys(("phone", "region", "plain"), "VARCHAR")))
    found = phone_normalisation.normalise_phones(backend, table, "valid", "US").order_by("phone", "region", "e164")
    assert found.columns == ("phone", "region", "e164", "phone_fault", "subscribers")
    found = found.drop("subscribers")
    listed = [row for chunk in engine.stream_rows(backend, found, 10) for row in chunk]
    assert sorted(listed, key=str) == sorted(
        [
            ("+1 415 555 0100", None, "+14155550100", None),
            ("+1 415 555 0100", "US", "+14155550100", None),
            ("0121 234 5678", "GB", "+441212345678", None),
            ("0121 234 5678", None, None, write_fault("number_too_long")),
            ("(415) 555-0101", None, "+14155550101", None),
            ("(415) 555-0102", "", None, write_fault("no_region")),
            (None, None, None, write_fault("number_empty")),
        ],
        key=str,
    )
    assert ("+1 415 555 0100", "") not in asked


def test_no_number_at_all_is_no_row(backend: Any, written: Written) -> None:
    assert told(backend, written, [], "valid") == {}


def test_an_absent_number_is_empty_in_a_region_and_in_none(backend: Any, written: Written) -> None:
    found = told(backend, written, [(None, None), (None, "US")], "valid")
    assert found == {(None, None): (None, "number_empty"), (None, "US"): (None, "number_empty")}


def test_a_region_that_is_empty_and_one_that_is_absent_are_two_rows(backend: Any, written: Written) -> None:
    pairs: list[Pair] = [("+14155550100", None), ("+14155550100", "")]
    assert told(backend, written, pairs, "valid") == dict.fromkeys(pairs, ("+14155550100", None))


def test_every_row_keeps_its_other_columns_and_gets_its_number(backend: Any, written: Written) -> None:
    rows = [{"contactId": f"c{n}", "raw": "0121 234 5678", "region": "GB" if n % 2 else None} for n in range(6)]
    contacts = engine.read_rows(backend, written(rows, {"contactId": "VARCHAR", **COLUMNS})).rename(phone="raw")
    found = phone_normalisation.normalise_phones(backend, contacts, "valid")
    joined = found.select("contactId", "e164").order_by("contactId")
    listed = [row for chunk in engine.stream_rows(backend, joined, 10) for row in chunk]
    assert listed == [(f"c{n}", "+441212345678" if n % 2 else None) for n in range(6)]


def test_what_is_written_down_is_its_owners_alone(backend: Any, written: Written) -> None:
    told(backend, written, [("+14155550100", None), ("x", None)], "valid")
    files = list(engine.find_scratch(backend).glob("phones-*"))
    assert len(files) == 2  # what was told, and the library's answers
    assert {path.suffix for path in files} == {".parquet"}
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}


def test_a_rule_that_is_none_is_refused_before_anything_is_read(backend: Any) -> None:
    with pytest.raises(ValueError, match="no such rule: 'likely'"):
        phone_normalisation.normalise_phones(backend, None, "likely")  # type: ignore[arg-type]


def test_no_fault_and_no_log_repeats_a_number(backend: Any, written: Written, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    pairs: list[Pair] = [("999-555-0100", "US"), ("+999 5550100", None), ("5550100", "US"), ("secret 5550100", None)]
    faults = [fault or "" for _, fault in told(backend, written, pairs, "valid").values()]
    assert all(faults)
    assert not any("555" in text or "secret" in text for text in (*faults, caplog.text))


@pytest.mark.parametrize("few", [0, phone_normalisation.FEW])
def test_columns_that_rows_have_of_their_own_are_theirs(
    backend: Any, written: Written, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(phone_normalisation, "FEW", few)
    own = {"keys": "mine", "contactId": "1"}
    rows = written(
        [{"phone": "4155550101", "region": "US", **own}], dict.fromkeys(("phone", "region", *own), "VARCHAR")
    )
    told = phone_normalisation.normalise_phones(backend, engine.read_rows(backend, rows), "possible").select(
        "keys", "e164", "subscribers"
    )
    assert next(engine.stream_rows(backend, told, 10)) == [("mine", "+14155550101", ["+14155550101"])]
