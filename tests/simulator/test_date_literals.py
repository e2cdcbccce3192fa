"""The organisation knows which days a date literal means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.simulator.date_literals import parse_span
from reconciler.simulator.soql_parser import parse

NOW = datetime(2026, 11, 29, 15, 30, tzinfo=UTC)  # a Sunday


@pytest.mark.parametrize(
    ("literal", "start", "end"),
    [
        ("TODAY", "2026-11-29", "2026-11-30"),
        ("yesterday", "2026-11-28", "2026-11-29"),
        ("TOMORROW", "2026-11-30", "2026-12-01"),
        ("LAST_N_DAYS:30", "2026-10-30", "2026-11-30"),
        ("LAST_90_DAYS", "2026-08-31", "2026-11-30"),
        ("NEXT_N_DAYS:7", "2026-11-30", "2026-12-07"),
        ("N_DAYS_AGO:2", "2026-11-27", "2026-11-28"),
        ("THIS_WEEK", "2026-11-29", "2026-12-06"),
        ("LAST_WEEK", "2026-11-22", "2026-11-29"),
        ("LAST_N_WEEKS:2", "2026-11-15", "2026-11-29"),
        ("THIS_MONTH", "2026-11-01", "2026-12-01"),
        ("LAST_MONTH", "2026-10-01", "2026-11-01"),
        ("NEXT_MONTH", "2026-12-01", "2027-01-01"),
        ("LAST_N_MONTHS:11", "2025-12-01", "2026-11-01"),
        ("N_MONTHS_AGO:12", "2025-11-01", "2025-12-01"),
        ("THIS_QUARTER", "2026-10-01", "2027-01-01"),
        ("NEXT_N_QUARTERS:2", "2027-01-01", "2027-07-01"),
        ("LAST_YEAR", "2025-01-01", "2026-01-01"),
        ("LAST_N_YEARS:2", "2024-01-01", "2026-01-01"),
    ],
)
def test_a_literal_means_whole_days(literal: str, start: str, end: str) -> None:
    found = parse_span(literal, NOW)
    assert found is not None
    assert (f"{found.start:%Y-%m-%d}", f"{found.end:%Y-%m-%d}") == (start, end)


def test_a_field_is_compared_with_the_days_and_not_with_their_names() -> None:
    found = parse_span("TODAY", NOW)
    assert found is not None
    before, within, after = "2026-11-28T23:59:59Z", "2026-11-29T00:00:00.000+0000", "2026-11-30"
    signs = ("<", "<=", "=", "!=", ">=", ">")
    assert [found.compares(sign, before) for sign in signs] == [True, True, False, True, False, False]
    assert [found.compares(sign, within) for sign in signs] == [False, True, True, False, True, False]
    assert [found.compares(sign, after) for sign in signs] == [False, False, False, True, True, True]
    assert [found.compares(sign, None) for sign in signs] == [False, False, False, True, False, False]


def test_a_query_takes_literals_among_other_conditions() -> None:
    now = datetime.now(UTC)
    records: list[dict[str, str | None]] = [
        {"Id": "1", "CreatedDate": now.isoformat(), "Status": "Open"},
        {"Id": "2", "CreatedDate": "2001-01-01T00:00:00Z", "Status": "Open"},
        {"Id": "3", "CreatedDate": None, "Status": "Open"},
    ]
    asked = "SELECT Id FROM Lead WHERE (CreatedDate = LAST_N_DAYS:30 OR CreatedDate = TODAY) AND Status = 'open'"
    assert [each["Id"] for each in parse(asked).choose_records(records)] == ["1"]
    assert [
        each["Id"] for each in parse("SELECT Id FROM Lead WHERE CreatedDate < LAST_YEAR").choose_records(records)
    ] == ["2"]
