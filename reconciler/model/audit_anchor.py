# tested by: tests/ledger/test_json_hmac.py
"""Define an anchor: how far the audit record had come."""

from __future__ import annotations

from dataclasses import dataclass

START = "0" * 64


@dataclass(frozen=True, slots=True)
class Anchor:
    """The audit record as it was: how many entries it had, and the SHA-256 of the last; `START` where it had none."""

    entries: int = 0
    head: str = START


NOWHERE = Anchor()
