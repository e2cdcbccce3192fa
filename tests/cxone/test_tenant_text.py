"""Can a tenant's message name somebody, whatever it quotes?"""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from reconciler.cxone.tenant_text import mask_code, mask_text

SAID = [
    ("the list is full", "the list is full"),
    ("CONTACT_NOT_ACTIVE: the contact with this number is archived",) * 2,
    ("abandonThreshold must be below 3",) * 2,
    ("at most 1000 rows are taken, 10,000 were given",) * 2,
    ("Page token is invalid",) * 2,
    ("Ottoline Example (+1 202-555-0100) is archived", "… (***) is archived"),
    ("contact ottoline is archived", "contact … is archived"),
    ("Contact OTTOLINE EXAMPLE is archived", "Contact … is archived"),
    ("Will was rejected", "… was rejected"),
    ("Mark Page is not allowed", "… is not allowed"),
    ("rejected: mark smithson", "rejected: …"),
    ("O'Brien and McDonald are blocked", "… and … are blocked"),
    ("Frau Müller ist gesperrt", "…"),
    ("李雷 is blocked", "… is blocked"),
    ("DeShawn_Example42 is blocked", "… is blocked"),
    ("call 202.555.0100 or (202) 555 0101 or 2025550102", "call *** or (*** or ***"),
    ("o.example@mail.example.com failed", "*** failed"),
    ("contact CUST0075 is unknown", "contact … is unknown"),
    ("no such contact 84629", "no such contact …"),
    ("number 202x555x0100 is invalid", "number … is invalid"),
]


@pytest.mark.parametrize(("said", "shown"), SAID)
def test_what_is_wrong_is_shown_and_who_it_is_about_is_not(said: str, shown: str) -> None:
    assert mask_text(said) == shown


def test_names_of_fields_that_we_sent_are_shown() -> None:
    assert mask_text("loyaltyTierX must be text", {"loyaltyTierX"}) == "loyaltyTierX must be text"
    assert mask_text("loyaltyTierX must be text") == "… must be text"


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("CONTACT_NOT_ACTIVE", "CONTACT_NOT_ACTIVE"),
        ("invalid-grant", "invalid-grant"),
        ("QUX_42", "QUX_42"),
        ("archived", "archived"),
        ("SMITH", "…"),
        ("Ottoline Example", "…"),
        ("+12025550100", "***"),
        ("tel-202-555-0100", "…-***"),
        ("NUMBER_2025550100", "NUMBER_***"),
    ],
)
def test_a_code_is_shown_where_it_looks_like_one(code: str, shown: str) -> None:
    assert mask_code(code) == shown


@given(st.text(), st.sampled_from(["Ottoline", "Zaphod", "Xanthippe"]), st.text())
def test_no_name_gets_through_whatever_stands_around_it(before: str, name: str, after: str) -> None:
    assert name not in mask_text(f"{before} {name} {after}")


@given(
    st.sampled_from(["202", "2025"]),
    st.text(st.characters(exclude_categories=["L", "N", "Cs"]), max_size=5),
    st.sampled_from(["5550100", "555"]),
    st.sampled_from(["", "_", "·", " - - ", "][", "\u2212", "%"]),
)
@example("202", ":", "555", "·0100")
@example("202", '":@', "5550100", "")
def test_no_number_gets_through_whatever_signs_it_is_grouped_by(first: str, sign: str, then: str, rest: str) -> None:
    shown = mask_text(f"number {first}{sign}{then}{rest}0100 is invalid")
    assert first not in shown
    assert then not in shown
    assert "0100" not in shown


@given(st.lists(st.sampled_from("0123456789 .-()/+"), max_size=60).map("".join))
def test_no_number_of_six_digits_gets_through_however_it_is_written(text: str) -> None:
    shown = mask_text(text)
    assert sum(each.isdigit() for each in shown) <= sum(each.isdigit() for each in text)
    assert not any(len(run) >= 6 for run in "".join(c if c.isdigit() else " " for c in shown).split())
