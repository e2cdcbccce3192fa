"""A plan is good until the first moment at which something that it was made by is no longer so."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.model.campaign import Campaign
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan_expiry import find_expired, find_good_until
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned
from reconciler.model.segment_membership import DoNotCall
from reconciler.model.serialization import from_json
from reconciler.views.reasons import describe_reason
from tests.rules.cases import CAMPAIGN

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
STARTS, ENDS = NOON + timedelta(hours=2), NOON + timedelta(hours=10)
SECOND = timedelta(seconds=1)


def planned(action: Action = Action.CREATE, declared: dict[str, Any] | None = None, **of: Any) -> Planned:
    campaign = replace(
        from_json(Campaign, CAMPAIGN),
        **{"starts": STARTS, "ends": ENDS, "windows": ((STARTS, ENDS),), "repeats": True, **of},
    )
    return Planned(campaign, ObjectChange(campaign.address, campaign.name, action, {}, {}, declared or {}))


def registry(taken: datetime, days: int = 1, *, only_warns: bool = False) -> DoNotCall:
    return DoNotCall(
        Address("Segment", "people"), Address("SuppressionList", "registry"), taken, timedelta(days=days), only_warns
    )


def over(of: list[Planned], made: datetime, now: datetime, *lists: DoNotCall) -> list[str]:
    return [describe_reason(each.why) for each in find_expired(of, lists, find_good_until(of, lists, made), now)]


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (STARTS - SECOND, []),
        (STARTS, ["the window of its calendar that the plan would set has begun at 2026-07-01T14:00:00Z"]),
        (ENDS - SECOND, ["the window of its calendar that the plan would set has begun at 2026-07-01T14:00:00Z"]),
        (ENDS, ["the window of its calendar that the plan would set ended at 2026-07-01T22:00:00Z"]),
    ],
)
def test_a_window_that_was_to_come_is_stale_once_it_begins(now: datetime, words: list[str]) -> None:
    assert find_good_until([planned()], (), NOON) == STARTS
    assert over([planned()], NOON, now) == words


@pytest.mark.parametrize(("now", "stale"), [(ENDS - SECOND, False), (ENDS, True), (ENDS + timedelta(days=30), True)])
def test_a_window_that_had_begun_is_stale_once_it_is_over(now: datetime, stale: bool) -> None:
    for made in (STARTS, STARTS + SECOND):
        assert find_good_until([planned()], (), made) == ENDS
        assert bool(over([planned()], made, now)) is stale


def test_a_window_that_was_over_already_is_for_the_rules_to_find() -> None:
    assert find_good_until([planned()], (), ENDS) is None
    assert over([planned()], ENDS, ENDS + timedelta(days=9)) == []


def test_times_that_the_manifest_names_are_stale_only_once_they_are_over() -> None:
    fixed = planned(repeats=False)
    assert find_good_until([fixed], (), NOON) == ENDS
    assert over([fixed], NOON, STARTS) == []
    assert over([fixed], NOON, ENDS) == ["the schedule that the plan would set ended at 2026-07-01T22:00:00Z"]
    assert find_good_until([planned(repeats=False, status="paused")], (), NOON) is None


@pytest.mark.parametrize(
    ("action", "declared", "counts"),
    [
        (Action.NO_OP, {}, False),
        (Action.DELETE, {}, False),
        (Action.UPDATE, {"description": "x"}, False),
        (Action.UPDATE, {"endTime": "x"}, True),
        (Action.UPDATE, {"startTime": "x"}, True),
        (Action.UPDATE, {"status": "active"}, True),
        (Action.REPLACE, {}, True),
    ],
)
def test_only_what_the_plan_sets_counts(action: Action, declared: dict[str, Any], counts: bool) -> None:
    assert (find_good_until([planned(action, declared)], (), NOON) is not None) is counts


def test_a_do_not_call_list_is_good_at_the_very_moment_at_which_it_is_as_old_as_it_may_be() -> None:
    listed = registry(NOON - timedelta(hours=20))
    end = NOON + timedelta(hours=4)
    assert find_good_until([], [listed], NOON) == end
    assert over([], NOON, end, listed) == []
    assert over([], NOON, end + SECOND, listed) == ["the do-not-call list of Segment/people is older than it may be"]
    assert find_good_until([], [replace(listed, only_warns=True)], NOON) is None


def test_the_first_of_several_counts_and_all_that_passed_are_told() -> None:
    listed = registry(NOON - timedelta(hours=23))
    assert find_good_until([planned()], [listed], NOON) == NOON + timedelta(hours=1)
    assert len(over([planned()], NOON, ENDS, listed)) == 2
    assert len(over([planned()], NOON, NOON + timedelta(hours=1, seconds=1), listed)) == 1
