# tested by: tests/cli/test_questions.py
"""`reconciler what-if`: show who would be called if a number in the manifests were another."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, refresh_option, workspace_options

MOST_VALUES = 200
_RANGE = re.compile(r"([^=]+)=([^.:]+(?:\.\d+)?)(?:\.\.([^:]+):(.+))?")


def _parse_setting(ctx: click.Context, parameter: click.Parameter, given: str) -> tuple[str, tuple[Decimal, ...]]:
    match = _RANGE.fullmatch(given)
    if match is None:
        raise click.BadParameter("write SETTING=VALUE or SETTING=FROM..TO:STEP, such as score.threshold=60..90:5")
    try:
        first = Decimal(match[2])
        if match[3] is None:
            return match[1], (first,)
        last, step = Decimal(match[3]), Decimal(match[4])
    except InvalidOperation as error:
        raise click.BadParameter("the values and the step are numbers") from error
    if not (first.is_finite() and last.is_finite() and step.is_finite()) or step <= 0 or last < first:
        raise click.BadParameter("a range goes up, by a step above zero")
    count = int((last - first) / step) + 1
    if count > MOST_VALUES:
        raise click.BadParameter(f"{count} values; at most {MOST_VALUES} are tried")
    return match[1], tuple(first + step * number for number in range(count))


@click.command("what-if")
@click.argument("segment", metavar="segment/NAME")
@workspace_options
@refresh_option
@click.option(
    "--set",
    "setting",
    required=True,
    callback=_parse_setting,
    metavar="SETTING=FROM..TO:STEP",
    help="The number to vary.",
)
@format_option("what-if")
def what_if(
    chosen: dict[str, Any], segment: str, setting: tuple[str, tuple[Decimal, ...]], output_format: str, refresh: bool
) -> int:
    """Show who would be in, entering, leaving and moving band at each value of a number.

    Reads the tenant once, and touches neither a file nor the tenant. A setting is a number of the segment (cap.most) or
    of its score model (score.threshold, score.bands.high.from, score.recency.perDay).
    """
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.flow import estimate_what_if
    from reconciler.model.what_if import Supposition

    kind, slash, name = segment.partition("/")
    if kind.lower() != "segment" or not slash or not name:
        raise click.UsageError("name the segment as segment/NAME")
    suppositions = [Supposition(name, setting[0], value) for value in setting[1]]
    with open_workspace(chosen, refresh=refresh) as workspace, LocalRuntime(workspace) as runtime:
        table = estimate_what_if(workspace, runtime, suppositions)
    show("what-if", output_format, table)
    return 0
