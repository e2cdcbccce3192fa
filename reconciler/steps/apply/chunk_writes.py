# tested by: tests/steps/apply/test_delivery.py
"""Write the chunks of a list, each row accounted for.

A chunk goes out whole. Where the tenant will not take it, or takes only some of it and does not say which, it is
halved, and the halves are halved, until the rows at fault are alone. Each piece is recorded before it is sent, again
when the tenant has made a job of it, and after its outcome: a run that is killed goes on with the pieces it left.
"""

from __future__ import annotations

import hashlib
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import chain, count, islice
from typing import Any

from reconciler.audience.delivery.wire_rows import WireRow
from reconciler.ledger.journal import Run, now
from reconciler.model.errors import ChunkRefused, ChunkTooLarge, Interrupted, ReconcilerError, RowsRejected, TooOften
from reconciler.model.jobs import COMPLETED, Job, RowError, SomeRejected
from reconciler.model.list_change import RowChange
from reconciler.model.ports import Progress, Writer
from reconciler.model.report import ChunkDone
from reconciler.steps.apply.suppression_recheck import Fresh

Chunk = list[WireRow]

MOST_REFUSED = 16
"""Pieces of a chunk that are refused, with none taken and no word of which row is why, before rows are tried alone."""

SMALLEST_SHARE = 8
"""The part of a chunk, an eighth, below which it is not halved again because requests are too many."""

MOST_ABORTED = 3
"""Times that one piece is sent when its job is aborted: somebody in the tenant does that, and no row is why."""


class JobTwice(ReconcilerError):
    """The id of a job that was made of other rows."""

    code = "bad-reply"


