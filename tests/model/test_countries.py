"""A country is known by its codes and its English names, however they are typed; what may mean two is none."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from importlib.resources import files

import pycountry
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model import countries
from reconciler.model.countries import find_country, find_country_of_part

FORMS = ("alpha_2", "alpha_3", "name", "official_name", "common_name")
EVERY = [(getattr(each, form), each.alpha_2) for each in pycountry.countries for form in FORMS if hasattr(each, form)]
UNSEEN = st.text(st.sampled_from(" \t\n\r\u00a0\u2007\u200b\u200c\u2060\ufeff\u3000"), max_size=4)


def test_every_country_is_known_by_its_codes_and_names_in_any_case() -> None:
    assert len(EVERY) > 249 * 3
    missed = [text for text, code in EVERY for each in (text, text.lower(), text.upper()) if find_country(each) != code]
    assert missed == []


@given(st.sampled_from(EVERY), UNSEEN, UNSEEN)
def test_what_nobody_sees_around_a_country_does_not_count(each: tuple[str, str], before: str, after: str) -> None:
    text, code = each
    assert find_country(before + text + after) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("UK", "GB"),
        ("u.k.", "GB"),
        ("England", "GB"),
        ("Great Britain", "GB"),
        ("EL", "GR"),
        ("U.S.", "US"),
        ("U.S.A.", "US"),
        ("the United States of America", "US"),
        ("United\u00a0States", "US"),
        ("\uff35\uff33", "US"),
        ("Korea, Republic of", "KR"),
        ("Republic of Korea", "KR"),
        ("South Korea", "KR"),
        ("Cote d'Ivoire", "CI"),
        ("Côte d\u2019Ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("St. Lucia", "LC"),
        ("Trinidad & Tobago", "TT"),
        ("Turkey", "TR"),
        ("Turkiye", "TR"),
        ("Vietnam", "VN"),
        ("Russia", "RU"),
        ("Czech Republic", "CZ"),
        ("Holland", "NL"),
        ("The Netherlands", "NL"),
        ("British Virgin Islands", "VG"),
        ("Kosovo", "XK"),
        ("xk", "XK"),
        ("Falkland Islands", "FK"),
    ],
)
def test_a_country_is_known_as_people_write_it(text: str, code: str) -> None:
    assert find_country(text) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Atlantis",
        "XX",
        "ZZZ",
        "Korea",
        "America",
        "Virgin Islands",
        "N.A.",
        "n/a",
        "-",
        "840",
        "372",
        "44",
        "+1",
        "US-CA",
        "US/CA",
        "U S A and more",
        "null",
        "unknown",
        "4155550101",
        "\u0421\u0410",
        "United States" * 10,
    ],
)
def test_a_word_that_is_no_country_or_may_be_two_is_none(text: str) -> None:
    assert find_country(text) is None


def test_no_two_countries_have_one_name() -> None:
    meant = defaultdict(set)
    for name, code in countries.iter_names():
        assert find_country(name) == code
        meant[name.casefold()].add(code)
    assert [name for name, codes in meant.items() if len(codes) > 1] == []


def test_every_name_that_was_added_has_its_source() -> None:
    text = (files("reconciler.model") / "countries.toml").read_text(encoding="utf-8")
    for code, each in tomllib.loads(text).items():
        assert find_country(code) == code
        for source in each["source"].split(", "):
            assert f"[{source}]" in text, code
        for written in (*each.get("codes", ()), *each.get("names", ())):
            assert find_country(written) == code


@pytest.mark.parametrize(
    ("text", "of"),
    [("Colorado", "US"), ("texas ", "US"), ("Ontario", "CA"), ("Québec", "CA"), ("Punjab", None), ("Nowhere", None)],
)
def test_a_state_is_known_by_the_country_that_it_is_of_unless_several_have_one(text: str, of: str | None) -> None:
    assert find_country_of_part(text) == of
