# tested by: tests/cli/test_bounds.py
"""`reconciler pending`: list the contacts that are pending retry, or retry them at once."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, workspace_options
from reconciler.model.errors import Exit, LedgerError


@click.command()
@workspace_options
@click.option("--release", metavar="LIST", help="Retry with the next plan what this list rejected.")
@format_option("pending")
def pending(chosen: dict[str, Any], release: str | None, output_format: str) -> int:
    """Show how many contacts the tenant's lists rejected, and why.

    Later plans retry them, after a while, until they are in quarantine.
    """
    from reconciler.audience.diff import rejected_contacts
    from reconciler.audience.relations import engine
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.ledger import retry_queue as records
    from reconciler.model.pending_count import PendingCount
    from reconciler.steps.load import load

    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        lines = runtime.copy_pending_retries(desired)
        counted: list[PendingCount] = []
        if lines is not None:
            with engine.open_reader(desired.settings.engine, workspace.scratch) as backend:
                rows = rejected_contacts.read_retry_queue(
                    backend, lines, desired.settings.rejected, desired.now, workspace.scratch
                )
                counted = [PendingCount(*each) for each in rejected_contacts.count_waiting(backend, rows)]
        if release is not None:
            if release not in {each.list for each in counted}:
                raise LedgerError(f"no contact is pending retry on list {release!r}", hint="see: reconciler pending")
            ledger = runtime.ledger(desired)
            records.release(ledger.records, ledger.tenant, release)
            click.echo(f"What list {release!r} rejected is retried by the next plan.")
            return Exit.DONE
        show("pending", output_format, counted, desired.meant)
    return Exit.DONE
