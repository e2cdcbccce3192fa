"""Where does every contact of every segment stand?"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.change import Accounting
from reconciler.model.rows import Rows
from reconciler.model.segment import Segment


@dataclass(frozen=True, slots=True)
class Standing:
    """One segment: its contacts in or out, as a relation (contactId, score, band, priority, reason), and their sum."""

    segment: Segment
    rows: Rows
    account: Accounting


Members = tuple[Standing, ...]
