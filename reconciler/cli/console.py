"""Where is it printed?"""

from __future__ import annotations

from rich.console import Console


def console(*, stderr: bool = False) -> Console:
    """Standard output or error: in colour on a terminal, plain and unwrapped in a pipe."""
    return Console(stderr=stderr, highlight=False, markup=False, soft_wrap=True, emoji=False)
