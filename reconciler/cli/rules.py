# tested by: tests/rules/test_rules.py
"""`reconciler rules`: list the rules and their sources."""

from __future__ import annotations

import click

from reconciler.cli.output_formats import format_option, show


@click.command()
@format_option("rules")
def rules(output_format: str) -> int:
    """List every rule with its severity and sources, the ceilings by country, and the calling hours.

    Needs no workspace.
    """
    from reconciler.rules import load_rules as known
    from reconciler.rules.calling_hours_by_place import load_timetables
    from reconciler.rules.ceilings_by_jurisdiction import load_jurisdictions

    every = tuple(known().values())
    show("rules", output_format, every, load_jurisdictions(), load_timetables())
    return 0
