# tested by: tests/views/test_pending.py
"""Count contacts that are pending retry on a list."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PendingCount:
    """Contacts of one list that are alike in this: `what` became of them (`rejected`, `deferred`), tries and reason."""

    list: str
    what: str
    tries: int
    reason: str
    contacts: int
