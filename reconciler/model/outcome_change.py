# tested by: tests/audience/decision/test_dnc_additions_store.py
"""Define changes of contacts' outcomes and of do-not-call numbers.

Row changes, as the membership of a list is one: a relation on disk, counted, with a digest, reasons and examples.
"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.held_numbers import HeldChange
from reconciler.model.list_change import RowChange, Sample
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import LiveCampaign, Rows


@dataclass(frozen=True, slots=True)
class Place:
    """A row of a source that is left out: where it stands, and why."""

    where: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class OutcomeChange:
    """Which contacts of a campaign get which outcome.

    Attributes:
        rate: contacts a second. source: rows of the source.
        unchanged: contacts that have their outcome already.
        rows: `OUTCOME_CHANGES`, in the order of the contacts. digest: of their content.
        reasons: how many go from which outcome to which. outcomes: to which; agents: by whom, the first of them.
        left: rows that set nothing, by reason. places: the first of those that somebody should look at.
        owed: contacts whose outcome the tenant would not take before.
        reopened: contacts whose outcome is the last word now, and would not be.
        later: contacts whose outcome in the tenant is of a later moment than the one that is set.
    """

    address: Address
    campaign: LiveCampaign
    rate: int
    source: int
    unchanged: int
    rows: Rows
    digest: str
    reasons: tuple[Counted, ...] = ()
    outcomes: tuple[Share, ...] = ()
    agents: tuple[Share, ...] = ()
    left: tuple[Counted, ...] = ()
    places: tuple[Place, ...] = ()
    owed: tuple[Counted, ...] = ()
    samples: tuple[Sample, ...] = ()
    reopened: int = 0
    later: int = 0

    def __post_init__(self) -> None:
        """Refuse a sum that does not add up: a row that vanishes is a fault of this program."""
        accounted = self.total + self.unchanged + sum(reason.count for reason in self.left)
        if accounted != self.source:
            raise AssertionError(f"{self.address}: {accounted} rows accounted for, {self.source} in the source")

    @property
    def files(self) -> tuple[Rows, ...]:
        """The relations that travel with the plan."""
        return (self.rows,)

    @property
    def total(self) -> int:
        """How many rows are written."""
        return self.rows.count

    @property
    def does(self) -> Reason:
        """What its step does."""
        return Reason("outcome_step", (str(self.campaign),))


@dataclass(frozen=True, slots=True)
class NumbersChange:
    """Which numbers outcomes add to a do-not-call list.

    Attributes:
        store: where the list keeps them: a folder of the workspace, or of an object store.
        rows: `NUMBER_CHANGES`, a number once, in their order. digest: of their content.
        reasons: how many for which outcome of which set.
        unread: contacts whose outcome asks for it and that have no number which can be read.
    """

    address: Address
    store: str
    rows: Rows
    digest: str
    reasons: tuple[Counted, ...] = ()
    samples: tuple[Sample, ...] = ()
    unread: int = 0

    @property
    def files(self) -> tuple[Rows, ...]:
        """The relations that travel with the plan."""
        return (self.rows,)

    @property
    def total(self) -> int:
        """How many rows are written."""
        return self.rows.count

    @property
    def does(self) -> Reason:
        """What its step does."""
        return Reason("numbers_step", (self.store,))


AnyRowChange = RowChange | OutcomeChange | NumbersChange | HeldChange
"""The shapes of a row change: each has an address, rows, a digest of them, a total, reasons and samples."""
