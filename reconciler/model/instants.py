# tested by: tests/properties/test_values.py
"""Parse and format instants and durations."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

EARLIEST, LATEST = datetime(1900, 1, 1, tzinfo=UTC), datetime(3000, 1, 1, tzinfo=UTC)
"""Between these is every moment that a person may name: around it there is room for any duration."""

LONGEST = timedelta(days=36_525)
"""The longest duration that a person may name: a hundred years."""

_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")


def parse_duration(text: str) -> timedelta:
    """Read `15m`, `8h`, `90d` or a sum such as `1d12h`.

    Raises:
        ValueError: the text is empty or written otherwise.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration such as 15m, 8h, 90d or 1d12h")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    try:
        return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError as error:
        raise ValueError(f"{text!r} is longer than can be computed with") from error


def parse_instant(text: str) -> datetime:
    """Read an ISO 8601 instant that says its offset, as an aware UTC datetime.

    Raises:
        ValueError: the text is no instant, or has no offset: a naive time means another hour to each reader.
    """
    try:
        # RFC 3339, section 5.6: the letters may be written small
        instant = datetime.fromisoformat(text.upper() if isinstance(text, str) else text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an ISO 8601 instant such as 2026-07-01T09:00:00Z") from error
    if instant.tzinfo is None:
        raise ValueError(f"{text!r} does not say its offset from UTC; write {instant.isoformat()}Z if UTC is meant")
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is beyond the years that can be computed with") from error


def is_reckonable(instant: datetime) -> bool:
    """Whether it can be computed with: years from 1900 to 2999."""
    return EARLIEST <= instant < LATEST


def format_instant(instant: datetime) -> str:
    """Write an aware instant as the tenant does: UTC, whole seconds, `Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_clock() -> datetime:
    """This moment."""
    return datetime.now(UTC)


def find_last_midnight(now: datetime) -> datetime:
    """The UTC midnight at or before an aware instant."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def find_present(as_of: datetime, now: datetime) -> datetime:
    """The moment that schedules are judged at: `now`; of a plan that is made as of another day, that one."""
    return now if as_of == find_last_midnight(now) else as_of
