"""How is a person told that an apply is going on? As bars in a terminal, elsewhere a line a step."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from reconciler.model.address import Address
from reconciler.views.plain import plain


class ApplyProgress:
    """Bars while a step runs; every step leaves one line behind. Safe to call from several threads."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._tasks: dict[Address, TaskID] = {}
        self._bars = Progress(
            TextColumn("  {task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("contacts"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    def begin(self, address: Address, words: str, rows: int) -> None:
        """Show a bar for a step with rows."""
        if rows:
            with self._lock:
                self._tasks[address] = self._bars.add_task(plain(f"{address} {words}"), total=rows)

    def advance(self, address: Address, rows: int) -> None:
        """Move a step's bar."""
        with self._lock:
            if address in self._tasks:
                self._bars.advance(self._tasks[address], rows)

    def finish(self, address: Address, words: str) -> None:
        """Take the bar away and say how the step ended."""
        with self._lock:
            task = self._tasks.pop(address, None)
            if task is not None:
                self._bars.remove_task(task)
        self._console.print(f"  {plain(str(address))}  {plain(words)}", markup=False, highlight=False)
