"""`reconciler validate`: are the manifests right? No network, no credentials."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.workspace import opened, workspace_options


@click.command()
@workspace_options
def validate(chosen: dict[str, Any]) -> int:
    """Check the manifests: every problem at once, without network or credentials."""
    from reconciler.steps.load import load

    with opened(chosen) as workspace:
        desired = load(workspace)
    count = len(desired.catalogue.resources)
    click.echo(f"{count} manifests are valid; they are meant for tenant {desired.tenant.address.name}.")
    return 0
