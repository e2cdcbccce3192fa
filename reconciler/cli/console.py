# tested by: tests/cli/test_what_is_printed.py
"""Make the console that commands print to."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text


class _Console(Console):
    """Wraps texts where somebody reads them on a terminal."""

    def print(self, *objects: Any, **how: Any) -> None:
        """Print, as the library does; a text fits the terminal."""
        if self.is_terminal and not self.is_dumb_terminal:
            from reconciler.views.text_wrapping import wrap_text

            objects = tuple(wrap_text(each, self) if isinstance(each, Text) else each for each in objects)
        super().print(*objects, **how)


def console(*, stderr: bool = False) -> Console:
    """Standard output or error: in colour and wrapped on a terminal, plain and unwrapped in a pipe."""
    return _Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True, emoji=False)
