"""Pages that can be asked for at once are read so, in their order, and no more of them ahead than can be held."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.cxone.pages import (
    LARGEST_PAGE,
    MOST_EMPTY,
    Endless,
    Rows,
    Unsettled,
    read_by_offset,
    read_by_token,
    read_collected,
)

PAGES = 40
WORKERS = 4


def page(start: int) -> Mapping[str, Any]:
    return {"total": PAGES * LARGEST_PAGE, "contacts": rows(start, start + LARGEST_PAGE)}


def rows(start: int, end: int) -> list[dict[str, str]]:
    return [{"id": f"c{number}"} for number in range(start, end)]


def test_pages_come_in_their_order_and_only_a_few_wait_to_be_taken() -> None:
    guard = threading.Lock()
    fetched: list[int] = []
    taken: list[str] = []
    ahead: list[int] = []

    def fetch(start: int) -> Mapping[str, Any]:
        with guard:
            fetched.append(start)
        return page(start)

    def add(rows: Rows) -> None:
        taken.append(str(rows[0]["id"]))
        with guard:
            ahead.append(len(fetched) - len(taken))

    heard = read_by_offset(fetch, "contacts", add, WORKERS)
    assert taken == [f"c{start * LARGEST_PAGE}" for start in range(PAGES)]
    assert max(ahead) <= 2 * WORKERS
    assert heard.is_whole(PAGES * LARGEST_PAGE)


def test_a_page_that_fails_ends_the_read_before_the_others_are_asked_for() -> None:
    fetched: list[int] = []

    def fetch(start: int) -> Mapping[str, Any]:
        fetched.append(start)
        if start == 2 * LARGEST_PAGE:
            raise TimeoutError("no reply")
        return page(start)

    with pytest.raises(TimeoutError):
        read_by_offset(fetch, "contacts", lambda rows: None, WORKERS)
    assert len(fetched) <= 3 + 2 * WORKERS


def read_all(fetch: Any) -> tuple[list[str], bool, int]:
    """Every row's id in the order of coming, whether they are all there are, and how many requests it took."""
    asked: list[int] = []
    taken: list[str] = []

    def counted(start: int) -> Mapping[str, Any]:
        asked.append(start)
        found: Mapping[str, Any] = fetch(start)
        return found

    heard = read_by_offset(counted, "contacts", lambda page: taken.extend(str(row["id"]) for row in page), WORKERS)
    return taken, heard.is_whole(len(set(taken))), len(asked)


@pytest.mark.parametrize("longest", [1, 7, 200, 333, 999, 1000, 1500])
@pytest.mark.parametrize("total", [1, 999, 1000, 1001, 2500])
def test_the_next_page_begins_after_the_rows_received(longest: int, total: int) -> None:
    taken, whole, asked = read_all(lambda at: {"total": total, "contacts": rows(at, min(at + longest, total))})
    assert set(taken) == {f"c{number}" for number in range(total)}
    assert whole
    assert asked <= -(-total // min(longest, LARGEST_PAGE)) + 2
    assert longest > LARGEST_PAGE or LARGEST_PAGE % longest or len(taken) == total


def test_pages_of_any_length_are_read_to_the_end() -> None:
    lengths = (1000, 3, 999, 1, 500)
    taken, whole, _ = read_all(
        lambda at: {"total": 6000, "contacts": rows(at, min(at + lengths[at % len(lengths)], 6000))}
    )
    assert whole
    assert len(set(taken)) == 6000


def test_a_page_that_is_empty_once_is_asked_for_again() -> None:
    empty = {1000, 1700}

    def fetch(at: int) -> Mapping[str, Any]:
        if at in empty:
            empty.remove(at)
            return {"total": 2500, "contacts": []}
        return {"total": 2500, "contacts": rows(at, min(at + 700 if at >= 1000 else 1000, 2500))}

    taken, whole, _ = read_all(fetch)
    assert whole
    assert len(set(taken)) == 2500


def test_rows_that_are_said_to_be_there_and_never_come_are_an_error() -> None:
    asked: list[int] = []

    def fetch(at: int) -> Mapping[str, Any]:
        asked.append(at)
        return {"total": 1500, "contacts": rows(at, min(at + 1000, 1400))}

    with pytest.raises(Unsettled, match=r"1,500 rows of 'contacts', and gives none after 1,400"):
        read_by_offset(fetch, "contacts", lambda page: None, WORKERS)
    assert asked.count(1400) == MOST_EMPTY + 1


def test_a_list_that_shrinks_while_it_is_read_is_read_again_and_is_no_error() -> None:
    _, whole, _ = read_all(lambda at: {"total": 1500 if at == 0 else 1400, "contacts": rows(at, min(at + 1000, 1400))})
    assert not whole


@pytest.mark.parametrize("total", [None, -1, "-1"])
def test_a_total_that_is_not_known_is_none(total: object) -> None:
    said = {} if total is None else {"total": total}
    taken, whole, _ = read_all(lambda at: {**said, "contacts": rows(at, min(at + 400, 1000))})
    assert whole
    assert len(taken) == 1000


def test_more_rows_than_any_list_has_are_not_asked_for() -> None:
    with pytest.raises(Endless, match="more than any list has"):
        read_by_offset(lambda at: {"total": 10**15, "contacts": rows(at, at + 1000)}, "contacts", lambda page: None, 1)


def test_tokens_may_lead_through_pages_without_rows_but_not_for_ever() -> None:
    pages: dict[str | None, Any] = {
        None: {"data": [{"id": 1}], "pagination": {"nextPageToken": 7}},
        "7": {"data": [], "pagination": {"nextPageToken": "8"}},
        "8": {"data": [{"id": 2}], "pagination": {"nextPageToken": ""}},
    }
    found: list[Any] = []
    assert read_by_token(lambda token: pages[token], found.extend, "lists").is_whole(2)
    assert found == [{"id": 1}, {"id": 2}]

    def endless(token: str | None) -> Any:
        return {"data": [], "pagination": {"nextPageToken": f"{int(token or 0) + 1}"}}

    with pytest.raises(Endless, match="never ended"):
        read_by_token(endless, found.extend, "lists")


def test_a_pagination_that_is_not_there_ends_the_read() -> None:
    for pagination in ({}, {"pagination": None}, {"pagination": {"nextPageToken": None}}):
        found: list[Any] = []
        answer = {"data": [{"id": 1}], **pagination}
        assert read_by_token(lambda _token, answer=answer: answer, found.extend, "lists").is_whole(1)  # type: ignore[misc]


def test_ids_may_be_numbers_and_a_row_of_a_number_and_of_its_text_is_one() -> None:
    from reconciler.cxone.pages import Heard

    def read(add: Any) -> Heard:
        add([{"id": 17, "name": "a"}, {"id": "18"}])
        add([{"id": "17", "name": "b"}])
        return Heard(2, shifted=False)

    assert len(list(read_collected(read, "lists"))) == 2
