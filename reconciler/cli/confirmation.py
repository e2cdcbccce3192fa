# tested by: tests/cli/test_approve.py
"""Ask a person at a terminal to type a word, before something is done that cannot be undone."""

from __future__ import annotations

import sys

import click


def confirm(word: str, what: str, otherwise: str) -> bool:
    """Whether somebody types the word; `otherwise`: what to do where nobody is at a terminal.

    Raises:
        click.UsageError: nobody is.
    """
    if not sys.stdin.isatty():
        raise click.UsageError(f"stdin is not a terminal: {otherwise}")
    return bool(click.prompt(f'Type "{word}" to {what}', default="no", show_default=False) == word)
