"""The message of a finding says nothing that its details do not hold for programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from reconciler.model.finding import Finding
from reconciler.model.finding_details import DETAILS
from reconciler.model.resource_address import Address
from tests.rules.cases import Case, cases

JSON = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    list: "array",
    dict: "object",
    type(None): "null",
}
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
QUOTED = re.compile(r"(?<!\w)'((?:[^'\\]|\\.)+)'(?!\w)")

TO_COME = {"least"}
"""What a rule that is added will want, and none has: the opposite of `limit`."""


@cache
def list_found() -> list[tuple[Case, dict[str, Any]]]:
    """Every finding of every case."""
    return [(case, each) for case in cases() for each in case.found()]


def values(told: Any) -> Iterator[Any]:
    """Every value in some details, and how many there are where there are several."""
    if isinstance(told, dict | list):
        yield len(told)
        for each in told.values() if isinstance(told, dict) else told:
            yield from values(each)
    else:
        yield told


def list_words(found: dict[str, Any]) -> list[str]:
    """Every text of a finding's details, and what is written of its instants; its object's address too."""
    texts = [each for each in values(found.get("details", {})) if isinstance(each, str)]
    return sorted({found["object"], *texts}, key=len, reverse=True)


def is_told(number: str, found: dict[str, Any]) -> bool:
    """Whether a number of a message is one of the details, rounded as the message has it."""
    plain = number.replace(",", "")
    decimals = len(plain.partition(".")[2])
    figures = [
        each for each in values(found["details"]) if isinstance(each, int | float) and not isinstance(each, bool)
    ]
    return any(plain in {f"{each:.{decimals}f}", f"{each:.4g}"} for each in figures)


def list_untold(found: dict[str, Any]) -> list[str]:
    """The numbers of a message that its details do not have."""
    says = QUOTED.sub("", found["says"])
    for words in list_words(found):
        says = says.replace(words, "")
    says = re.sub(r"\b(\d+)h(?:(\d+)m)?\b|\b(\d+)m\b", _in_minutes, says)
    says = re.sub(r"[\d,]+ more\b", "", says)
    moments = [each for each in list_words(found) if re.match(r"\d{4}-\d\d-\d\dT", each)]
    for part in {part for each in moments for part in (each[11:16], each[8:10], each[:4])}:
        says = re.sub(rf"\b{part}\b", "", says)
    return [each.rstrip(",") for each in NUMBER.findall(says) if not is_told(each.rstrip(","), found)]


def _in_minutes(length: re.Match[str]) -> str:
    hours, rest, minutes = (int(each or 0) for each in length.groups())
    return str(60 * hours + rest + minutes)


def list_unnamed(found: dict[str, Any]) -> list[str]:
    """The names of a message that its details do not have."""
    named = [each.encode().decode("unicode_escape") if "\\" in each else each for each in QUOTED.findall(found["says"])]
    return [each for each in named if each not in list_words(found)]


def test_every_number_and_every_name_in_a_message_is_in_the_details() -> None:
    wrong = [
        (str(case), found["says"], untold)
        for case, found in list_found()
        # without any details a program would have to read the sentence
        if (untold := [*list_untold(found), *list_unnamed(found)] if found.get("details") else "no details")
    ]
    assert not wrong, wrong
    assert len(list_found()) > 150


def test_a_key_has_the_types_that_are_published() -> None:
    wrong = [
        (str(case), key, value)
        for case, found in list_found()
        for key, value in found["details"].items()
        if not Draft202012Validator({"type": list(DETAILS[key].types)}).is_valid(value)
    ]
    assert not wrong, wrong


def test_every_key_is_used_by_some_rule() -> None:
    assert set(DETAILS) - {key for _, found in list_found() for key in found["details"]} <= TO_COME


def test_a_key_that_nobody_knows_is_refused() -> None:
    with pytest.raises(ValueError, match="no such details"):
        Finding("LIM-REMOVALS", Address("Segment", "people"), "too many", details={"how_many": 3})


@pytest.mark.parametrize(
    ("says", "details", "untold"),
    [
        ("1,234 of 5 contacts (10 %)", {"removed": 1234, "live": 5, "share": 9.7}, []),
        ("1,234 of 5 contacts (10 %)", {"removed": 1234, "live": 5}, ["10"]),
        ("lasts 2h30m", {"minutes": 150}, []),
        ("lasts 2h30m", {"minutes": 151}, ["150"]),
        ("ended at 2026-07-02T14:00:00Z", {"ends": "2026-07-02T14:00:00Z"}, []),
        ("ended at 14:00", {"contacts": 3}, ["14", "00"]),
    ],
)
def test_what_is_missing_in_details_is_found(says: str, details: dict[str, Any], untold: list[str]) -> None:
    found = {"object": "Segment/people", "says": says, "details": details}
    assert list_untold(found) == untold
