"""Where the rows of a page are, and what a page must look like, is said by paths into the answer."""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.model.paging import OffsetPages, OnePage, Pages, TokenPages, make_answer_shape, pick
from reconciler.model.reply_shape import ID, TEXT, Shape, find_odd, may, needs

ROW = Shape({"id": needs(ID)})


@pytest.mark.parametrize(
    ("answer", "path", "found"),
    [
        ({"a": {"b": 1}}, "a.b", 1),
        ([{"objId": 7}], "0.objId", 7),
        ({"campaigns": [{"id": "x"}]}, "campaigns.0.id", "x"),
        ([1, 2], "", [1, 2]),
        ([], "0.objId", None),
        ({"a": None}, "a.b", None),
        ({"a": 1}, "a.b", None),
        ([{}], "-1", None),
        ("text", "0", None),
        (None, "a", None),
        ({"a": 1}, None, None),
    ],
)
def test_what_stands_at_a_path_is_found_and_nothing_where_nothing_does(
    answer: Any, path: str | None, found: Any
) -> None:
    assert pick(answer, path) == found


NESTED = OffsetPages("resultSet.dncGroups", "top", "skip", "resultSet.totalGroups")
BARE = OffsetPages("", "top", "skip", None)


@pytest.mark.parametrize(
    ("pages", "answer", "odd"),
    [
        (NESTED, {"resultSet": {"dncGroups": [{"id": 1}], "totalGroups": "1"}}, None),
        (NESTED, {"resultSet": {"dncGroups": []}}, None),
        (NESTED, {"resultSet": {"totalGroups": 1}}, "$.resultSet.dncGroups"),
        (NESTED, {}, "$.resultSet"),
        (NESTED, {"resultSet": {"dncGroups": [{"id": 1}], "totalGroups": "many"}}, "$.resultSet.totalGroups"),
        (BARE, [{"id": 1}], None),
        (BARE, [{"name": 1}], "$[0].id"),
        (BARE, {"rows": []}, "$"),
        (OnePage(""), [{"id": 1}], None),
        (OnePage("resultSet.rows", "resultSet.count"), {"resultSet": {"rows": [{"id": 1}], "count": 1}}, None),
        (OnePage("resultSet.rows"), {"resultSet": {"rows": {}}}, "$.resultSet.rows"),
        (TokenPages(), {"data": [], "pagination": {"nextPageToken": None}}, None),
        (TokenPages(), {"data": []}, None),
        (TokenPages(), {"pagination": {}}, "$.data"),
        (TokenPages(), {"data": [], "pagination": {"nextPageToken": {}}}, "$.pagination.nextPageToken"),
    ],
)
def test_a_page_that_is_none_is_told_by_the_place_that_is_odd(pages: Pages, answer: Any, odd: str | None) -> None:
    found = find_odd(pages.shape(ROW), answer)
    assert (None if found is None else found.path) == odd


def test_a_page_is_asked_for_in_the_words_of_its_api() -> None:
    assert NESTED.query(2000) == {"top": 1000, "skip": 2000}
    assert OffsetPages("contacts").query(0, 1) == {"count": 1, "start": 0}
    assert TokenPages().query(None) == {"pageSize": 1000, "pageToken": None}


def test_an_answer_that_is_a_list_holds_nothing_beside_it() -> None:
    with pytest.raises(ValueError, match="beside nothing else"):
        OffsetPages("", total="total").shape(ROW)
    with pytest.raises(ValueError, match="an object or a list"):
        make_answer_shape({"": may(TEXT)})


def test_an_object_in_a_list_is_held_against_its_shape_and_need_not_be_there() -> None:
    shape = make_answer_shape({"skills.0": needs(ROW)})
    assert find_odd(shape, {"skills": [{"id": 1}]}) is None
    assert find_odd(shape, {"skills": []}) is None
    assert str(find_odd(shape, {"skills": [{"name": "x"}]})).startswith("$.skills[0].id must be an id")
    assert str(find_odd(shape, {"skills": {"0": {"id": 1}}})).startswith("$.skills must be a list")
