"""Do requests about one campaign never arrive more often than so many in a second, whatever happens on their way?"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cxone.campaign_rate_limit import ON_THE_WAY, CampaignLimiter, CampaignLimiters
from reconciler.model.errors import Interrupted


class Clock:
    """A clock that only moves when somebody waits, or is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds > 0
        self.now += seconds


def most_in_a_second(moments: Sequence[float]) -> int:
    """The most in any second; its end, to what a float can tell, is not part of it."""
    return max(sum(0 <= other - moment < 1 - 1e-9 for other in moments) for moment in moments)


@given(
    st.integers(1, 12),
    st.lists(st.tuples(st.floats(0, ON_THE_WAY), st.floats(0, 0.5)), min_size=1, max_size=60),
)
def test_never_more_arrive_in_a_second_when_each_is_late_by_its_own(
    rate: int, travels: list[tuple[float, float]]
) -> None:
    clock = Clock()
    lane = CampaignLimiter(rate, clock=clock, sleep=clock.sleep)
    arrived = []
    for there, back in travels:
        with lane.take_turn():
            arrived.append(clock.now + there)
            clock.now += there + back
    assert most_in_a_second(arrived) <= rate


def test_ten_a_second_are_reached_where_replies_come_at_once() -> None:
    clock = Clock()
    lane = CampaignLimiter(10, clock=clock, sleep=clock.sleep)
    start = clock.now
    for _ in range(101):
        with lane.take_turn():
            clock.now += 0.005
    assert clock.now - start < 10 * 1.02


def test_a_slow_tenant_is_asked_as_often() -> None:
    """A request that is not answered for long holds up nobody: its place is free again after a while."""
    lane = CampaignLimiter(10, clock=(clock := Clock()), sleep=clock.sleep)
    start, open_turns = clock.now, []
    for _ in range(51):
        turn = lane.take_turn()
        turn.__enter__()
        open_turns.append(turn)
    assert clock.now - start < 5 * (1 + ON_THE_WAY) + 0.1
    for turn in open_turns:
        turn.__exit__(None, None, None)


def test_a_pause_holds_up_everybody_and_a_shorter_one_changes_nothing() -> None:
    clock = Clock()
    lane = CampaignLimiter(10, clock=clock, sleep=clock.sleep)
    lane.pause(5)
    lane.pause(1)
    with lane.take_turn():
        assert clock.now >= 105


def test_a_stop_ends_the_waiting() -> None:
    stop = threading.Event()
    lane = CampaignLimiter(1, stop=stop)
    with lane.take_turn():
        stop.set()
    with pytest.raises(Interrupted), lane.take_turn():
        raise AssertionError("nothing goes any more")


def test_each_campaign_has_a_lane_of_its_own_and_keeps_it() -> None:
    lanes = CampaignLimiters()
    one = lanes.find_limiter("https://a CA-1 write", 10, None)
    assert lanes.find_limiter("https://a CA-1 write", 10, None) is one
    assert lanes.find_limiter("https://a CA-2 write", 10, None) is not one


def test_a_lane_lets_something_through() -> None:
    with pytest.raises(ValueError, match="at least one"):
        CampaignLimiter(0)
