"""Is it told who holds the lock, and whether it may be taken over?"""

from __future__ import annotations

import json

import pytest

from reconciler.model.lock_state import TIME_TO_LIVE, LockState
from reconciler.model.run_target import Meant
from reconciler.views import lock

MEANT = Meant("calls", "eu", "prod")


@pytest.mark.parametrize(
    ("state", "words", "lapsed"),
    [
        (LockState(None), "The workspace is not locked.", True),
        (LockState("ci", 3, dead=True), "That process has ended: the next run takes the lock over.", True),
        (LockState("ci", 3, silent=TIME_TO_LIVE), "Silent for 900 seconds: the lock has lapsed", True),
        (LockState("ci", 3, silent=1, observed=TIME_TO_LIVE), "the lock has lapsed", True),
        (LockState("ci", 3, silent=TIME_TO_LIVE - 1), "Silent for 899 seconds; it lapses after 1 more.", False),
        (LockState("ci", 3, silent=-50, observed=20), "observed by this machine's own clock", False),
    ],
)
def test_a_lock_is_told_as_it_is_to_people_and_to_programs(state: LockState, words: str, lapsed: bool) -> None:
    told = lock.text(state, MEANT).plain
    assert told.startswith("Tenant eu, environment prod, workspace calls:\n")
    assert words in told
    document = json.loads(lock.machine(state, MEANT))
    assert (document["locked"], document["lapsed"], document["owner"]) == (state.owner is not None, lapsed, state.owner)
