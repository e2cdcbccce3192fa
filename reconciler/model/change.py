# tested by: tests/properties/test_values.py
"""Define the two shapes of change: of an object, and of rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from reconciler.model.delivery_method import Key, Numbers
from reconciler.model.notice import Notice
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import MembersOf, Rows
from reconciler.model.score_basis import Scored

if TYPE_CHECKING:
    from reconciler.model.outcome_change import NumbersChange, OutcomeChange


class Action(StrEnum):
    """What is done to an object. `before` is absent for CREATE, `after` for DELETE; both are equal for NO_OP.

    REPLACE makes the object anew, under its name, because the tenant will not change it as it should be changed.
    RELEASE takes our mark off it, and leaves it as it is.
    """

    NO_OP = "no-op"
    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field of an object: its path in words (`predictive.targetAnswerRate`), before and after."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Replacement:
    """What it costs to make an object anew.

    Attributes:
        fields: those that the tenant will not change.
        contacts: on the lists that the old one uses: the new one begins with all of them. None: nobody knows.
        attempts: dial attempts so far, which the new one knows nothing of. None: the tenant does not tell.
        downtime: for how long its work stands still.
    """

    fields: tuple[str, ...]
    contacts: int | None
    attempts: int | None
    downtime: Reason


@dataclass(frozen=True, slots=True)
class Unmoved:
    """Why a declared object that was called otherwise before is not renamed.

    Attributes:
        code: gone (it has its new name, and the tenant none of the earlier ones), several (which of them is meant
            nobody can say), or foreign (it is not this workspace's).
        name: the one it is to have; earlier: those it may have had.
        objects: names, ids and owners of the live objects that may be meant.
    """

    code: Literal["gone", "several", "foreign"]
    name: str
    earlier: tuple[str, ...]
    objects: tuple[tuple[str, str, str | None], ...] = ()

    @property
    def refused(self) -> bool:
        """Whether that is for a person to decide, and not only for a person to know."""
        return self.code != "gone"


@dataclass(frozen=True, slots=True)
class ObjectChange:
    """A list or a campaign: what it is and what it is to be.

    Attributes:
        address: the manifest's address; for a deleted object, made from its live name.
        name: the object's name in the tenant.
        before: its live fields, in names; None where there is no such object.
        after: its fields after apply, declared or not; None where it is deleted.
        declared: the top-level fields that a write sends; for a replacement, all those of the new object.
        later: fields fixed when the object is created, and when that is; they are absent from `after`.
        seconds_later: the same fields, as seconds after that moment.
        adopts: whether an object without our mark gets it.
        owner: the workspace whose mark the live object carries.
        references: objects that it names after apply, as (kind, name); releases: those that it names now.
        precondition: digest of the live object; None: there must be none of that name.
        replacement: what it costs, where the object is replaced.
        why: what becomes of it is for these reasons; the last says most.
        previous: what the tenant calls an object that is renamed; None: as it is to be called. unmoved: why one that
            was called otherwise before cannot be renamed; None where it can, or was not.
        dialled_by: of an object that is released, the campaigns that may be dialling it, itself among them.
        alike: names and ids of the live objects of its kind that nobody can tell from it by their names, itself among
            them; of one that is made, also of those whose names differ by case.
    """

    address: Address
    name: str
    action: Action
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    declared: Mapping[str, Any] = field(default_factory=dict)
    fields: tuple[FieldChange, ...] = ()
    later: Mapping[str, Reason] = field(default_factory=dict)
    seconds_later: Mapping[str, int] = field(default_factory=dict)
    adopts: bool = False
    owner: str | None = None
    references: tuple[tuple[str, str], ...] = ()
    releases: tuple[tuple[str, str], ...] = ()
    precondition: str | None = None
    replacement: Replacement | None = None
    why: tuple[Reason, ...] = ()
    alike: tuple[tuple[str, str], ...] = ()
    previous: str | None = None
    unmoved: Unmoved | None = None
    dialled_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One contact as an example: a token and a masked hint, never the contact itself.

    `score`, in points, is the one it has now, and `was` that on the list it is on; None where there is none.
    """

    token: str
    hint: str
    action: str
    reason: Reason
    score: float | None = None
    was: float | None = None


@dataclass(frozen=True, slots=True)
class RowChange:
    """Who is put on one list, changed on it, or taken off it: a relation on disk, counted.

    Attributes:
        address: the segment's band. list_address, list: the list's manifest and its live name.
        method, chunk_size, attributes, values: the delivery. chosen: why it is that method, where the manifest leaves
            it open.
        key: what makes two rows of the list one to the method. region: of phones there without a country code.
        data: whether the list may hold contacts that a bulk insert made, known by what is kept with them and by phone.
        live: contacts on the list now. adds, updates, removes, unchanged: what becomes of them.
        rows: `MEMBER_CHANGES`, ordered by action and contact.
        stays: contacts that no longer belong and stay on the list, as `upsert` removes nobody, by reason.
        owed: contacts that the tenant would not take before: those offered again are among the rows, others wait.
        pending: how many of them wait.
        digest: of the rows' content. precondition: digest of the live members.
        aged: of the updates, those that follow from the time alone. aged_since: when the list was written last.
        scored: as of which moment and by which model its scores are, once it is written; None: no time is in them.
        numbers: whether the numbers that the tenant calls the added by were held against the do-not-call lists.
        definition: digests of the manifests that say who belongs on it, by address.
        reached: `REACHED_MEMBERS` of who is on the list, where the segment has do-not-call lists: they are read again
            when the plan is applied. reached_digest: of their content.
    """

    address: Address
    list_address: Address
    list: str
    method: str
    chunk_size: int
    attributes: tuple[str, ...]
    live: int
    adds: int
    updates: int
    removes: int
    unchanged: int
    rows: Rows
    digest: str
    precondition: str
    reasons: tuple[Counted, ...] = ()
    samples: tuple[Sample, ...] = ()
    stays: tuple[Counted, ...] = ()
    chosen: Reason | None = None
    key: Key = "contact"
    region: str | None = None
    data: bool = False
    owed: tuple[Counted, ...] = ()
    values: tuple[tuple[str, str], ...] = ()
    numbers: Numbers = "known"
    reached: Rows | None = None
    reached_digest: str = ""
    pending: int = 0
    aged: int = 0
    aged_since: datetime | None = None
    scored: Scored | None = None
    definition: Mapping[str, str] = field(default_factory=dict)

    @property
    def changed(self) -> int:
        """How many rows are updated for another reason than that time has gone by."""
        return self.updates - self.aged

    @property
    def members(self) -> MembersOf:
        """The query for who is on the list."""
        return MembersOf(self.list, self.attributes, self.data)

    @property
    def files(self) -> tuple[Rows, ...]:
        """The relations that travel with the plan."""
        return (self.rows,) if self.reached is None else (self.rows, self.reached)

    @property
    def does(self) -> Reason:
        """What its step does."""
        return Reason("membership_step", (self.method, self.list))

    @property
    def total(self) -> int:
        """How many rows are written."""
        return self.adds + self.updates + self.removes

    @property
    def after(self) -> int:
        """How many contacts the list holds afterwards, if nobody else changes it."""
        return self.live + self.adds - self.removes


@dataclass(frozen=True, slots=True)
class Accounting:
    """Where every contact of a segment's source went: `source = sum(included) + sum(left out)`.

    Attributes:
        unrecorded: of those who are in, how many have no recorded consent, where the source calls such
            (`unknownConsent: in`); None: it does not, or says nothing of consent.
    """

    segment: Address
    source: int
    included: tuple[Share, ...]
    left_out: tuple[Counted, ...]
    unrecorded: int | None = None

    def __post_init__(self) -> None:
        """Refuse a sum that does not add up: a contact that vanishes is a fault of this program."""
        accounted = sum(each.count for each in self.included) + sum(each.count for each in self.left_out)
        if accounted != self.source:
            raise AssertionError(f"{self.segment}: {accounted} contacts accounted for, {self.source} in the source")


@dataclass(frozen=True, slots=True)
class Undeclared:
    """An object that carries this workspace's mark and that no manifest declares any more.

    Attributes:
        name: in the tenant. state: as the tenant calls it, where it has one. dials: whether it may be calling people
            now. uses: the kinds and names of the objects that it works with.
    """

    address: Address
    name: str
    state: str | None = None
    dials: bool = False
    uses: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """Everything that differs, in no particular order.

    Attributes:
        rows: the memberships of lists. outcomes: those of contacts in campaigns. numbers: what these add to
            do-not-call lists.
        undeclared: what is ours and declared no more, where it is left as it is.
        notices: what a person should know of declared objects.
    """

    objects: tuple[ObjectChange, ...]
    rows: tuple[RowChange, ...]
    accounts: tuple[Accounting, ...]
    outcomes: tuple[OutcomeChange, ...] = ()
    numbers: tuple[NumbersChange, ...] = ()
    undeclared: tuple[Undeclared, ...] = ()
    notices: tuple[Notice, ...] = ()
