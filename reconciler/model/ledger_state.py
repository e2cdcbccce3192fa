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

    @property
    def words(self) -> str:
        """What a person should know of it, in one line; empty where it is nothing."""
        key = "a key for contacts' tokens was made" if self.made_key else ""
        if not self.new:
            return f"{key} in the ledger {self.url}" if key else ""
        told = f"the ledger {self.url} is new{f', and {key} in it' if key else ''}."
        lost = "offers contacts that were rejected again" + (", and calls contacts by other tokens" if key else "")
        where = "keep it where all jobs find it (`ledger: {url: s3://…}`)"
        secrets = " and give them RECONCILER_TOKEN_KEY and RECONCILER_KEY" if key else ""
        return f"{told} A pipeline whose jobs each begin with a new one {lost}: {where}{secrets}; see docs/ci.md"
