# tested by: tests/cli/test_import.py
"""Define the options that narrow a command to some of what is declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import click

from reconciler.model.selection import Selection, Selector, parse_selector

_WRITTEN = "KIND, KIND/NAME, NAME or label:NAME=VALUE, where NAME and VALUE may hold * and ?"


def selection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--only` and `--exclude`; the command gets them as one `selection`."""

    @wraps(command)
    def with_selection(*arguments: Any, **options: Any) -> Any:
        given = Selection(_parse_all(options.pop("only")), _parse_all(options.pop("exclude")))
        return command(*arguments, selection=given, **options)

    with_selection = click.option(
        "--exclude", multiple=True, metavar="WHAT", help="Leave out what this names, likewise."
    )(with_selection)
    return click.option("--only", multiple=True, metavar="WHAT", help=f"Only what this names: {_WRITTEN}.")(
        with_selection
    )


def _parse_all(given: Sequence[str]) -> tuple[Selector, ...]:
    from reconciler.kinds import load_kinds

    try:
        return tuple(parse_selector(each, load_kinds()) for each in given)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def parse_selectors(kinds: Sequence[str], names: Sequence[str]) -> tuple[Selector, ...]:
    """What `--kind` and `--name` ask for together: every one of the kinds by every one of the names."""
    from reconciler.kinds import load_kinds
    from reconciler.model.nearest_name import suggest

    known = {name for name, kind in load_kinds().items() if kind.surfaces}
    for each in kinds:
        if each not in known:
            raise click.UsageError(f"the tenant has no kind {each!r}; {suggest(each, known)}")
    asked: Sequence[str | None] = kinds or (None,)
    wanted: Sequence[str | None] = names or (None,)
    found = tuple(Selector("", kind, name) for kind in asked for name in wanted)
    return found if kinds or names else ()


def refuse_narrowed(selection: Selection, *, prune: bool, release: Sequence[str]) -> None:
    """What is deleted or released is everything that is declared no longer: no part of it is.

    Raises:
        click.UsageError: a narrowed command is to do so.
    """
    if selection and (prune or release):
        option = "--prune" if prune else "--release"
        raise click.UsageError(f"{option} does not go with --only and --exclude: it is of everything that is declared")
