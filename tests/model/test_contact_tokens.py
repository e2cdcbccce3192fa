"""A contact is spoken of by a token, and by a hint that gives nothing away."""

from __future__ import annotations

import pytest

from reconciler.model.contact_tokens import Tokens
from reconciler.model.secret import Secret

TOKENS = Tokens(Secret("a key of nobody's"))


@pytest.mark.parametrize(
    ("contact", "hint"),
    [("", "…"), ("A", "…"), ("C0001", "…"), ("C00001", "…01"), ("00Q000000000123", "…23")],
)
def test_a_hint_is_two_characters_of_an_id_of_six_or_more_and_none_of_a_shorter_one(contact: str, hint: str) -> None:
    assert TOKENS.hint(contact) == hint


def test_a_token_is_the_same_for_one_key_and_another_for_another() -> None:
    token = TOKENS.token("C00001")
    assert token == Tokens(Secret("a key of nobody's")).token("C00001")
    assert token != Tokens(Secret("another key")).token("C00001")
    assert TOKENS.may_be(token)
    assert not TOKENS.may_be("C00001")
    assert len(token) == len("c-") + 12
