"""How do the contacts of one list get there, each accounted for?

Additions and updates go before removals, so that the list never holds fewer than the contacts in both old and new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import Any

from reconciler.audience import comparison, engine, sources
from reconciler.ledger.journal import Run
from reconciler.model.change import RowChange
from reconciler.model.errors import ChunkRefused, Interrupted, ReconcilerError, RowsRejected
from reconciler.model.ports import Writer
from reconciler.model.report import Outcome, StepResult
from reconciler.model.rows import MembersOf
from reconciler.model.terms import Terms

Chunk = list[dict[str, Any]]

MOST_REFUSED = 16
"""Parts of a chunk that are refused, with none taken and no word of which contact is why, before it is given up."""


def deliver(change: RowChange, writer: Writer, run: Run, terms: Terms) -> StepResult:
    """Put, then remove, then read back; chunks of one phase go out in parallel.

    Raises:
        Interrupted: the person asked to stop; what was in flight is finished and recorded.
        ReconcilerError: a chunk could not be delivered.
    """

    def put(chunk: Chunk) -> None:
        writer.put(change, chunk)

    def remove(chunk: Chunk) -> None:
        writer.remove(change, [row["contactId"] for row in chunk])

    rejected: list[str] = []
    with engine.opened(terms.engine, terms.scratch) as backend:
        for phase, actions, send in (("put", ("add", "update"), put), ("remove", ("remove",), remove)):
            delivery = _Delivery(change, phase, send, run, terms)
            delivery.all(comparison.bodies(backend, change, actions), writer.workers(change))
            rejected += delivery.rejected
        into = terms.scratch / "read-back"
        into.mkdir(exist_ok=True)
        query = MembersOf(change.list, change.attributes)
        now = sources.settled(backend, lambda: writer.members(query, into))
        unexplained = comparison.not_as_written(backend, change, now, set(rejected))
    if unexplained:
        message = (
            f"{unexplained:,} of {change.total:,} rows were taken by the tenant and are not on the list as written"
        )
        raise ReconcilerError(message, where=str(change.address))
    if rejected and len(rejected) == change.total:
        raise RowsRejected("the tenant took none of the contacts; their reasons are in the ledger")
    words = f"{change.adds:,} to add, {change.updates:,} to update, {change.removes:,} to remove on {change.list!r}"
    words += f": {len(rejected):,} rejected by the tenant, the others" if rejected else ": all"
    words += " read back and found as written"
    return StepResult(change.address, Outcome.DONE, words, change.total - len(rejected), len(rejected))


class _Delivery:
    """The chunks of one phase: each is recorded before it is sent and after it has arrived."""

    def __init__(self, change: RowChange, phase: str, send: Callable[[Chunk], None], run: Run, terms: Terms) -> None:
        self.rejected: list[str] = []
        self._change, self._phase, self._send = change, phase, send
        self._run, self._progress, self._stop = run, terms.progress, terms.stop

    def all(self, chunks: Iterator[Chunk], workers: int) -> None:
        """Send every chunk that has not arrived before, at most `workers` at once; stop at the first failure."""
        pending: set[Future[None]] = set()
        failure: BaseException | None = None
        with ThreadPoolExecutor(workers, thread_name_prefix="deliver") as pool:
            for number, chunk in enumerate(chunks):
                if self._stop.is_set() or failure is not None:
                    break
                pending.add(pool.submit(self._one, number, chunk))
                if len(pending) >= workers:
                    finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                    failure = next((error for each in finished if (error := each.exception())), None)
            finished, _ = wait(pending)
            failure = failure or next((error for each in finished if (error := each.exception())), None)
        if failure is not None:
            raise failure
        if self._stop.is_set():
            raise Interrupted("the run was interrupted; what was in flight is finished and recorded")

    def _one(self, number: int, chunk: Chunk) -> None:
        key = f"{self._change.address}#{self._phase}:{number}"
        recorded = self._run.outcome(key)
        if recorded is None:
            self._run.intent(key, rows=len(chunk))
            rejected = [row["contactId"] for row in self._deliver(chunk)]
            self._run.done(key, rows=len(chunk), rejected=rejected)
        else:
            rejected = list(recorded["rejected"])
        self.rejected += rejected
        self._progress.advance(self._change.address, len(chunk))

    def _deliver(self, chunk: Chunk) -> Chunk:
        """Send a chunk; where the tenant will not take it, halve it until the rows at fault are found."""
        parts, bad, taken = [chunk], [], 0
        while parts:
            refused, unclear = [], None
            for part in parts:
                try:
                    self._send(part)
                    taken += len(part)
                except RowsRejected as error:
                    unclear = error if isinstance(error, ChunkRefused) else unclear
                    if len(part) > 1:
                        refused.append(part)
                    else:
                        bad.append(part[0])
                        self._run.reject(self._change.address, part[0]["contactId"], error.message)
            if unclear is not None and not taken and len(refused) >= MOST_REFUSED:
                # so many parts and none of them taken: not these contacts are at fault, but how they are sent
                raise unclear
            parts = [half for part in refused for half in (part[: len(part) // 2], part[len(part) // 2 :])]
        return bad
