"""Where does every contact of every segment stand?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from reconciler.model.address import Address
from reconciler.model.change import Accounting
from reconciler.model.rows import Rows
from reconciler.model.segment import Segment


@dataclass(frozen=True, slots=True)
class DoNotCall:
    """A do-not-call list that a segment is judged by.

    Attributes:
        segment: the segment. address: the SuppressionList.
        taken: the moment its data is of; None: read live. max_age: how old it may be.
        only_warns: whether the manifest asks to be warned only where it is older.
        unread: how many of its numbers cannot be read as phones, and suppress nobody.
        dialled: contacts that stay on the segment's lists and have one of its numbers in the tenant, which dials it.
    """

    segment: Address
    address: Address
    taken: datetime | None
    max_age: timedelta
    only_warns: bool = False
    unread: int = 0
    dialled: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """One segment.

    Attributes:
        rows: its contacts, in or out, as a relation: contactId, score, band, priority, reason, …
        barred: contacts that are to be taken off its lists in any case.
        account: the sum of them all.
        suppressions: the do-not-call lists that it was judged by.
        good_until: the moment at which the first of them is older than it may be.
    """

    segment: Segment
    rows: Rows
    barred: Rows
    account: Accounting
    suppressions: tuple[DoNotCall, ...] = ()
    good_until: datetime | None = None


Members = tuple[Standing, ...]
