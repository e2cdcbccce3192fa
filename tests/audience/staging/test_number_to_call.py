"""One person, several numbers: the first that can be called is called, and do-not-call holds for all of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import write_fault
from reconciler.audience.staging import number_to_call, staged_contacts
from reconciler.model.segment import Phones
from reconciler.model.source_specs import SqlFeed
from reconciler.views.reasons import describe_reason
from tests.audience.decision.test_suppression import FILE, HERE, Audience, audience, person  # noqa: F401 # a fixture

COLUMNS = (("mobile",), ("home",), ("area", "number"))
CRM = SqlFeed(url="env CRM", query="select 1", columns=(("contactId", "id"),), phones=COLUMNS, where=HERE)
MOBILE, HOME, WORK = "+14155550101", "(202) 555-0102", "2125550103"


@pytest.fixture
def several(audience: Audience) -> Audience:  # noqa: F811
    audience.source, audience.columns = CRM, {**FILE, "phones": "VARCHAR[]"}
    return audience


def reached(name: str, *phones: str | None, **more: Any) -> dict[str, Any]:
    first = next((phone for phone in phones if phone is not None), None)
    return person(name, first, phones=list(phones), **more)


def standing(audience: Audience, *people: dict[str, Any]) -> list[tuple[Any, ...]]:  # noqa: F811
    table = engine.read_rows(audience.backend, audience.standing(people).rows).order_by("contactId", "place")
    rows = table.select("e164", "reason", "subscribers")
    return [
        (e164, None if why is None else describe_reason(reasons.read_reason(why)), keys)
        for e164, why, keys in engine.list_rows(
            audience.backend, rows, tuple[str | None, reasons.ReasonCell | None, list[str] | None]
        )
    ]


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("phones", "called"),
    [
        ((MOBILE, HOME, WORK), "+14155550101"),
        ((None, HOME, WORK), "+12025550102"),
        (("withheld", HOME, None), "+12025550102"),
        (("5550101", None, WORK), "+12125550103"),
        (("+1 200 555 0102", HOME, WORK), "+12025550102"),
        (("+44 20 7946 0018", None, None), "+442079460018"),
        ((None, None, None), None),
        (("nobody", "12", None), None),
    ],
)
def test_the_first_number_that_can_be_called_is_called(
    several: Audience, phones: tuple[str | None, ...], called: str | None
) -> None:
    several.segment = replace(several.segment, suppress=())
    ((e164, reason, _),) = standing(several, reached("a", *phones))
    assert (e164, reason) == (called, None if called else "no valid phone")


@pytest.mark.thin
@pytest.mark.parametrize("listed", [MOBILE, "202-555-0102", "+1 212 555 0103"])
def test_a_do_not_call_entry_for_any_number_of_a_person_holds_for_the_person(several: Audience, listed: str) -> None:
    several.registry = [listed]
    rows = standing(several, reached("a", MOBILE, HOME, WORK), reached("b", "+14155550109", None, None))
    assert [reason for _, reason, _ in rows] == ["suppressed by registry", None]


def test_a_number_of_no_range_yet_that_nobody_would_call_is_held_against_do_not_call_lists(several: Audience) -> None:
    several.registry = ["+1 200 555 0102"]
    assert several.reasons(reached("a", MOBILE, "200 555 0102", None)) == ["suppressed by registry"]


def test_all_numbers_of_a_person_are_among_the_keys_by_which_it_is_reached(several: Audience) -> None:
    ((_, _, subscribers),) = standing(several, reached("a", MOBILE, HOME, MOBILE))
    assert subscribers == sorted(subscribers)
    assert subscribers == ["+12025550102", "+14155550101", "contact a"]


LOST = "another number of theirs cannot be read"


@pytest.mark.thin(3)
@pytest.mark.parametrize(
    "text",
    [
        *("555-0102", "202 555 0102 / 202 555 0103", "2025550102 or 03", "202555010", "20255501021", "202-CALL-NOW"),
        *("2.02555E+09", "202555010?", "(٢٠٢) ٥٥٥-٠١", "12345", "call 202 555 0102", "0020255501020"),
    ],
)
def test_a_contact_with_a_number_that_cannot_be_read_is_out_where_there_are_do_not_call_lists(
    several: Audience, text: str
) -> None:
    several.registry = ["+1 212 555 0199"]
    assert several.reasons(reached("a", MOBILE, text, None), reached("b", text, None, MOBILE)) == [LOST, LOST]


@pytest.mark.thin(3)
@pytest.mark.parametrize("text", ["withheld", "12", "1234", "0", "000-000-0000", " ", "-", "x", "n/a", None])
def test_what_is_nobodys_number_counts_as_blank(several: Audience, text: str | None) -> None:
    several.registry = ["+1 212 555 0199"]
    assert several.reasons(reached("a", MOBILE, text, None)) == [None]


def test_a_contact_with_a_second_row_whose_number_cannot_be_read_is_out(audience: Audience) -> None:  # noqa: F811
    audience.registry = ["+1 212 555 0199"]
    people = [person("a", MOBILE), person("a", "555-0102"), person("b", "+14155550109"), person("b", "nobody")]
    twice = "duplicate of another row with its id"
    assert audience.reasons(*people) == [LOST, twice, None, twice]


UNREAD_ROWS = ({"doubts": ["12", "a ", "+14155550107"]}, {"doubts": ["c\u200b"]})
LOST_ROW = "another row of theirs cannot be read"


@pytest.mark.matrix(instead="test_a_contact_with_a_second_row_whose_number_cannot_be_read_is_out")
def test_a_contact_of_whom_another_row_cannot_be_read_is_out_where_it_may_have_said_not_to_be_called(
    audience: Audience,  # noqa: F811
) -> None:
    audience.registry, audience.columns = ["+1 212 555 0199"], {**FILE, "doubts": "VARCHAR[]"}
    broken = [person(f"z{n}", None, fault=write_fault("key_twice"), **each) for n, each in enumerate(UNREAD_ROWS)]
    people = [person("a", MOBILE), person("b", "+14155550109"), person("c", "+14155550108"), *broken]
    assert audience.reasons(*people)[:3] == [LOST_ROW, None, LOST_ROW]
    audience.segment = replace(audience.segment, suppress=())
    assert audience.reasons(*people)[:3] == [None, None, None]
    asks = replace(CRM, opted_in="consent", phones=())
    audience.source = asks
    agreed = [{**each, "optedIn": True} for each in people]
    assert audience.reasons(*agreed)[:3] == [LOST_ROW, None, LOST_ROW]
    audience.source = replace(asks, unknown_consent="in")
    assert audience.reasons(*agreed)[:3] == [None, None, None]


def test_without_a_do_not_call_list_the_number_that_is_good_is_called(several: Audience) -> None:
    several.segment = replace(several.segment, suppress=())
    assert several.reasons(reached("a", MOBILE, "555-0102", None)) == [None]


def test_contacts_who_share_a_number_that_is_not_called_are_both_called(several: Audience) -> None:
    switchboard = "2125550103"
    people = [reached("a", MOBILE, None, switchboard), reached("b", "+14155550109", None, switchboard)]
    assert several.reasons(*people) == [None, None]


def test_contacts_who_would_be_called_by_one_number_are_called_once(several: Audience) -> None:
    people = [reached("a", MOBILE, None, None, engagementScore="80"), reached("b", None, None, "415 555 0101")]
    assert several.reasons(*people) == ["duplicate of another contact with its phone", None]


def test_a_do_not_call_entry_for_a_second_row_of_a_contact_holds_for_the_first(audience: Audience) -> None:  # noqa: F811
    audience.registry = [HOME]
    people = [person("a", MOBILE), person("a", HOME), person("b", "+14155550109"), person("b", "nobody")]
    assert audience.reasons(*people) == [
        "suppressed by registry",
        "duplicate of another row with its id",
        None,
        "duplicate of another row with its id",
    ]


def test_a_do_not_call_entry_for_a_row_that_cannot_be_used_holds_for_the_contact(audience: Audience) -> None:  # noqa: F811
    audience.registry = [HOME]
    broken = person("a", HOME, fault=write_fault("not_a_number", "engagementScore"))
    assert "suppressed by registry" in audience.reasons(broken, person("a", MOBILE))


def test_it_is_told_which_number_is_called_and_why_those_before_it_are_not(several: Audience) -> None:
    read = several.read([reached("a", "withheld", None, WORK), reached("b", MOBILE, HOME, None)])
    everyone = staged_contacts.read_contacts(several.backend, read[CRM])
    told = {
        name: [
            f"{column}: {describe_reason(why)}"
            for column, why in number_to_call.explain_numbers(several.backend, mine, Phones("valid", "US"), CRM)
        ]
        for name in ("a", "b")
        for mine in [everyone.filter(everyone["contactId"] == name)]
    }
    assert told == {
        "a": ["`mobile`: cannot be called: not a number", "`home`: blank", "`area` and `number`: called"],
        "b": [
            "`mobile`: called",
            "`home`: not called, but checked against do-not-call lists",
            "`area` and `number`: blank",
        ],
    }


def test_by_possible_the_first_number_of_the_right_length_is_called(several: Audience) -> None:
    several.segment = replace(several.segment, phones=Phones("possible", "US"))
    ((e164, _, _),) = standing(several, reached("a", "200 555 0102", HOME, None))
    assert e164 == "+12005550102"
