"""How is a run killed at one request of its own choosing, and what is left of it? For the test of crashes.

The tenant's side of the wire is where a run can be stopped at an exact place: a request that has arrived and has done
nothing yet, or one that has taken effect and whose reply nobody gets any more.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import signal
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from shutil import rmtree
from typing import Any, NoReturn

from reconciler.simulator import Options, Simulator
from reconciler.simulator.fault_kinds import KINDS, Serve, kind
from reconciler.simulator.routing import Call, Reply
from tests.conftest import TENANT, Folder

_LONGEST = 120.0
"""Seconds after which a child is taken for one that never ends, though the machine be busy with much else."""

_PRELOADED = ["tests.steps.apply.preloaded", "tests.steps.apply.killing"]


if "act" not in KINDS:

    @kind("act")
    async def _act(
        call: Call, serve: Serve, act: Callable[[], object], after: bool = False, cut: bool = False
    ) -> Reply:
        """Something is done to the client before the call does anything, or after it has and before its reply."""
        if not after:
            await asyncio.get_running_loop().run_in_executor(None, act)
        reply = Reply(wire="reset") if cut and not after else await serve()
        if after:
            await asyncio.get_running_loop().run_in_executor(None, act)
        return Reply(wire="reset") if cut else reply


def children() -> ForkServerContext:
    """Children that start with everything imported: a start costs milliseconds."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def command_line(
    arguments: list[str],
    environment: Mapping[str, str],
    output: str,
    prepare: Callable[[], object] | None = None,
) -> None:
    """In the child: run the program with its output in a file, its log in another, and its exit code in a third.

    A fork server that is busy now and then loses an exit code and says 255; the file does not.
    """
    from reconciler.cli import main

    os.environ.update(environment)
    tempfile.tempdir = None  # it was chosen before the environment was
    descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    logging.basicConfig(level=logging.DEBUG, filename=f"{output}.log")
    if prepare is not None:
        prepare()
    told, end_at_once = Path(f"{output}.code"), os._exit

    def end(status: int) -> NoReturn:
        if not told.exists():
            told.write_text(str(status), encoding="utf-8")
        end_at_once(status)

    os._exit = end  # the program ends like that where a thread would hold it up
    try:
        main(arguments)
    except SystemExit as exited:
        told.write_text(str(int(exited.code or 0)), encoding="utf-8")
        raise


class Stage:
    """A tenant and a workspace that are put back to the beginning for every run."""

    def __init__(
        self,
        root: Path,
        build: Callable[[Simulator, Folder], None],
        environment: Mapping[str, str] | None = None,
        options: Options | None = None,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self.root = root
        self.environment = environment or {}
        self.scratch = root / "scratch"
        self.scratch.mkdir(parents=True)
        self.tenant = Simulator(options or Options()).start()
        self._build, self._prepare = build, prepare
        self._context = children()
        self._runs = 0
        self.output = root / "output"
        self.folder = Folder(root / "workspace", self.tenant.url)
        # one attempt a call: a run that goes on after its request was cut would be alive when it should be dead
        self.folder.write("tenant.yaml", TENANT.format(url=self.tenant.url).replace("attempts: 3", "attempts: 1"))
        self.reset()

    def reset(self) -> None:
        """The tenant as it was, with the same ids; a ledger that is empty but for the key that plans are sealed with."""
        self.tenant.reset()
        self._runs += 1
        ledger = self.folder.root / ".reconciler"
        key = (ledger / "plan.key").read_bytes() if (ledger / "plan.key").exists() else None
        rmtree(ledger, ignore_errors=True)
        if key is not None:
            ledger.mkdir(mode=0o700)
            (ledger / "plan.key").touch(mode=0o600)
            (ledger / "plan.key").write_bytes(key)
        self._build(self.tenant, self.folder)

    def ended(
        self,
        *arguments: str,
        at: int | None = None,
        send: Sequence[int] = (signal.SIGKILL,),
        after: bool = False,
        send_when: Callable[[], bool] | None = None,
        **matching: Any,
    ) -> tuple[int | None, str]:
        """Run a command in a child: its exit code, and what it printed.

        Where `at` is given, the child gets the signals `send` while its nth request that matches is under way; where
        `send_when` is given, as soon as that is true.
        """
        self.output = output = self.root / f"output-{self._runs}"
        told = self.root / f"{output.name}.code"
        for file in (output, told):
            file.unlink(missing_ok=True)
        words = [*arguments, "-w", str(self.folder.root)]
        environment = {**self.tenant.environment(), **self.environment, "TMPDIR": str(self.scratch)}
        child: BaseProcess = self._context.Process(
            target=command_line, args=(words, environment, str(output), self._prepare)
        )

        sent: list[int] = []

        def act() -> None:
            for number in send:
                if child.pid is not None:
                    os.kill(child.pid, number)
                    sent.append(number)
                if number != signal.SIGKILL:
                    time.sleep(0.3)  # until the child has heard it: two signals at once may count as one

        if at is not None:
            cut = signal.SIGKILL in send
            self.tenant.faults.add("act", skip=at, act=act, after=after, cut=cut, **matching)
        child.start()
        if send_when is not None:
            while child.is_alive() and not send_when():
                time.sleep(0.02)
            time.sleep(0.2)
            act()
        child.join(_LONGEST)
        if child.is_alive():
            child.kill()
            child.join()
            raise AssertionError(f"{words} did not end: {output.read_text()}")
        self.tenant.faults.clear()
        code = int(told.read_text(encoding="utf-8")) if told.exists() else child.exitcode
        if not told.exists() and code == 255 and signal.SIGKILL in sent:
            code = -signal.SIGKILL  # what was killed tells no code, and the fork server has lost it
        child.close()
        return code, output.read_text() if output.exists() else ""

    def close(self) -> None:
        """Stop the tenant."""
        self.tenant.stop()
