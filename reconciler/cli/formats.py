# tested by: tests/views/test_views.py
"""`--format`: in which format does a command show what it found?"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.encoding import print_document

if TYPE_CHECKING:
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
        return self._choice().convert(value, param, ctx)

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str | None:
        return self._choice().get_metavar(param, ctx)


def format_option(subject: Subject) -> Callable[..., Any]:
    """The option of a command that shows something."""
    return click.option("--format", "output_format", type=_Format(subject), default="text", show_default=True)


def show(subject: Subject, output_format: str, *nouns: Any) -> None:
    """Print something in a format."""
    from reconciler.cli.console import console
    from reconciler.views import views

    shown = views()[subject, output_format].render(*nouns)
    if isinstance(shown, str):
        print_document(shown.removesuffix("\n"))
    else:
        console().print(shown, soft_wrap=True)
