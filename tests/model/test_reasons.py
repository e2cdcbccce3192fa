"""A program knows a reason by its code, whatever name or number its words have."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reconciler.model.change import Reason
from reconciler.model.reasons import OTHER, by_code, code

MEMBERSHIP = Path(__file__).parents[2] / "reconciler" / "audience" / "membership.py"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("no consent recorded", "no_consent_recorded"),
        ("no consent", "no_consent"),
        ("unknown region 'Atlantis'", "unknown_region"),
        ("unknown region, one of many words", "unknown_region"),
        ("suppressed by archived-people", "suppressed"),
        ("cannot be used: no consent", "cannot_be_used"),
        ("duplicate of another row with its id", "duplicate_row"),
        ("duplicate of another contact with its phone", "duplicate_phone"),
        ("not on list 'Invited'", "not_on_list"),
    ],
)
def test_a_reason_has_the_code_of_what_its_words_begin_with(words: str, expected: str) -> None:
    assert code(words) == expected


def test_reasons_of_one_code_are_counted_together() -> None:
    reasons = (Reason("unknown region 'A'", 2), Reason("archived", 1), Reason("unknown region 'B'", 3))
    assert by_code(reasons) == {"unknown_region": 5, "archived": 1}


def test_every_reason_that_a_segment_gives_has_a_code() -> None:
    given = re.findall(r'(?:said|literal)\(f?"([^"]+)"\)', MEMBERSHIP.read_text(encoding="utf-8"))
    starts = [words.partition("{")[0] for words in given if words != ", which has no list"]
    assert len(starts) > 8
    assert [words for words in starts if code(words) == OTHER] == []
