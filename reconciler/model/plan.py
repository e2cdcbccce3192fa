# tested by: tests/properties/test_values.py
"""Define a plan.

A plan is a value: it is shown, saved, and applied as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from reconciler.model.approval_policy import Need
from reconciler.model.change_cause import Causes
from reconciler.model.drift_difference import LocatedDifference
from reconciler.model.evidence import Decided
from reconciler.model.finding import Finding
from reconciler.model.held_numbers import HeldChange
from reconciler.model.impact import Impact
from reconciler.model.ledger_state import LedgerState
from reconciler.model.list_change import Accounting, RowChange
from reconciler.model.live_state import Unseen
from reconciler.model.notice import Notice
from reconciler.model.object_change import Action, ObjectChange, Undeclared
from reconciler.model.origin import Origin
from reconciler.model.outcome_change import AnyRowChange, NumbersChange, OutcomeChange
from reconciler.model.plan_comparison import PlanComparison
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned
from reconciler.model.rule_results import CheckedRule, Waived
from reconciler.model.segment_membership import DoNotCall
from reconciler.model.write_ops import WriteOp


@dataclass(frozen=True, slots=True)
class Step:
    """One change of a plan, or the later part of one, and the steps that must be done before it.

    Attributes:
        does: the writes of it, in order; contacts are delivered in as many as it takes.
        writes: the requests that these are, its part of `Budget.writes`; None: made by a program that did not say it.
    """

    address: Address
    needs: tuple[Address, ...]
    does: tuple[WriteOp, ...]
    writes: int | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """How many requests were made to read, and how many an apply will send to write and to read back.

    Attributes:
        writes: exactly so many, where nothing fails, nobody else writes meanwhile, and nobody has asked since not to be
            called. read_backs: at least about so many: what passes is looked at until it has come to an end.
    """

    reads: int
    writes: int
    read_backs: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A reviewed or reviewable set of changes.

    Attributes:
        workspace: its name, which is also the owner in the mark. tenant: its name; surfaces: their base URLs.
        environment: the one whose values it was made with, if one was chosen.
        manifests: the digest of the manifests as rendered. as_of: the moment that recency is counted from.
        rows: the memberships of lists. outcomes: those of contacts in campaigns. numbers: what these add to
            do-not-call lists. held: numbers that objects of the tenant get, or that expire there.
        steps: every change that is not a no-op, in the order in which it is applied.
        good_until: the moment at which a do-not-call list that it was judged by is older than it may be, or a window of
            a calendar that it sets has begun or is over; the first of these (`shelf_life`).
        notices: what a person should know of how the tenant was read.
        campaigns: every declared campaign as it would be after the apply.
        others, unseen: as `Situation` has them. undeclared: what is ours, declared no more, and left as it is.
        suppressions: the do-not-call lists that segments were judged by. rules: those that were asked.
        waivers: those of the manifests, whether they set something aside or not.
        ledger: what the ledger was when the plan was made.
        impact: what it means for people; None: it was made by a program that did not ask.
        places: where the manifest of each address begins; what no manifest declares has none.
        origin: whose change it is, and what ran for it; None: nothing said so.
        causes: where the changes come from, against the last apply; None: the ledger knows of none.
        approvals: whose approval it needs, by group, and why.
        narrowed: the options that narrowed it to some of what is declared; empty: it is of everything.
        rolls_back: the run that it goes back behind; None: it makes the tenant what the manifests declare.
        against: how it differs from an earlier plan; None: it was held against none.
        decided: everybody in the sources of its segments; no part of what it does, nor of its document.
        drift: each thing in which the tenant differs, for a view that shows them one by one; likewise.
        created: when the plan was made. It, the origin, the places, the causes, the comparison, the notices, the
            requests that were made to read, and of the campaigns what was counted and is expected are not bound by the
            digest: they say how the plan came about and what may come of it, and not what it does.
    """

    workspace: str
    tenant: str
    surfaces: Mapping[str, str]
    manifests: str
    as_of: datetime
    tool_version: str
    objects: tuple[ObjectChange, ...]
    rows: tuple[RowChange, ...]
    accounts: tuple[Accounting, ...]
    steps: tuple[Step, ...]
    findings: tuple[Finding, ...]
    budget: Budget
    created: datetime
    good_until: datetime | None = None
    notices: tuple[Notice, ...] = ()
    campaigns: tuple[Planned, ...] = ()
    suppressions: tuple[DoNotCall, ...] = ()
    rules: tuple[CheckedRule, ...] = ()
    waivers: tuple[Waived, ...] = ()
    outcomes: tuple[OutcomeChange, ...] = ()
    numbers: tuple[NumbersChange, ...] = ()
    held: tuple[HeldChange, ...] = ()
    others: tuple[Planned, ...] = ()
    unseen: tuple[Unseen, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    environment: str | None = None
    ledger: LedgerState | None = None
    impact: Impact | None = None
    places: Mapping[str, Location] = field(default_factory=dict)
    origin: Origin | None = None
    causes: Causes | None = None
    approvals: tuple[Need, ...] = ()
    against: PlanComparison | None = None
    decided: tuple[Decided, ...] = field(default=(), compare=False)
    drift: tuple[LocatedDifference, ...] = field(default=(), compare=False)
    narrowed: tuple[str, ...] = ()
    rolls_back: str | None = None
    _at: Mapping[Address, ObjectChange | AnyRowChange] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Know every change by its address: each step asks for its own."""
        object.__setattr__(self, "_at", {change.address: change for change in self.changes()})

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.steps

    @property
    def partial(self) -> bool:
        """Whether it is not of everything that is declared: what it did not look at may differ."""
        return bool(self.narrowed) or self.rolls_back is not None

    @property
    def refusals(self) -> tuple[Finding, ...]:
        """What makes `apply` refuse."""
        return tuple(finding for finding in self.findings if finding.refuses)

    def change(self, address: Address) -> ObjectChange | AnyRowChange:
        """The change of a step.

        Raises:
            KeyError: the plan has none at that address.
        """
        return self._at[address.object]

    def place(self, address: Address) -> Location | None:
        """Where something is declared; a part without a place of its own, where its manifest begins."""
        return self.places.get(str(address.object)) or self.places.get(str(address.resource))

    def changes(self) -> Iterator[ObjectChange | AnyRowChange]:
        """Every change, no-ops included."""
        yield from self.objects
        yield from self.row_changes()

    def row_changes(self) -> Iterator[AnyRowChange]:
        """Every change of rows, whatever they are."""
        yield from self.rows
        yield from self.outcomes
        yield from self.numbers
        yield from self.held

    def count(self, action: Action) -> int:
        """How many objects are created, updated, deleted or left alone.

        Adopting is counted apart, as Terraform counts imports: an object that is adopted and changed counts as both.
        """
        return sum(change.action is action and (bool(change.fields) or not change.adopts) for change in self.objects)

    @property
    def adoptions(self) -> int:
        """How many objects of nobody's become this workspace's, changed or not."""
        return sum(change.adopts for change in self.objects)
