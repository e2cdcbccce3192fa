# tested by: tests/cxone/test_object_writer.py
"""Combine the surfaces of a tenant into one Writer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.cxone import job_tally, list_methods, outcomes
from reconciler.cxone.errors import NotFound, RateLimited, TooLarge, Unknown
from reconciler.cxone.event_socket import make_events
from reconciler.cxone.job_tally import Sent
from reconciler.cxone.job_watcher import Watcher
from reconciler.cxone.members_since import KeptLists, find_moment
from reconciler.cxone.object_writer import ObjectWriter
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.model.disposition import Settled
from reconciler.model.errors import ChunkTooLarge, ReconcilerError, TooOften
from reconciler.model.held_numbers import ADD, HeldChange
from reconciler.model.jobs import Job
from reconciler.model.list_change import RowChange
from reconciler.model.outcome_change import OutcomeChange
from reconciler.model.problem import BadInput, Location
from reconciler.model.row_queries import MembersOf, Rows
from reconciler.model.row_wire import ListMethod, Trace, find_member_id
from reconciler.surfaces import load_methods

_SENDINGS = 3
_LONG_AGO = timedelta(days=1)
"""How far back a job is looked for that nobody says when it was sent."""
_WAITING = 4
"""Jobs that are waited for, for each worker of their surface …"""
_HELD = 20_000
"""… as long as they hold no more rows than this: those of a job stay in memory until it is over."""


class TenantWriter(ObjectWriter):
    """Reads and writes one tenant; every write is safe to repeat."""

    def __init__(self, tenant: TenantConnection) -> None:
        super().__init__(tenant)
        self._watching = threading.Lock()
        self._watchers: dict[str, Watcher] = {}
        self._told: dict[str, Callable[[Job], None]] = {}
        self._sent: dict[str, Sent | None] = {}
        self._lists = KeptLists()

    @property
    def writes(self) -> int:
        """How many requests were sent so far that ask to change something, retries among them."""
        return sum(transport.traffic.writes for transport in self._transports.values())

    def read_members(self, query: MembersOf, into: Path) -> Rows:
        """See `Reader`; what was read before, and everything since was told of, is not read again."""
        at, phones = self._choose_members(query)
        since = None if phones is not None or at.members.since is None else find_moment(at)
        if since is None:
            return super().read_members(query, into)
        again = self._lists.read_again(at, query, self._make_file(into))
        if again is not None:
            return again
        rows = super().read_members(query, into)
        self._lists.keep(query, self._find_id("ContactList", query.list), rows, since)
        return rows

    def put(self, change: RowChange, rows: Sequence[Mapping[str, Any]], reference: str) -> str | None:
        """Put contacts on a list by the change's method; the job that does it, where there is one.

        After a reply that was lost the job is looked up before anything is sent again.

        Raises:
            RowsRejected: the tenant will not take some of them.
            ChunkTooLarge: it will not take so many at once, or not now.
        """
        method = load_methods()[change.method]
        if len(rows) > method.way.most:
            raise ValueError(f"{len(rows)} contacts in one request; {change.method} takes {method.way.most}")
        list_id = self._find_id("ContactList", change.list)
        sent = job_tally.look_before(self._transports[method.surface], method, list_id, rows)
        self._lists.note_sent(list_id, map(find_member_id, rows))
        job_id, looked = self._put(change, method, list_id, rows, reference, sent.since)
        if job_id is not None:
            self._sent[job_id] = job_tally.doubt(sent, rows) if looked else sent
        return job_id

    def _put(
        self,
        change: RowChange,
        method: ListMethod,
        list_id: str,
        rows: Sequence[Mapping[str, Any]],
        reference: str,
        since: datetime,
    ) -> tuple[str | None, bool]:
        """The job, and whether it was looked up."""
        for attempt in range(1, _SENDINGS + 1):
            try:
                with _suggest_fewer():
                    return list_methods.put(self._transports, method, list_id, rows, reference), False
            except Unknown:
                if attempt == _SENDINGS:
                    raise
                found = self.find(change, reference, since)
                if found is not None:
                    return found, True
        return None, False

    def find(
        self,
        change: RowChange,
        reference: str,
        since: datetime | None = None,
        known: Collection[str] = (),
        rows: Sequence[Mapping[str, Any]] = (),
    ) -> str | None:
        """The job that a request made whose reply was lost, where the surface can tell.

        One that is found by its list and the moment alone is believed once `rows` are there.
        """
        method, now = load_methods()[change.method], datetime.now(UTC)
        if method.jobs is None or method.jobs.find is None:
            return None
        list_id, transport = self._find_id("ContactList", change.list), self._transports[method.surface]
        # by the tenant's clock, as far as that is known
        began, ends = (transport.clock.translate(each) or each for each in (since or now - _LONG_AGO, now))
        trace = Trace(list_id, reference, began, ends, {*known, *self._sent})
        found = list_methods.find(transport, method.jobs, trace)
        if found is not None and method.jobs.tally is not None and rows:
            sent = job_tally.describe_rows(transport, list_id, rows, since or now - _LONG_AGO)
            self._sent[found] = job_tally.doubt(sent, rows)
        return found

    def watch(self, change: RowChange, job_id: str, told: Callable[[Job], None]) -> Job:
        """Wait until a job is over; `told` hears how it gets on, in the thread that waits.

        One that the tenant knows no more counts as aborted: nobody can say what it wrote.

        Raises:
            JobOverdue: it was not over in time.
            Interrupted: the person asked to stop; the job goes on.
        """
        self._told[job_id] = told
        try:
            job = self._find_watcher(change.method).wait(job_id)
        except NotFound:
            return Job(job_id, "ABORTED")
        finally:
            self._told.pop(job_id, None)
        method = load_methods()[change.method]
        sent, self._sent[job_id] = self._sent.get(job_id), None  # of a job that is over nothing is held
        job = job_tally.add_refusals(self._transports[method.surface], method, job, sent)
        if sent is not None and sent.ids:
            refused = (sent.ids[each.index] for each in job.errors if 0 <= each.index < len(sent.ids))
            self._lists.note_refused(sent.list_id, refused)
        return job

    def _tell(self, job: Job) -> None:
        told = self._told.get(job.id)
        if told is not None:
            told(job)

    def follow(self, change: RowChange, rows: Sequence[Mapping[str, Any]]) -> None:
        """What is left to do for the rows that a job took; raises as `put`."""
        method = load_methods()[change.method]
        if method.jobs is not None:
            with _suggest_fewer():
                list_methods.follow(self._transports, method, self._find_id("ContactList", change.list), rows)

    def remove(self, change: RowChange, ids: Sequence[str]) -> None:
        """Take contacts off a list, by their ids on it; those that are not on it are off.

        Raises:
            ChunkTooLarge: the tenant will not take so many at once, or not now.
        """
        method, list_id = load_methods()[change.method], self._find_id("ContactList", change.list)
        self._lists.note_sent(list_id, ids)
        with _suggest_fewer():
            list_methods.remove(self._transports, method, list_id, ids)

    def hold(self, change: HeldChange, numbers: Sequence[str]) -> int:
        """Add numbers to an object, or let them expire there; how many the tenant says that it did not take.

        Raises:
            NotThere: what holds them is not there any more.
            Unknown: it may have taken effect, and is looked at before it is sent again.
        """
        surface, held, holder_id = self._find_holder(change.holder)
        adds = change.act == ADD
        if adds:
            call = held.add(holder_id, numbers, change.holder.since, change.holder.until)
        elif held.expire is None:
            raise ReconcilerError(f"no number of a {change.holder.kind} expires but by its day")
        else:
            call = held.expire(holder_id, numbers)
        shape = held.added if adds else held.expired
        answer = self._transports[surface.name].call(
            call.method,
            call.path,
            query=call.query,
            body=call.body,
            scope=surface.write_scope,
            idempotent=False,
            shape=shape,
            may_be_empty=shape is None,
        )
        return held.refused(answer) if shape is not None else 0

    def settle(self, change: OutcomeChange, row: Mapping[str, Any], again: bool) -> Settled:
        """Give a contact its outcome, unless it has it, the dialler holds it, or it is not as it was planned for.

        Raises:
            WireError: it cannot be said, or not be done, now.
        """
        try:
            campaign_id = self._find_campaign(change.campaign, Location(str(change.address)))
            wire = self._find_outcomes_wire(Location(str(change.address)))
        except BadInput as bad:  # it was there when the plan was made
            raise ReconcilerError(bad.problems[0].message, hint=bad.problems[0].hint) from bad
        return outcomes.settle(self._transports[wire.surface], wire, campaign_id, row, again)

    def _find_watcher(self, name: str) -> Watcher:
        with self._watching:
            if name not in self._watchers:
                method = load_methods()[name]
                if method.jobs is None:
                    raise TypeError(f"{name} has no jobs")
                transport = self._transports[method.surface]
                access = transport.access
                self._watchers[name] = self._stack.enter_context(
                    Watcher(
                        partial(list_methods.ask, transport, method.jobs),
                        events=make_events(transport),
                        every=access.poll_every,
                        limit=access.job_limit,
                        stop=self._stop,
                        told=self._tell,
                    )
                )
            return self._watchers[name]

    def workers(self, change: RowChange) -> int:
        """How many chunks of a change may be under way at once: as many as its surface has workers.

        A chunk that is a job is waited for by its worker, and there are more of them where chunks are small: the
        surface's pace still holds.
        """
        method = load_methods()[change.method]
        workers = self._transports[method.surface].access.pace.workers
        if method.jobs is not None and method.jobs.tally is not None:
            return 1  # what a list's counts grow by must be of one request
        if method.jobs is None:
            return workers
        return max(workers, min(workers * _WAITING, _HELD // change.chunk_size))


@contextmanager
def _suggest_fewer() -> Iterator[None]:
    """Say of a refusal that it is how much was sent, or how often: what the caller can do about it is the same."""
    try:
        yield
    except RateLimited as error:
        raise TooOften(error.note or error.message, where=error.where, hint=error.hint) from error
    except TooLarge as error:
        raise ChunkTooLarge(error.note or error.message, where=error.where, hint=error.hint) from error
