# tested by: tests/cxone/test_retry.py
"""Count the requests of a surface."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class RequestCounts:
    """Counts since the transport was made, token requests and handshakes included: what the tenant's own log shows.

    Attributes:
        requests: sent, retries among them. What certainly never reached the tenant is none.
        writes: those of them that asked to change something.
        retries: second and later attempts of a call.
        limited: replies with status 429.
    """

    requests: int = 0
    writes: int = 0
    retries: int = 0
    limited: int = 0


class RequestCounter:
    """Counts from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traffic = RequestCounts()

    def count(self, *, requests: int = 0, writes: int = 0, retries: int = 0, limited: int = 0) -> None:
        """Add to the counts."""
        with self._lock:
            was = self._traffic
            self._traffic = replace(
                was,
                requests=was.requests + requests,
                writes=was.writes + writes,
                retries=was.retries + retries,
                limited=was.limited + limited,
            )

    def read(self) -> RequestCounts:
        """The counts at this moment."""
        return self._traffic
