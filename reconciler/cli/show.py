# tested by: tests/cli/test_saved_plans.py
"""`reconciler show`: print a saved plan."""

from __future__ import annotations

import os
from pathlib import Path

import click

from reconciler.cli.output_formats import (
    format_option,
    full_option,
    link_option,
    path_prefix_option,
    place_plan_below,
)
from reconciler.cli.output_formats import show as show_in


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@format_option("plan")
@link_option
@full_option
@path_prefix_option
def show(file: Path, output_format: str, link: str | None, full: bool, path_prefix: str | None) -> int:
    """Show a saved plan, as it was reviewed; refuses one that was edited, as far as its key is at hand."""
    from reconciler.ledger.saved_plans import inspect_plan
    from reconciler.ledger.sealing import PREVIOUS_VARIABLE, VARIABLE, make_given_seal

    plan, proven = inspect_plan(file, make_given_seal(os.environ.get(VARIABLE), os.environ.get(PREVIOUS_VARIABLE)))
    show_in("plan", output_format, place_plan_below(plan, path_prefix), link=link, full=full)
    if not proven:
        click.echo(f"The plan's seal was not checked: that needs its key, in {VARIABLE}. Apply checks it.", err=True)
    return 0
