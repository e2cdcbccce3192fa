# tested by: tests/cli/test_what_is_printed.py
"""`reconciler drift`: show where the tenant differs from the manifests."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import click

from reconciler.cli.drift_watch import parse_every, watch
from reconciler.cli.output_formats import (
    format_option,
    full_option,
    link_option,
    path_prefix_option,
    place_plan_below,
    show,
)
from reconciler.cli.selection_options import selection_options
from reconciler.cli.workspace_options import open_workspace, refresh_option, workspace_options
from reconciler.model.errors import Exit
from reconciler.model.phase import Phase
from reconciler.model.plan import Plan
from reconciler.model.selection import Selection


@click.command()
@workspace_options
@refresh_option
@selection_options
@click.option("--adopt", is_flag=True, help="Write what has changed in the tenant into the manifests, in place.")
@click.option(
    "--watch",
    "every",
    metavar="EVERY",
    callback=parse_every,
    help="Look again each EVERY (30m, 24h) until a signal comes, and tell what is new (--format text, json).",
)
@click.option("--branch", metavar="NAME", help="With --adopt: on a new git branch, as a commit for a pull request.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), help="Save what was found, as `plan --out` does."
)
@format_option("plan")
@link_option
@full_option
@path_prefix_option
def drift(
    chosen: dict[str, Any],
    out: Path | None,
    output_format: str,
    link: str | None,
    full: bool,
    path_prefix: str | None,
    refresh: bool,
    selection: Selection,
    adopt: bool,
    every: timedelta | None,
    branch: str | None,
) -> int:
    """Show where the tenant differs from the manifests, and exit with 2 if it does; for a nightly job.

    It shows what `plan` shows, and counts objects that are no longer declared as differences.
    """
    if branch is not None and not adopt:
        raise click.UsageError("--branch goes with --adopt")
    if every is not None:
        if adopt or out is not None or output_format not in ("text", "json"):
            raise click.UsageError("--watch goes with --format text or json, and not with --adopt or --out")
        return watch(every, partial(_look, chosen, refresh=refresh, selection=selection), output_format)
    from reconciler.cli.console import console
    from reconciler.cli.drift_adoption import adopt_drift
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import propose
    from reconciler.ledger.saved_plans import save_plan
    from reconciler.steps.load import load
    from reconciler.steps.locate_drift import locate_drift
    from reconciler.views.plan_progress import ReadingProgress

    with (
        open_workspace(chosen, refresh=refresh, selection=selection) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        LocalRuntime(workspace, reading=reading) as runtime,
    ):
        runtime.start_phase(Phase.LOAD)
        desired = load(workspace)
        proposed = replace(propose(desired, runtime), ledger=runtime.ledger_state, origin=runtime.origin)
        reading.end()
        shown = locate_drift(proposed, desired)
        show("plan", output_format, place_plan_below(shown, path_prefix), link=link, full=full)
        if out is not None:
            ledger = runtime.ledger(desired)
            save_plan(proposed, out, ledger.seal, anchor=ledger.read_anchor())
        if adopt:
            return Exit.DONE if adopt_drift(proposed, desired, workspace, branch) else Exit.CHANGES
    return Exit.DONE if proposed.empty and not proposed.undeclared else Exit.CHANGES


def _look(chosen: dict[str, Any], *, refresh: bool, selection: Selection) -> Plan:
    """One round: everything is read anew, the manifests among it."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import propose
    from reconciler.steps.load import load

    with (
        open_workspace(chosen, refresh=refresh, selection=selection) as workspace,
        LocalRuntime(workspace) as runtime,
    ):
        return propose(load(workspace), runtime)
