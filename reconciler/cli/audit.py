"""`reconciler audit`: can it be proved what was done?"""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.workspace import opened, workspace_options


@click.group()
def audit() -> None:
    """The record of every apply: hash-chained, append-only."""


@audit.command()
@workspace_options
def verify(chosen: dict[str, Any]) -> int:
    """Check that no entry of the record was changed, removed or put in after it was written."""
    from reconciler.ledger.ledger import Ledger
    from reconciler.ledger.store import opened as opened_store
    from reconciler.steps.load import load

    with opened(chosen) as workspace:
        desired = load(workspace)
        entries = Ledger(opened_store(desired.settings.ledger, desired.root)).verify()
    click.echo(f"{entries} entries, and the chain is whole.")
    return 0
