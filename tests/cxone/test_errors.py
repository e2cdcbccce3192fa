"""What can go wrong between here and a tenant, and how is it told?"""

from __future__ import annotations

import re

import pytest

from reconciler.cxone import errors
from reconciler.cxone.error_mapping import quote_tenant
from reconciler.model.errors import Exit, ReconcilerError

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.WireError)]


@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_is_an_error_with_a_code_of_its_own(kind: type[errors.WireError]) -> None:
    assert issubclass(kind, ReconcilerError)
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code)
    assert kind.exit_code == Exit.ERROR
    assert [other for other in KINDS if other.code == kind.code] == [kind]


def test_a_fault_says_where_it_happened() -> None:
    fault = errors.NotFound(
        "no such list",
        method="GET",
        url="https://someone:secret@tenant.example/lists/7?name=Zaphod#top",
        status=404,
        request_id="abc",
        attempts=2,
    )
    assert fault.where == "GET https://tenant.example/lists/7 (status 404, request id abc, 2 attempts)"
    assert fault.url == "https://tenant.example/lists/7"


def test_a_fault_without_a_reply_says_no_more_than_it_knows() -> None:
    assert errors.Unavailable("down", method="GET", url="https://t.example/x").where == "GET https://t.example/x"


def test_a_url_that_cannot_be_read_is_not_shown() -> None:
    assert errors.strip_url("http://[::1") == "(a URL that cannot be read)"


def test_a_hint_of_the_moment_wins_over_the_usual_one() -> None:
    assert errors.TooLarge("big", method="POST", url="", hint="this").hint == "this"
    assert errors.TooLarge("big", method="POST", url="").hint == "lower the chunk size of this surface"


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ({"message": "no such list"}, "no such list"),
        ({"error": "invalid", "error_description": "unknown client"}, "invalid; unknown client"),
        ({"error": {"code": 7, "message": "no"}}, "no"),
        ({"errors": ["a", {"detail": "b"}, "c", "d"]}, "a; b; c"),
        ({"message": "same", "detail": "same"}, "same"),
        ("Zaphod Beeblebrox", "…"),
        ({"message": "two\nlines\x1b[31m and\tcolour"}, "two lines [… and …"),
        ({"message": "no " * 1000}, "no " * 100),
        ({"message": "no such person: Zaphod"}, "no such …: …"),
        ({"message": ""}, None),
        ({"contactId": "c1"}, None),
        ({"message": 7}, None),
        (None, None),
    ],
)
def test_the_words_of_the_tenant_are_taken_from_the_fields_for_messages(reply: object, words: str | None) -> None:
    assert quote_tenant(reply) == words


def test_an_empty_text_to_hide_hides_nothing() -> None:
    assert quote_tenant("as it is", hide=[""]) == "as it is"
