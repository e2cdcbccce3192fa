"""`reconciler lock`: show who holds the workspace's lock, or break it."""

from __future__ import annotations

import getpass
from typing import Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, workspace_options
from reconciler.model.errors import Exit


@click.group()
def lock() -> None:
    """The workspace's lock: one run at a time writes to a tenant."""


@lock.command()
@workspace_options
@format_option("lock")
def status(chosen: dict[str, Any], output_format: str) -> int:
    """Show who holds the lock, for how long it has been silent, and whether it has lapsed."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.ledger.lock import read_state
    from reconciler.steps.load import load

    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        state = read_state(runtime.ledger(desired).store)
    show("lock", output_format, state, desired.meant)
    return Exit.DONE


@lock.command("break")
@workspace_options
@click.option("--reason", required=True, help="Why, for the auditor who reads it next year.")
def break_(chosen: dict[str, Any], reason: str) -> int:
    """Take the lock away from a run that is gone: it writes nothing more, and the audit record says who did it."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.steps.load import load
    from reconciler.views.plain_text import plain

    if len(reason.strip()) < 10:
        raise click.BadParameter("say why in at least ten characters", param_hint="--reason")
    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        state = runtime.ledger(load(workspace)).break_lock(reason.strip(), getpass.getuser())
    click.echo(plain(f"The lock of {state.owner} is broken; see what that run did before you go on."))
    return Exit.DONE
