"""Compute how long to wait before the next attempt.

`Retry-After` wins (RFC 9110 section 10.2.3: seconds or an HTTP date), clamped so that no tenant can park a run
for hours; without one it is exponential backoff with full jitter and a cap.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

FIRST = 0.5
"""Seconds: the upper end of the first wait."""

_SECONDS = re.compile(r"\d{1,9}(\.\d+)?")


def _read_utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits between attempts, in seconds.

    Attributes:
        cap: the longest wait of our own choosing.
        longest_asked: the longest `Retry-After` that is honoured in full.
        jitter: a number in [0, 1), a new one for each wait.
        now: the time of day, for HTTP dates in replies that carry no `Date`.
    """

    cap: float
    longest_asked: float = 120.0
    jitter: Callable[[], float] = random.random
    now: Callable[[], datetime] = _read_utc_now

    def compute_own(self, failures: int) -> float:
        """The wait after so many failures (from 1)."""
        ceiling = min(self.cap, FIRST * 2.0 ** min(failures - 1, 60))
        return ceiling * self.jitter()

    def read_asked(self, headers: Mapping[str, str]) -> float | None:
        """The wait that the reply asks for; None when it asks for none, or for one that is already over.

        Args:
            headers: with their names in lower case.
        """
        text = headers.get("retry-after", "").strip()
        if _SECONDS.fullmatch(text):
            seconds = float(text)
        else:
            moment = _parse_date(text)
            if moment is None:
                return None
            # Both dates by the tenant's clock where possible: then it does not matter how wrong ours is.
            seconds = (moment - (_parse_date(headers.get("date", "")) or self.now())).total_seconds()
        return min(seconds, self.longest_asked) if seconds > 0 else None


def _parse_date(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
