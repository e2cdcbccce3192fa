# tested by: tests/model/test_callback_payloads.py
"""Define what a ledger was when a command began with it: where it is, and whether it is new."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class LedgerState:
    """What a ledger was when a command began with it.

    Attributes:
        url: as the workspace has it. new: whether it is a folder of this machine that knows of no run, and of no other
            command. made_key: whether a key for contacts' tokens was made in it.
    """

    url: str
    new: bool
    made_key: bool

    def document(self) -> dict[str, Any]:
        """The state as JSON values."""
        return {"url": self.url, "new": self.new, "made_key": self.made_key}
