# tested by: tests/rules/test_rules.py
"""`reconciler rules`: which rules are there, and what do they rest on?"""

from __future__ import annotations

import click

from reconciler.cli.formats import format_option, show


@click.command()
@format_option("rules")
def rules(output_format: str) -> int:
    """List every rule with its severity and sources, the ceilings by country, and the calling hours.

    Needs no workspace.
    """
    from reconciler.rules import load_rules as known
    from reconciler.rules.hours import load_timetables
    from reconciler.rules.jurisdictions import load_jurisdictions

    every = tuple(known().values())
    show("rules", output_format, every, load_jurisdictions(), load_timetables())
    return 0
