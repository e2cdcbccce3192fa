"""Map a campaign's status to a state: running, stopped or unknown."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from reconciler.model.vendor_values import find_meaning

FIELD = "status"
"""The live field that says so."""


class RunState(StrEnum):
    """What a campaign's status means. Every word that nobody knows is `unknown`, and so is none at all."""

    DRAFT = "draft"
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPING = "stopping"
    STOPPED = "stopped"
    COMPLETED = "completed"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, word: object) -> RunState:
        """What a status means, written in whatever case."""
        return cls(find_meaning("run_state", word) or cls.UNKNOWN)

    @property
    def may_dial(self) -> bool:
        """Whether people may be called now: what is stopping has calls under way, and of the unknown nobody knows."""
        return self in (RunState.ACTIVE, RunState.STOPPING, RunState.UNKNOWN)

    @property
    def is_at_rest(self) -> bool:
        """Whether it is known that nobody is called."""
        return not self.may_dial


def read_state(fields: Mapping[str, Any] | None) -> RunState:
    """The state of a campaign by its live fields; of none, that of a campaign that is not there: it rests."""
    return RunState.DRAFT if fields is None else RunState.of(fields.get(FIELD))


def confirms(live: object, wanted: object) -> bool:
    """Whether a status that was read back is what was asked for: whatever is at rest is paused."""
    found, asked = RunState.of(live), RunState.of(wanted)
    if asked is RunState.PAUSED:
        return found.is_at_rest
    return found is asked is not RunState.UNKNOWN


def needs_no_write(live: object, wanted: object) -> bool:
    """Whether a live status is as a manifest declares it.

    What is stopped or completed rests as if it were paused. What is unknown may be at work as declared: it is not told
    again, and a rule says that nobody knows. A draft is a draft: it was never set to work.
    """
    found, asked = RunState.of(live), RunState.of(wanted)
    if asked is RunState.ACTIVE:
        return found in (RunState.ACTIVE, RunState.UNKNOWN)
    if asked is RunState.PAUSED:
        return found in (RunState.PAUSED, RunState.STOPPED, RunState.COMPLETED)
    return found is asked
