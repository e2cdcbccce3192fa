# tested by: tests/properties/test_keeping.py
"""Define the interfaces to the outside: Reader, Writer, Runtime, Progress."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from reconciler.model.cache_port import CachePort
from reconciler.model.change_cause import Applied
from reconciler.model.contact_tokens import Tokens
from reconciler.model.delivery_method import Way
from reconciler.model.desired_state import Desired
from reconciler.model.dialling_forecast import Statistics
from reconciler.model.disposition import Settled
from reconciler.model.held_numbers import HeldChange
from reconciler.model.jobs import Job
from reconciler.model.kind import Kind
from reconciler.model.list_change import RowChange
from reconciler.model.live_state import LiveObject
from reconciler.model.notice import Notice
from reconciler.model.outcome_change import OutcomeChange
from reconciler.model.phase import Phase
from reconciler.model.plan import Plan
from reconciler.model.problem import Location
from reconciler.model.reason import Reason
from reconciler.model.recent_changes import RecentRun
from reconciler.model.report import ChunkDone, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import (
    CampaignPhones,
    ContactsOf,
    InteractionsOf,
    LiveList,
    MembersOf,
    NumbersOf,
    OutcomesOf,
    Rows,
)
from reconciler.model.score_basis import Scored
from reconciler.model.secret import Secret
from reconciler.model.webhook import Callback, Occasions, Receipt, Receiver


class Reader(Protocol):
    """Everything that planning may do to a tenant: it cannot write, and the type checker knows."""

    @property
    def surfaces(self) -> Mapping[str, str]:
        """The tenant's surfaces and their base URLs."""

    @property
    def methods(self) -> Mapping[str, Way]:
        """The delivery methods that the tenant's surfaces offer."""

    @property
    def requests(self) -> int:
        """How many requests were sent so far."""

    def count_requests(self, requests: int) -> None:
        """Count requests that were sent to none of the tenant's surfaces: to a Salesforce organisation."""

    def read_objects(self, kind: Kind) -> Sequence[LiveObject]:
        """Every object of a kind, references by name."""

    def read_named(self, kind: Kind, name: str) -> LiveObject | None:
        """One object of a kind by its name; None where there is none."""

    def read_statistics(self, kind: Kind, names: Iterable[str]) -> Mapping[str, Statistics | Notice]:
        """What was counted of the calls of some objects of a kind, by name; nothing where the tenant does not tell.

        In place of what cannot be read, or is odd, stands a sentence for people that says so.
        """

    def read_contacts(self, query: ContactsOf, into: Path) -> Rows:
        """Columns contactId, engagementScore, status; written to a new file below `into`.

        Raises:
            BadInput: there is no such list.
        """

    def read_interactions(self, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path) -> Rows:
        """Columns id, contactId, startTime, type, de-duplicated by nobody yet; `ids` in chunks for one request."""

    def read_members(self, query: MembersOf, into: Path) -> Rows:
        """Columns contactId and the attributes of the query; phone, where it asks for what is kept with each."""

    def read_numbers(self, query: NumbersOf, into: Path) -> Rows:
        """The records of numbers that an object holds: contactId (the record's id), phone, expires."""

    def has_members(self, name: str) -> bool:
        """Whether anybody is on a list, in one request; raises NotFound."""

    def read_outcomes(self, query: OutcomesOf, contacts: Iterable[str], workers: int, into: Path) -> Rows:
        """Where each of some contacts of a campaign stands, `workers` of them at once.

        Raises:
            BadInput: there is no such campaign.
        """

    def find_list_of(self, query: CampaignPhones) -> LiveList:
        """The list that a campaign calls; raises as `outcomes`."""

    @property
    def outcomes_at_once(self) -> int:
        """How many contacts may be read or set at the same time, of all campaigns together."""

    @property
    def campaign_rate(self) -> int:
        """Contacts of one campaign whose outcomes can be set in a second; 0: the tenant offers it not."""


