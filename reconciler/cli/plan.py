# tested by: tests/cli/test_saved_plans.py
"""`reconciler plan`: show what an apply would do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.output_formats import (
    format_option,
    full_option,
    link_option,
    path_prefix_option,
    place_plan_below,
    show,
)
from reconciler.cli.selection_options import refuse_narrowed, selection_options
from reconciler.cli.workspace_options import (
    command_line,
    open_workspace,
    prune_options,
    refresh_option,
    workspace_options,
)
from reconciler.model.errors import Exit
from reconciler.model.phase import Phase
from reconciler.model.plan import Plan
from reconciler.model.selection import Selection

if TYPE_CHECKING:
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.model.workspace_settings import Workspace


def exit_code_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say how a command that shows a plan ends."""
    words = "Exit with 0 where there is nothing to do, 2 where there are changes, 3 where the plan would be refused."
    detailed = click.option("--detailed-exitcode", is_flag=True, help=words)
    words = "Exit with 3 where a finding refuses the plan, or (warn) where there is a warning too that is not waived."
    return detailed(click.option("--fail-on", type=click.Choice(["warn", "refuse"]), help=words)(command))


@click.command()
@workspace_options
@refresh_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`.")
@click.option(
    "--against",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Show how it differs from an earlier saved plan, such as the one that was approved.",
)
@format_option("plan")
@link_option
@full_option
@path_prefix_option
@exit_code_options
@prune_options
@selection_options
@click.option("--notify", is_flag=True, help="Notify the webhooks that are subscribed to plans.")
def plan(
    chosen: dict[str, Any],
    out: Path | None,
    against: Path | None,
    output_format: str,
    link: str | None,
    full: bool,
    path_prefix: str | None,
    detailed_exitcode: bool,
    fail_on: str | None,
    prune: bool,
    release: tuple[str, ...],
    refresh: bool,
    notify: bool,
    selection: Selection,
) -> int:
    """Show what an apply would do, and why. Reads the tenant and writes nothing."""
    refuse_narrowed(selection, prune=prune, release=release)
    from reconciler.cli.console import console
    from reconciler.cli.notifications import tell_of_plan
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import propose
    from reconciler.ledger.saved_plans import open_plan, save_plan
    from reconciler.model.problem import Location
    from reconciler.steps.compare import compare_plans
    from reconciler.steps.load import load
    from reconciler.views.plan_progress import ReadingProgress

    with (
        open_workspace(chosen, prune=prune, release=release, refresh=refresh, selection=selection) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        LocalRuntime(workspace, reading=reading) as runtime,
    ):
        runtime.start_phase(Phase.LOAD)
        desired = load(workspace)
        proposed = replace(propose(desired, runtime), ledger=runtime.ledger_state, origin=runtime.origin)
        if against is not None:
            earlier = open_plan(against, desired.scratch / "against", runtime.ledger(desired).seal)
            compared = compare_plans(
                earlier, proposed, Location(str(against)), desired.settings.engine, desired.scratch
            )
            proposed = replace(proposed, against=compared)
        reading.end()
        tell_of_ledger(runtime)
        show("plan", output_format, place_plan_below(proposed, path_prefix), link=link, full=full)
        if out is not None:
            ledger = runtime.ledger(desired)
            save_plan(proposed, out, ledger.seal, anchor=ledger.read_anchor())
            click.echo(describe_saved(proposed, workspace, out), err=output_format != "text")
        if notify:
            tell_of_plan(proposed, workspace, runtime, desired)
    return find_exit_code(proposed, detailed=detailed_exitcode, fail_on=fail_on)


def describe_saved(proposed: Plan, workspace: Workspace, out: Path) -> str:
    """Where a plan was saved, and how it is applied."""
    from reconciler.model.verdict import Status, reach_verdict

    if reach_verdict(proposed).status is Status.REFUSED:
        return f"Saved to {out}, for review. Apply refuses it until what blocks it is fixed or waived."
    return f"Saved to {out}. To apply exactly this: {command_line(workspace, 'apply', str(out))}"


def find_exit_code(proposed: Plan, *, detailed: bool, fail_on: str | None) -> int:
    """The exit code of a command that shows a plan, as its options ask for."""
    from reconciler.model.verdict import Status, reach_verdict

    verdict = reach_verdict(proposed)
    refused = verdict.status is Status.REFUSED
    if (refused and (detailed or fail_on is not None)) or (verdict.warnings and fail_on == "warn"):
        return Exit.REFUSED
    return Exit.CHANGES if detailed and verdict.status is Status.CHANGES else Exit.DONE


def tell_of_ledger(runtime: LocalRuntime) -> None:
    """Say of a ledger that remembers nothing what that means for a pipeline, in one line."""
    from reconciler.views.plain_text import plain
    from reconciler.views.run_words import describe_ledger

    if runtime.ledger_state is not None and (words := describe_ledger(runtime.ledger_state)):
        click.echo(plain(f"Notice: {words}"), err=True)
