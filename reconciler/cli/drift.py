# tested by: tests/cli/test_what_is_printed.py
"""`reconciler drift`: show where the tenant differs from the manifests."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from reconciler.cli.output_formats import format_option, full_option, show
from reconciler.cli.workspace_options import open_workspace, refresh_option, workspace_options
from reconciler.model.errors import Exit


@click.command()
@workspace_options
@refresh_option
@format_option("plan")
@full_option
def drift(chosen: dict[str, Any], output_format: str, full: bool, refresh: bool) -> int:
    """Exit with 2 when the tenant is not as the manifests say, and show how; for a nightly job.

    It is what `plan` shows, and counts what is declared no more as a difference.
    """
    from reconciler.cli.console import console
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import propose
    from reconciler.steps.load import load
    from reconciler.views.read_progress import ReadingProgress

    with (
        open_workspace(chosen, refresh=refresh) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        LocalRuntime(workspace, reading=reading) as runtime,
    ):
        runtime.start_phase("reading the manifests")
        proposed = replace(propose(load(workspace), runtime), ledger=runtime.ledger_state, origin=runtime.origin)
        reading.end()
        show("plan", output_format, proposed, full=full)
    return Exit.DONE if proposed.empty and not proposed.undeclared else Exit.CHANGES
