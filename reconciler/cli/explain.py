# tested by: tests/cli/test_sources.py
"""`reconciler explain`: say why one contact is where it is, or what a rule is for."""

from __future__ import annotations

from typing import Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, refresh_option, workspace_options


@click.group()
def explain() -> None:
    """Explain one contact or one rule."""


@explain.command()
@click.argument("contact", metavar="ID")
@workspace_options
@refresh_option
@click.option("--segment", required=True, metavar="NAME", help="The Segment to look in.")
@format_option("contact")
def contact(chosen: dict[str, Any], contact: str, segment: str, output_format: str, refresh: bool) -> int:
    """Explain the contact ID, from the row it was read from to the list it is on.

    ID may be the token by which a plan speaks of the contact.
    """
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import explain_contact
    from reconciler.steps.load import load

    with open_workspace(chosen, refresh=refresh) as workspace, LocalRuntime(workspace) as runtime:
        explanation = explain_contact(load(workspace), runtime, segment.removeprefix("segment/"), contact)
    show("contact", output_format, explanation)
    return 0


@explain.command()
@click.argument("rule", metavar="ID")
@format_option("rule")
def rule(rule: str, output_format: str) -> int:
    """Show what rule ID requires, why, and its sources. Needs no workspace."""
    from reconciler.rules import load_rules
    from reconciler.rules.calling_hours_by_place import load_timetables
    from reconciler.rules.ceilings_by_jurisdiction import load_jurisdictions

    found = load_rules().get(rule.upper())
    if found is None:
        raise click.BadParameter(f"there is no rule {rule}; `reconciler rules` lists them", param_hint="ID")
    about = load_jurisdictions() if found.id.startswith("ABN-") else ()
    hours = load_timetables() if found.id.startswith("HRS-") else ()
    show("rule", output_format, found, about, hours)
    return 0
