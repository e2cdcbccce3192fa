# tested by: tests/cli/test_saved_plans.py
"""`reconciler show`: print a saved plan."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path, PurePosixPath

import click

from reconciler.cli.output_formats import format_option, full_option, link_option
from reconciler.cli.output_formats import show as show_in


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@format_option("plan")
@link_option
@full_option
@click.option(
    "--path-prefix",
    metavar="FOLDER",
    help="Where the workspace is in its repository, put before the files of manifests (--format sarif, junit).",
)
def show(file: Path, output_format: str, link: str | None, full: bool, path_prefix: str | None) -> int:
    """Show a saved plan, as it was reviewed; refuses one that was edited, as far as its key is at hand."""
    from reconciler.ledger.saved_plans import inspect_plan
    from reconciler.ledger.sealing import PREVIOUS_VARIABLE, VARIABLE, make_given_seal

    plan, proven = inspect_plan(file, make_given_seal(os.environ.get(VARIABLE), os.environ.get(PREVIOUS_VARIABLE)))
    if path_prefix is not None and (folder := PurePosixPath(path_prefix)) != PurePosixPath("."):
        plan = replace(plan, places={a: replace(at, file=str(folder / at.file)) for a, at in plan.places.items()})
    show_in("plan", output_format, plan, link=link, full=full)
    if not proven:
        click.echo(f"The plan's seal was not checked: that needs its key, in {VARIABLE}. Apply checks it.", err=True)
    return 0
