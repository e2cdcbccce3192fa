"""Does the history answer and refuse as the contract says?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests.simulator.conftest import Client, refused

FILTERS = {
    "contactIds": ["C2", "C1", "C9"],
    "startTime": "2026-01-01T00:00:00Z",
    "endTime": "2026-02-01T00:00:00Z",
}


@pytest.fixture(autouse=True)
def _history(tenant: Simulator) -> None:
    tenant.store.add_interactions(
        [
            {"id": "late", "contactId": "C1", "startTime": "2026-01-20T00:00:00.250Z"},
            {"id": "first", "contactId": "C1", "startTime": "2026-01-01T00:00:00Z"},
            {"id": "before", "contactId": "C1", "startTime": "2025-12-31T23:59:59Z"},
            {"id": "end", "contactId": "C1", "startTime": "2026-02-01T00:00:00Z"},
            {"id": "chat", "contactId": "C2", "startTime": "2026-01-05T00:00:00Z", "type": "chat"},
            {"id": "call", "contactId": "C2", "startTime": "2026-01-06T00:00:00Z"},
            {"id": "other", "contactId": "C3", "startTime": "2026-01-06T00:00:00Z"},
        ]
    )


def _search(client: Client, **body: Any) -> Any:
    return client.post("/interactions/search", {"filters": FILTERS, **body})


def test_the_start_is_within_and_the_end_is_not(lists: Client) -> None:
    body = _search(lists).json()
    assert [row["id"] for row in body["data"]] == ["chat", "call", "first", "late"]
    assert body["pagination"] == {"nextPageToken": None, "total": 4}
    assert body["data"][-1] == {
        "id": "late",
        "startTime": "2026-01-20T00:00:00.250000Z",
        "contactId": "C1",
        "type": "voice",
    }


def test_only_the_types_asked_for_are_found(lists: Client) -> None:
    body = _search(lists, filters={**FILTERS, "interactionType": ["voice"]}).json()
    assert [row["id"] for row in body["data"]] == ["call", "first", "late"]


def test_a_search_is_read_page_by_page(lists: Client) -> None:
    found: list[str] = []
    token = None
    for _ in range(4):
        body = _search(lists, pageSize=1, pageToken=token).json()
        found += [row["id"] for row in body["data"]]
        token = body["pagination"]["nextPageToken"]
    assert (found, token) == (["chat", "call", "first", "late"], None)


def test_a_page_token_of_another_search_is_refused(lists: Client) -> None:
    token = _search(lists, pageSize=1).json()["pagination"]["nextPageToken"]
    other = {**FILTERS, "contactIds": ["C1"]}
    refused(_search(lists, filters=other, pageToken=token), 400, "pageToken")


@pytest.mark.parametrize(
    ("change", "status", "word"),
    [
        ({"contactIds": [f"C{n}" for n in range(1001)]}, 413, "filters.contactIds"),
        ({"contactIds": []}, 400, "filters.contactIds"),
        ({"startTime": "2026-01-01T00:00:00"}, 400, "filters.startTime"),
        ({"startTime": "2026-01-01+01:00"}, 400, "filters.startTime"),
        ({"startTime": "2026-13-01T00:00:00Z"}, 400, "filters.startTime"),
        ({"endTime": "yesterday"}, 400, "filters.endTime"),
        ({"endTime": "2026-01-01T00:00:00Z"}, 400, "filters.endTime"),
        ({"interactionType": "voice"}, 400, "filters.interactionType"),
        ({"agent": "A1"}, 400, "filters.agent"),
    ],
)
def test_a_filter_that_is_wrong_is_refused_by_the_field(
    lists: Client, change: dict[str, Any], status: int, word: str
) -> None:
    refused(_search(lists, filters={**FILTERS, **change}), status, word)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"pageSize": 501}, "pageSize"),
        ({"pageSize": 0}, "pageSize"),
        ({"pageSize": "10"}, "pageSize"),
        ({"pageSize": True}, "pageSize"),
        ({"pageToken": ""}, "pageToken"),
        ({"pageToken": 5}, "pageToken"),
        ({"filters": None}, "filters"),
        ({"order": "up"}, "order"),
    ],
)
def test_a_search_that_is_wrong_is_refused_by_the_field(lists: Client, change: dict[str, Any], word: str) -> None:
    refused(_search(lists, **change), 400, word)


def test_a_search_is_a_read(tenant: Simulator, lists: Client) -> None:
    _search(lists)
    assert tenant.requests().writes() == []
    assert tenant.requests().to("/interactions/search$")[0].body["filters"] == FILTERS
