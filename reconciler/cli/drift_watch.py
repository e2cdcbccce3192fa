"""Look for drift again and again, and tell each time what is new."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from reconciler.cli.stop_signals import stoppable
from reconciler.model.drift_difference import Difference
from reconciler.model.drift_round import list_differences
from reconciler.model.errors import Exit, ReconcilerError
from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.plan import Plan

SHORTEST = timedelta(seconds=1)


def parse_every(context: click.Context, parameter: click.Parameter, value: str | None) -> timedelta | None:
    """How long after the beginning of one round the next begins."""
    from reconciler.model.instants import parse_duration

    if value is None:
        return None
    try:
        found = parse_duration(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if found < SHORTEST:
        raise click.BadParameter("a second at least: 30m, 24h")
    return found


def watch(every: timedelta, look: Callable[[], Plan], output_format: str, stop: threading.Event | None = None) -> int:
    """Look once in so long until a signal comes; the exit code is that of the last round.

    A round that fails says so and is the last round's code, and the next begins all the same.
    """
    ended = threading.Event() if stop is None else stop
    known: Mapping[str, Difference] = {}
    code, number = int(Exit.DONE), 0
    with stoppable(ended):
        while not ended.is_set():
            number += 1
            began = datetime.now(UTC)
            try:
                found = list_differences(look())
            except ReconcilerError as error:
                _tell_failure(number, began, error, output_format)
                code = int(error.exit_code)
            else:
                _tell(number, began, known, found, output_format)
                known, code = found, int(Exit.CHANGES if found else Exit.DONE)
            ended.wait(max(0.0, (began + every - datetime.now(UTC)).total_seconds()))
    return code


def _tell(
    number: int,
    began: datetime,
    known: Mapping[str, Difference],
    found: Mapping[str, Difference],
    output_format: str,
) -> None:
    """One report: what is new, how much of what was told stands, and how much is gone."""
    new = [each for digest, each in found.items() if digest not in known]
    standing, gone = len(found) - len(new), len(known.keys() - found.keys())
    if output_format == "json":
        told = [
            {"address": each.address, "field": each.field or None, "what": each.what, "cause": each.cause or None}
            for each in new
        ]
        _print({"round": number, "new": told, "standing": standing, "gone": gone}, began)
        return
    from reconciler.model.instants import format_instant
    from reconciler.views.plain_text import plain

    click.echo(f"Round {number}, {format_instant(began)}: {len(new):,} new, {standing:,} stand, {gone:,} gone.")
    for each in new:
        where = f"{each.address} {each.field}".rstrip()
        click.echo(plain(f"  {each.what} {where}{f' ({each.cause})' if each.cause else ''}"))


def _tell_failure(number: int, began: datetime, error: ReconcilerError, output_format: str) -> None:
    if output_format == "json":
        _print({"round": number, "error": error.code}, began)
        return
    from reconciler.cli.console import console
    from reconciler.views.errors import show_failure

    console(stderr=True).print(show_failure(error), soft_wrap=True)


def _print(document: dict[str, Any], began: datetime) -> None:
    import orjson

    from reconciler.model.instants import format_instant
    from reconciler.views.plain_text import plain_json

    line = {"format_version": FORMAT_VERSION, "at": format_instant(began), **document}
    click.echo(plain_json(orjson.dumps(line).decode()))
