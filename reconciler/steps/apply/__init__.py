"""Do what the plan says, and nothing else. The only place that writes to a tenant.

Every write is recorded before it is sent and after it is known to have taken effect, and is safe to repeat, so that a
run that is killed anywhere can be resumed. Steps that depend on a failed one are blocked; the others go on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from reconciler.ledger.journal import Ledger, Run
from reconciler.model.address import Address
from reconciler.model.change import ObjectChange
from reconciler.model.errors import Interrupted, ReconcilerError, Stale
from reconciler.model.plan import Plan, Step
from reconciler.model.ports import Writer
from reconciler.model.report import Outcome, Report, StepResult
from reconciler.model.terms import Terms
from reconciler.steps.apply import objects, preconditions, rows


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
        results: dict[Address, StepResult] = {}
        for step in plan.steps:
            result = _finished_before(run, step.address) or _unready(step, terms, results)
            if result is None:
                result = _attempt(plan, step, writer, run, terms)
            elif result.outcome is Outcome.BLOCKED:
                run.step(result)
            results[step.address] = result = _counted(plan, result, run)
            terms.progress.finish(result)
        report = Report(run.name, tuple(results.values()), writer.writes, terms.stop.is_set(), run.jobs())
        run.finish(report)
        terms.progress.ended(report)
        return report


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
            terms.progress.begin(step.address, f"{change.method} to {change.list!r}", change.total)
            result = rows.deliver(change, writer, run, terms)
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


def _counted(plan: Plan, result: StepResult, run: Run) -> StepResult:
    """A step that is not done, with what became of each of its contacts."""
    change = plan.change(result.address)
    if result.outcome is Outcome.DONE or isinstance(change, ObjectChange):
        return result
    written, rejected, unknown = run.tally(result.address)
    left = change.total - written - rejected - unknown
    return replace(result, rows=written, rejected=rejected, unknown=unknown, left=left)
