"""How is a run killed at one request of its own choosing, and what is left of it? For the test of crashes.

The tenant's side of the wire is where a run can be stopped at an exact place: a request that has arrived and has done
nothing yet, or one that has taken effect and whose reply nobody gets any more.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Awaitable, Callable, Mapping
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from shutil import rmtree
from typing import Any

from reconciler.simulator import Options, Simulator
from reconciler.simulator.mishaps import KINDS, kind
from reconciler.simulator.routing import Call, Reply
from tests.conftest import TENANT, Folder

_PRELOADED = ["tests.steps.apply.killing", "reconciler.cli.apply", "ibis", "ibis.backends.duckdb", "requests"]


if "kill" not in KINDS:

    @kind("kill")
    async def _kill(call: Call, serve: Callable[[], Awaitable[Reply]], victim: Any, after: bool) -> Reply:
        """The client is killed before the call does anything, or after it has and before the reply is sent."""
        if after:
            await serve()
        victim()
        return Reply(wire="reset")


def children() -> ForkServerContext:
    """Children that start with everything imported: a start costs milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def command_line(arguments: list[str], environment: Mapping[str, str], output: str) -> None:
    """In the child: run the program with its output in a file."""
    from reconciler.cli import main

    os.environ.update(environment)
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    main(arguments)


class Stage:
    """A tenant and a workspace that are put back to the beginning for every run."""

    def __init__(self, root: Path, build: Callable[[Simulator, Folder], None]) -> None:
        self.root = root
        self.tenant = Simulator(Options()).start()
        self._build = build
        self._context = children()
        self._runs = 0
        self.folder = Folder(root / "workspace", self.tenant.url)
        # one attempt a call: a run that goes on after its request was cut would be alive when it should be dead
        self.folder.write("tenant.yaml", TENANT.format(url=self.tenant.url).replace("attempts: 3", "attempts: 1"))
        self.reset()

    def reset(self) -> None:
        """The tenant as it was, with the same ids; a ledger that is empty."""
        self.tenant.reset()
        self._runs += 1
        rmtree(self.folder.root / ".reconciler", ignore_errors=True)
        self._build(self.tenant, self.folder)

    def ended(self, *arguments: str, kill_at: int | None = None, after: bool = False) -> tuple[int | None, str]:
        """Run a command in a child, killed at its nth request or not at all: its exit code, and what it printed."""
        output = self.root / f"output-{self._runs}"
        words = [*arguments, "-w", str(self.folder.root)]
        child: BaseProcess = self._context.Process(
            target=command_line, args=(words, self.tenant.environment(), str(output))
        )
        if kill_at is not None:

            def victim() -> None:
                if child.pid is not None:
                    os.kill(child.pid, signal.SIGKILL)

            self.tenant.faults.add("kill", skip=kill_at, victim=victim, after=after)
        child.start()
        child.join(60)
        if child.is_alive():
            child.kill()
            child.join()
            raise AssertionError(f"{words} did not end: {output.read_text()}")
        self.tenant.faults.clear()
        code = child.exitcode
        child.close()
        return code, output.read_text() if output.exists() else ""

    def close(self) -> None:
        """Stop the tenant."""
        self.tenant.stop()
