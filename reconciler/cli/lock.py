"""`reconciler lock`: who may write to the tenant just now, and what if that run is gone?"""

from __future__ import annotations

import getpass
from typing import Any

import click

from reconciler.cli.workspace import opened, workspace_options
from reconciler.model.errors import Exit


@click.group()
def lock() -> None:
    """The workspace's lock: one run at a time writes to a tenant."""


@lock.command()
@workspace_options
def status(chosen: dict[str, Any]) -> int:
    """Say who holds the lock, for how long it has been silent, and whether it has lapsed."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.ledger.lock import TIME_TO_LIVE, read_state
    from reconciler.steps.load import load
    from reconciler.views.plain import plain

    with opened(chosen) as workspace, LocalRuntime(workspace) as world:
        desired = load(workspace)
        state = read_state(world.ledger(desired).store)
    click.echo(plain(f"{desired.meant}:"))
    if state.owner is None:
        click.echo("The workspace is not locked.")
        return Exit.DONE
    click.echo(plain(f"Locked by {state.owner}, fence {state.fence}."))
    silent = max(state.silent, state.observed)
    if state.dead:
        click.echo("That process has ended: the next run takes the lock over.")
    elif state.lapsed:
        click.echo(f"Silent for {silent:.0f} seconds: the lock has lapsed, and the next run takes it over.")
    else:
        left = TIME_TO_LIVE - silent
        click.echo(f"Silent for {silent:.0f} seconds; it lapses after {left:.0f} more.")
        if state.silent < 0:
            click.echo("Its time lies in the future, so it is observed by this machine's own clock.")
    return Exit.DONE


@lock.command("break")
@workspace_options
@click.option("--reason", required=True, help="Why, for the auditor who reads it next year.")
def break_(chosen: dict[str, Any], reason: str) -> int:
    """Take the lock away from a run that is gone: it writes nothing more, and the audit record says who did it."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.steps.load import load
    from reconciler.views.plain import plain

    if len(reason.strip()) < 10:
        raise click.BadParameter("say why in at least ten characters", param_hint="--reason")
    with opened(chosen) as workspace, LocalRuntime(workspace) as world:
        state = world.ledger(load(workspace)).break_lock(reason.strip(), getpass.getuser())
    click.echo(plain(f"The lock of {state.owner} is broken; see what that run did before you go on."))
    return Exit.DONE
