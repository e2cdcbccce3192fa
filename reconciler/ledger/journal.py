"""Write the journal of an apply: an intent before each write, a result after it."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import orjson

from reconciler.ledger import audit, lock, suppressed_since_plan
from reconciler.ledger.journal_state import JournalState
from reconciler.ledger.list_records import ListRecords, RowsOf
from reconciler.ledger.record_store_interface import line_damaged, parse_line
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.ledger.suppressed_since_plan import LeftOut
from reconciler.model.audit_anchor import Anchor
from reconciler.model.contact_tokens import Tokens
from reconciler.model.errors import LedgerError, ReconcilerError
from reconciler.model.jobs import Job
from reconciler.model.reason_json import make_reason_document
from reconciler.model.report import Outcome, Report, StepResult
from reconciler.model.resource_address import Address


class Run:
    """One apply in the ledger. Methods may be called from several threads.

    Attributes:
        resumed: whether something may have been written before. over: whether nothing is left for `--resume`.
        complete: whether every step was done.
        state: what its lines say so far. lists: what is kept of its lists for later plans.
    """

    def __init__(self, store: ProvenRecords, name: str, held: lock.Lock, chain: audit.Chain, tenant: str = "") -> None:
        self.name = name
        self._store = store
        self._file, self._refused = f"runs/{name}/journal.jsonl", f"runs/{name}/rejected.jsonl"
        self._suppressed = f"runs/{name}/suppressed.jsonl"
        self._held = held
        self._chain = chain
        self._guard, self._chained = threading.Lock(), threading.Lock()
        self.state = JournalState()
        self.lists = ListRecords(store, tenant, name)
        self._rejected = set(store.read_lines(self._refused))
        self._left_out = LeftOut()
        for file, remember in ((self._suppressed, self._left_out.remember), (self._file, self.state.remember)):
            for number, line in enumerate(store.read_lines(file), start=1):
                try:
                    remember(parse_line(store, file, number, line))
                except (KeyError, TypeError, ValueError):
                    raise line_damaged(store, file, number) from None
        files = (self._file, self._refused, self._suppressed)
        self._numbers = {file: itertools.count(store.read_last(file)[0] + 1) for file in files}
        self.resumed = self.state.begun
        self.over = self.complete = False

    def record_intent(self, key: str, **detail: Any) -> Mapping[str, Any]:
        """Record that a write is about to be sent; on a resumed run, what was recorded the first time is kept."""
        with self._guard:
            known = self.state.find_intent(key)
        if known is None:
            entry = {"event": "intent", "key": key, **detail}
            self._write(entry)
            with self._guard:
                self._held.check()  # recording it may have taken long, and what follows is a write to the tenant
            return entry
        return known

    def record_done(self, key: str, **detail: Any) -> None:
        """Record that a write is known to have taken effect."""
        self._write({"event": "done", "key": key, **detail})

    @contextmanager
    def record_write_op(self, address: Address, words: str) -> Iterator[None]:
        """Record one of the writes that a step consists of: before it is sent, and what came of it.

        They are counted: the same write may be sent again, when the step is tried again or is undone.
        """
        key = f"{address}!{len(self.state.list_write_ops(address))}:{words}"
        self.record_intent(key)
        try:
            yield
        except ReconcilerError as error:
            self._write({"event": "failed", "key": key, "words": error.code})
            raise
        self.record_done(key)

    def list_rejected(self, address: Address) -> set[str]:
        """The contacts of a step that the tenant would not take."""
        told = [orjson.loads(line) for line in list(self._rejected)]
        return {each["contact"] for each in told if each["address"] == str(address)}

    def record_job(self, key: str, job_id: str) -> None:
        """Record the job that the tenant has made of a write."""
        if self.state.find_job(key) != job_id:
            self._write({"event": "submitted", "key": key, "job": job_id})

    def record_left_out(self, key: str, contacts: Collection[str]) -> None:
        """Record whom of a piece a write leaves out, before it is sent: a job counts the rows that it was given."""
        if self.state.find_left_out(key) != set(contacts):
            self._write({"event": "without", "key": key, "contacts": sorted(contacts)})

    def record_suppressed(self, address: Address, name: str, found: Mapping[str, str], tokens: Tokens | None) -> None:
        """Keep contacts of a step that do-not-call lists have since the plan, each with the address of the list.

        To the audit record first, where they go by tokens; once this returns, they stay out of this run.
        """
        told = {"event": suppressed_since_plan.EVENT, "run": self.name, "at": now()}
        self.audit(
            [{**told, **entry} for entry in suppressed_since_plan.make_audit_entries(address, name, found, tokens)]
        )
        for entry in suppressed_since_plan.make_entries(address, found):
            self._append(self._suppressed, orjson.dumps(entry))
            self._left_out.remember(entry)

    def list_suppressed(self, address: Address) -> Mapping[str, str]:
        """The contacts of a step that were found on do-not-call lists since the plan, each with the list's address."""
        return self._left_out.list_of_step(address)

    def record_job_end(self, job: Job) -> None:
        """Record how a job ended."""
        if not self.state.is_ended(job.id):
            percent = None if job.progress is None else 100 * job.progress
            told = {"status": job.status, "progress": percent, "ended": now()}
            self._write({"event": "ended", "key": "", "job": job.id, **told})

    def beat(self) -> None:
        """Say that the run is alive, though it has nothing to record.

        Raises:
            LedgerError: its lock was taken over.
        """
        with self._guard:
            self._held.check()

    @property
    def anchor(self) -> Anchor:
        """Where the audit record ends by now."""
        return self._chain.anchor

    def audit(self, entries: Sequence[Mapping[str, Any]]) -> None:
        """Add entries to the audit record, all at once."""
        if entries:
            with self._chained:
                with self._guard:
                    self._held.check()
                self._chain.extend(entries)

    def iter_audited(self, address: Address) -> Iterator[Mapping[str, Any]]:
        """The entries of the audit record on the contacts of a step, of this run."""
        about = {"event": "outcome", "run": self.name, "address": str(address)}
        for entry in self._chain.entries():
            if about.items() <= entry.items():
                yield entry

    def reject(self, address: Address, contact: str, code: str, reason: str) -> None:
        """Keep a contact that the tenant would not take, with its reason. The file is the owner's alone."""
        line = orjson.dumps({"address": str(address), "contact": contact, "code": code, "reason": reason})
        with self._guard:
            if line in self._rejected:  # a chunk that is sent again is refused again
                return
            self._rejected.add(line)
        self._append(self._refused, line)

    def record_pending_retry(
        self,
        address: Address,
        name: str,
        offered: Iterable[str],
        back: Mapping[str, str] = MappingProxyType({}),
        rows_of: RowsOf = lambda contacts: {},
    ) -> None:
        """Keep for later plans the contacts of a step that the list `name` would not take; once for each run.

        Of those that were `offered`, the others are owed no longer. `back`: contacts that were taken back, each with
        the reason; they are owed as well. `rows_of` makes digests of their rows.
        """
        key = f"{address}!owed"
        if self.state.find_outcome(key) is not None:
            return
        mine = sorted(
            [
                *self._list_refusals(address),
                *((each, suppressed_since_plan.TAKEN_BACK, why) for each, why in back.items()),
            ]
        )
        self.lists.record_rejected(name, mine, rows_of, offered)
        self._write({"event": "done", "key": key, "rows": 0, "rejected": []})

    @contextmanager
    def record_pending_on_failure(
        self, address: Address, name: str, rows_of: RowsOf = lambda contacts: {}
    ) -> Iterator[None]:
        """Keep them for later plans where a step fails on its way, too: it may never be gone on with.

        Of one run a contact counts once, however often it is kept.
        """
        try:
            yield
        except ReconcilerError:
            mine = self._list_refusals(address)
            if mine:
                with suppress(LedgerError):  # what the step failed of is told
                    self.lists.record_rejected(name, mine, rows_of)
            raise

    def _list_refusals(self, address: Address) -> list[tuple[str, str, str]]:
        told = [orjson.loads(line) for line in list(self._rejected)]
        return sorted((e["contact"], e["code"], e["reason"]) for e in told if e["address"] == str(address))

    def record_step(self, result: StepResult) -> None:
        """Record how a step ended, in the audit chain too."""
        entry = {
            "event": "step",
            "run": self.name,
            "at": now(),
            "address": str(result.address),
            "outcome": result.outcome.value,
            **({} if result.why is None else {"why": make_reason_document(result.why)}),
            "rows": result.rows,
            "rejected": result.rejected,
            **({} if result.failure is None else {"failure": result.failure.document()}),
        }
        event = "done" if result.outcome is Outcome.DONE else "step"
        self._record(entry, event, str(result.address))

    def finish(self, report: Report) -> None:
        """Record how the run ended: finished, or stopped with something left for `--resume`."""
        event = "stopped" if report.resumable else "finished"
        entry = {"event": event, "run": self.name, "at": now(), "exit_code": int(report.exit_code)}
        self._record(entry, event)
        self.over = not report.resumable
        self.complete = len(report.list_ended(Outcome.DONE)) == len(report.steps)

    def refuse(self) -> None:
        """Record that the plan was stale: a run that has written nothing leaves nothing to resume."""
        if not self.resumed:
            self._record({"event": "refused", "run": self.name, "at": now()}, "refused")
            self.over = True

    def _record(self, entry: Mapping[str, Any], event: str, key: str = "") -> None:
        """To the audit record first: what a journal tells of must be there as well."""
        with self._chained:
            with self._guard:
                self._held.check()
            self._chain.record(entry)
        self._write({**entry, "event": event, "key": key})

    def _write(self, entry: Mapping[str, Any]) -> None:
        with self._guard:
            self._held.check()  # each time: a machine that slept does not know for how long
        # the fence keeps what two runs write apart, even where they write the same
        self._append(self._file, orjson.dumps({**entry, "fence": self._held.fence}))
        with self._guard:
            self.state.remember(entry)

    def _append(self, name: str, line: bytes) -> None:
        """Not under the guard: of several workers, each waits for its own record only."""
        with self._guard:
            number = next(self._numbers[name])
        self._store.append(name, line, number)


def now() -> str:
    """This moment, as records have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
