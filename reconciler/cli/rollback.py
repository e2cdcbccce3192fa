"""`reconciler rollback`: plan the way back to what a run found."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from reconciler.cli.output_formats import (
    format_option,
    full_option,
    link_option,
    path_prefix_option,
    place_plan_below,
    show,
)
from reconciler.cli.plan import describe_saved, exit_code_options, find_exit_code, tell_of_ledger
from reconciler.cli.workspace_options import open_workspace, refresh_option, workspace_options
from reconciler.model.phase import Phase


@click.command()
@click.argument("run")
@workspace_options
@refresh_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`.")
@format_option("plan")
@link_option
@full_option
@path_prefix_option
@exit_code_options
def rollback(
    run: str,
    chosen: dict[str, Any],
    out: Path | None,
    output_format: str,
    link: str | None,
    full: bool,
    path_prefix: str | None,
    detailed_exitcode: bool,
    fail_on: str | None,
    refresh: bool,
) -> int:
    """Plan the way back to what RUN found; `audit log` lists the runs. Writes nothing: `apply FILE` applies the plan.

    It is a plan like any other: the same rules, limits and approvals. Nobody is put back who may not be called today.
    """
    from reconciler.cli.console import console
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import propose
    from reconciler.ledger.saved_plans import save_plan
    from reconciler.steps.load import load
    from reconciler.steps.load.run_narrowing import narrow_to_run
    from reconciler.views.plan_progress import ReadingProgress

    with (
        open_workspace(chosen, refresh=refresh) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        LocalRuntime(workspace, reading=reading) as runtime,
    ):
        runtime.start_phase(Phase.LOAD)
        desired = load(workspace)
        ledger = runtime.ledger(desired)
        back = ledger.read_reversal(run, desired.settings.name, desired.scratch / "runs")
        proposed = propose(narrow_to_run(desired, back), runtime)
        proposed = replace(proposed, ledger=runtime.ledger_state, origin=runtime.origin)
        reading.end()
        tell_of_ledger(runtime)
        show("plan", output_format, place_plan_below(proposed, path_prefix), link=link, full=full)
        if out is not None:
            save_plan(proposed, out, ledger.seal, anchor=ledger.read_anchor())
            click.echo(describe_saved(proposed, workspace, out), err=output_format != "text")
    return find_exit_code(proposed, detailed=detailed_exitcode, fail_on=fail_on)
