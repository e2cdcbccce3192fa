# tested by: tests/cli/test_saved_plans.py
"""`reconciler apply`: do what a plan says, or refuse."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.apply_terms import make_options
from reconciler.cli.confirmation import confirm
from reconciler.cli.measured_progress import MeasuredProgress
from reconciler.cli.output_encoding import print_document
from reconciler.cli.output_formats import format_option, show
from reconciler.cli.plan import tell_of_ledger
from reconciler.cli.plan_approvals import collect_approvals, find_missing, load_reviews, reviews_option
from reconciler.cli.progress_sinks import EventFile, ProgressSinks, event_file
from reconciler.cli.selection_options import refuse_narrowed, selection_options
from reconciler.cli.stop_signals import Stopping
from reconciler.cli.workspace_options import (
    command_line,
    open_workspace,
    prune_options,
    refresh_option,
    workspace_options,
)
from reconciler.model.errors import Exit, Interrupted, LedgerError, ReconcilerError, Refused, Stale
from reconciler.model.phase import Phase
from reconciler.model.plan import Plan
from reconciler.model.selection import Selection
from reconciler.model.workspace_settings import Workspace

if TYPE_CHECKING:
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.ledger.ledger import Ledger
    from reconciler.model.desired_state import Desired
    from reconciler.model.ledger_state import LedgerState
    from reconciler.model.report import Report
    from reconciler.model.reviews import Review
    from reconciler.views.plan_progress import ReadingProgress


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@workspace_options
@refresh_option
@click.option("--digest", help="Refuse unless the plan has this digest, the one that was reviewed.")
@click.option("--yes", is_flag=True, help="Do not ask: apply what the plan says.")
@click.option(
    "--resume",
    metavar="[RUN]",
    is_flag=False,
    flag_value="",
    help="Resume the run that was interrupted: the latest, or the one named.",
)
@prune_options
@selection_options
@reviews_option
@format_option("report")
@click.option(
    "--events",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write events to this file as they happen, a JSON object a line (NDJSON); a file of events is appended to.",
)
def apply(
    chosen: dict[str, Any],
    file: Path | None,
    yes: bool,
    resume: str | None,
    prune: bool,
    release: tuple[str, ...],
    output_format: str,
    digest: str | None,
    refresh: bool,
    events: Path | None,
    reviews: Path | None,
    selection: Selection,
) -> int:
    """Apply FILE, a saved plan; without it, plan, ask, and apply."""
    refuse_narrowed(selection, prune=prune, release=release)
    if selection and (file is not None or resume is not None):
        raise click.UsageError(
            "--only and --exclude narrow what is planned now; a plan that is saved says what it is of"
        )
    from reconciler.cli.console import console
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.steps.load import load
    from reconciler.views.plan_progress import ReadingProgress

    if resume is not None and (file is not None or Path(resume).suffix == ".plan"):
        raise click.UsageError("--resume applies the plan of the interrupted run; leave FILE out")
    with (
        event_file(events) as file_of_events,
        Stopping() as stopping,
        open_workspace(chosen, prune=prune, release=release, refresh=refresh, selection=selection) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        LocalRuntime(workspace, stopping.stop, reading) as runtime,
    ):
        runtime.start_phase(Phase.LOAD)
        desired = load(workspace)
        said = load_reviews(reviews)
        command = _Apply(workspace, desired, runtime, stopping, output_format, digest, file_of_events, reading, said)
        if resume is not None:
            return command.resume_run(resume)
        return command.apply_saved(file) if file is not None else command.plan_and_apply(yes)


@dataclass(frozen=True)
class _Apply:
    """One apply from the command line."""

    workspace: Workspace
    desired: Desired
    runtime: LocalRuntime
    stopping: Stopping
    output_format: str
    reviewed: str | None
    events: EventFile
    reading: ReadingProgress
    reviews: tuple[Review, ...] = ()

    def plan_and_apply(self, yes: bool) -> int:
        from reconciler.flow import propose
        from reconciler.model.report import Report

        waiting = self._tell_what_waits()
        proposed = replace(
            propose(self.desired, self.runtime), ledger=self.runtime.ledger_state, origin=self.runtime.origin
        )
        self.reading.end()
        tell_of_ledger(self.runtime)
        if self.output_format == "text":
            show("plan", self.output_format, proposed, full=True)
        if proposed.empty and not proposed.refusals:
            self.runtime.ledger(self.desired).note_protected(proposed)
            if waiting and not proposed.partial:
                self.runtime.ledger(self.desired).supersede(proposed.workspace)
            if self.output_format == "json":
                self._tell(Report("", (), 0, audit=self.runtime.ledger(self.desired).read_anchor()))
            return Exit.DONE
        missing = find_missing(proposed, self.workspace, self.runtime, self.desired, self.reviews)
        asks = not yes and not proposed.refusals and not missing  # else it is refused, whatever is said
        if asks and not confirm("yes", "apply this plan", "pass --yes, or apply a saved plan"):
            click.echo("Nothing was written.")
            return Exit.DONE
        return self._commit(proposed, shown=self.output_format == "text")

    def apply_saved(self, file: Path) -> int:
        from reconciler.ledger.saved_plans import open_plan, read_anchor

        self._tell_what_waits()
        ledger = self.runtime.ledger(self.desired)
        tell_of_ledger(self.runtime)
        plan = open_plan(file, self.workspace.scratch / "saved", ledger.seal)
        ledger.refuse_lost(read_anchor(file))
        return self._commit(plan, file=file)

    def resume_run(self, name: str) -> int:
        """Go on with a run; `name` is empty where the latest that was interrupted is meant."""
        from reconciler.model.report import Report

        desired = self.desired
        ledger = self.runtime.ledger(desired)
        self._tell_of_strangers()
        if name:
            name = ledger.find_run(name, desired.settings.name).name
        else:
            waiting = ledger.list_interrupted(desired.settings.name)
            if not waiting:
                ledger.refuse_foreign()
                if not ledger.store.list_runs():
                    raise LedgerError("there is no run to resume", hint="start one with: reconciler apply")
                click.echo(_describe_nothing_waits(ledger, desired), err=self.output_format == "json")
                if self.output_format == "json":
                    self._tell(Report("", (), 0, audit=ledger.read_anchor()))
                return Exit.DONE
            name = waiting[0].name
        return self._commit(ledger.open_plan_of(name, self.workspace.scratch / "saved"), name)

    def _tell_what_waits(self) -> bool:
        """Say first of all that an earlier run was interrupted, and how to go on with it."""
        from reconciler.views.plain_text import plain

        self._tell_of_strangers()
        waiting = self.runtime.ledger(self.desired).list_interrupted(self.desired.settings.name)
        for each in waiting:
            click.echo(plain(f"Run {each.name}, begun by {each.by} at {each.at}, was interrupted."), err=True)
            _tell_how_to_go_on(self.workspace, name=each.name)
        return bool(waiting)

    def _tell_of_strangers(self) -> None:
        """Name what lies among the ledger's runs and is none: somebody may miss a run that was moved or renamed."""
        from reconciler.views.plain_text import plain

        store = self.runtime.ledger(self.desired).store
        for name in store.list_strangers():
            click.echo(plain(f"Notice: {store.locate(f'runs/{name}')} is not a run, and is ignored"), err=True)

    def _commit(self, plan: Plan, resume: str | None = None, *, shown: bool = False, file: Path | None = None) -> int:
        from reconciler.cli.console import console
        from reconciler.cli.notifications import open_notifier, tell_of_apply, tell_of_refusal
        from reconciler.flow import commit
        from reconciler.model.plan_json import plan_digest
        from reconciler.views.events import ApplyEvents
        from reconciler.views.progress import ApplyProgress

        desired = self.desired
        approvals = collect_approvals(plan, self.workspace, self.runtime, desired, file, self.reviews, keep=True)
        writer = self.runtime.writer(desired)
        out = console(stderr=self.output_format == "json")
        headline = f"{'Resuming' if resume else 'Applying'} plan {plan_digest(plan)}"
        events = ApplyEvents(self.events.write)
        with (
            open_notifier(self.runtime, desired, self.stopping.stop, self.workspace) as teller,
            self.stopping.stop_gently(lambda: events.tell_interruption(at_once=False)),
            ApplyProgress(out, headline) as progress,
        ):
            sinks = ProgressSinks(events, progress, MeasuredProgress())
            options = make_options(self.workspace, desired, self.runtime, writer.surfaces, sinks, self.stopping.stop)
            options = replace(
                options, resume=resume, reviewed=self.reviewed, teller=teller, shown=shown, approvals=approvals
            )
            try:
                report = commit(plan, writer, self.runtime.ledger(desired), options)
            except KeyboardInterrupt:
                events.tell_interruption(at_once=True)
                words = "Stopped at once: requests in flight may have taken effect; resuming looks them up first."
                return self._end_stopped(words)
            except ReconcilerError as error:
                events.tell_failure(error)
                if isinstance(error, Interrupted):
                    return self._end_stopped("Stopped before the first step.")
                if isinstance(error, Refused | Stale):
                    tell_of_refusal(plan, error, self.workspace, self.runtime, desired)
                raise
        self._tell(report)
        tell_of_apply(plan, report, self.workspace, self.runtime, desired)
        return report.exit_code

    def _tell(self, report: Report) -> None:
        _tell(report, self.workspace, self.output_format, self.runtime.ledger_state)

    def _end_stopped(self, words: str) -> int:
        from reconciler.views import errors

        if self.output_format == "json":
            print_document(errors.make_document("interrupted", words, Exit.INTERRUPTED))
        click.echo(words, err=True)
        _tell_how_to_go_on(self.workspace)
        return Exit.INTERRUPTED


