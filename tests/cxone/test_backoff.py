"""How long until the next attempt?"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.cxone.backoff import Backoff

NOON = datetime(2026, 3, 2, 12, 0, 0, tzinfo=UTC)


def backoff(jitter: float = 1.0) -> Backoff:
    return Backoff(cap=30, longest_asked=120, jitter=lambda: jitter, now=lambda: NOON)


def test_waits_double_up_to_the_cap() -> None:
    assert [backoff().compute_own(failures) for failures in range(1, 9)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert backoff().compute_own(10_000) == 30


def test_the_jitter_is_full() -> None:
    assert backoff(jitter=0).compute_own(5) == 0
    assert backoff(jitter=0.25).compute_own(5) == 2


def test_an_untouched_backoff_jitters_by_itself() -> None:
    assert 0 <= Backoff(cap=30).compute_own(1) < 0.5
    assert Backoff(cap=30).read_asked({"retry-after": "Mon, 02 Mar 2099 12:00:00 GMT"}) == 120


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "86400"}, 120),
        ({"retry-after": "Mon, 02 Mar 2026 12:00:40 GMT"}, 40),
        ({"retry-after": "Mon, 02 Mar 2026 12:00:40 -0000"}, 40),
        ({"retry-after": "Mon, 02 Mar 2026 23:00:00 GMT"}, 120),
        ({"retry-after": "Mon, 02 Mar 2026 09:00:05 GMT", "date": "Mon, 02 Mar 2026 09:00:00 GMT"}, 5),
        ({}, None),
        ({"retry-after": ""}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "Mon, 99 Mar 2026 12:00:40 GMT"}, None),
        ({"retry-after": "Mon, 02 Mar 2026 11:59:00 GMT"}, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(headers: dict[str, str], seconds: float | None) -> None:
    assert backoff().read_asked(headers) == seconds
