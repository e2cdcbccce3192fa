"""At which hours may people be called: by their own clock, in every zone and under every law that may be theirs."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.calling_hours_comparison import (
    find_common_window,
    find_first_window,
    find_out_of_hours,
    find_widest_window,
    list_clocks,
)
from reconciler.model.campaign import Window
from reconciler.model.campaign_audience import Exposure, Place
from reconciler.model.legal_hours import ELSEWHERE, Hours, find_hours_of_region
from reconciler.model.outside_hours_summary import describe_out_of_hours

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
    return [f"{each.region} {each.local:%H:%M}" for each in find_out_of_hours(exposure, windows, LAW)[1]]


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
    many, wrong = find_out_of_hours(exposure, (window(12, 1),), LAW)
    assert (many, [(each.region, each.contacts) for each in wrong]) == (7, [("US", 7)])
    words, details = describe_out_of_hours(exposure, (window(12, 1),), LAW) or ("", {})
    assert words == (
        "7 of 21 contacts would be called outside the hours of where they may be: "
        "7 in US (08:00–21:00 by 47 CFR 64.1200(c)(1); from 05:00 on Mon 06 Jul 2026 in America/Los_Angeles, for 1h); "
        "in no minute of it may anybody be called in US by the clock of America/Los_Angeles "
        "(08:00–21:00 by 47 CFR 64.1200(c)(1))"
    )
    assert details["widest_window"] is None


def test_many_places_are_told_in_short_and_all_of_them_in_the_details() -> None:
    places = tuple(
        Place((region,), (EAST,), 10 + number) for number, region in enumerate(("AA", "BB", "CC", "DD", "EE"))
    )
    exposure = Exposure(60, {}, 0, places)
    words, details = describe_out_of_hours(exposure, (window(1, 1),), LAW) or ("", {})
    assert "; 2 more places, which the plan's JSON names; " in words
    assert [(each["region"], each["contacts"], each["outside_minutes"]) for each in details["places"]] == [
        ("EE", 14, 60),
        ("DD", 13, 60),
        ("CC", 12, 60),
        ("BB", 11, 60),
        ("AA", 10, 60),
    ]


def test_a_contact_in_several_places_counts_once() -> None:
    exposure = Exposure(3, {}, 0, (Place(("US-FL", "US-TX"), (EAST, WEST), 3),))
    many, wrong = find_out_of_hours(exposure, (window(3, 1),), LAW)
    assert (many, [(each.region, each.hours.place, each.contacts) for each in wrong]) == (
        3,
        [("US-FL", "Florida", 3), ("US-FL", "United States", 3), ("US-TX", "United States", 3)],
    )


def test_the_widest_window_is_what_all_places_allow_of_the_declared_one() -> None:
    exposure = Exposure(5, {}, 0, (Place(("US-FL",), (EAST,), 3), Place(("US",), (WEST,), 2)))
    assert find_widest_window(exposure, (window(10, 20),), LAW) == window(15, 9)
    words, details = describe_out_of_hours(exposure, (window(10, 20),), LAW) or ("", {})
    assert words.endswith(
        "all may be called from 2026-07-06T15:00:00Z to 2026-07-07T00:00:00Z"
        " (11:00 on Mon 06 Jul to 20:00 on Mon 06 Jul in America/New_York)"
    )
    assert details["widest_window"] == {
        "start": "2026-07-06T15:00:00Z",
        "end": "2026-07-07T00:00:00Z",
        "local": {
            EAST: ["2026-07-06T11:00:00-04:00", "2026-07-06T20:00:00-04:00"],
            WEST: ["2026-07-06T08:00:00-07:00", "2026-07-06T17:00:00-07:00"],
        },
    }


def test_where_no_minute_suits_all_two_places_that_are_at_odds_are_named() -> None:
    exposure = Exposure(5, {}, 0, (Place(("FR",), ("Asia/Tokyo",), 3), Place(("US",), (EAST,), 2)))
    words, details = describe_out_of_hours(exposure, (window(2, 16),), LAW) or ("", {})
    assert details["widest_window"] is None
    assert "no minute of it suits both in FR by the clock of Asia/Tokyo" in words
    assert "and in US by the clock of America/New_York" in words


class TestAStartThatWaits:
    EXPOSURE = Exposure(5, {}, 0, (Place(("US",), (EAST,), 3), Place(("US",), (WEST,), 2)))

    @pytest.mark.parametrize(
        ("earliest", "lasts", "starts"),
        [
            (15, 8, 15),
            (3, 8, 15),
            (15.5, 8, 15.5),
            (17, 8, 17),
            (17.01, 8, 24 + 15),  # a minute less than eight hours are left of the day
            (14.999, 10, 15),
            (15 + 1 / 7200, 1, 15 + 1 / 60),  # half a second later: the next minute
        ],
    )
    def test_it_is_the_first_minute_from_which_all_may_be_called_to_the_end(
        self, earliest: float, lasts: float, starts: float
    ) -> None:
        (at, _), length = window(earliest, 0), timedelta(hours=lasts)
        first, _ = window(starts, 0)
        assert find_first_window(self.EXPOSURE, LAW, at, length) == (first, first + length)

    def test_there_is_none_where_no_day_is_so_long(self) -> None:
        assert find_first_window(self.EXPOSURE, LAW, MONDAY, timedelta(hours=10, minutes=1)) is None

    def test_a_declared_end_is_kept_to(self) -> None:
        start, end = window(15, 5)
        assert find_first_window(self.EXPOSURE, LAW, MONDAY, None, end) == (start, end)
        assert find_first_window(self.EXPOSURE, LAW, MONDAY, None, end + timedelta(hours=24)) == (
            start + timedelta(hours=24),
            end + timedelta(hours=24),
        )

    def test_nobody_at_a_known_time_of_day_waits_for_nothing(self) -> None:
        nobody = Exposure(0, {}, 0, ())
        assert find_first_window(nobody, LAW, MONDAY, timedelta(hours=30)) == window(0, 30)

    @given(
        earliest=st.integers(0, 7 * 24 * 60 * 60),
        lasts=st.integers(1, 16 * 60),
        zones=st.lists(st.sampled_from([EAST, WEST, "Europe/London", "America/St_Johns"]), min_size=1, max_size=3),
        law=st.sampled_from(["US", "US-FL", "US-AL"]),
    )
    def test_every_minute_of_it_is_in_the_hours_and_none_before_it_would_do(
        self, earliest: int, lasts: int, zones: list[str], law: str
    ) -> None:
        exposure = Exposure(1, {}, 0, (Place((law,), tuple(zones), 1),))
        at, length = MONDAY + timedelta(seconds=earliest), timedelta(minutes=lasts)
        found = find_first_window(exposure, LAW, at, length)

        def suits(start: datetime) -> bool:
            return not find_out_of_hours(exposure, [(start, start + length)], LAW)[1]

        if found is None:
            assert not any(suits(at + timedelta(hours=hour)) for hour in range(7 * 24))
        else:
            assert suits(found[0])
            assert found[0].second == 0 and found[0] >= at
            before = found[0] - timedelta(minutes=1)
            assert before < at or not suits(before)


@pytest.mark.parametrize("zone", [EAST, "Australia/Lord_Howe"])
def test_what_is_common_of_a_window_without_anybody_is_all_of_it(zone: str) -> None:
    assert find_common_window((), window(0, 30)) == (window(0, 30),)
    (clock,) = list_clocks(Exposure(1, {}, 0, (Place(("US",), (zone,), 1),)), LAW)
    assert all(end - start <= timedelta(hours=13) for start, end in find_common_window([clock], window(0, 300)))


def test_nobody_is_called_on_a_holiday_where_a_law_says_so() -> None:
    """Independence Day of 2026 is a Saturday: the Friday before is observed."""
    closed = Hours("Utah", ((time(8), time(21)),) * 7, "13-25a-103", closed="US-UT")
    exposure = Exposure(1, {}, 0, (Place(("US-UT",), ("America/Denver",), 1),))
    noon = datetime(2026, 7, 2, 18, tzinfo=UTC)

    def wrong(days: int) -> bool:
        at = noon + timedelta(days=days)
        return bool(find_out_of_hours(exposure, [(at, at + timedelta(hours=1))], {"US-UT": closed})[1])

    assert [wrong(days) for days in range(4)] == [False, True, True, False]
    words, _ = describe_out_of_hours(
        exposure, [(noon + timedelta(days=1), noon + timedelta(days=1, hours=1))], {"US-UT": closed}
    ) or (
        "",
        {},
    )
    assert "no calls on Independence Day (observed) by 13-25a-103" in words


def first_wrong(law: Hours, asked: Window, zone: ZoneInfo) -> datetime | None:
    """The first moment of a window at which nobody may be called by the clock of a zone."""
    exposure = Exposure(1, {}, 0, (Place(("XX",), (zone.key,), 1),))
    _, found = find_out_of_hours(exposure, [asked], {"XX": law})
    return found[0].local if found else None


def test_the_clock_is_put_forward_inside_a_window() -> None:
    """On 8 March 2026 New York's clocks go from 2:00 to 3:00: 8:00 is an hour earlier by UTC than the day before."""
    zone = ZoneInfo(EAST)
    before = (datetime(2026, 3, 7, 12, 30, tzinfo=UTC), datetime(2026, 3, 7, 13, tzinfo=UTC))
    after = (datetime(2026, 3, 8, 12, 30, tzinfo=UTC), datetime(2026, 3, 8, 13, tzinfo=UTC))
    early = first_wrong(US, before, zone)
    assert early is not None
    assert f"{early:%H:%M}" == "07:30"
    assert first_wrong(US, after, zone) is None


def test_a_states_hours_hold_beside_its_countrys() -> None:
    assert find_hours_of_region("US-FL", LAW) == (FLORIDA, US)
    assert find_hours_of_region("US-TX", LAW) == (US,)
    assert find_hours_of_region("FR", LAW) == (CAUTION,)
    assert find_hours_of_region("FR", {}) == ()


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
    found = first_wrong(law, (begin, begin + timedelta(minutes=15 * quarters)), clock)
    assert (found is None) == (expected is None)
    assert found is None or found == expected
