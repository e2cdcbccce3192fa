"""`reconciler explain`: why is one contact where it is?"""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.workspace import opened, refresh_option, workspace_options


@click.group()
def explain() -> None:
    """Tell why something is as it is."""


@explain.command()
@click.argument("contact", metavar="ID")
@workspace_options
@refresh_option
@click.option("--segment", required=True, metavar="NAME", help="The Segment in which it is looked for.")
@click.option("--format", "voice", type=click.Choice(["text", "json"]), default="text", show_default=True)
def contact(chosen: dict[str, Any], contact: str, segment: str, voice: str, refresh: bool) -> int:
    """Tell the story of the contact ID, from the row it was read from to the list it is on."""
    from reconciler.cli.console import console
    from reconciler.cli.world import World
    from reconciler.flow import account_for
    from reconciler.views import story as view

    with opened(chosen, refresh=refresh) as workspace, World(workspace) as world:
        story = account_for(workspace, world, segment.removeprefix("segment/"), contact)
    if voice == "json":
        click.echo(view.machine(story))
    else:
        console().print(view.text(story), soft_wrap=True)
    return 0
