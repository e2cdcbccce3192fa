"""`reconciler apply`: do what a plan says, or refuse."""

from __future__ import annotations

import shlex
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.plan import show_plan
from reconciler.cli.workspace import opened, workspace_options
from reconciler.model.errors import Exit, Interrupted, LedgerError
from reconciler.model.plan import Plan
from reconciler.model.settings import Workspace

if TYPE_CHECKING:
    from reconciler.cli.world import World
    from reconciler.model.desired import Desired
    from reconciler.model.report import Report


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@workspace_options
@click.option("--yes", is_flag=True, help="Do not ask: apply what the plan says.")
@click.option("--resume", is_flag=True, help="Go on with the run that was interrupted.")
@click.option("--prune", is_flag=True, help="Also delete what carries this workspace's mark and is declared no more.")
@click.option("--format", "voice", type=click.Choice(["text", "json"]), default="text", show_default=True)
def apply(chosen: dict[str, Any], file: Path | None, yes: bool, resume: bool, prune: bool, voice: str) -> int:
    """Apply FILE, a saved plan; without it, plan, ask, and apply."""
    from reconciler.cli.world import World

    if resume and file is not None:
        raise click.UsageError("--resume goes on with the plan of the interrupted run; leave FILE out")
    stop = threading.Event()
    with opened(chosen, prune=prune) as workspace, World(workspace, stop) as world:
        if resume:
            return _resume(workspace, world, stop, voice)
        if file is not None:
            return _saved(file, workspace, world, stop, voice)
        return _fresh(workspace, world, stop, voice, yes)


def _fresh(workspace: Workspace, world: World, stop: threading.Event, voice: str, yes: bool) -> int:
    from reconciler.flow import propose
    from reconciler.model.report import Report
    from reconciler.steps.load import load

    proposed = propose(workspace, world)
    if voice == "text":
        show_plan(proposed, voice)
    if proposed.empty:
        if voice == "json":
            _tell(Report("", (), 0), workspace, voice)
        return Exit.DONE
    if not yes and not proposed.refusals:
        if not sys.stdin.isatty():
            raise click.UsageError("nobody is there to ask: review the plan, then apply with --yes or apply FILE")
        if click.prompt('Type "yes" to apply this plan', default="no", show_default=False) != "yes":
            click.echo("Nothing was written.")
            return Exit.DONE
    return _commit(proposed, load(workspace), workspace, world, stop, voice)


def _saved(file: Path, workspace: Workspace, world: World, stop: threading.Event, voice: str) -> int:
    from reconciler.ledger.saved import open_plan
    from reconciler.steps.load import load

    desired = load(workspace)
    return _commit(open_plan(file, workspace.scratch / "saved"), desired, workspace, world, stop, voice)


def _resume(workspace: Workspace, world: World, stop: threading.Event, voice: str) -> int:
    from reconciler.steps.load import load

    desired = load(workspace)
    ledger = world.ledger(desired)
    last = ledger.last_run()
    if last is None:
        raise LedgerError("there is no run to resume", hint="start one with: reconciler apply")
    name, finished = last
    if finished:
        click.echo(f"Run {name} was finished; there is nothing to resume.")
        return Exit.DONE
    plan = ledger.plan_of(name, workspace.scratch / "saved")
    return _commit(plan, desired, workspace, world, stop, voice, name)


def _commit(
    plan: Plan,
    desired: Desired,
    workspace: Workspace,
    world: World,
    stop: threading.Event,
    voice: str,
    resume: str | None = None,
) -> int:
    from reconciler.cli.console import console
    from reconciler.flow import commit
    from reconciler.model.document import plan_digest
    from reconciler.model.terms import Terms
    from reconciler.views.progress import ApplyProgress

    writer = world.writer(desired)
    out = console(stderr=voice == "json")
    out.print(f"Applying plan {plan_digest(plan)}")
    with ApplyProgress(out) as progress, _stoppable(stop):
        terms = Terms(
            manifests=desired.manifests,
            tenant=desired.tenant.address.name,
            surfaces=writer.surfaces,
            overrides=desired.settings.overrides,
            now=datetime.now(UTC),
            engine=desired.settings.engine,
            scratch=workspace.scratch,
            progress=progress,
            stop=stop,
            resume=resume,
        )
        try:
            report = commit(plan, writer, world.ledger(desired), terms)
        except (KeyboardInterrupt, Interrupted):
            click.echo(
                "Stopped at once: what was in flight may have taken effect, and is looked up when it goes on.", err=True
            )
            _tell_how_to_go_on(workspace)
            return Exit.INTERRUPTED
    _tell(report, workspace, voice)
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
    command = f"reconciler apply --resume -w {shlex.quote(str(workspace.root))}"
    click.echo(f"To go on where it stopped: {command}", err=True)


@contextmanager
def _stoppable(stop: threading.Event) -> Iterator[None]:
    """The first SIGINT or SIGTERM finishes what is in flight; the second ends at once, and can be resumed as well."""

    def asked(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        click.echo("\nStopping: what is in flight is finished first. Again to stop at once.", err=True)

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
