"""`reconciler drift`: has the tenant moved away from the manifests?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from reconciler.cli.workspace import opened, refresh_option, workspace_options
from reconciler.model.errors import Exit


@click.command()
@workspace_options
@refresh_option
@click.option("--format", "voice", type=click.Choice(["text", "json"]), default="text", show_default=True)
def drift(chosen: dict[str, Any], voice: str, refresh: bool) -> int:
    """Exit with 2 when the tenant is not as the manifests say, and show how; for a nightly job.

    It is what `plan` shows, and counts what is declared no more as a difference.
    """
    from reconciler.cli.console import console
    from reconciler.cli.plan import show_plan
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import propose
    from reconciler.views.reading import ReadingProgress

    with (
        opened(chosen, refresh=refresh) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        LocalRuntime(workspace, reading=reading) as world,
    ):
        proposed = replace(propose(workspace, world), ledger=world.ledger_state)
        reading.end()
        show_plan(proposed, voice)
    return Exit.DONE if proposed.empty and not proposed.undeclared else Exit.CHANGES
