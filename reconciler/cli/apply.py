"""`reconciler apply`: do what a plan says, or refuse."""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.plan import show_plan
from reconciler.cli.workspace import command_line, opened, refresh_option, workspace_options
from reconciler.model.errors import Exit, Interrupted, LedgerError, Refused, Stale
from reconciler.model.plan import Plan
from reconciler.model.settings import Workspace

if TYPE_CHECKING:
    from reconciler.cli.world import World
    from reconciler.model.desired import Desired
    from reconciler.model.report import Report


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@workspace_options
@refresh_option
@click.option("--digest", help="Refuse unless the plan has this digest, the one that was reviewed.")
@click.option("--yes", is_flag=True, help="Do not ask: apply what the plan says.")
@click.option("--resume", is_flag=True, help="Go on with the run that was interrupted.")
@click.option("--prune", is_flag=True, help="Also delete what carries this workspace's mark and is declared no more.")
@click.option("--format", "voice", type=click.Choice(["text", "json"]), default="text", show_default=True)
def apply(
    chosen: dict[str, Any],
    file: Path | None,
    yes: bool,
    resume: bool,
    prune: bool,
    voice: str,
    digest: str | None,
    refresh: bool,
) -> int:
    """Apply FILE, a saved plan; without it, plan, ask, and apply."""
    from reconciler.cli.world import World

    if resume and file is not None:
        raise click.UsageError("--resume goes on with the plan of the interrupted run; leave FILE out")
    stop = threading.Event()
    with opened(chosen, prune=prune, refresh=refresh) as workspace, World(workspace, stop) as world:
        applying = _Applying(workspace, world, stop, voice, digest)
        if resume:
            return applying.resumed()
        return applying.saved(file) if file is not None else applying.fresh(yes)


@dataclass(frozen=True)
class _Applying:
    """One apply from the command line."""

    workspace: Workspace
    world: World
    stop: threading.Event
    voice: str
    reviewed: str | None

    def fresh(self, yes: bool) -> int:
        from reconciler.flow import propose
        from reconciler.model.report import Report

        proposed = propose(self.workspace, self.world)
        if self.voice == "text":
            show_plan(proposed, self.voice)
        if proposed.empty and not proposed.refusals:
            if self.voice == "json":
                _tell(Report("", (), 0), self.workspace, self.voice)
            return Exit.DONE
        if not yes and not proposed.refusals:
            if not sys.stdin.isatty():
                raise click.UsageError("nobody is there to ask: review the plan, then apply with --yes or apply FILE")
            if click.prompt('Type "yes" to apply this plan', default="no", show_default=False) != "yes":
                click.echo("Nothing was written.")
                return Exit.DONE
        return self._commit(proposed, self._desired())

    def saved(self, file: Path) -> int:
        from reconciler.ledger.saved import open_plan

        desired = self._desired()
        return self._commit(open_plan(file, self.workspace.scratch / "saved"), desired)

    def resumed(self) -> int:
        desired = self._desired()
        ledger = self.world.ledger(desired)
        last = ledger.last_run()
        if last is None:
            raise LedgerError("there is no run to resume", hint="start one with: reconciler apply")
        name, finished = last
        if finished:
            click.echo(f"Run {name} was finished; there is nothing to resume.")
            return Exit.DONE
        return self._commit(ledger.plan_of(name, self.workspace.scratch / "saved"), desired, name)

    def _desired(self) -> Desired:
        from reconciler.steps.load import load

        return load(self.workspace)

    def _commit(self, plan: Plan, desired: Desired, resume: str | None = None) -> int:
        from reconciler.cli.announcing import tell_of_apply, tell_of_refusal
        from reconciler.cli.console import console
        from reconciler.cli.stopping import stoppable
        from reconciler.flow import commit
        from reconciler.model.document import plan_digest
        from reconciler.model.terms import Terms
        from reconciler.views.progress import ApplyProgress

        writer = self.world.writer(desired)
        out = console(stderr=self.voice == "json")
        out.print(f"{'Going on with' if resume else 'Applying'} plan {plan_digest(plan)}")
        with ApplyProgress(out) as progress, stoppable(self.stop):
            terms = Terms(
                manifests=desired.manifests,
                tenant=desired.tenant.address.name,
                surfaces=writer.surfaces,
                limits=desired.settings.limits,
                overrides=desired.settings.overrides,
                now=datetime.now(UTC),
                engine=desired.settings.engine,
                scratch=self.workspace.scratch,
                progress=progress,
                stop=self.stop,
                resume=resume,
                reviewed=self.reviewed,
            )
            try:
                report = commit(plan, writer, self.world.ledger(desired), terms)
            except (KeyboardInterrupt, Interrupted):
                words = "Stopped at once: what was in flight may have taken effect, and is looked up when it goes on."
                click.echo(words, err=True)
                _tell_how_to_go_on(self.workspace)
                return Exit.INTERRUPTED
            except (Refused, Stale) as error:
                tell_of_refusal(plan, error, self.workspace, self.world, desired)
                raise
        _tell(report, self.workspace, self.voice)
        tell_of_apply(plan, report, self.workspace, self.world, desired)
        return report.exit_code


def _tell(report: Report, workspace: Workspace, voice: str) -> None:
    from reconciler.cli.console import console
    from reconciler.model.report import Outcome
    from reconciler.views import machine, terminal

    if voice == "json":
        click.echo(machine.report(report))
    else:
        console().print(terminal.report(report), soft_wrap=True)
    if len(report.ended(Outcome.DONE)) < len(report.steps):
        _tell_how_to_go_on(workspace)


def _tell_how_to_go_on(workspace: Workspace) -> None:
    click.echo(f"To go on where it stopped: {command_line(workspace, 'apply', '--resume')}", err=True)
