# tested by: tests/ledger/test_lock.py
"""Define the state of the workspace's lock."""

from __future__ import annotations

from dataclasses import dataclass

TIME_TO_LIVE = 900.0
"""Seconds after which a lock that nobody renewed is taken over: its owner is dead or cut off."""


@dataclass(frozen=True, slots=True)
class LockState:
    """Who may write to the tenant just now.

    Attributes:
        owner: who holds it; None: nobody. fence: the lock's number. silent: seconds since it was written or renewed, by
            the clock of the place; negative where that clock was put back. observed: seconds for which this machine has
            seen it unchanged. dead: whether its owner was a process of this machine that runs no longer.
    """

    owner: str | None
    fence: int = 0
    silent: float = 0.0
    observed: float = 0.0
    dead: bool = False

    @property
    def unchanged(self) -> float:
        """Seconds for which nobody has renewed it, by whichever clock says more."""
        return max(self.silent, self.observed)

    @property
    def lapsed(self) -> bool:
        """Whether it may be taken over: by what was observed of it, whatever one clock says."""
        return self.owner is None or self.dead or self.unchanged >= TIME_TO_LIVE
