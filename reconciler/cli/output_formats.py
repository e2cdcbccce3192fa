# tested by: tests/views/test_views.py
"""`--format`: show what a command found in a chosen format."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.output_encoding import print_document

if TYPE_CHECKING:
    from reconciler.model.plan import Plan
    from reconciler.views.view import Subject


class _Format(click.ParamType[str]):
    """One of the formats that a subject is shown in, which are looked for when they are asked for."""

    name = "format"

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def _choice(self) -> click.Choice[str]:
        from reconciler.views import list_formats

        return click.Choice(list_formats(self._subject))

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from reconciler.views import find_view

        # the default is looked for alone: what else there is matters to whoever asks for something else
        if value == "text" and find_view(self._subject, value) is not None:
            return "text"
        return self._choice().convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        return self._choice().get_metavar(param, ctx)


def format_option(subject: Subject) -> Callable[..., Any]:
    """The option of a command that shows something."""
    return click.option("--format", "output_format", type=_Format(subject), default="text", show_default=True)


def check_link(context: click.Context | None, parameter: click.Parameter | None, value: str | None) -> str | None:
    """An address that may stand in a comment as it is."""
    if value is not None and _LINK.fullmatch(value) is None:
        raise click.BadParameter("it is no address of http or https, without blanks, quotes and brackets")
    return value


_LINK = re.compile(r"https?://[!#$%&*+,\-./0-9:;=?@A-Z_a-z~]{1,1000}")

link_option = click.option(
    "--link",
    metavar="URL",
    callback=check_link,
    help="A link to the full plan, for formats that have no room for it (--format markdown, html).",
)
"""The option of a command that shows a plan."""


full_option = click.option(
    "--full", is_flag=True, help="Show every line of a plan, however many (--format text; else at most 300)."
)
"""The option of a command that shows a plan."""


path_prefix_option = click.option(
    "--path-prefix",
    metavar="FOLDER",
    help="The workspace's folder in its repository, put before file names (--format sarif, junit, json).",
)
"""The option of a command that says places in manifests; of bad input `cli.run` puts it there."""


def place_plan_below(plan: Plan, prefix: str | None) -> Plan:
    """A plan whose places are seen from a folder above the workspace's."""
    if prefix is None:
        return plan
    drift = tuple(replace(each, place=None if each.place is None else each.place.below(prefix)) for each in plan.drift)
    return replace(plan, places={about: place.below(prefix) for about, place in plan.places.items()}, drift=drift)


def show(subject: Subject, output_format: str, *nouns: Any, link: str | None = None, full: bool | None = None) -> None:
    """Print something in a format; `link`: where the whole of it is, for a format that may have to cut it.

    `full`: whether the text is to be whole, where it is one that may be cut.

    Raises:
        click.UsageError: the format is never cut.
    """
    if full is not None and output_format == "text":
        nouns = (*nouns, full)
    from reconciler.cli.console import console
    from reconciler.views import find_view

    view = find_view(subject, output_format)
    if view is None:
        raise LookupError(f"no view shows {subject} as {output_format}")
    if link is not None:
        if not view.links:
            raise click.UsageError("--link is for --format markdown and html: no other format is cut")
        nouns = (*nouns, link)
    shown = view.render(*nouns)
    if isinstance(shown, str):
        print_document(shown.removesuffix("\n"))
    else:
        console().print(shown, soft_wrap=True)
