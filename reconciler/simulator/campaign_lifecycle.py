# tested by: tests/simulator/test_campaigns.py
"""Define which status changes a campaign may make."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.simulator.error_replies import conflict

DRAFT, ACTIVE, PAUSED = "draft", "active", "paused"
RUNNING, STOPPING, STOPPED, COMPLETED = "running", "stopping", "stopped", "completed"

ASKED_FOR = frozenset({DRAFT, ACTIVE, PAUSED})
"""What a client may ask for."""

DIALLING = frozenset({ACTIVE, RUNNING})

NEXT: Mapping[str, frozenset[str]] = {
    DRAFT: frozenset({ACTIVE, PAUSED}),
    ACTIVE: frozenset({PAUSED}),
    RUNNING: frozenset({ACTIVE, PAUSED}),
    PAUSED: frozenset({ACTIVE, DRAFT}),
    STOPPING: frozenset(),
    STOPPED: frozenset({ACTIVE, DRAFT}),
    COMPLETED: frozenset(),
}
"""What a client may make of each status; what a campaign is already, it may always stay. One that is `stopping` has
calls under way, and one that is `completed` is over for good."""


def next_of(before: str) -> frozenset[str]:
    """What a client may make of a status; of one that nobody knows, a pause."""
    return NEXT.get(before, frozenset({PAUSED}))


def refuse_leap(before: str, after: str) -> None:
    """409 for a status that does not follow from the one there is."""
    allowed = next_of(before)
    if after != before and after not in allowed:
        said = f"only {' or '.join(sorted(allowed))}" if allowed else "nor anything else that is asked for"
        raise conflict(f"status: a campaign that is {before} cannot become {after}, {said}")


def refuse_deletion(name: str, status: str) -> None:
    """409 while it dials, or may."""
    if status not in (DRAFT, PAUSED, STOPPED, COMPLETED):
        raise conflict(f"the campaign {name!r} is {status}; pause it before it is deleted")
