"""Is what a forecast says of a list what the numbers it was given come to?"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from reconciler.model.campaign import Campaign, Staffing, Window
from reconciler.model.dialling_forecast import Forecast, Statistics, compute_headroom, make_forecast
from reconciler.model.resource_address import Address

quick = settings(max_examples=200, derandomize=True, database=None, deadline=None)

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Windows = tuple[Window, ...]
DAY: Windows = ((NOW, NOW + 8 * HOUR),)
TEN = Staffing(agents=10, answer_rate=0.25, handle_time=timedelta(minutes=3), attempts=2)

STAFFINGS = st.builds(
    Staffing,
    agents=st.integers(1, 500),
    answer_rate=st.integers(1, 100).map(lambda percent: percent / 100),
    handle_time=st.integers(1, 3600).map(lambda seconds: timedelta(seconds=seconds)),
    attempts=st.integers(1, 10),
)
LINES = st.none() | st.integers(1, 500)
CONTACTS = st.integers(0, 1_000_000)


@st.composite
def windows(draw: st.DrawFn) -> Windows:
    """Apart and in order, some of them over already."""
    at = NOW + draw(st.integers(-48, 48)) * HOUR
    found = []
    for closed, length in draw(st.lists(st.tuples(st.integers(1, 24), st.integers(1, 24)), max_size=4)):
        start = at + closed * HOUR
        at = start + length * HOUR
        found.append((start, at))
    return tuple(found)


@st.composite
def statistics(draw: st.DrawFn) -> Statistics:
    answered = draw(st.integers(0, 10**6))
    abandoned = draw(st.integers(0, answered))
    return Statistics(answered + draw(st.integers(0, 10**6)), answered, abandoned, NOW - 720 * HOUR, NOW)


def campaign(
    staffing: Staffing | None, windows: Windows = (), lines: int | None = None, *, repeats: bool = False
) -> Campaign:
    """Predictive where it has lines, else progressive."""
    return Campaign(
        address=Address("Campaign", "high"),
        name="High",
        list="High",
        list_address=Address("ContactList", "high"),
        dial_type="progressive" if lines is None else "predictive",
        status="active",
        threshold=3,
        policy="strict",
        band="high",
        starts=windows[0][0] if windows else None,
        ends=windows[-1][1] if windows else None,
        windows=windows,
        staffing=staffing,
        predictive={} if lines is None else {"maxCallsInProgress": lines},
        repeats=repeats,
    )


def hours(staffing: Staffing, lines: int | None, contacts: int) -> float:
    found = make_forecast(campaign(staffing, lines=lines), contacts, NOW).hours
    assert found is not None
    return found


def test_a_list_that_one_can_check_on_paper() -> None:
    found = make_forecast(campaign(TEN, DAY, lines=40), 1600, NOW)
    # a quarter answers at once, a quarter of the others the second time: 400 + 300; 1,600 + 1,200 calls are dialled
    assert (found.attempts, found.answered) == (2800, 700)
    # 700 calls of 3 minutes are 35 hours of talk, for ten agents
    assert (found.hours, found.finish) == (3.5, NOW + 3.5 * HOUR)
    assert (found.available, found.short) == (8.0, None)


def test_lines_that_are_too_few_take_longer_than_the_agents_would() -> None:
    # 35 hours of talk, and 2,100 calls that ring for 15 seconds, on five lines
    assert hours(TEN, 5, 1600) == 8.75


def test_agents_who_dial_one_call_at_a_time_wait_while_it_rings() -> None:
    assert hours(TEN, None, 1600) == 4.38


def test_a_schedule_that_is_too_short_says_by_how_much() -> None:
    found = make_forecast(campaign(replace(TEN, agents=1), DAY), 1600, NOW + 2 * HOUR)
    assert (found.hours, found.available, found.short, found.finish) == (43.75, 6.0, 37.75, None)


def test_a_calendar_that_begins_again_is_never_too_short() -> None:
    found = make_forecast(campaign(replace(TEN, agents=1), DAY, repeats=True), 1600, NOW)
    assert (found.hours, found.available, found.short, found.finish) == (43.75, None, None, None)


def test_what_is_not_known_is_not_made_up() -> None:
    assert make_forecast(campaign(None), 1600, NOW) == Forecast(1600)
    assert make_forecast(campaign(TEN, DAY), None, NOW) == Forecast(None, available=8.0)
    assert make_forecast(campaign(TEN), 1600, NOW).finish is None


def test_a_schedule_that_is_over_has_no_hours_left() -> None:
    found = make_forecast(campaign(TEN, DAY), 1600, NOW + 9 * HOUR)
    assert (found.available, found.short, found.finish) == (0.0, 4.38, None)


def test_headroom_reckons_with_the_calls_that_the_list_will_bring() -> None:
    counted = Statistics(12_650, 4_210, 88, NOW - 720 * HOUR, NOW)
    room = make_forecast(campaign(TEN, DAY), 1600, NOW, statistics=counted, ceiling=3).headroom
    assert room == compute_headroom(counted, 3, 700)
    assert room is not None
    # 3 % of 4,210 are 126.3: with 39 more the figure is 127 of 4,249, with 40 it is 128 of 4,250, which is above
    assert (room.percent, room.points, room.calls) == (2.09, 0.91, 39)
    assert room.rest == 8.47


@quick
@given(CONTACTS, STAFFINGS)
def test_attempts_are_those_that_trying_everyone_in_rounds_takes(contacts: int, staffing: Staffing) -> None:
    attempts, rate, waiting = Fraction(0), Fraction(str(staffing.answer_rate)), Fraction(contacts)
    for _ in range(staffing.attempts):
        attempts += waiting
        waiting -= waiting * rate
    found = make_forecast(campaign(staffing), contacts, NOW)
    assert found.attempts == pytest.approx(float(attempts), abs=0.51)
    assert found.answered == pytest.approx(float(contacts - waiting), abs=0.51)


@quick
@given(CONTACTS, STAFFINGS, LINES, st.integers(1, 100))
def test_more_hands_never_take_longer_and_more_work_never_less(
    contacts: int, staffing: Staffing, lines: int | None, more: int
) -> None:
    usual = hours(staffing, lines, contacts)
    assert hours(replace(staffing, agents=staffing.agents + more), lines, contacts) <= usual
    assert hours(staffing, lines, contacts + more) >= usual
    assert hours(replace(staffing, attempts=staffing.attempts + more), lines, contacts) >= usual
    slower = replace(staffing, handle_time=staffing.handle_time + timedelta(seconds=more))
    assert hours(slower, lines, contacts) >= usual


@quick
@given(CONTACTS, STAFFINGS, LINES, windows())
def test_a_list_is_finished_after_its_hours_of_open_windows(
    contacts: int, staffing: Staffing, lines: int | None, opened: Windows
) -> None:
    found = make_forecast(campaign(staffing, opened, lines), contacts, NOW)
    assert found.hours is not None
    if found.finish is None:
        assert found.available is None or found.hours >= found.available
        return
    finish = found.finish
    dialled = sum((max(min(end, finish) - max(start, NOW), 0 * HOUR) for start, end in opened), timedelta())
    assert dialled / HOUR == pytest.approx(found.hours, abs=0.005 + 1 / 60)
    assert found.short is None


@quick
@given(statistics(), st.integers(1, 100).map(lambda tenth: tenth / 10))
def test_headroom_is_used_up_by_exactly_so_many_calls(counted: Statistics, ceiling: float) -> None:
    room = compute_headroom(counted, ceiling)
    share = Fraction(str(ceiling)) / 100

    def above(more: int) -> bool:
        return counted.abandoned + more > share * (counted.live_answered + more)

    assert above(room.calls + 1)
    assert not above(room.calls) or (room.calls == 0 and counted.percent > ceiling)
    assert (room.points >= 0) or counted.percent > ceiling


@quick
@given(statistics(), st.integers(1, 100).map(lambda tenth: tenth / 10), st.integers(1, 10**6))
def test_the_rest_may_be_abandoned_up_to_the_ceiling_of_all(counted: Statistics, ceiling: float, expected: int) -> None:
    rest = compute_headroom(counted, ceiling, expected).rest
    assert rest is not None
    assume(0 < rest < 100)
    abandoned = counted.abandoned + rest / 100 * expected
    allowed = ceiling / 100 * (counted.live_answered + expected)
    assert abandoned == pytest.approx(allowed, abs=expected * 0.0001 + 0.001)


def test_a_campaign_that_is_above_its_ceiling_has_no_room() -> None:
    counted = Statistics(5000, 1000, 80, NOW - 720 * HOUR, NOW)
    room = compute_headroom(counted, 3, 1000)
    assert (room.percent, room.points, room.calls, room.rest) == (8.0, -5.0, 0, 0.0)


def test_nobody_answered_is_nobody_abandoned() -> None:
    assert Statistics(12, 0, 0, NOW, NOW).percent == 0
