"""How do the contacts of one list get there, each accounted for?

Additions and updates go before removals, so that the list never holds fewer than the contacts in both old and new.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from reconciler.audience import engine, read_back, row_changes, sources, written
from reconciler.ledger.journal import Run
from reconciler.model.change import RowChange
from reconciler.model.errors import Interrupted, ReconcilerError, RowsRejected
from reconciler.model.ports import Writer
from reconciler.model.report import Outcome, StepResult
from reconciler.model.terms import Terms
from reconciler.steps.apply import superseded
from reconciler.steps.apply.pieces import Chunk, Pieces


def deliver(change: RowChange, writer: Writer, run: Run, terms: Terms) -> StepResult:
    """Put, then remove, then read back; chunks of one phase go out in parallel.

    Raises:
        Interrupted: the person asked to stop; what was in flight is finished and recorded.
        ReconcilerError: a chunk could not be delivered.
    """
    rejected: list[str] = []
    with run.owing(change.address, change.list):
        for phase in row_changes.PHASES:
            pieces = Pieces(change, phase, writer, run, terms.progress)
            _all(row_changes.bodies(change, phase), writer.workers(change), pieces, terms)
            rejected += pieces.rejected
    offered = (row["contactId"] for chunk in row_changes.bodies(change, "put") for row in chunk)
    run.owe(change.address, change.list, offered)
    into = terms.scratch / "read-back"
    into.mkdir(exist_ok=True)
    with engine.opened(terms.engine, terms.scratch) as backend:
        now = sources.settled(backend, lambda: writer.members(change.members, into))
        if superseded.remove(backend, change, now, writer, run):
            now = sources.settled(backend, lambda: writer.members(change.members, into))
        unexplained = read_back.not_as_written(backend, change, now, set(rejected))
    if unexplained:
        message = (
            f"{unexplained:,} of {change.total:,} rows were taken by the tenant and are not on the list as written"
        )
        raise ReconcilerError(message, where=str(change.address))
    _remember(change, writer, run, terms, rejected)
    if rejected and len(rejected) == change.total:
        raise RowsRejected("the tenant took none of the contacts; their reasons are in the ledger")
    words = f"{change.adds:,} to add, {change.updates:,} to update, {change.removes:,} to remove on {change.list!r}"
    words += f": {len(rejected):,} rejected by the tenant, the others" if rejected else ": all"
    words += " read back and found as written"
    return StepResult(change.address, Outcome.DONE, words, change.total - len(rejected), len(rejected))


def _remember(change: RowChange, writer: Writer, run: Run, terms: Terms, rejected: Collection[str]) -> None:
    """Keep what was written of contacts themselves, as digests: a tenant need not tell it for a change to be seen."""
    fields = writer.methods[change.method].personal
    if terms.tokens is None or not fields:
        return
    folder = terms.scratch / "written"
    folder.mkdir(exist_ok=True)
    before = run.written(change.list, folder)
    with run.keeping_written(change.list) as target:
        written.remember(terms.engine, folder, terms.tokens.key, change.rows, fields, rejected, before, target)


def _all(chunks: Iterator[Chunk], workers: int, pieces: Pieces, terms: Terms) -> None:
    """Send every chunk that has not arrived before, at most `workers` at once; stop at the first failure."""
    pending: set[Future[None]] = set()
    failure: BaseException | None = None
    pool = ThreadPoolExecutor(workers, thread_name_prefix="deliver")
    try:
        for number, chunk in enumerate(chunks):
            if terms.stop.is_set() or failure is not None:
                break
            pending.add(pool.submit(_one(pieces, terms), number, chunk))
            if len(pending) >= workers:
                finished, pending = wait(pending, return_when=FIRST_COMPLETED)
                failure = next((error for each in finished if (error := each.exception())), None)
        finished, _ = wait(pending)
        failure = failure or next((error for each in finished if (error := each.exception())), None)
    except BaseException as error:
        # asked to stop at once, nobody waits for what is in flight: it is looked up when the run goes on
        pool.shutdown(wait=not isinstance(error, KeyboardInterrupt), cancel_futures=True)
        raise
    pool.shutdown()
    if failure is not None:
        raise failure
    if terms.stop.is_set():
        raise Interrupted("the run was interrupted; what was in flight is finished and recorded")


def _one(pieces: Pieces, terms: Terms) -> Callable[[int, Chunk], None]:
    def send(number: int, chunk: Chunk) -> None:
        done = pieces.deliver(number, chunk, terms.stop)
        terms.progress.chunk(pieces.change.address, done)

    return send