class Writer(Reader, Protocol):
    """Everything that apply may do. Each call is safe to repeat: an object is looked up before it is made again."""

    @property
    def writes(self) -> int:
        """How many writing requests were sent so far."""

    def create(self, kind: Kind, fields: Mapping[str, Any], owner: str, *, again: bool = True) -> None:
        """Make an object with our mark, or find that a lost reply had made it.

        again: whether it may have been sent before. Where it was not, and the tenant refuses a second object of a name,
        it is not looked up first.
        """

    def count_workers(self, kind: Kind) -> int:
        """How many objects of a kind may be written at the same time."""

    def update(self, kind: Kind, name: str, fields: Mapping[str, Any], owner: str) -> None:
        """Write some fields of an object, and our mark."""

    def release(self, kind: Kind, name: str, owner: str) -> None:
        """Take the mark of `owner` off an object, if it has it, and leave it as it is."""

    def delete(self, kind: Kind, name: str) -> None:
        """Delete an object; one that is gone already is deleted."""

    def put(self, change: RowChange, rows: Sequence[Mapping[str, Any]], reference: str) -> str | None:
        """Put contacts on a list by the change's delivery method, at most a chunk at once; an upsert.

        Returns:
            The job that does it; None: it is done. A job can be found again by `reference`, where the surface lets it.
        """

    def find(
        self,
        change: RowChange,
        reference: str,
        since: datetime | None = None,
        known: Collection[str] = (),
        rows: Sequence[Mapping[str, Any]] = (),
    ) -> str | None:
        """The job that an earlier `put` of `rows` made, if its reply was lost and the surface can tell.

        `since`: when it was first to be sent, where that is recorded. `known`: the jobs that others are known to have
        made.
        """

    def watch(self, change: RowChange, job_id: str, told: Callable[[Job], None]) -> Job:
        """Wait until a job is over; `told` hears how it gets on, and of its end."""

    def follow(self, change: RowChange, rows: Sequence[Mapping[str, Any]]) -> None:
        """What is left to do for the rows that a job took."""

    def remove(self, change: RowChange, ids: Sequence[str]) -> None:
        """Take contacts off a list, by their ids on it; those that are not on it are off."""

    def workers(self, change: RowChange) -> int:
        """How many chunks of a change may be under way at once."""

    def hold(self, change: HeldChange, numbers: Sequence[str]) -> int:
        """Add numbers to an object, or let them expire there; how many the tenant says that it did not take.

        It may be sent again. Raises what says that it may have taken effect: then it is looked at before.
        """

    def settle(self, change: OutcomeChange, row: Mapping[str, Any], again: bool) -> Settled:
        """Give a contact its outcome, unless it has it, the dialler holds it, or it is not as it was planned for.

        `again`: an earlier run may have written it, so that what is there already is our own.
        """


class Notifier(Protocol):
    """Who tells webhooks of what happens while an apply is under way. Called from several threads."""

    def tell(self, occasions: Occasions, again: bool) -> None:
        """Write down what is to be told; when this returns it is told sooner or later, and nobody waits for that.

        `again`: an earlier run may have told it; then it is not told twice.
        """


class Progress(Protocol):
    """Who is told how an apply is going. Called from several threads; whatever is told may be shown to anybody."""

    def start_run(self, run: str, plan: Plan, resumed: bool) -> None:
        """A run of a plan starts, or goes on."""

    def start_step(self, address: Address, does: Reason, rows: int) -> None:
        """A step starts, and what it does; `rows` is 0 for an object."""

    def count_chunk(self, address: Address, done: ChunkDone) -> None:
        """Every row of a chunk is accounted for."""

    def start_job(self, address: Address, job_id: str, rows: int, again: bool) -> None:
        """The tenant has made a job of some rows; `again`: earlier, and it is waited for once more."""

    def update_job(self, address: Address, job: Job) -> None:
        """A job has got on, or is over."""

    def end_step(self, result: StepResult) -> None:
        """A step has ended, or will not be begun."""

    def end_run(self, report: Report) -> None:
        """The run has ended, with or without something left for `--resume`."""


class WebhookPort(Protocol):
    """Who carries callbacks to webhooks. Called from several threads."""

    def deliver(self, receiver: Receiver, callback: Callback) -> Receipt:
        """Send a callback until it is taken, refused, or given up for now. Never raises for what the network does."""


class Runtime(Protocol):
    """What planning needs of the world, once the manifests are read."""

    def reader(self, desired: Desired) -> Reader:
        """The tenant that is meant, to be read only.

        Raises:
            BadInput: credentials are missing.
        """

    def secret(self, desired: Desired, reference: str, where: Location) -> Secret:
        """What a reference such as `env WAREHOUSE_URL` or `file secrets/url` leads to.

        Raises:
            BadInput: nothing, at the place that refers to it.
        """

    def tokens(self, desired: Desired) -> Tokens:
        """The workspace's tokens for contacts."""

    def copy_pending_retries(self, desired: Desired) -> Path | None:
        """A copy of the ledger's lines of contacts that lists would not take; None: there are none."""

    def find_written(self, desired: Desired) -> Callable[[str], Path | None]:
        """Of a list by its name, a copy of what the ledger says was written of its contacts; None: nobody knows."""

    def find_scored(self, desired: Desired) -> Callable[[str], Scored | None]:
        """Of a list by its name, as of which moment the ledger says that its scores are; None: nobody knows."""

    def find_applied(self, desired: Desired) -> Applied | None:
        """How the last apply left the tenant, as the ledger has it; None: nobody knows."""

    def find_recent(self, desired: Desired) -> tuple[RecentRun, ...]:
        """What runs have written of lists in the last days, as the ledger has it."""

    def open_cache(self, desired: Desired) -> CachePort | None:
        """Where interactions are kept from one plan to the next; None where the workspace wants none to be."""

    def start_phase(self, phase: Phase) -> None:
        """Tell whoever waits which part of the work begins."""

    def report_reading(self, what: str, done: int, total: int) -> None:
        """Tell whoever waits how far a read is that may take hours. Called from several threads."""
