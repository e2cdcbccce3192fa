"""Pages that can be asked for at once are read so, in their order, and no more of them ahead than can be held."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from reconciler.cxone.pages import LARGEST_PAGE, Rows, by_offset

PAGES = 40
WORKERS = 4


def page(start: int) -> Mapping[str, Any]:
    return {"total": PAGES * LARGEST_PAGE, "contacts": [{"id": f"c{start}"}]}


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
        taken.extend(str(row["id"]) for row in rows)
        with guard:
            ahead.append(len(fetched) - len(taken))

    heard = by_offset(fetch, "contacts", add, WORKERS)
    assert taken == [f"c{start * LARGEST_PAGE}" for start in range(PAGES)]
    assert max(ahead) <= 2 * WORKERS
    assert heard.whole(PAGES * LARGEST_PAGE)


def test_a_page_that_fails_ends_the_read_before_the_others_are_asked_for() -> None:
    fetched: list[int] = []

    def fetch(start: int) -> Mapping[str, Any]:
        fetched.append(start)
        if start == 2 * LARGEST_PAGE:
            raise TimeoutError("no reply")
        return page(start)

    with pytest.raises(TimeoutError):
        by_offset(fetch, "contacts", lambda rows: None, WORKERS)
    assert len(fetched) <= 3 + 2 * WORKERS
