# tested by: tests/cli/test_what_is_printed.py
"""`reconciler validate`: check the manifests, without network or credentials."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.output_formats import format_option, path_prefix_option, show
from reconciler.cli.workspace_options import open_workspace, workspace_options


@click.command()
@workspace_options
@click.option("--no-files", is_flag=True, help="Do not check that the files named by manifests exist.")
@click.option(
    "--without-bounds",
    is_flag=True,
    help="Do not hold what manifests name of the world outside to the operator's file, where that is not at hand:"
    " for a pull request of a fork.",
)
@format_option("validation")
@path_prefix_option
def validate(
    chosen: dict[str, Any], no_files: bool, without_bounds: bool, output_format: str, path_prefix: str | None
) -> int:
    """Check the manifests: every problem at once, without network or credentials.

    The files of the workspace that they name are looked for, and not opened.
    """
    from reconciler.model.validation import Validated
    from reconciler.steps.load import load
    from reconciler.steps.load.ignore_file import IGNORE_FILE

    with open_workspace(chosen) as workspace:
        desired = load(workspace, look_for_files=not no_files, within_bounds=not without_bounds)
    show(
        "validation",
        output_format,
        Validated(desired.meant, len(desired.catalogue.resources), desired.ignored, IGNORE_FILE, desired.notices),
    )
    return 0
