# tested by: tests/steps/apply/test_delivery.py
"""Deliver the contacts of one list.

Additions and updates go before removals, so that the list never holds fewer than the contacts in both old and new.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from itertools import takewhile

from reconciler.audience.delivery import dnc_consent_recheck, read_back, wire_rows, written_digests
from reconciler.audience.diff import changed_since_rejection
from reconciler.audience.relations import engine
from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import Interrupted, ReconcilerError, RowsRejected
from reconciler.model.list_change import RowChange
from reconciler.model.ports import Writer
from reconciler.model.reason import Reason
from reconciler.model.report import Outcome, StepResult
from reconciler.model.worker_pool import work_all
from reconciler.steps.apply import old_number_removal
from reconciler.steps.apply.chunk_writes import Chunk, Pieces
from reconciler.steps.apply.suppression_recheck import Fresh


def deliver(change: RowChange, writer: Writer, run: Run, terms: ApplyOptions, fresh: Fresh) -> StepResult:
    """Put, then remove, then read back; chunks of one phase go out in parallel.

    Whoever may not be called since the plan is left out, and is not on the list in the end.

    Raises:
        DoNotCallUnknown: who that is cannot be known; nobody else was put on the list since.
        Interrupted: the person asked to stop; what was in flight is finished and recorded.
        ReconcilerError: a chunk could not be delivered.
    """
    rejected: list[str] = []
    rows_of = partial(_digest_rows, change, terms)
    with run.record_pending_on_failure(change.address, change.list, rows_of):
        fresh.look(change)
        for phase in wire_rows.PHASES:
            pieces = Pieces(change, phase, writer, run, terms.progress, fresh)
            _send_all(wire_rows.iter_bodies(change, phase), writer.workers(change), pieces, terms)
            rejected += pieces.rejected
    now = fresh.take_off(change)
    out = fresh.list_out(change)
    put = (row["contactId"] for chunk in wire_rows.iter_bodies(change, "put") for row in chunk)
    # by an id they are dialled by the tenant's number, known once they are on the list: not every apply puts them there
    by_tenant = {} if change.data else fresh.list_by_tenant(change)
    back = {contact: dnc_consent_recheck.describe_removal(by) for contact, by in by_tenant.items()}
    run.record_pending_retry(
        change.address, change.list, (contact for contact in put if contact not in out), back, rows_of
    )
    with engine.open_engine(terms.engine, terms.scratch) as backend:
        more = old_number_removal.remove_superseded(backend, change, now, writer, run)
    if more:
        now = fresh.take_off(change)
    with engine.open_engine(terms.engine, terms.scratch) as backend:
        unexplained = read_back.find_not_as_written(backend, change, now, {*rejected, *out})
    if unexplained:
        message = (
            f"{unexplained:,} of {change.total:,} rows were accepted by the tenant but are not on the list as written"
        )
        raise ReconcilerError(message, where=str(change.address))
    _remember(change, writer, run, terms, {*rejected, *out})
    if change.scored is not None:
        run.lists.keep_scored(change.list, change.scored)
    if rejected and len(rejected) == change.total:
        raise RowsRejected(
            "the tenant accepted none of the contacts; their reasons are in the ledger",
            hint="see why with `reconciler pending`, correct them in the source or in the tenant, then plan again",
        )
    left = _count_left_out(change, out)
    counts = (change.adds, change.updates, change.removes, change.list, len(rejected), len(out))
    why = Reason("rows_delivered", tuple(map(str, counts)))
    rows = change.total - len(rejected) - left
    return StepResult(change.address, Outcome.DONE, rows=rows, rejected=len(rejected), suppressed=len(out), why=why)


def _digest_rows(change: RowChange, terms: ApplyOptions, contacts: Collection[str]) -> Mapping[str, str]:
    """Digests of the rows of contacts that were not taken: they are offered again once their rows are others."""
    if terms.tokens is None:
        return {}
    return changed_since_rejection.digest_rejected(terms.engine, terms.scratch, terms.tokens.key, change.rows, contacts)


def _count_left_out(change: RowChange, out: Mapping[str, str]) -> int:
    """How many rows that were to be put are not on the list: the others in `out` were there before."""
    if not out:
        return 0
    return sum(row["contactId"] in out for chunk in wire_rows.iter_bodies(change, "put") for row in chunk)


def _remember(change: RowChange, writer: Writer, run: Run, terms: ApplyOptions, rejected: Collection[str]) -> None:
    """Keep what was written of contacts themselves, as digests: a tenant need not tell it for a change to be seen."""
    fields = writer.methods[change.method].personal
    if terms.tokens is None or not fields:
        return
    folder = terms.scratch / "written"
    folder.mkdir(exist_ok=True)
    names = (change.list, *terms.earlier.get(change.list, ()))
    before = next((found for name in names if (found := run.lists.fetch_written(name, folder)) is not None), None)
    with run.lists.keep_written(change.list, folder) as target:
        written_digests.write_digests(
            terms.engine, folder, terms.tokens.key, change.rows, fields, rejected, before, target
        )


def _send_all(chunks: Iterator[Chunk], workers: int, pieces: Pieces, terms: ApplyOptions) -> None:
    """Send every chunk that has not arrived before, at most `workers` at once; stop at the first failure."""
    # asked to stop, nothing more is begun; of what failed once, nothing is sent beside it or after
    going = takewhile(lambda _: not terms.stop.is_set(), enumerate(chunks))
    work_all(_make_sender(pieces, terms), going, workers, "deliver", ahead=1)
    if terms.stop.is_set():
        raise Interrupted("the run was interrupted; what was in flight is finished and recorded")


def _make_sender(pieces: Pieces, terms: ApplyOptions) -> Callable[[tuple[int, Chunk]], None]:
    def send(numbered: tuple[int, Chunk]) -> None:
        number, chunk = numbered
        done = pieces.deliver(number, chunk, terms.stop)
        terms.progress.count_chunk(pieces.change.address, done)

    return send
