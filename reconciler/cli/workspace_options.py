# tested by: tests/cli/test_environments.py
"""Define the options that choose a workspace, a tenant and variables."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any

import click

from reconciler.model.selection import EVERYTHING, Selection
from reconciler.model.temporary_folder import temporary_folder
from reconciler.model.workspace_settings import Workspace

FLOOR_VARIABLE = "RECONCILER_FLOOR"
"""Names files of floors, as PATH names folders. No option takes one away: a pipeline sets it for everybody."""


def workspace_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that every command on a workspace takes; the command gets them as one `chosen` argument."""

    @wraps(command)
    def with_workspace(**options: Any) -> Any:
        names = ("root", "variables", "variable_files", "environment", "floors", "tenant", "as_of")
        chosen = {name: options.pop(name) for name in names}
        return command(chosen=chosen, **options)

    decorators = [
        click.option(
            "-w",
            "--workspace",
            "root",
            type=click.Path(path_type=Path),
            default=".",
            envvar="RECONCILER_WORKSPACE",
            show_default=True,
            help="The folder that holds the manifests.",
        ),
        click.option("--tenant", help="The Tenant manifest to use."),
        click.option(
            "-e", "--environment", help="Read template values and the tenant to use from environments/NAME.yaml."
        ),
        click.option(
            "--var", "variables", multiple=True, metavar="NAME=VALUE", callback=_pairs, help="A value for templates."
        ),
        click.option(
            "--vars",
            "variable_files",
            multiple=True,
            type=click.Path(path_type=Path),
            help="A YAML file of values for templates; --var wins over it.",
        ),
        click.option(
            "--floor",
            "floors",
            multiple=True,
            type=click.Path(path_type=Path, dir_okay=False),
            callback=_floors,
            help=f"A file of Floors, which no manifest can weaken; those of {FLOOR_VARIABLE} apply as well.",
        ),
        click.option("--as-of", callback=_instant, help="The moment recency is counted from (ISO 8601 with offset)."),
    ]
    for decorate in reversed(decorators):
        with_workspace = decorate(with_workspace)
    return with_workspace


def refresh_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option of every command that reads interactions."""
    words = "Re-read all interactions; do not use those cached by earlier plans."
    return click.option("--refresh", is_flag=True, help=words)(command)


def prune_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say what becomes of objects that are no longer declared."""

    @wraps(command)
    def with_options(*arguments: Any, **options: Any) -> Any:
        if options["prune"] and "all" in options["release"]:
            raise click.UsageError("--prune would delete what --release all releases: give one of them")
        return command(*arguments, **options)

    words = "Also delete what carries this workspace's mark and is no longer declared."
    with_options = click.option("--prune", is_flag=True, help=words)(with_options)
    return click.option(
        "--release",
        multiple=True,
        metavar="NAME|all",
        help="Stop managing what is no longer declared: remove the mark from the object of that name (NAME, or"
        " KIND/NAME), and leave it as it is. It is never pruned.",
    )(with_options)


def _pairs(ctx: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    pairs = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise click.BadParameter("write NAME=VALUE, the name in letters, digits and underscores")
        pairs[name] = value
    return pairs


def _floors(ctx: click.Context, parameter: click.Parameter, given: tuple[Path, ...]) -> tuple[Path, ...]:
    named = os.environ.get(FLOOR_VARIABLE, "").split(os.pathsep)
    return tuple(dict.fromkeys([*(Path(name) for name in named if name), *given]))


def _instant(ctx: click.Context, parameter: click.Parameter, given: str | None) -> datetime | None:
    from reconciler.model.instants import EARLIEST, LATEST, is_reckonable, parse_instant

    if given is None:
        return None
    try:
        instant = parse_instant(given)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error
    if not is_reckonable(instant):
        raise click.BadParameter(f"it must be in the years {EARLIEST.year} to {LATEST.year - 1}")
    return instant


def command_line(workspace: Workspace, *words: str) -> str:
    """A command on the same workspace, to be typed; the values of variables are left out, as they may be secret."""
    said = ["reconciler", *words, "-w", str(workspace.root)]
    if workspace.tenant is not None:
        said += ["--tenant", workspace.tenant]
    if workspace.environment is not None:
        said += ["--environment", workspace.environment]
    for file in workspace.variable_files:
        said += ["--vars", str(file)]
    named = os.environ.get(FLOOR_VARIABLE, "").split(os.pathsep)
    for file in workspace.floors:
        said += [] if str(file) in named else ["--floor", str(file)]
    return shlex.join(said) + "".join(f" --var {name}=…" for name in workspace.variables)


@contextmanager
def open_workspace(
    chosen: dict[str, Any],
    *,
    prune: bool = False,
    release: tuple[str, ...] = (),
    refresh: bool = False,
    selection: Selection = EVERYTHING,
) -> Iterator[Workspace]:
    """The workspace that was chosen, with a folder for rows that is the owner's alone and gone at the end."""
    with temporary_folder() as scratch:
        now = datetime.now(UTC)
        yield Workspace(
            scratch=scratch,
            now=now,
            environ=os.environ,
            prune=prune,
            release=release,
            refresh=refresh,
            selection=selection,
            **chosen,
        )
