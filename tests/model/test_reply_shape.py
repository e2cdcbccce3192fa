"""A reply is held against its shape: what is odd is told by its place and its kind, and never by its value."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.reply_shape import (
    ID,
    INSTANT,
    NAME,
    NUMBER,
    OBJECT,
    SCALAR,
    TEXT,
    TEXT_OR_NUMBER,
    TOTAL,
    WHOLE,
    Rows,
    Shape,
    Value,
    find_odd,
    may,
    needs,
    number,
    whole,
)

PAGE = Shape(
    {
        "rows": needs(Rows(Shape({"id": needs(ID), "score": may(NUMBER), "at": may(INSTANT), "data": may(OBJECT)}))),
        "total": may(TOTAL),
        "next": may(Shape({"token": may(TEXT)})),
    }
)


@pytest.mark.parametrize(
    "reply",
    [
        {"rows": []},
        {"rows": [], "total": None, "next": None, "more": [1, {"of": "its own"}]},
        {
            "rows": [
                {"id": "A", "score": None},
                {"id": 7, "score": "85.5", "at": "2026-07-01T09:00:00+02:00", "data": {}},
            ]
        },
        {"rows": [{"id": "A", "score": 1}, {"id": "B", "score": 1.5}], "total": "12", "next": {"token": "x", "is": []}},
        {"rows": [], "total": -1},
    ],
)
def test_what_is_as_it_must_be_is_taken(reply: Any) -> None:
    assert find_odd(PAGE, reply) is None


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (None, "$ must be an object, and is null"),
        ([], "$ must be an object, and is a list"),
        ({}, "$.rows must be a list, and is not there"),
        ({"rows": None}, "$.rows must be a list, and is null"),
        ({"rows": {}}, "$.rows must be a list, and is an object"),
        ({"rows": [{"id": "A"}, None]}, "$.rows[1] must be an object, and is null"),
        ({"rows": ["Ada"]}, "$.rows[0] must be an object, and is text"),
        ({"rows": [[1]]}, "$.rows[0] must be an object, and is a list"),
        ({"rows": [{}]}, "$.rows[0].id must be an id: text that is not blank, or a whole number, and is not there"),
        ({"rows": [{"id": " "}]}, "$.rows[0].id must be an id: text that is not blank, or a whole number, and is blank"),
        ({"rows": [{"id": {"a": 1}}]}, "$.rows[0].id must be an id: text that is not blank, or a whole number, and is an object"),
        ({"rows": [{"id": 1}] * 9 + [{"id": True}]}, "$.rows[9].id must be an id: text that is not blank, or a whole number, and is true or false"),
        ({"rows": [{"id": 1.5}]}, "$.rows[0].id must be an id: text that is not blank, or a whole number, and is a number with a fraction, or too great to be exact"),
        ({"rows": [{"id": "A", "score": "Ada Lovelace"}]}, "$.rows[0].score must be a number, and is text that is none"),
        ({"rows": [{"id": "A", "score": False}]}, "$.rows[0].score must be a number, and is true or false"),
        ({"rows": [{"id": "A", "at": "+14155550101"}]}, "$.rows[0].at must be an ISO 8601 instant with its offset, and is text that is none"),
        ({"rows": [{"id": "A", "at": 7}]}, "$.rows[0].at must be an ISO 8601 instant with its offset, and is a whole number"),
        ({"rows": [{"id": "A", "data": "x"}]}, "$.rows[0].data must be an object, and is text"),
        ({"rows": [], "total": "abc"}, "$.total must be a whole number, and is text that is none"),
        ({"rows": [], "total": True}, "$.total must be a whole number, and is true or false"),
        ({"rows": [], "next": []}, "$.next must be an object, and is a list"),
        ({"rows": [], "next": {"token": 7}}, "$.next.token must be text, and is a whole number"),
    ],
)  # fmt: skip
def test_what_is_odd_is_told_by_its_place_and_kind(reply: Any, says: str) -> None:
    assert str(find_odd(PAGE, reply)) == says


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["rows", "id", "score", "at", "next", "token", "total"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(JSON)
def test_any_reply_is_taken_or_told_of_and_no_text_of_it_is_shown(reply: Any) -> None:
    odd = find_odd(PAGE, reply)
    if odd is None:
        assert isinstance(reply, dict)
        assert all(ID.takes(row["id"]) for row in reply["rows"])
    else:
        assert odd.path.startswith("$")
        assert set(odd.path) <= set("$.[]0123456789abcdefghijklmnopqrstuvwxyz")


@given(st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=40)))
def test_a_number_is_read_where_its_kind_is_right_and_nowhere_else(value: Any) -> None:
    assert (number(value) is not None) == NUMBER.takes(value)
    assert (whole(value) is not None) == WHOLE.takes(value)
    assert whole(value) is None or whole(value) == Decimal(str(value))


@pytest.mark.parametrize(
    ("value", "right", "wrong"),
    [
        (ID, ["A", 0, -1, "x" * 512], ["", " ", "x" * 513, "a\0", 1.0, True, None, [], {}]),
        (NAME, ["A", 7, "\u00e9"], ["", "\n", "a\0b", 1.5, False, []]),
        (TEXT, ["", "A"], [1, None, []]),
        (WHOLE, [0, "12", 12.0], [-1, "-1", "1.0", "", "1_0", " 1", "\u0661", 1.5, True, 1e300, "9" * 19]),
        (NUMBER, [0, -1.5, "1e3", ".5", "+2"], ["", "1e999", "nan", "inf", "0x1", "1,5", True, None]),
        (INSTANT, ["2026-07-01T09:00:00Z", "2026-07-01T09:00:00.123+02:00"], ["2026-07-01", "2026-07-01T09:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00Z", "now", 7]),
        (TOTAL, [0, -1, "-1", "7", 7.0], ["abc", 2.5, True, [], "-2"]),
        (TEXT_OR_NUMBER, ["", 1, 1.5], [True, None, []]),
        (SCALAR, ["", 1, 1.5, True], [None, [], {}]),
    ],
)  # fmt: skip
def test_each_kind_has_its_edges(value: Value, right: list[Any], wrong: list[Any]) -> None:
    assert [each for each in right if not value.takes(each)] == []
    assert [each for each in wrong if value.takes(each)] == []
