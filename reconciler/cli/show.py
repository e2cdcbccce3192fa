"""`reconciler show`: what does a saved plan say?"""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli.plan import show_plan


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "voice", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(file: Path, voice: str) -> int:
    """Show a saved plan, as it was reviewed; refuses one that was edited, as far as its key is at hand."""
    from reconciler.ledger.saved import look_at_plan
    from reconciler.ledger.sealing import PREVIOUS_VARIABLE, VARIABLE, given_seal

    plan, proven = look_at_plan(file, given_seal(os.environ.get(VARIABLE), os.environ.get(PREVIOUS_VARIABLE)))
    show_plan(plan, voice)
    if not proven:
        click.echo(f"Who made this plan was not checked: that takes its key, in {VARIABLE}. Apply checks it.", err=True)
    return 0
