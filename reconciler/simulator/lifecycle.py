"""What may become of a campaign? The contract names one status, `active`; the others and what follows them are ours."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.simulator.refusals import conflict

DRAFT, ACTIVE, PAUSED = "draft", "active", "paused"

NEXT: Mapping[str, frozenset[str]] = {
    DRAFT: frozenset({ACTIVE, PAUSED}),
    ACTIVE: frozenset({PAUSED}),
    PAUSED: frozenset({ACTIVE, DRAFT}),
}
"""What each status may become; what a campaign is already, it may always stay."""


def refuse_leap(before: str, after: str) -> None:
    """409 for a status that does not follow from the one there is."""
    if after != before and after not in NEXT[before]:
        allowed = " or ".join(sorted(NEXT[before]))
        raise conflict(f"status: a campaign that is {before} cannot become {after}, only {allowed}")


def refuse_deletion(name: str, status: str) -> None:
    """409 while it dials."""
    if status == ACTIVE:
        raise conflict(f"the campaign {name!r} is active; pause it before it is deleted")
