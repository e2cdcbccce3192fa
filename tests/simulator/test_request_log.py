"""Does the request log say how many calls came, and how many were under way together?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.simulator import Received, RequestList


def _call(monotonic: float, ended: float | None = None, **more: Any) -> Received:
    path = more.pop("path", "/dispositions/api/v1/outbound/campaigns/CA-1/contacts/C1")
    known = {"surface": "dispositions", "query": {}, "in_flight": 1, **more}
    return Received("req-1", "PATCH", path, monotonic=monotonic, at="", ended=ended, **known)


@pytest.mark.parametrize(
    ("arrived", "most"),
    [
        ([], 0),
        ([5.0], 1),
        ([0.0, 0.5, 1.0], 2),
        ([0.0, 0.999, 1.0, 1.5, 1.998], 4),
        ([3.0, 1.0, 2.0], 1),
        ([2.0, 2.0, 2.0], 3),
    ],
)
def test_the_most_within_a_second_is_found_wherever_it_begins(arrived: list[float], most: int) -> None:
    assert RequestList(map(_call, arrived)).most_within(1.0) == most


@pytest.mark.parametrize(
    ("spans", "most"),
    [
        ([], 0),
        ([(0, 1)], 1),
        ([(0, 1), (1, 2)], 1),
        ([(0, 3), (1, 2), (2, 4)], 2),
        ([(0, None), (1, None), (2, 3)], 3),
    ],
)
def test_the_most_at_once_counts_those_not_over_yet(spans: list[tuple[float, float | None]], most: int) -> None:
    assert RequestList(_call(*span) for span in spans).most_at_once() == most


def test_messages_of_a_socket_are_no_calls_under_way() -> None:
    assert RequestList([_call(0.0, in_flight=0), _call(1.0, 2.0)]).most_at_once() == 1


def test_calls_are_chosen_by_surface_and_campaign() -> None:
    token = _call(0.0, is_token_request=True, path="/dispositions/api/v1/oauth2/token")
    other = _call(1.0, path="/dispositions/api/v1/outbound/campaigns/CA-12/contacts/C1")
    elsewhere = _call(2.0, surface="lists", path="/lists/api/v1/campaigns/CA-1/")
    mine = _call(3.0)
    asked = RequestList([token, other, elsewhere, mine])
    assert asked.of("dispositions") == [other, mine]
    assert asked.of("dispositions", "CA-1") == [mine]
