"""A region column is read as people write countries; another word is told, and nobody is called by a guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from reconciler.audience.relations import engine
from reconciler.audience.staging import region_to_country
from tests.audience.conftest import Written
from tests.audience.decision.test_suppression import Audience, audience, person  # noqa: F401 # a fixture

COLUMNS = {"contactId": "VARCHAR", "region": "VARCHAR", "country": "VARCHAR"}


def found(backend: Any, written: Written, texts: Sequence[str | None]) -> Mapping[str, tuple[Any, ...]]:
    """Region, country and fault of rows by their ids, which are their numbers."""
    given = [{"contactId": str(n), "region": text, "country": text} for n, text in enumerate(texts)]
    table = region_to_country.read_regions(backend, engine.read_rows(backend, written(given, COLUMNS)))
    rows = table.select("contactId", "region", "country", "region_fault")
    return {row[0]: row[1:] for row in engine.list_rows(backend, rows, tuple[str, str | None, str | None, str | None])}


@pytest.mark.thin(1)
@pytest.mark.parametrize(
    ("phone", "region"),
    [
        ("415 555 0102", "United States"),
        ("415 555 0102", "usa"),
        ("415 555 0102", "US "),
        ("415 555 0102", "\u00a0us\u200b"),
        ("020 7946 0018", "UK"),
        ("020 7946 0018", "England"),
        ("020 7946 0018", "gbr"),
        ("01 99 00 12 34", "FRANCE"),
    ],
)
def test_a_number_is_read_in_the_country_that_its_row_names(audience: Audience, phone: str, region: str) -> None:  # noqa: F811
    assert audience.reasons(person("a", phone, region=region)) == [None]


@pytest.mark.thin(1)
@pytest.mark.parametrize("blank", [None, "", " ", "\u00a0", "\ufeff\t"])
def test_a_blank_says_no_country(audience: Audience, blank: str | None) -> None:  # noqa: F811
    assert audience.reasons(person("a", "415 555 0102", region=blank)) == [None]


@pytest.mark.parametrize("phone", ["415 555 0102", "+1 415 555 0102"])
@pytest.mark.thin(1)
def test_whose_region_is_unknown_is_not_called_and_the_word_is_told(audience: Audience, phone: str) -> None:  # noqa: F811
    audience.registry = ["+14155550102"]
    assert audience.reasons(person("a", phone, region="Atlantis")) == ["unknown region 'Atlantis'"]


def test_a_do_not_call_number_is_read_in_the_country_that_its_row_names(backend: Any, written: Written) -> None:
    read = found(backend, written, ["GB", "United Kingdom", "Narnia", None])
    assert read == {
        "0": ("GB", "GB", None),
        "1": ("GB", "GB", None),
        "2": ("Narnia", None, "Narnia"),
        "3": (None, None, None),
    }


def test_what_is_told_of_a_word_is_one_short_line_without_a_number_or_an_address(
    backend: Any, written: Written
) -> None:
    odd = ["No\nchanges.", "a" * 50, "4155550101", "+1 (415) 555-0101", "ann@example.com", "840"]
    faults = [row[2] for row in found(backend, written, odd).values()]
    assert faults == [
        "No changes.",
        "a" * 19 + "…",
        "••••••••••",
        "+• (•••) •••-••••",
        "•••@•••••••.•••",
        "840",
    ]


def test_of_many_unknown_words_the_most_frequent_are_told_and_the_others_counted_together(
    backend: Any, written: Written
) -> None:
    words = [f"word {chr(ord('a') + n)}" for n in range(26) for _ in range(26 - n)]
    faults = {row[2] for row in found(backend, written, words).values()}
    named = {f"word {each}" for each in "abcdefgh"}
    assert faults == named | {region_to_country.MANY}


def test_each_word_is_looked_up_once(backend: Any, written: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def counted(text: str) -> str | None:
        asked.append(text)
        return "US"

    monkeypatch.setattr("reconciler.model.countries.find_country", counted)
    found(backend, written, ["usa", "United States", None] * 500)
    assert sorted(asked) == ["United States", "usa"]
