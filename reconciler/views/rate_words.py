# tested by: tests/views/test_progress.py
"""Describe rates and remaining times."""

from __future__ import annotations

from reconciler.model.progress_estimate import ProgressEstimate

NOW_AND_THEN = 10.0
"""Seconds between two looks at whether there is something new to be told."""


def describe_pace(tally: ProgressEstimate, now: float) -> str:
    """How far some rows are, how fast they go, and how long they will still take."""
    told = [f"{tally.done:,} of {tally.total:,} rows"]
    if tally.rejected:
        told.append(f"{tally.rejected:,} rejected")
    rate, left = tally.estimate_rate(now), tally.estimate_seconds_left(now)
    if rate is not None and left is not None:
        told += [f"{rate:,.0f} rows/s" if rate >= 10 else f"{rate:.1f} rows/s", f"{format_duration(left)} left"]
    return ", ".join(told)


def format_duration(seconds: float) -> str:
    """So many seconds, as a person says them."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
