"""At which hours may people be called: by their own clock, in every zone and under every law that may be theirs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.exposure import Exposure, Place
from reconciler.model.hours import ELSEWHERE, Hours, of_region, outside, said

US = Hours("United States", ((time(8), time(21)),) * 7, "47 CFR 64.1200(c)(1)")
FLORIDA = Hours("Florida", ((time(8), time(20)),) * 7, "Fla. Stat. 501.616(6)(a)")
ALABAMA = Hours("Alabama", (*((time(8), time(20)),) * 6, None), "770-X-5-.17")
CAUTION = Hours("elsewhere", ((time(8), time(21)),) * 7, "a caution", internal=True)
LAW = {"US": US, "US-FL": FLORIDA, "US-AL": ALABAMA, ELSEWHERE: CAUTION}

EAST, WEST = "America/New_York", "America/Los_Angeles"
MONDAY = datetime(2026, 7, 6, tzinfo=UTC)


def window(start: float, hours: float) -> tuple[datetime, datetime]:
    """So many hours of UTC from midnight of a Monday in summer on."""
    return MONDAY + timedelta(hours=start), MONDAY + timedelta(hours=start + hours)


def found(regions: tuple[str, ...], zones: tuple[str, ...], *windows: tuple[datetime, datetime]) -> list[str]:
    """Of 10 contacts in one place: the region by whose hours they would be called at the wrong time, and when."""
    exposure = Exposure(10, {}, 0, (Place(regions, zones, 10),))
    return [f"{each.region} {each.local:%H:%M}" for each in outside(exposure, windows, LAW)]


@pytest.mark.parametrize(
    ("regions", "zones", "start", "hours", "wrong"),
    [
        (("US",), (EAST,), 12, 13, []),  # 8:00 to 21:00 to the minute
        (("US",), (EAST,), 11.99, 1, ["US 07:59"]),
        (("US",), (EAST,), 12, 13.01, ["US 21:00"]),
        (("US",), (WEST,), 12, 13, ["US 05:00"]),
        (("US",), (EAST, WEST), 15, 10, []),  # where both are awake
        (("US",), (EAST, WEST), 14, 2, ["US 07:00"]),
        (("US",), (EAST, WEST), 24, 2, ["US 21:00"]),
        (("US-FL",), (EAST,), 12, 12, []),
        (("US-FL",), (EAST,), 12, 13, ["US-FL 20:00"]),
        (("US-TX",), (EAST,), 12, 13, []),  # a state without hours has its country's
        (("US-FL", "US-TX"), (EAST,), 12, 13, ["US-FL 20:00"]),
        (("FR",), ("Europe/Paris",), 6, 13, []),
        (("FR",), ("Europe/Paris",), 5, 1, ["FR 07:00"]),
        ((), ("Europe/Paris",), 5, 1, ["* 07:00"]),
        (("US",), (), 3, 20, []),  # nobody knows what time it is: counted elsewhere
        (("US",), (EAST,), 12, 24 * 7, ["US 21:00"]),
        (("US-AL",), ("America/Chicago",), 24 * 6 + 15, 1, ["US-AL 10:00"]),  # a Sunday
        (("US-AL",), ("America/Chicago",), 24 * 5 + 15, 1, []),
    ],
)
def test_a_window_is_held_against_every_zone_and_law(
    regions: tuple[str, ...], zones: tuple[str, ...], start: float, hours: float, wrong: list[str]
) -> None:
    assert found(regions, zones, window(start, hours)) == wrong


def test_the_first_window_that_is_wrong_is_told() -> None:
    assert found(("US",), (EAST,), window(12, 9), window(24 + 11, 2), window(48 + 10, 2)) == ["US 07:00"]


def test_places_under_one_law_are_added_up_and_the_most_come_first() -> None:
    places = (
        Place(("US",), (EAST,), 5),
        Place(("US",), (WEST,), 4),
        Place(("US-FL",), (EAST,), 7),
        Place(("FR",), ("Europe/Paris",), 1),
        Place(("US",), ("Pacific/Honolulu",), 3),
    )
    exposure = Exposure(21, {"US": 20, "FR": 1}, 1, places)
    wrong = outside(exposure, (window(12, 1),), LAW)
    assert [(each.region, each.contacts) for each in wrong] == [("US", 7)]
    assert said(exposure, wrong) == (
        "7 of 21 contacts would be called outside the hours of where they may be: "
        "7 in US (08:00–21:00 by 47 CFR 64.1200(c)(1); from 05:00 on Mon 06 Jul 2026 in America/Los_Angeles)"
    )


def test_many_places_are_told_in_short() -> None:
    places = tuple(
        Place((region,), (EAST,), 10 + number) for number, region in enumerate(("AA", "BB", "CC", "DD", "EE"))
    )
    exposure = Exposure(60, {}, 0, places)
    assert said(exposure, outside(exposure, (window(1, 1),), LAW)).endswith("; 21 in 2 more places")


def test_the_clock_is_put_forward_inside_a_window() -> None:
    """On 8 March 2026 New York's clocks go from 2:00 to 3:00: 8:00 is an hour earlier by UTC than the day before."""
    zone = ZoneInfo(EAST)
    before = (datetime(2026, 3, 7, 12, 30, tzinfo=UTC), datetime(2026, 3, 7, 13, tzinfo=UTC))
    after = (datetime(2026, 3, 8, 12, 30, tzinfo=UTC), datetime(2026, 3, 8, 13, tzinfo=UTC))
    early = US.outside(before, zone)
    assert early is not None
    assert f"{early:%H:%M}" == "07:30"
    assert US.outside(after, zone) is None


def test_a_states_hours_hold_beside_its_countrys() -> None:
    assert of_region("US-FL", LAW) == (FLORIDA, US)
    assert of_region("US-TX", LAW) == (US,)
    assert of_region("FR", LAW) == (CAUTION,)
    assert of_region("FR", {}) == ()


@given(
    start=st.integers(0, 366 * 24 * 4),
    quarters=st.integers(1, 4 * 30),
    zone=st.sampled_from([EAST, WEST, "Europe/London", "Australia/Lord_Howe", "Asia/Kathmandu", "America/St_Johns"]),
    law=st.sampled_from([US, FLORIDA, ALABAMA]),
)
def test_it_is_what_a_look_at_the_clock_every_quarter_of_an_hour_says(
    start: int, quarters: int, zone: str, law: Hours
) -> None:
    begin = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=15 * start)
    clock = ZoneInfo(zone)
    moments = [(begin + timedelta(minutes=15 * step)).astimezone(clock) for step in range(quarters)]

    def wrong(local: datetime) -> bool:
        span = law.week[local.weekday()]
        return span is None or not span[0] <= local.time() < span[1]

    expected = next((local for local in moments if wrong(local)), None)
    told = law.outside((begin, begin + timedelta(minutes=15 * quarters)), clock)
    assert (told is None) == (expected is None)
    assert told is None or told == expected
