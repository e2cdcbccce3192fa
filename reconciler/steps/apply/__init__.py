"""Do what the plan says, and nothing else. The only place that writes to a tenant.

Every write is recorded before it is sent and after it is known to have taken effect, and is safe to repeat, so that a
run that is killed anywhere can be resumed. Steps that depend on a failed one are blocked; the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from shutil import rmtree

from reconciler.ledger.journal import Run
from reconciler.ledger.ledger import Ledger
from reconciler.model.address import Address
from reconciler.model.change import ObjectChange
from reconciler.model.errors import Interrupted, ReconcilerError, Stale
from reconciler.model.live import digest_of
from reconciler.model.outcomes import AnyRowChange, NumbersChange, OutcomeChange
from reconciler.model.plan import Plan, Step
from reconciler.model.ports import Writer
from reconciler.model.report import Outcome, Report, StepResult
from reconciler.model.terms import Terms
from reconciler.steps.apply import numbers, objects, outcomes, preconditions, rows
from reconciler.steps.apply.scheduling import run_steps


def apply(plan: Plan, writer: Writer, ledger: Ledger, terms: Terms) -> Report:
    """Apply a plan, or go on with the run named in the terms.

    Raises:
        Stale: the tenant has moved since the plan was made, or the plan was edited; nothing was written.
        LedgerError: another run is under way, or the ledger cannot be written.
    """
    with ledger.run(plan, terms.resume) as run:
        terms.progress.started(run.name, plan, terms.resume is not None)
        try:
            preconditions.check(plan, writer, run, terms)
        except Stale:
            run.refuse()
            raise
        step = partial(_end, plan, writer=writer, run=run, terms=terms)
        results = run_steps(plan, step, terms.stop)
        report = Report(run.name, tuple(results.values()), writer.writes, terms.stop.is_set(), run.jobs())
        run.finish(report)
        terms.progress.ended(report)
        return report


def _end(
    plan: Plan, step: Step, results: Mapping[Address, StepResult], *, writer: Writer, run: Run, terms: Terms
) -> StepResult:
    """Do a step, and say how it ended. Several go on at the same time, each in a folder of its own."""
    scratch = terms.scratch / "steps" / f"{step.address.kind}-{digest_of(str(step.address)).rpartition(':')[2][:16]}"
    result = _finished_before(run, step.address) or _unready(step, terms, results)
    if result is None:
        scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
        result = _attempt(plan, step, writer, run, replace(terms, scratch=scratch))
        rmtree(scratch, ignore_errors=True)
    elif result.outcome is Outcome.BLOCKED:
        run.step(result)
    result = _counted(plan, result, run)
    terms.progress.finish(result)
    return result


def _finished_before(run: Run, address: Address) -> StepResult | None:
    recorded = run.outcome(str(address))
    if recorded is None:
        return None
    return StepResult(address, Outcome.DONE, recorded["words"], recorded["rows"], recorded["rejected"])


def _unready(step: Step, terms: Terms, results: Mapping[Address, StepResult]) -> StepResult | None:
    if terms.stop.is_set():
        return StepResult(step.address, Outcome.NOT_ATTEMPTED, "the run was interrupted before it")
    waiting_for = [str(need) for need in step.needs if results[need].outcome is not Outcome.DONE]
    if waiting_for:
        return StepResult(step.address, Outcome.BLOCKED, f"waits for {', '.join(waiting_for)}")
    return None


def _attempt(plan: Plan, step: Step, writer: Writer, run: Run, terms: Terms) -> StepResult:
    change = plan.change(step.address)
    try:
        if isinstance(change, ObjectChange):
            terms.progress.begin(step.address, f"{', '.join(step.does)} {change.name!r}", 0)
            result = objects.write(plan, step, change, writer, run, terms)
        else:
            terms.progress.begin(step.address, change.words, change.total)
            # of all outcomes together so many may be read or set at once, however many campaigns they are of
            settled = sum(bool(each.total) for each in plan.outcomes) or 1
            result = _of_rows(change, writer, run, terms, max(1, writer.outcomes_at_once // settled))
    except Interrupted as error:
        tally = run.tally(step.address)
        return StepResult(step.address, Outcome.NOT_ATTEMPTED, error.message, *tally, note=error.note, hint=error.hint)
    except ReconcilerError as error:
        where = f" [{error.where}]" if error.where else ""
        words = f"{error.code}: {error.message}{where}"
        failed = StepResult(step.address, Outcome.FAILED, words, note=error.note, hint=error.hint)
        result = _counted(plan, failed, run)
    run.step(result)
    return result


def _of_rows(change: AnyRowChange, writer: Writer, run: Run, terms: Terms, workers: int) -> StepResult:
    match change:
        case OutcomeChange():
            return outcomes.settle(change, writer, run, terms, workers)
        case NumbersChange():
            return numbers.keep(change, run, terms)
        case _:
            return rows.deliver(change, writer, run, terms)


def _counted(plan: Plan, result: StepResult, run: Run) -> StepResult:
    """A step that is not done, with what became of each of its contacts; with its figures where it has some."""
    change = plan.change(result.address)
    if isinstance(change, OutcomeChange):
        result = replace(result, figures=outcomes.told_of(change, run))
    if result.outcome is Outcome.DONE or isinstance(change, ObjectChange):
        return result
    written, rejected, unknown = run.tally(result.address)
    left = change.total - written - rejected - unknown
    return replace(result, rows=written, rejected=rejected, unknown=unknown, left=left)
