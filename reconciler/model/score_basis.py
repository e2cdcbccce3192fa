# tested by: tests/audience/diff/test_recency_only.py
"""Define by what a list's scores were last computed: the moment and the digest of the model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Scored:
    """What the ledger remembers of the last delivery that filled a list.

    Attributes:
        as_of: the moment that recency was counted from. model: the digest of the model.
    """

    as_of: datetime
    model: str
