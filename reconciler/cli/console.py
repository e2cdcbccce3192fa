"""Where is it printed?"""

from __future__ import annotations

import os
import sys

from rich.console import Console


class _Console(Console):
    """Goes silent when whoever reads has gone: an apply is finished, and told by its exit code and in the ledger."""

    def on_broken_pipe(self) -> None:
        """Nobody listens any more; the library would end the program here."""
        self.quiet = True
        silence = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(silence, stream.fileno())
        os.close(silence)


def console(*, stderr: bool = False) -> Console:
    """Standard output or error: in colour on a terminal, plain and unwrapped in a pipe."""
    return _Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True, emoji=False)
