"""Where is it printed?"""

from __future__ import annotations

import os
import sys
from typing import Any

from rich.console import Console
from rich.text import Text


class _Console(Console):
    """Wraps texts where somebody reads them on a terminal.

    Goes silent when whoever reads has gone: an apply is finished, and told by its exit code and in the ledger.
    """

    def print(self, *objects: Any, **how: Any) -> None:
        """Print, as the library does; a text fits the terminal."""
        if self.is_terminal and not self.is_dumb_terminal:
            from reconciler.views.wrapping import wrapped

            objects = tuple(wrapped(each, self) if isinstance(each, Text) else each for each in objects)
        super().print(*objects, **how)

    def on_broken_pipe(self) -> None:
        """Nobody listens any more; the library would end the program here."""
        self.quiet = True
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(silence, stream.fileno())
        os.close(silence)


def console(*, stderr: bool = False) -> Console:
    """Standard output or error: in colour and wrapped on a terminal, plain and unwrapped in a pipe."""
    return _Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True, emoji=False)
