# tested by: tests/surfaces/nice/test_read_back.py
"""Know by how much a tenant's clock is ahead of ours, by the header `Date` of its answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime


class TenantClock:
    """The clock of one surface. Used from several threads.

    A header has whole seconds and is written before it arrives: what is told here is never later than the tenant's own
    moment (RFC 9110, section 6.6.1).
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now, self._lock = now, threading.Lock()
        self._ahead: timedelta | None = None

    def hear(self, headers: Mapping[str, str]) -> None:
        """Take note of an answer that has just come; one that does not say when it was made changes nothing."""
        try:
            told = parsedate_to_datetime(headers.get("date", ""))
        except ValueError:
            return
        if told.tzinfo is None:  # `-0000`: a moment of no zone
            told = told.replace(tzinfo=UTC)
        with self._lock:
            self._ahead = told - self._now()

    def translate(self, moment: datetime) -> datetime | None:
        """A moment of our clock as the tenant's; None where it has never said what time it is."""
        with self._lock:
            return None if self._ahead is None else moment + self._ahead
