"""Set the outcomes of a campaign's contacts.

Each contact is looked at right before it is written. Contacts are recorded in small batches: ahead, and when each of a
batch is decided. What was decided is first written down for the webhooks, then in the audit record, then in the
journal: whatever a crash leaves of a batch, what is there already when the run goes on is known to be our own.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import takewhile
from typing import Any

from reconciler.audience.diff import call_outcome_diff
from reconciler.audience.diff.call_outcome_diff import OutcomeRow
from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.callback_payloads import make_outcome_occasions
from reconciler.model.disposition import Settled
from reconciler.model.errors import Interrupted
from reconciler.model.outcome_change import OutcomeChange
from reconciler.model.ports import Writer
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Figures, Outcome, StepResult, compute_figures
from reconciler.model.worker_pool import AHEAD, open_pool, take_results

BATCH = 50
"""Contacts that are recorded together."""

Row = OutcomeRow


def set_outcomes(change: OutcomeChange, writer: Writer, run: Run, terms: ApplyOptions, workers: int) -> StepResult:
    """Give the contacts of a change their outcomes, `workers` of them at once.

    Raises:
        Interrupted: the person asked to stop; what was in flight is finished and recorded.
        ReconcilerError: the tenant cannot be reached, or does not let this client do it.
    """
    settling = _Settling(change, writer, run, terms)
    with run.record_pending_on_failure(change.address, str(change.address)):
        try:
            _settle_all(settling, call_outcome_diff.iter_outcome_batches(change, BATCH), workers)
        finally:
            settling.keep_unfinished()
    offered = (row["contactId"] for batch in call_outcome_diff.iter_outcome_batches(change, BATCH) for row in batch)
    run.record_pending_retry(change.address, str(change.address), offered)
    told = notify_outcomes(change, run)
    counts = (told.successful, change.total, change.campaign, told.failed, told.deferred)
    why = Reason("outcomes_set", tuple(map(str, counts)))
    return StepResult(change.address, Outcome.DONE, rows=told.successful, rejected=told.failed, why=why)


def notify_outcomes(change: OutcomeChange, run: Run) -> Figures:
    """The figures of what this run has decided of a change, those of before it was resumed among them."""
    successful = failed = deferred = 0
    latencies: list[int] = []
    for entry in run.state.list_ended_pieces(change.address):
        successful += entry["rows"]
        failed += len(entry["rejected"])
        deferred += entry["deferred"]
        latencies += entry["latencies"]
    return compute_figures(successful, failed, deferred, latencies)


def _settle_all(settling: _Settling, batches: Iterable[list[Row]], workers: int) -> None:
    """Settle every contact that is not decided yet, at most `workers` at once; stop at the first failure."""
    going = takewhile(lambda _: not settling.stopped, settling.iter_undecided(batches))
    with open_pool(workers, "settle") as pool:
        try:
            for _ in take_results(pool, lambda each: settling.settle_one(*each), going, AHEAD * workers):
                pass
        except BaseException:
            settling.over.set()
            raise
    if settling.stopped:
        raise Interrupted("the run was interrupted; what was in flight is finished and recorded")


class _Batch:
    """Some contacts that are recorded together. `again`: an earlier run may have written some of them."""

    def __init__(self, number: int, rows: list[Row], again: bool) -> None:
        self.number, self.rows, self.again = number, rows, again
        self.settled: dict[str, Settled] = {}
        self.known: dict[str, Settled] = {}

    @property
    def decided(self) -> bool:
        """Whether all of them are."""
        return len(self.settled) + len(self.known) == len(self.rows)


class _Settling:
    """The contacts of one change. `settle_one` is called from several threads; `over` is set when one has failed."""

    def __init__(self, change: OutcomeChange, writer: Writer, run: Run, terms: ApplyOptions) -> None:
        self.change = change
        self.over = threading.Event()
        self._writer, self._run, self._terms = writer, run, terms
        self._guard = threading.Lock()
        self._unfinished: dict[int, _Batch] = {}
        # of batches that were begun and not brought to their end: those of all others need not be held
        self._audited = {
            entry["contact"]: entry
            for entry in (run.iter_audited(change.address) if run.state.may_have_begun(change.address) else ())
            if run.state.find_outcome(self._make_key(entry["batch"])) is None
        }

    @property
    def stopped(self) -> bool:
        """Whether nothing more is to be begun."""
        return self._terms.stop.is_set()

    def iter_undecided(self, batches: Iterable[list[Row]]) -> Iterator[tuple[_Batch, Row]]:
        """Every contact of which nothing is known yet; its batch is recorded ahead of the first of it."""
        for number, rows in enumerate(batches):
            key = self._make_key(number)
            done = self._run.state.find_outcome(key)
            if done is not None:
                self._tell_progress(number, done, before=len(rows))
                continue
            batch = _Batch(number, rows, self._run.state.has_intent(key))
            batch.known = {row["contactId"]: known for row in rows if (known := self._find_known(row)) is not None}
            if self.stopped:
                return
            self._run.record_intent(key, rows=len(rows))
            if batch.decided:
                self._record(batch)
                continue
            with self._guard:
                self._unfinished[number] = batch
            yield from ((batch, row) for row in rows if row["contactId"] not in batch.known)

    def settle_one(self, batch: _Batch, row: Row) -> None:
        """Settle one contact; the last of a batch records it."""
        if self.over.is_set() or self.stopped:
            return
        settled = self._writer.settle(self.change, row, batch.again)
        with self._guard:
            batch.settled[row["contactId"]] = settled
            if not batch.decided:
                return
            del self._unfinished[batch.number]
        self._keep(batch)
        self._record(batch)

    def keep_unfinished(self) -> None:
        """Write down what was decided of batches that were not brought to their end."""
        with self._guard:
            batches, self._unfinished = list(self._unfinished.values()), {}
        for batch in batches:
            self._keep(batch)

    def _keep(self, batch: _Batch) -> None:
        """For the webhooks first: what the audit record has is not told again."""
        settled = [(row, batch.settled[row["contactId"]]) for row in batch.rows if row["contactId"] in batch.settled]
        teller = self._terms.teller
        if teller is not None:
            teller.tell(partial(make_outcome_occasions, self._run.name, self.change.address, settled), batch.again)
        self._run.audit([self._make_entry(batch, row, each) for row, each in settled])

    def _make_entry(self, batch: _Batch, row: Row, settled: Settled) -> dict[str, Any]:
        return {
            "event": "outcome",
            "run": self._run.name,
            "at": settled.at,
            "address": str(self.change.address),
            "batch": batch.number,
            "contact": self._make_token(row),
            "campaign": str(self.change.campaign),
            "from": row["was"],
            "to": row["outcome"],
            "agent": row["agent"],
            "status": settled.ending,
            "code": settled.code,
            "reason": settled.reason,
            "latency_ms": settled.latency_ms,
        }

    def _record(self, batch: _Batch) -> None:
        settled = {**batch.known, **batch.settled}
        for contact, each in settled.items():
            if not each.as_desired:
                self._run.reject(self.change.address, contact, each.code, each.reason)
        endings = [each.ending for each in settled.values()]
        done = {
            "rows": sum(each.as_desired for each in settled.values()),
            "rejected": [contact for contact, each in settled.items() if each.ending == "rejected"],
            "deferred": sum(ending in ("held", "changed") for ending in endings),
            "latencies": [each.latency_ms for each in settled.values() if each.latency_ms],
        }
        self._run.record_done(self._make_key(batch.number), **done, split=0, unsure=False)
        self._tell_progress(batch.number, done, before=len(batch.known))

    def _tell_progress(self, number: int, done: Mapping[str, Any], before: int) -> None:
        rejected = len(done["rejected"])
        told = ChunkDone("set", number, done["rows"], rejected, before, done["deferred"])
        self._terms.progress.count_chunk(self.change.address, told)

    def _find_known(self, row: Row) -> Settled | None:
        entry = self._audited.get(self._make_token(row)) if self._audited else None
        if entry is None:
            return None
        return Settled(entry["status"], "", entry["at"], entry["latency_ms"], entry["code"], entry["reason"])

    def _make_token(self, row: Row) -> str:
        if self._terms.tokens is None:
            raise ValueError("outcomes are set with the tokens of a workspace alone")
        return self._terms.tokens.token(str(row["contactId"]))

    def _make_key(self, number: int) -> str:
        return f"{self.change.address}#set:{number}"
