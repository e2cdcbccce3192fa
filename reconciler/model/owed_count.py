# tested by: tests/views/test_owed.py
"""How many contacts would a list not take?"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class OwedCount:
    """Contacts of one list that are alike in this: `what` became of them (`rejected`, `deferred`), tries and reason."""

    list: str
    what: str
    tries: int
    reason: str
    contacts: int
