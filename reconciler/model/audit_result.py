# tested by: tests/ledger/test_json_hmac.py
"""Define the result of verifying an audit record."""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.audit_anchor import Anchor
from reconciler.model.reason import Reason


@dataclass(frozen=True, slots=True)
class Verified:
    """A record that is whole: where it ends, under which key (empty: none), and what it leaves open."""

    anchor: Anchor
    key: str
    notes: tuple[Reason, ...]