def _tell(report: Report, workspace: Workspace, output_format: str, ledger: LedgerState | None) -> None:
    from reconciler.model.report import Outcome

    show("report", output_format, report, ledger)
    if output_format == "text" and any(step.rejected for step in report.steps):
        click.echo(
            f"To see which contacts the tenant rejected, and why: {command_line(workspace, 'pending')}", err=True
        )
    if report.resumable:
        wrong = any(step.hint for step in report.list_ended(Outcome.FAILED))
        _tell_how_to_go_on(workspace, "Fix the problem, then resume with" if wrong else "Resume with")


def _tell_how_to_go_on(workspace: Workspace, words: str = "Resume with", name: str = "") -> None:
    command = command_line(workspace, "apply", *([f"--resume={name}"] if name else ["--resume"]))
    click.echo(f"{words}: {command}", err=True)


def _describe_nothing_waits(ledger: Ledger, desired: Desired) -> str:
    """What is said where no run of this workspace and tenant is left to go on with; others are named."""
    from reconciler.ledger.interrupted_runs import read_interrupted

    chosen = f" in environment {desired.environment}" if desired.environment else ""
    words = f"No run of workspace {desired.settings.name}{chosen} against this tenant was interrupted; "
    words += "there is nothing to resume."
    others = [f"  {each.name}: {each.whose}" for each in read_interrupted(ledger.records)]
    return "\n".join([words, *(["Interrupted are:", *others] if others else [])])
