"""`reconciler rules`: which rules are there, and what do they rest on?"""

from __future__ import annotations

import click


@click.command()
@click.option("--format", "voice", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True)
def rules(voice: str) -> int:
    """List every rule with its severity and sources, the ceilings by country, and the calling hours.

    Needs no workspace.
    """
    from reconciler.cli.console import console
    from reconciler.rules import rules as known
    from reconciler.rules.hours import timetables
    from reconciler.rules.jurisdictions import jurisdictions
    from reconciler.views import rules as view

    every = tuple(known().values())
    if voice == "text":
        console().print(view.listing(every, jurisdictions(), timetables()), soft_wrap=True)
    else:
        written = view.machine if voice == "json" else view.markdown
        click.echo(written(every, jurisdictions(), timetables()).encode(), nl=voice == "json")
    return 0
