"""Who will be on a list once a plan is applied, with which number, and who is on several lists."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from reconciler.audience.campaigns import projected_members
from reconciler.audience.relations import engine
from reconciler.model.intermediate_tables import PROJECTED_MEMBERS
from reconciler.model.row_queries import Rows
from tests.audience.conftest import Written

COLUMNS = dict.fromkeys(PROJECTED_MEMBERS.columns, "VARCHAR")


def people(written: Written, named: Mapping[str, str | None]) -> Rows:
    """A list of contacts with their numbers."""
    rows = [{"contactId": contact, "e164": number} for contact, number in named.items()]
    return written(rows, COLUMNS)


@pytest.fixture
def lists(written: Written) -> Mapping[str, Rows]:
    """Three lists: two with common ids and numbers, and one that shares nobody."""
    return {
        "spring": people(written, {"A": "+14155550101", "B": "+14155550102", "C": None, "D": "+14155550104"}),
        "winter": people(written, {"A": "+14155550101", "X": "+14155550102", "C": None, "Y": "+14155550109"}),
        "other": people(written, {"Z": "+14155550199", "+14155550104": None}),
    }


def test_people_are_shared_by_their_id_or_by_their_number(backend: Any, lists: Mapping[str, Rows]) -> None:
    """A by both, once; B and X by number; C by id alone."""
    assert projected_members.find_shared_members(backend, lists) == {("spring", "winter"): 3, ("winter", "spring"): 3}


def test_a_list_alone_shares_nobody(backend: Any, lists: Mapping[str, Rows]) -> None:
    assert projected_members.find_shared_members(backend, {"spring": lists["spring"]}) == {}
    assert projected_members.find_shared_members(backend, {}) == {}


def test_two_contacts_with_one_number_count_as_two_here_and_as_one_there(backend: Any, written: Written) -> None:
    lists = {
        "a": people(written, {"A": "+14155550101", "B": "+14155550101"}),
        "b": people(written, {"X": "+14155550101"}),
    }
    assert projected_members.find_shared_members(backend, lists) == {("a", "b"): 2, ("b", "a"): 1}


def test_who_is_on_a_list_that_no_segment_fills_is_read_from_the_tenant(
    backend: Any, written: Written, tmp_path: Path
) -> None:
    columns = {"contactId": "VARCHAR", "status": "VARCHAR", "phone": "VARCHAR"}
    rows = [
        {"contactId": "A", "status": "ACTIVE", "phone": "+1 (415) 555-0101"},
        {"contactId": "A", "status": "ACTIVE", "phone": "+1 (415) 555-0101"},
        {"contactId": "B", "status": "ACTIVE", "phone": "nobody"},
    ]
    found = projected_members.project_current_list(backend, written(rows, columns), tmp_path / "held.parquet")
    assert (found.count, found.columns) == (2, PROJECTED_MEMBERS.types)
    listed = engine.read_rows(backend, found).order_by("contactId")
    assert list(engine.stream_rows(backend, listed.select("contactId", "e164"), 10)) == [
        [("A", "+14155550101"), ("B", None)]
    ]
    assert found.path.stat().st_mode & 0o777 == 0o600
