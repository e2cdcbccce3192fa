"""Record what clients asked for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import accumulate
from threading import Lock
from typing import Any


@dataclass(slots=True)
class Received:
    """One request that arrived; `/_control` is not counted.

    Attributes:
        status: of the reply; None while it is pending, and where the connection was cut instead.
        monotonic: seconds on the monotonic clock, for intervals.
        ended: likewise, when its reply was ready to be sent; None while it is pending.
        in_flight: how many calls of its surface were under way as it arrived, itself among them; token requests are
            not counted.
        at: ISO 8601 UTC wall time.
        body: the parsed JSON body of a write or a search; None for token requests, whose body is secret. Without
            its rows on a surface that takes people's data by the thousand.
        rows: how many rows the body held, where it held any.
        is_write: whether it asked to change something (a search by POST or a token request does not).
        fault: the kind of fault that was played on it.
    """

    request_id: str
    method: str
    path: str
    query: dict[str, str]
    surface: str | None
    monotonic: float
    at: str
    body: Any = None
    rows: int | None = None
    status: int | None = None
    is_write: bool = False
    is_token_request: bool = False
    fault: str | None = None
    in_flight: int = 0
    ended: float | None = None


def count_rows(body: Any) -> int | None:
    """How many rows a body holds: itself, or the longest list that is one of its fields."""
    if isinstance(body, list):
        return len(body)
    if not isinstance(body, dict):
        return None
    return max((len(value) for value in body.values() if isinstance(value, list)), default=None)


def without_rows(body: Any) -> Any:
    """A body without the lists in it."""
    return (
        {key: value for key, value in body.items() if not isinstance(value, list)} if isinstance(body, dict) else None
    )


class RequestList(list[Received]):
    """Requests in the order they arrived, with a few ways to choose among them."""

    def writes(self) -> RequestList:
        """Those that asked to change something."""
        return RequestList(item for item in self if item.is_write)

    def tokens(self) -> RequestList:
        """Those that asked for a token."""
        return RequestList(item for item in self if item.is_token_request)

    def to(self, path: str, method: str | None = None) -> RequestList:
        """Those whose path holds a match of the pattern `path`."""
        found: Iterable[Received] = (item for item in self if re.search(path, item.path))
        return RequestList(item for item in found if method in (None, item.method))

    def of(self, surface: str, campaign_id: str | None = None) -> RequestList:
        """Those of a surface, token requests not among them; of one campaign, if its id is said."""
        part = f"/campaigns/{campaign_id}/" if campaign_id is not None else ""
        return RequestList(
            item for item in self if item.surface == surface and not item.is_token_request and part in item.path
        )

    def most_within(self, seconds: float = 1.0) -> int:
        """How many of them arrived within any span of so many seconds, at most; its end is not part of a span."""
        arrived = sorted(item.monotonic for item in self)
        most = first = 0
        for count, moment in enumerate(arrived, start=1):
            while moment - arrived[first] >= seconds:
                first += 1
            most = max(most, count - first)
        return most

    def most_at_once(self) -> int:
        """How many of them were under way at the same time, at most; messages of a socket are not counted."""
        calls = [item for item in self if item.in_flight or item.ended is not None]
        began = [(item.monotonic, 1) for item in calls]
        ended = [(item.ended, -1) for item in calls if item.ended is not None]
        # where one ends as another begins, both are not under way: ends come first
        return max(accumulate(change for _, change in sorted(began + ended)), default=0)


class RequestLog:
    """Keeps every request until it is cleared."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._received = RequestList()
        self._count = 0

    def next_id(self) -> str:
        """An id for the next request; ids go on after the log is cleared."""
        with self._lock:
            self._count += 1
            return f"req-{self._count:08d}"

    def add(self, received: Received) -> None:
        """Take a request in; its status may be set later."""
        with self._lock:
            self._received.append(received)

    def all(self) -> RequestList:
        """A copy of what came since the log was last cleared."""
        with self._lock:
            return RequestList(self._received)

    def clear(self) -> None:
        """Forget what came."""
        with self._lock:
            self._received.clear()
