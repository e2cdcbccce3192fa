"""Change, plan, apply and fail again and again in one process: what it holds stays as much, and the audit record whole.

`make soak CYCLES=500`; a few cycles are a test.
"""

from __future__ import annotations

import gc
import io
import os
import random
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reconciler.cli import run as run_program
from reconciler.simulator import Options, Simulator
from tests.simulation.scenes import AS_OF, URL, Scene

FAILURES: Mapping[str, Mapping[str, Any]] = {
    "nothing": {},
    "reset-before": {"times": 2},
    "reset-after": {"times": 2},
    "cut-body": {"times": 2},
    "status": {"status": 503, "times": 12},
    "rate-limited": {"seconds": 0, "times": 3},
    "revoked-token": {"times": 1},
    "half-change": {"drops": ["abandonThreshold"], "times": 1},
}
WARM = 20
"""Cycles after which everything has been imported, compiled and opened once."""


@dataclass(frozen=True, slots=True)
class Held:
    """What this process holds: open files and sockets, threads, and bytes of memory that are its own."""

    handles: int
    threads: int
    memory: int


def measure() -> Held:
    """Look at this process."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Held(
        len(list(Path("/proc/self/fd").iterdir())), threading.active_count(), pages * os.sysconf("SC_PAGE_SIZE")
    )


class Soaked:
    """A workspace and its tenant, cycle after cycle."""

    def __init__(self, root: Path, tenant: Simulator, seed: int = 0) -> None:
        self.root, self._tenant = root, tenant
        self._scene = Scene("soak", method="contactBatch")
        self._chance = random.Random(seed)
        self.failed = self.cycles = 0
        self._scene.build(tenant)
        self._scene.write(self._write)
        self._write("workspace.yaml", _WORKSPACE)

    def _write(self, name: str, text: str) -> None:
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        (self.root / name).write_text(text.replace(URL, self._tenant.url).replace(AS_OF, now), encoding="utf-8")

    def turn(self) -> None:
        """One cycle.

        Raises:
            AssertionError: it did not come to the end that was wanted, or the audit record has a fault.
        """
        self._change()
        saved = str(self.root.parent / "plan.zip")
        self._run("plan", "--out", saved, ends=(0, 2))
        fault = self._chance.choice(sorted(FAILURES))
        if fault != "nothing":
            self._tenant.faults.add(fault, skip=self._chance.randrange(25), **FAILURES[fault])
        code = self._run("apply", saved, ends=None)
        self._tenant.faults.clear()
        self.failed += code != 0
        for _ in range(3):
            if code == 0:
                break
            code = self._run("apply", "--yes", "--resume", ends=None)
        if code:  # what cannot be resumed is planned anew
            self._run("apply", "--yes", ends=(0,))
        self._run("drift", ends=(0,))
        self._run("audit", "verify", ends=(0,))
        Path(saved).unlink(missing_ok=True)
        self.cycles += 1

    def _change(self) -> None:
        """Other contacts, another number: the lists move by a few, the campaign to and fro."""
        first = self._chance.randrange(6)
        self._scene.wanted = tuple(range(first, first + 16))
        self._scene.listed = (3, 10, self._chance.randrange(11, 16))
        self._scene.write(self._write)
        self._write("workspace.yaml", _WORKSPACE)
        threshold = self._chance.choice((1, 2, 3))
        policy = (self.root / "policy.yaml").read_text(encoding="utf-8")
        self._write("policy.yaml", policy.replace("all: 3", f"all: {threshold}"))

    def _run(self, *words: str, ends: tuple[int, ...] | None) -> int:
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            code = run_program([*words, "-w", str(self.root)])
        assert ends is None or code in ends, f"cycle {self.cycles}: {words} ended with {code}: {said.getvalue()}"
        return code


_WORKSPACE = """
apiVersion: cxone.reconciler/v1
kind: Workspace
metadata: {name: test}
spec:
  limits: {removals: 100, updates: 100}
  overrides:
    - {rule: LIM-REMOVALS-SUM, object: 'Segment/chosen[engaged]', reason: every cycle takes some off}
"""


@contextmanager
def begin(root: Path) -> Iterator[Soaked]:
    """A workspace below a folder, and its tenant; what the environment says is put back."""
    folder = root / "workspace"
    folder.mkdir(parents=True)
    before = dict(os.environ)
    with Simulator(Options(rate=1e6, burst=10**6)) as tenant:
        os.environ.update(tenant.environment())
        try:
            yield Soaked(folder, tenant)
        finally:
            os.environ.clear()
            os.environ.update(before)


def soak(cycles: int, root: Path) -> tuple[Held, Held, int]:
    """Do so many cycles: what was held when it was warm, what is held at the end, and how many applies failed."""
    with begin(root) as soaked:
        warm = measure()
        for number in range(cycles):
            soaked.turn()
            if number + 1 == min(WARM, cycles // 2):
                warm = measure()
            if (number + 1) % 25 == 0:
                print(number + 1, measure(), soaked.failed, flush=True)
        return warm, measure(), soaked.failed


def main(words: list[str]) -> int:
    """The command of `make soak`: 1 where something grows."""
    with tempfile.TemporaryDirectory() as folder:
        warm, end, failed = soak(int(words[0]), Path(folder))
    print(f"{words[0]} cycles, {failed} applies of them failed; warm: {warm}, at the end: {end}")
    return int(end.handles > warm.handles + 5 or end.threads > warm.threads or end.memory > 1.5 * warm.memory)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
