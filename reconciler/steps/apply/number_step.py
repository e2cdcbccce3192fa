# tested by: tests/surfaces/nice/test_group_numbers.py
"""Add numbers to an object of the tenant that keeps people from being called, or let them expire there.

What is done is what is read back: after the last request, after one of which nobody knows whether it took effect, and
before the first where a run may have begun it. What is not yet so is sent again; a number may be sent twice.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from reconciler.audience.diff import number_diff
from reconciler.audience.relations import batches, engine
from reconciler.audience.staging import consistent_read, stage
from reconciler.cxone.errors import Unavailable, Unknown
from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import Interrupted, ReconcilerError
from reconciler.model.held_numbers import ADD, HeldChange
from reconciler.model.ports import Writer
from reconciler.model.reason import Reason
from reconciler.model.report import ChunkDone, Outcome, StepResult
from reconciler.model.row_queries import Rows

ROUNDS = 3
"""How often what is not yet so is sent, where nobody can say whether it was."""


_COMPUTING = threading.Lock()
"""Steps of several objects compute one at a time: a run that goes on loads what computes rows with the first one."""


class NotHeld(ReconcilerError):
    """The tenant holds numbers otherwise than it was told to."""

    code = "numbers-not-held"


def write_numbers(change: HeldChange, writer: Writer, run: Run, terms: ApplyOptions) -> StepResult:
    """Send the numbers of a change, and read back that all of them are as they are to be.

    Raises:
        NotHeld: some are not: nothing that waits for them is begun.
        Interrupted: the person asked to stop.
        ReconcilerError: the tenant cannot be reached, or does not let this client do it.
    """
    key = f"{change.address}#{change.act}:0"
    begun = run.state.has_intent(key)
    run.record_intent(key, rows=change.total)
    with ExitStack() as stack:
        with _COMPUTING:
            backend = stack.enter_context(engine.open_engine(terms.engine, terms.scratch))
        left = _find_left(backend, change, writer, terms, 0) if begun else change.rows
        refused = 0
        for turn in range(1, ROUNDS + 1):
            if not left.count:
                break
            doubt, refused = _send(left, change, writer, run, terms)
            left = _find_left(backend, change, writer, terms, turn)
            if doubt is None:
                break
            if left.count and turn == ROUNDS:
                raise doubt
    run.record_done(key, rows=change.total - left.count, rejected=[], split=0, unsure=False)
    if left.count:
        raise _describe_left(change, left.count, refused)
    terms.progress.count_chunk(change.address, ChunkDone(change.act, 0, change.total, 0))
    code = "held_added" if change.act == ADD else "held_expired"
    why = Reason(code, (str(change.total), change.holder.name))
    return StepResult(change.address, Outcome.DONE, rows=change.total, why=why)


def _send(
    rows: Rows, change: HeldChange, writer: Writer, run: Run, terms: ApplyOptions
) -> tuple[ReconcilerError | None, int]:
    """Send numbers a request at a time, until nobody knows of one what came of it; and how many were not taken."""
    refused = 0
    for chunk in batches.iter_file_batches(rows, ("contactId",), change.chunk_size, tuple[str]):
        if terms.stop.is_set():
            raise Interrupted("the run was interrupted; what was in flight is finished and recorded")
        try:
            refused += writer.hold(change, [number for (number,) in chunk])
        except (Unknown, Unavailable) as error:
            return error, refused
        run.beat()
    return None, refused


def _find_left(backend: Any, change: HeldChange, writer: Writer, terms: ApplyOptions, turn: int) -> Rows:
    """The numbers of a change that are not yet as they are to be, by what the tenant says now."""
    into = terms.scratch / f"held-{turn}"
    into.mkdir(mode=0o700)
    with _COMPUTING:
        read = consistent_read.read_consistently(backend, lambda: writer.read_numbers(change.holder, into))
        held = stage.stage_rows(backend, change.holder, read, into)
        left = number_diff.select_left(backend, change, held, terms.clock())
        return number_diff.write_left(backend, left, replace(change.rows, path=into / "left.parquet"))


def _describe_left(change: HeldChange, left: int, refused: int) -> NotHeld:
    told = f"; it says of {refused:,} that it did not take them" if refused else ""
    what = "are not in" if change.act == ADD else "have not expired in"
    return NotHeld(
        f"{left:,} of {change.total:,} numbers {what} {change.holder.kind} {change.holder.name!r}{told}",
        where=str(change.address),
        note="nothing that waits for them is begun: it might call them",
        hint="look at the group in the tenant; correct what it will not take in the do-not-call list, then plan again",
    )
