"""Write the journal of an apply: an intent before each write, a result after it."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from reconciler.ledger import audit, last_written, lock, retry_queue, score_dates, suppressed_since_plan
from reconciler.ledger.record_store_interface import line_damaged, parse_line
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.ledger.suppressed_since_plan import LeftOut
from reconciler.model.audit_anchor import Anchor
from reconciler.model.contact_tokens import Tokens
from reconciler.model.errors import LedgerError, ReconcilerError
from reconciler.model.jobs import Job
from reconciler.model.report import JobEnd, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.model.score_basis import Scored

_ATTEMPT = re.compile(r"[~?]")
"""What stands in a key between a piece and a later sending of it, or the trial of one of its rows."""

RowsOf = Callable[[Collection[str]], Mapping[str, str]]
"""Makes digests of the rows of some contacts."""


class Run:
    """One apply in the ledger. Methods may be called from several threads.

    Attributes:
        resumed: whether something may have been written before. over: whether nothing is left for `--resume`.
        complete: whether every step was done.
    """

    def __init__(self, store: ProvenRecords, name: str, held: lock.Lock, chain: audit.Chain, tenant: str = "") -> None:
        self.name, self._tenant = name, tenant
        self._store = store
        self._file, self._refused = f"runs/{name}/journal.jsonl", f"runs/{name}/rejected.jsonl"
        self._suppressed = f"runs/{name}/suppressed.jsonl"
        self._held = held
        self._chain = chain
        self._guard, self._chained, self._keeping = threading.Lock(), threading.Lock(), threading.Lock()
        self._done: dict[str, Mapping[str, Any]] = {}
        self._intended: dict[str, Mapping[str, Any]] = {}
        self._jobs: dict[str, str] = {}
        self._pieces: dict[str, str] = {}
        self._ended: dict[str, JobEnd] = {}
        self._without: dict[str, frozenset[str]] = {}
        self._rejected = set(store.read_lines(self._refused))
        self._left_out = LeftOut()
        for file, remember in ((self._suppressed, self._left_out.remember), (self._file, self._remember)):
            for number, line in enumerate(store.read_lines(file), start=1):
                try:
                    remember(parse_line(store, file, number, line))
                except (KeyError, TypeError, ValueError):
                    raise line_damaged(store, file, number) from None
        files = (self._file, self._refused, self._suppressed)
        self._numbers = {file: itertools.count(store.read_last(file)[0] + 1) for file in files}
        self.resumed = bool(self._intended)
        self.over = self.complete = False

    def _remember(self, entry: Mapping[str, Any]) -> None:
        if entry["event"] == "intent":
            self._intended[entry["key"]] = entry
        elif entry["event"] == "done":
            self._done[entry["key"]] = entry
        elif entry["event"] == "submitted":
            self._jobs[entry["key"]] = entry["job"]
            self._pieces.setdefault(entry["job"], entry["key"])
        elif entry["event"] == "without":
            self._without[entry["key"]] = frozenset(entry["contacts"])
        elif entry["event"] == "ended":
            at = datetime.fromisoformat(entry["ended"])
            self._ended[entry["job"]] = JobEnd(entry["job"], entry["status"], entry["progress"], at)

    def may_have_begun(self, address: Address) -> bool:
        """Whether something of an object or a list may have been written before this run was resumed."""
        text, later = str(address), str(address.activation)
        return any(key == text or key.startswith((f"{text}#", f"{text}!", f"{later}!")) for key in list(self._intended))

    def record_intent(self, key: str, **detail: Any) -> Mapping[str, Any]:
        """Record that a write is about to be sent; on a resumed run, what was recorded the first time is kept."""
        with self._guard:
            known = self._intended.get(key)
        if known is None:
            self._write({"event": "intent", "key": key, **detail})
            with self._guard:
                self._held.check()  # recording it may have taken long, and what follows is a write to the tenant
        return self._intended[key]

    def record_done(self, key: str, **detail: Any) -> None:
        """Record that a write is known to have taken effect."""
        self._write({"event": "done", "key": key, **detail})

    def find_outcome(self, key: str) -> Mapping[str, Any] | None:
        """What was recorded of a write that is known to have taken effect."""
        return self._done.get(key)

    def has_intent(self, key: str) -> bool:
        """Whether a write may have been sent before: it was recorded ahead, by this run or before it was resumed."""
        return key in self._intended

    @contextmanager
    def record_write_op(self, address: Address, words: str) -> Iterator[None]:
        """Record one of the writes that a step consists of: before it is sent, and what came of it.

        They are counted: the same write may be sent again, when the step is tried again or is undone.
        """
        key = f"{address}!{len(self.list_write_ops(address))}:{words}"
        self.record_intent(key)
        try:
            yield
        except ReconcilerError as error:
            self._write({"event": "failed", "key": key, "words": error.code})
            raise
        self.record_done(key)

    def list_write_ops(self, address: Address) -> list[str]:
        """The writes of a step that were recorded ahead, by this run or before it was resumed, in words."""
        prefix = f"{address}!"
        return [key.rpartition(":")[2] for key in list(self._intended) if key.startswith(prefix)]

    def list_rejected(self, address: Address) -> set[str]:
        """The contacts of a step that the tenant would not take."""
        told = [orjson.loads(line) for line in list(self._rejected)]
        return {each["contact"] for each in told if each["address"] == str(address)}

    def record_job(self, key: str, job_id: str) -> None:
        """Record the job that the tenant has made of a write."""
        if self._jobs.get(key) != job_id:
            self._write({"event": "submitted", "key": key, "job": job_id})

    def record_left_out(self, key: str, contacts: Collection[str]) -> None:
        """Record whom of a piece a write leaves out, before it is sent: a job counts the rows that it was given."""
        if self.find_left_out(key) != set(contacts):
            self._write({"event": "without", "key": key, "contacts": sorted(contacts)})

    def find_left_out(self, key: str) -> frozenset[str]:
        """Whom of a piece the last write left out."""
        return self._without.get(key, frozenset())

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

    def find_job(self, key: str) -> str | None:
        """The job that was made of a write, if it is known."""
        return self._jobs.get(key)

    def find_piece(self, job_id: str) -> str | None:
        """The write that a job was made of, if one is recorded."""
        return self._pieces.get(job_id)

    def record_job_end(self, job: Job) -> None:
        """Record how a job ended."""
        if job.id not in self._ended:
            percent = None if job.progress is None else 100 * job.progress
            told = {"status": job.status, "progress": percent, "ended": now()}
            self._write({"event": "ended", "key": "", "job": job.id, **told})

    def is_aborted(self, job_id: str) -> bool:
        """Whether a job is known to have been aborted, by this run or before it was resumed."""
        return job_id in self._ended and self._ended[job_id].status == "ABORTED"

    def beat(self) -> None:
        """Say that the run is alive, though it has nothing to record.

        Raises:
            LedgerError: its lock was taken over.
        """
        with self._guard:
            self._held.check()

    def list_jobs(self) -> tuple[JobEnd, ...]:
        """The jobs that the tenant has made for this run; of one that is not known to be over, that it was begun."""
        now = datetime.now(UTC)
        return tuple(
            replace(self._ended[job], replaced=self._is_replaced(key))
            if job in self._ended
            else JobEnd(job, "SUBMITTED", None, now)
            for key, job in list(self._jobs.items())
        )

    def _is_replaced(self, name: str) -> bool:
        """Whether every row of a job was decided by others after it.

        By those of the parts that its piece was sent again in, or by the one that was begun when it was aborted.
        """
        place, mark, tail = name.rpartition("#")
        piece = f"{place}{mark}{_ATTEMPT.split(tail)[0]}"
        if self._done.get(piece, {}).get("split"):
            return self._is_decided(piece)
        later = [each for each in list(self._jobs) if each.startswith(f"{piece}~")]
        return "?" not in tail and bool(later) and later[-1] != name

    def _is_decided(self, piece: str) -> bool:
        """Whether every row of a piece is: in one of its parts, where it was cut into such."""
        done = self._done.get(piece)
        if done is None or not done["split"]:
            return done is not None
        parts = [name for name in list(self._intended) if name.rpartition("/")[0] == piece]
        return not self._count_in_no_part(piece) and all(map(self._is_decided, parts))

    def count_rows(self, address: Address) -> tuple[int, int, int, int]:
        """Of the rows of a step that are decided: how many are written, rejected, not known to be either, left out."""
        begun = {key: entry for key, entry in list(self._intended.items()) if key.startswith(f"{address}#")}
        ended = [self._done[key] for key in begun if key in self._done]
        unknown = sum(entry["rows"] for key, entry in begun.items() if key not in self._done)
        unknown += sum(self._count_in_no_part(key) for key in begun if self._done.get(key, {}).get("unsure"))
        rows, rejected = sum(each["rows"] for each in ended), sum(len(each["rejected"]) for each in ended)
        return rows, rejected, unknown, sum(each.get("suppressed", 0) for each in ended)

    def _count_in_no_part(self, key: str) -> int:
        """Rows of a piece whose job may have written them, and that are not yet sent again in a part of it."""
        parts = [entry["rows"] for name, entry in list(self._intended.items()) if name.rpartition("/")[0] == key]
        return int(self._intended[key]["rows"] - len(self._done[key]["rejected"]) - sum(parts))

    def list_ended_pieces(self, address: Address) -> list[Mapping[str, Any]]:
        """What was recorded of each piece of a step that is decided."""
        return [entry for key, entry in list(self._done.items()) if key.startswith(f"{address}#")]

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
        if key in self._done:
            return
        mine = sorted(
            [
                *self._list_refusals(address),
                *((each, suppressed_since_plan.TAKEN_BACK, why) for each, why in back.items()),
            ]
        )
        before = retry_queue.list_pending(self._store, self._tenant, name)
        taken = sorted({each for each in offered if each in before} - {each for each, *_ in mine}) if before else []
        if mine or taken:
            with self._keeping:
                rows = rows_of([contact for contact, *_ in mine])
                retry_queue.record(self._store, self._tenant, self.name, name, mine, taken, rows)
        self._write({"event": "done", "key": key, "rows": 0, "rejected": []})

    def record_rename(self, old: str, new: str) -> None:
        """Remember that a list which was called `old` is called `new`: what it would not take goes with it."""
        with self._keeping:
            if retry_queue.list_pending(self._store, self._tenant, old):
                retry_queue.rename(self._store, self._tenant, old, new)

    def fetch_written(self, name: str, into: Path) -> Path | None:
        """What was written of the contacts of the list `name` before, as `audience.written` has it."""
        return last_written.fetch_written(self._store, self._tenant, name, into)

    def keep_written(self, name: str, into: Path) -> AbstractContextManager[Path]:
        """A path below `into` for what is written of them now."""
        return last_written.keep_written(self._store, self._tenant, name, into)

    def keep_scored(self, name: str, told: Scored) -> None:
        """Remember as of which moment the scores of the list `name` are.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        score_dates.keep(self._store, self._tenant, name, told)

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
                with suppress(LedgerError), self._keeping:  # what the step failed of is told
                    rows = rows_of([contact for contact, *_ in mine])
                    retry_queue.record(self._store, self._tenant, self.name, name, mine, [], rows)
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
            "words": result.words,
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
            self._remember(entry)

    def _append(self, name: str, line: bytes) -> None:
        """Not under the guard: of several workers, each waits for its own record only."""
        with self._guard:
            number = next(self._numbers[name])
        self._store.append(name, line, number)


def now() -> str:
    """This moment, as records have it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
