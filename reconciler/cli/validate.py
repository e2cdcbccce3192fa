# tested by: tests/cli/test_what_is_printed.py
"""`reconciler validate`: are the manifests right? No network, no credentials."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.workspace import opened, workspace_options


@click.command()
@workspace_options
@click.option("--no-files", is_flag=True, help="Do not look for the files of contacts and numbers that manifests name.")
def validate(chosen: dict[str, Any], no_files: bool) -> int:
    """Check the manifests: every problem at once, without network or credentials.

    The files of the workspace that they name are looked for, and not opened.
    """
    from reconciler.steps.load import load
    from reconciler.steps.load.ignored import IGNORE_FILE

    with opened(chosen) as workspace:
        desired = load(workspace, look_for_files=not no_files)
    count = len(desired.catalogue.resources)
    named = "" if desired.environment is None else f", environment {desired.environment}"
    valid = "1 manifest is valid; it is" if count == 1 else f"{count:,} manifests are valid; they are"
    click.echo(f"{valid} meant for tenant {desired.tenant.address.name}{named}.")
    if desired.ignored:
        files = "file is" if desired.ignored == 1 else "files are"
        click.echo(f"{desired.ignored:,} YAML {files} left out by {IGNORE_FILE}.")
    return 0
