"""Where does every contact of every segment stand?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from reconciler.model.change import Accounting
from reconciler.model.finding import Finding
from reconciler.model.rows import Rows
from reconciler.model.segment import Segment


@dataclass(frozen=True, slots=True)
class Standing:
    """One segment.

    Attributes:
        rows: its contacts, in or out, as a relation: contactId, score, band, priority, reason, …
        barred: contacts that are to be taken off its lists in any case.
        account: the sum of them all.
        findings: what is unsafe about the do-not-call lists it was judged by.
        good_until: the moment at which the first of them is older than it may be.
    """

    segment: Segment
    rows: Rows
    barred: Rows
    account: Accounting
    findings: tuple[Finding, ...] = ()
    good_until: datetime | None = None


Members = tuple[Standing, ...]
