"""Do what the plan says, and nothing else. The only place that writes to a tenant.

Every write is recorded before it is sent and after it is known to have taken effect, and is safe to repeat, so that a
run that is killed anywhere can be resumed. Steps that depend on a failed one are blocked; the others go on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from shutil import rmtree

from reconciler.kinds import load_kinds
from reconciler.ledger.journal import Run
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.recent_runs import keep_recent
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.approval import make_audit_document
from reconciler.model.approval_policy import find_needs
from reconciler.model.errors import Interrupted, ReconcilerError, RowsRejected, Stale
from reconciler.model.held_numbers import HeldChange
from reconciler.model.json_digest import compute_digest
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import ObjectChange
from reconciler.model.outcome_change import NumbersChange, OutcomeChange
from reconciler.model.plan import Plan, Step
from reconciler.model.ports import Writer
from reconciler.model.reason import Reason
from reconciler.model.report import Failure, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.steps.apply import (
    dnc_store_step,
    list_step,
    number_step,
    object_step,
    outcome_step,
    staleness_check,
)
from reconciler.steps.apply.filled_lists import Filled
from reconciler.steps.apply.run_attestation import Attestation
from reconciler.steps.apply.step_scheduling import run_steps
from reconciler.steps.apply.suppression_recheck import Fresh


def apply(plan: Plan, writer: Writer, ledger: Ledger, terms: ApplyOptions) -> Report:
    """Apply a plan, or go on with the run named in the terms.

    Raises:
        Stale: the tenant has moved since the plan was made, or the plan was edited; nothing was written.
        LedgerError: another run is under way, or the ledger cannot be written.
    """
    needs = find_needs(plan, terms.settings.approvals)
    attestation = Attestation(plan, ledger, terms)
    with ledger.run(plan, terms.resume, make_audit_document(needs, terms.approvals), attestation.begin) as run:
        if terms.resume is not None:
            attestation.resume(run.name)
        terms.progress.start_run(run.name, plan, terms.resume is not None)
        try:
            staleness_check.check(plan, writer, run, terms)
        except Stale:
            run.refuse()
            raise
        ledger.strike_out_applied(plan)
        doing = _Doing(plan, writer, run, terms, Fresh(plan, writer, run, terms))
        results = run_steps(plan, doing.end, terms.stop, count_workers=doing.count_workers)
        ended, stopped = tuple(results.values()), terms.stop.is_set()
        report = Report(run.name, ended, writer.writes, stopped, run.state.list_jobs(), requests=writer.requests)
        ledger.note_applied(plan, run.name, results)
        attestation.end(run, report)
        run.finish(report)
        keep_recent(ledger.records, terms.clock())
        report = replace(report, audit=run.anchor)
        terms.progress.end_run(report)
        return report


@dataclass(frozen=True, slots=True)
class _Doing:
    """The doing of one plan. Used from several threads."""

    plan: Plan
    writer: Writer
    run: Run
    terms: ApplyOptions
    fresh: Fresh

    def count_workers(self, kind: str) -> int:
        """How many objects of a kind may be written at the same time."""
        return self.writer.count_workers(load_kinds()[kind])

    def end(self, step: Step, results: Mapping[Address, StepResult]) -> StepResult:
        """Do a step, and say how it ended. Several go on at the same time, each in a folder of its own."""
        name = f"{step.address.kind}-{compute_digest(str(step.address)).rpartition(':')[2][:16]}"
        result = self._end_finished_before(step) or _end_unready(step, self.terms, results)
        if result is None:
            terms = replace(self.terms, scratch=self.terms.scratch / "steps" / name)
            terms.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
            result = self._attempt(step, partial(self._do, step, terms))
            rmtree(terms.scratch, ignore_errors=True)
        elif result.outcome is Outcome.BLOCKED:
            self.run.record_step(result)
        result = self._count_contacts(result)
        self.terms.progress.end_step(result)
        return result

    def _end_finished_before(self, step: Step) -> StepResult | None:
        """How a step ended that an earlier run has finished; who is on its list is held against do-not-call sources."""
        ended = self.run.state.find_result(step.address)
        if ended is None:
            return None
        change = self.plan.change(step.address)
        if not isinstance(change, RowChange) or not self.fresh.applies(change) or self.terms.stop.is_set():
            return ended

        def again() -> StepResult:
            self.fresh.look(change)
            self.fresh.take_off(change)
            return replace(ended, suppressed=len(self.fresh.list_out(change)))

        return self._attempt(step, again, record=False)

    def _attempt(self, step: Step, do: Callable[[], StepResult], *, record: bool = True) -> StepResult:
        """Do it; where it fails, say why. What is done is recorded, unless that was done before."""
        try:
            result = do()
        except Interrupted as error:
            return self._count_contacts(_stop(step, Outcome.INTERRUPTED, error))
        except ReconcilerError as error:
            result, record = self._count_contacts(_stop(step, Outcome.FAILED, error)), True
            decided = isinstance(error, RowsRejected) and not result.unknown + result.left
            result = replace(result, final=decided and result.rejected > 0)
        if record:
            self.run.record_step(result)
        return result

    def _do(self, step: Step, terms: ApplyOptions) -> StepResult:
        change, progress = self.plan.change(step.address), self.terms.progress
        if isinstance(change, ObjectChange):
            progress.start_step(step.address, Reason("object_step", (change.name, *step.does)), 0)
            lists = Filled(self.plan, self.writer, self.run, terms, self.fresh)
            return object_step.write(self.plan, step, change, self.writer, self.run, terms, lists)
        progress.start_step(step.address, change.does, change.total)
        match change:
            case OutcomeChange():
                # of all outcomes together so many may be read or set at once, however many campaigns they are of
                settled = sum(bool(each.total) for each in self.plan.outcomes) or 1
                workers = max(1, self.writer.outcomes_at_once // settled)
                return outcome_step.set_outcomes(change, self.writer, self.run, terms, workers)
            case NumbersChange():
                return dnc_store_step.keep_numbers(change, self.run, terms)
            case HeldChange():
                return number_step.write_numbers(change, self.writer, self.run, terms)
            case _:
                return list_step.deliver(change, self.writer, self.run, terms, self.fresh)

    def _count_contacts(self, result: StepResult) -> StepResult:
        """A step that is not done, with what became of each of its contacts; with its figures where it has some."""
        change = self.plan.change(result.address)
        if isinstance(change, OutcomeChange):
            result = replace(result, figures=outcome_step.notify_outcomes(change, self.run))
        if result.outcome is Outcome.DONE or isinstance(change, ObjectChange):
            return result
        written, rejected, unknown, without = self.run.state.count_rows(result.address)
        left = change.total - written - rejected - unknown - without
        out = len(self.run.list_suppressed(result.address))
        return replace(result, rows=written, rejected=rejected, unknown=unknown, left=left, suppressed=out)


def _stop(step: Step, how: Outcome, error: ReconcilerError) -> StepResult:
    return StepResult(step.address, how, note=error.note, hint=error.hint, failure=Failure.of(error))


def _end_unready(step: Step, terms: ApplyOptions, results: Mapping[Address, StepResult]) -> StepResult | None:
    if terms.stop.is_set():
        return StepResult(step.address, Outcome.NOT_ATTEMPTED, why=Reason("interrupted_before"))
    waiting_for = [str(need) for need in step.needs if results[need].outcome is not Outcome.DONE]
    if waiting_for:
        return StepResult(step.address, Outcome.BLOCKED, why=Reason("waits_for", tuple(waiting_for)))
    return None
