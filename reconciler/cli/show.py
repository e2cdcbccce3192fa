"""`reconciler show`: what does a saved plan say?"""

from __future__ import annotations

from pathlib import Path

import click

from reconciler.cli.plan import show_plan


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--format", "voice", type=click.Choice(["text", "json"]), default="text", show_default=True)
def show(file: Path, voice: str) -> int:
    """Show a saved plan, as it was reviewed; refuses one that was edited."""
    from reconciler.ledger.saved import look_at_plan

    show_plan(look_at_plan(file), voice)
    return 0
