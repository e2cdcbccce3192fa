"""`reconciler plan`: what would an apply do?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from reconciler.cli.workspace import command_line, opened, refresh_option, workspace_options
from reconciler.model.errors import Exit
from reconciler.model.plan import Plan


@click.command()
@workspace_options
@refresh_option
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Save the plan for `apply FILE`.")
@click.option("--format", "voice", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 2 when there are changes.")
@click.option("--prune", is_flag=True, help="Also delete what carries this workspace's mark and is declared no more.")
@click.option("--notify", is_flag=True, help="Tell the webhooks that want to know of plans.")
def plan(
    chosen: dict[str, Any],
    out: Path | None,
    voice: str,
    detailed_exitcode: bool,
    prune: bool,
    refresh: bool,
    notify: bool,
) -> int:
    """Show what an apply would do, and why. Reads the tenant and writes nothing."""
    from reconciler.cli.announcing import tell_of_plan
    from reconciler.cli.console import console
    from reconciler.cli.world import World
    from reconciler.flow import propose
    from reconciler.ledger.saved import save_plan
    from reconciler.steps.load import load
    from reconciler.views.progress import ReadingProgress

    with (
        opened(chosen, prune=prune, refresh=refresh) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        World(workspace, reading=reading.asked) as world,
    ):
        proposed = propose(workspace, world)
        show_plan(proposed, voice)
        if out is not None:
            save_plan(proposed, out)
            click.echo(
                f"Saved to {out}. To apply exactly this: {command_line(workspace, 'apply', str(out))}",
                err=voice == "json",
            )
        if notify:
            tell_of_plan(proposed, workspace, world, load(workspace))
    return Exit.CHANGES if detailed_exitcode and not proposed.empty else Exit.DONE


def show_plan(proposed: Plan, voice: str) -> None:
    """Print a plan for a person or for a program."""
    from reconciler.cli.console import console
    from reconciler.views import machine, terminal

    if voice == "json":
        click.echo(machine.plan(proposed))
    else:
        console().print(terminal.plan(proposed), soft_wrap=True)
