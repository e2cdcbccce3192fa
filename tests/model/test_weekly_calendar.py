"""When is the next window of a weekly calendar? Also where clocks go forward and back, and on holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.weekly_calendar import DAYS, Calendar, Hours, load_zone, load_zones, parse_minutes

OFFICE = tuple(Hours(day, parse_minutes("09:00"), parse_minutes("17:00")) for day in range(5))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(day: str, start: str, end: str) -> Hours:
    return Hours(DAYS.index(day), parse_minutes(start), parse_minutes(end))


def window(calendar: Calendar, moment: str) -> tuple[str, str]:
    start, end = calendar.find_window(at(moment))
    return f"{start:%Y-%m-%dT%H:%M}", f"{end:%Y-%m-%dT%H:%M}"


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        ("2026-07-01T12:59:59", ("2026-07-01T13:00", "2026-07-01T21:00")),
        ("2026-07-01T13:00:00", ("2026-07-01T13:00", "2026-07-01T21:00")),
        ("2026-07-01T20:59:59", ("2026-07-01T13:00", "2026-07-01T21:00")),
        ("2026-07-01T21:00:00", ("2026-07-02T13:00", "2026-07-02T21:00")),
        ("2026-07-03T21:00:00", ("2026-07-06T13:00", "2026-07-06T21:00")),
    ],
)
def test_a_moment_has_the_window_that_it_is_in_or_else_the_next_one(moment: str, expected: tuple[str, str]) -> None:
    assert window(Calendar("America/New_York", OFFICE), moment) == expected


def test_a_window_follows_the_clock_of_its_place_when_that_is_set() -> None:
    calendar = Calendar("America/New_York", OFFICE)
    assert window(calendar, "2026-03-06T12:00:00") == ("2026-03-06T14:00", "2026-03-06T22:00")
    assert window(calendar, "2026-03-07T12:00:00") == ("2026-03-09T13:00", "2026-03-09T21:00")


def test_a_holiday_is_a_day_of_the_place_and_not_of_utc() -> None:
    calendar = Calendar("Asia/Tokyo", (hours("wed", "08:00", "10:00"),), frozenset({date(2026, 7, 1)}))
    assert window(calendar, "2026-06-30T12:00:00") == ("2026-07-07T23:00", "2026-07-08T01:00")


def test_holidays_without_end_in_sight_only_put_the_window_off() -> None:
    monday = date(2026, 7, 6)
    holidays = frozenset(monday + timedelta(weeks=week) for week in range(200))
    calendar = Calendar("Europe/London", (hours("mon", "09:00", "10:00"),), holidays)
    assert calendar.find_window(at("2026-07-01T00:00:00"))[0].date() == monday + timedelta(weeks=200)


def test_hours_that_adjoin_are_one_window_and_those_of_two_days_are_two() -> None:
    calendar = Calendar(
        "UTC", (hours("wed", "12:00", "17:00"), hours("wed", "09:00", "12:00"), hours("thu", "00:00", "24:00"))
    )
    assert window(calendar, "2026-07-01T13:00:00") == ("2026-07-01T09:00", "2026-07-01T17:00")
    assert window(calendar, "2026-07-01T17:00:00") == ("2026-07-02T00:00", "2026-07-03T00:00")


def test_an_hour_that_the_clock_skips_is_in_no_window() -> None:
    # in New York the clock goes from 02:00 to 03:00 on 2026-03-08, at 07:00 UTC
    skipped = Calendar("America/New_York", (hours("sun", "02:15", "02:45"),))
    assert window(skipped, "2026-03-08T00:00:00") == ("2026-03-15T06:15", "2026-03-15T06:45")
    begins = Calendar("America/New_York", (hours("sun", "02:30", "05:00"),))
    assert window(begins, "2026-03-08T00:00:00") == ("2026-03-08T07:00", "2026-03-08T09:00")
    ends = Calendar("America/New_York", (hours("sun", "00:30", "02:30"),))
    assert window(ends, "2026-03-08T05:00:00") == ("2026-03-08T05:30", "2026-03-08T07:00")


def test_an_hour_that_the_clock_shows_twice_is_called_in_only_once_past_it_or_before_it() -> None:
    # in New York the clock goes from 02:00 back to 01:00 on 2026-11-01, at 06:00 UTC
    begins = Calendar("America/New_York", (hours("sun", "01:30", "03:00"),))
    assert window(begins, "2026-11-01T00:00:00") == ("2026-11-01T06:30", "2026-11-01T08:00")
    ends = Calendar("America/New_York", (hours("sun", "00:00", "01:30"),))
    assert window(ends, "2026-11-01T00:00:00") == ("2026-11-01T04:00", "2026-11-01T05:30")
    within = Calendar("America/New_York", (hours("sun", "01:15", "01:45"),))
    assert window(within, "2026-11-01T00:00:00") == ("2026-11-08T06:15", "2026-11-08T06:45")


def test_a_day_that_begins_where_the_clock_skips_midnight_begins_at_the_skip() -> None:
    # in Havana the clock goes from 00:00 to 01:00 on 2026-03-08, at 05:00 UTC
    calendar = Calendar("America/Havana", (hours("sat", "00:00", "24:00"), hours("sun", "00:00", "24:00")))
    assert window(calendar, "2026-03-08T04:59:00") == ("2026-03-07T05:00", "2026-03-08T05:00")
    assert window(calendar, "2026-03-08T05:00:00") == ("2026-03-08T05:00", "2026-03-09T04:00")


def test_a_calendar_without_hours_has_no_window() -> None:
    with pytest.raises(ValueError, match="no window"):
        Calendar("UTC", ()).find_window(at("2026-07-01T00:00:00"))


@pytest.mark.parametrize("name", ["../../etc/passwd", "America", "", "america/new_york", "localtime", "UTC\0"])
def test_what_is_no_zone_of_the_database_is_none(name: str) -> None:
    assert name not in load_zones()
    with pytest.raises(ValueError, match="no time zone"):
        Calendar(name, OFFICE).find_window(at("2026-07-01T00:00:00"))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    """Hours of some days, apart from each other, anywhere where clocks are set."""
    found = []
    for day in draw(st.sets(st.integers(0, 6), min_size=1)):
        edges = sorted(draw(st.sets(st.integers(0, 1440), min_size=2, max_size=6)))
        found += [Hours(day, start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    name = draw(st.sampled_from(("America/New_York", "America/Havana", "Australia/Lord_Howe", "Africa/Cairo", "UTC")))
    days = st.dates(date(2026, 1, 1), date(2026, 12, 31))
    return Calendar(name, tuple(found), draw(st.frozensets(days, max_size=5)))


@given(calendars(), st.integers(0, 366 * 24 * 60), st.integers(0, 10**9))
def test_no_moment_of_a_window_is_out_of_the_hours_on_the_clock_of_its_place(
    calendar: Calendar, minute_of_the_year: int, second: int
) -> None:
    moment = at("2026-01-01T00:00:00") + timedelta(minutes=minute_of_the_year)
    start, end = calendar.find_window(moment)
    assert start < end
    assert moment < end
    within = timedelta(seconds=second % int((end - start).total_seconds()))
    local = (start + within).astimezone(load_zone(calendar.zone))
    minute = local.hour * 60 + local.minute
    assert local.date() not in calendar.holidays
    assert any(each.day == local.weekday() and each.start <= minute < each.end for each in calendar.hours)
