# tested by: tests/cli/test_machines.py
"""Print text that the terminal's encoding cannot show."""

from __future__ import annotations

import codecs
import io
import sys

import click

_SIGNS = {
    "→": "->",
    "…": "...",
    "·": "-",
    "×": "x",
    "–": "-",
    "—": "-",
    "≥": ">=",
    "≤": "<=",
    "✓": "+",
    "✗": "x",
    "“": '"',
    "”": '"',
    "’": "'",
    "\u00a0": " ",
}
"""What a terminal of another encoding is told instead of the signs that this program writes."""


def speak_any_encoding() -> None:
    """Let nothing that is printed fail for the locale: signs that it does not have are written in others."""
    codecs.register_error("reconciler", _otherwise)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="reconciler")


def _otherwise(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    told = "".join(_SIGNS.get(each) or each.encode("ascii", "backslashreplace").decode() for each in text)
    return told, error.end


def print_document(document: str) -> None:
    """Print JSON: it is UTF-8 whatever the terminal is."""
    click.echo(document.encode() if hasattr(sys.stdout, "buffer") else document)
