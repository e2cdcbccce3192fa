# tested by: tests/cli/test_what_is_printed.py
"""`reconciler drift`: has the tenant moved away from the manifests?"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from reconciler.cli.formats import format_option, show
from reconciler.cli.workspace import opened, refresh_option, workspace_options
from reconciler.model.errors import Exit


@click.command()
@workspace_options
@refresh_option
@format_option("plan")
def drift(chosen: dict[str, Any], voice: str, refresh: bool) -> int:
    """Exit with 2 when the tenant is not as the manifests say, and show how; for a nightly job.

    It is what `plan` shows, and counts what is declared no more as a difference.
    """
    from reconciler.cli.console import console
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
        show("plan", voice, proposed)
    return Exit.DONE if proposed.empty and not proposed.undeclared else Exit.CHANGES
