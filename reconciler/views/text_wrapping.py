"""Wrap text to the width of a terminal."""

from __future__ import annotations

from rich.console import Console
from rich.text import Text

_DEEPER = 2
"""By how many blanks the rest of a line stands deeper than its beginning."""

_NARROWEST = 20
"""Columns that words need; where there are fewer, the terminal may break them as it likes."""


def wrap_text(text: Text, console: Console) -> Text:
    """A text whose lines fit a console: between words, and the rest of a line deeper than its beginning."""
    lines: list[Text] = []
    for line in text.split("\n", allow_blank=True):
        written = line.plain
        indent = len(written) - len(written.lstrip(" "))
        width = console.width - indent - _DEEPER
        if line.cell_len <= console.width or width < _NARROWEST:
            lines.append(line)
            continue
        first, *rest = line[indent:].wrap(console, width)
        for each in (first, *rest):
            each.rstrip()
        lines.append(Text(" " * indent) + first)
        lines += [Text(" " * (indent + _DEEPER)) + each for each in rest]
    return Text("\n").join(lines)