class Pieces:
    """The chunks of one phase of one change. Used from several threads, a chunk in each.

    Attributes:
        rejected: the contacts that the tenant would not take.
    """

    def __init__(
        self, change: RowChange, phase: str, writer: Writer, run: Run, progress: Progress, fresh: Fresh
    ) -> None:
        self.change = change
        self.rejected: list[str] = []
        self._phase, self._writer, self._run, self._progress, self._fresh = phase, writer, run, progress, fresh
        self._most = change.chunk_size

    def deliver(self, number: int, chunk: Chunk, stop: threading.Event) -> ChunkDone:
        """Deliver one chunk; what an earlier run has delivered of it is left out.

        Raises:
            ReconcilerError: the tenant would take none of it, and no row of it is why; or a job was not over in time.
            Interrupted: the person asked to stop between two pieces.
        """
        found, rejected, before, suppressed = _Chunk(), 0, 0, 0
        waiting = deque([(f"{self.change.address}#{self._phase}:{number}", chunk)])
        while waiting:
            key, rows = waiting.popleft()
            outcome = self._run.state.find_outcome(key)
            if outcome is None:
                if found.pieces and stop.is_set():
                    raise Interrupted("the run was interrupted; what was in flight is finished and recorded")
                outcome = self._attempt(key, rows, found)
            else:
                before += outcome["rows"] + len(outcome["rejected"]) + outcome.get("suppressed", 0)
            rejected += len(outcome["rejected"])
            suppressed += outcome.get("suppressed", 0)
            self.rejected += outcome["rejected"]
            if outcome["split"]:
                bad = set(outcome["rejected"])
                rest = [row for row in rows if row["contactId"] not in bad]
                waiting.extend((f"{key}/{n}", part) for n, part in enumerate(_split_rows(rest, outcome["split"])))
        phase = "put" if self._phase == "put" else "remove"
        written = len(chunk) - rejected - suppressed
        return ChunkDone(phase, number, written, rejected, before, suppressed=suppressed)

    def _attempt(self, key: str, rows: Chunk, found: _Chunk) -> dict[str, Any]:
        """Send one piece and record what came of it: `split` is the size of the parts that are to be sent instead."""
        found.pieces += 1
        if self._phase == "put":
            self._fresh.look_if_due(self.change)
        known = self._run.state.has_intent(key)
        self._run.record_intent(key, rows=len(rows), sending=now())
        # what may have been sent before is not cut anew: its job is asked for first
        fits = known or len(rows) <= self._most
        errors, split, unsure = self._send_and_sort(key, rows, found, known) if fits else ([], self._most, False)
        for each in errors:
            # where the tenant says nothing, the code is all that is known
            said = each.message or each.code
            self._run.reject(self.change.address, rows[each.index]["contactId"], each.code, said)
        rejected = [rows[each.index]["contactId"] for each in errors]
        # whoever was sent, and is found out of it meanwhile, is taken off the list: not written either
        suppressed = 0 if split else len(self._find_out(rows) - set(rejected))
        taken = 0 if split else len(rows) - len(rejected) - suppressed
        found.taken += taken
        told = {"suppressed": suppressed} if suppressed else {}
        self._run.record_done(key, rows=taken, rejected=rejected, split=split, unsure=unsure, **told)
        return {"rejected": rejected, "split": split, **told}

    def _find_out(self, rows: Chunk) -> set[str]:
        """Who of some rows may not be put on the list any more; nobody, where they are taken off it."""
        if self._phase != "put":
            return set()
        out = self._fresh.list_out(self.change)
        return {row["contactId"] for row in rows if row["contactId"] in out} if out else set()

    def _send_and_sort(self, key: str, rows: Chunk, found: _Chunk, known: bool) -> tuple[list[RowError], int, bool]:
        """Send one piece: the rows at fault, the size of the parts in which the others must be sent again, and whether
        some of these may have been written already.
        """
        try:
            errors, again = self._send(key, rows, known)
            return errors, _halve(len(rows) - len(errors)) if again else 0, again
        except ChunkTooLarge as error:
            # where it is not the size, less and less would only wait longer and longer
            enough = isinstance(error, TooOften) and len(rows) * SMALLEST_SHARE <= self.change.chunk_size
            if len(rows) == 1 or enough:
                raise
            self._most = min(self._most, _halve(len(rows)))
            return [], self._most, False
        except RowsRejected as error:
            if len(rows) == 1:
                return [RowError(0, error.code, error.message)], 0, False
            found.refused.append(rows[0])
            if isinstance(error, ChunkRefused) and not found.taken and len(found.refused) == MOST_REFUSED:
                self._give_up_if_hopeless(key, found, error)
            return [], _halve(len(rows)), False

    def _send(self, key: str, rows: Chunk, known: bool) -> tuple[list[RowError], bool]:
        """Send a piece and wait for its job, if it is one; the rows at fault, and whether others must be sent again."""
        if self._phase != "put":
            self._writer.remove(self.change, [row["member"] or row["sent_as"] for row in rows])
            return [], False
        for name in islice(self._iter_untried(key), MOST_ABORTED):
            try:
                job_id, sent = self._find_or_make_job(name, rows, known)
            except SomeRejected as error:  # the others are there, and nothing goes on after the answer
                said = error.refusals
                job = Job("", COMPLETED, failed=said.failed, errors=said.errors)
                return self._sort_taken(job, rows, self._find_places(name, rows))
            if job_id is None:
                return [], False
            job = self._writer.watch(self.change, job_id, partial(self._progress.update_job, self.change.address))
            self._run.record_job_end(job)
            if job.status != "ABORTED" or job.errors:
                return self._sort_taken(job, rows, sent)
        raise ReconcilerError(
            f"its job was aborted {MOST_ABORTED} times",
            note="somebody in the tenant ends it, or a rule there does",
            hint="look at the jobs in the tenant, then resume",
        )

    def _iter_untried(self, key: str) -> Iterator[str]:
        """What each sending of a piece is recorded as; those left out whose jobs were aborted before a resumption."""
        names = chain([key], (f"{key}~{attempt}" for attempt in count(1)))
        return (name for name in names if not self._run.state.is_aborted(self._run.state.find_job(name) or ""))

    def _find_or_make_job(self, key: str, rows: Chunk, known: bool) -> tuple[str | None, list[int]]:
        """The job of a piece, and the places of its rows: the one that an earlier run has submitted, else a new one.

        None: there is no job, or nobody who may be put on the list.
        """
        job_id = self._run.state.find_job(key)
        if job_id is None and known:
            state, asked = self._run.state, [rows[n] for n in self._find_places(key, rows)]
            job_id = self._writer.find(self.change, self._make_reference(key), state.find_sent(key), state.jobs, asked)
        again = job_id is not None
        if job_id is None:
            self._fresh.look_if_due(self.change)
            out = self._find_out(rows)
            self._run.record_left_out(key, out)
            allowed = [row for row in rows if row["contactId"] not in out] if out else rows
            job_id = self._writer.put(self.change, allowed, self._make_reference(key)) if allowed else None
        sent = self._find_places(key, rows)
        if job_id is not None:
            if self._run.state.find_piece(job_id) not in (None, key):
                raise JobTwice(
                    "the tenant names one job for two requests; what became of the second is not known",
                    where=str(self.change.address),
                    hint="ask whoever runs the tenant, then resume: nobody is put on a list twice",
                )
            self._run.record_job(key, job_id)
            self._progress.start_job(self.change.address, job_id, len(sent), again)
        return job_id, sent

    def _find_places(self, key: str, rows: Chunk) -> list[int]:
        """The places of the rows of a piece that were sent: some may not be called since the plan."""
        without = self._run.state.find_left_out(key)
        return [n for n, row in enumerate(rows) if row["contactId"] not in without]

    def _make_reference(self, key: str) -> str:
        """What a job can be found by again: that of other rows is another."""
        without = "".join(f":{contact}" for contact in sorted(self._run.state.find_left_out(key)))
        return hashlib.sha256(f"{self._run.name}:{key}{without}".encode()).hexdigest()[:32]

    def _sort_taken(self, job: Job, rows: Chunk, sent: Sequence[int]) -> tuple[list[RowError], bool]:
        """The rows at fault of a job that was given the rows at the places `sent`, and whether to send others again."""
        errors = [replace(each, index=sent[each.index]) for each in job.errors if 0 <= each.index < len(sent)]
        bad = {each.index for each in errors}
        others = [n for n in sent if n not in bad]
        # an error of a row that there is none of, or the same one twice, is of another row that is not named
        if job.unnamed or len(bad) < len(job.errors):
            if len(others) > 1:
                return errors, True
            return [*errors, *(RowError(n, "job-failed", "") for n in others)], False
        return errors + self._follow_up([(n, rows[n]) for n in others]), False

    def _follow_up(self, rows: list[tuple[int, WireRow]]) -> list[RowError]:
        """Do what is left for rows that a job took, by their places; the rows at fault.

        Halves are tried without another job. The first half first: so some rows are soon tried alone.
        """
        errors: list[RowError] = []
        refused = taken = 0
        waiting = deque([rows] if rows else [])
        while waiting:
            part = waiting.popleft()
            self._fresh.look_if_due(self.change)
            out = self._find_out([row for _, row in part])
            part = [(n, row) for n, row in part if row["contactId"] not in out]
            if not part:
                continue
            try:
                self._writer.follow(self.change, [row for _, row in part])
                taken += len(part)
            except (ChunkTooLarge, RowsRejected) as error:
                refused += 1
                alone = len(part) == 1
                hopeless = isinstance(error, ChunkRefused) and not taken and refused == MOST_REFUSED
                if hopeless or (alone and isinstance(error, ChunkTooLarge)):
                    # not as it came, which would have the batch sent anew in parts
                    words = f"the batch was accepted, but the list did not accept its contacts: {error.message}"
                    raise ReconcilerError(words, where=error.where, note=error.note, hint=error.hint) from error
                if alone:
                    errors.append(RowError(part[0][0], error.code, error.message))
                else:
                    waiting.extendleft(reversed(_split_rows(part, _halve(len(part)))))
        return errors

    def _give_up_if_hopeless(self, key: str, found: _Chunk, error: RowsRejected) -> None:
        """So many pieces and none of them taken: is it these rows, or how they are sent? One row of each is tried."""
        for n, row in enumerate(found.refused):
            if self._find_out([row]):
                continue
            try:
                self._send(f"{key}?{n}", [row], known=True)
            except RowsRejected:
                continue
            found.taken += 1
            return
        raise error


class _Chunk:
    """What is known of a chunk so far: how many pieces went out, how many rows were taken, the first rows of others."""

    def __init__(self) -> None:
        self.pieces = 0
        self.taken = 0
        self.refused: Chunk = []


def _halve(rows: int) -> int:
    return (rows + 1) // 2


def _split_rows(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[start : start + size] for start in range(0, len(rows), size)]
