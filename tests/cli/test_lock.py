"""What does `reconciler lock` say, and what does breaking the lock leave behind?"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import orjson

from tests.conftest import Ended, Folder

Run = Callable[..., Ended]


def lock_by_somebody(folder: Folder, age: float) -> None:
    """A lock that a run on another machine holds; `age` in seconds."""
    path = folder.write(
        ".reconciler/lock.json", '{"owner": "ann@elsewhere (process 7)", "host": "elsewhere", "fence": 1}'
    )
    then = time.time() - age
    os.utime(path, (then, then))


def test_a_free_workspace_is_told_as_such(folder: Folder, run: Run) -> None:
    ended = run("lock", "status")
    assert (ended.code, ended.out) == (0, "Tenant embedded, workspace test:\nThe workspace is not locked.\n")


def test_a_lock_is_told_with_its_owner_and_how_long_it_lasts(folder: Folder, run: Run) -> None:
    lock_by_somebody(folder, 100)
    said = run("lock", "status").out
    assert "Locked by ann@elsewhere (process 7), fence 1." in said
    assert "it lapses after" in said


def test_a_lock_that_has_lapsed_is_told_as_such(folder: Folder, run: Run) -> None:
    lock_by_somebody(folder, 1_000)
    assert "the lock has lapsed" in run("lock", "status").out


def test_a_lock_from_the_future_is_observed(folder: Folder, run: Run) -> None:
    lock_by_somebody(folder, -1e8)
    assert "observed by this machine's own clock" in run("lock", "status").out


def test_a_broken_lock_lets_the_next_run_in_and_stands_in_the_audit(folder: Folder, run: Run) -> None:
    lock_by_somebody(folder, 0)
    assert run("lock", "break").code == 64
    assert run("lock", "break", "--reason", "no").code == 64
    ended = run("lock", "break", "--reason", "the runner was shut down")
    assert ended.code == 0, ended.err
    assert "not locked" in run("lock", "status").out
    (line,) = (folder.root / ".reconciler" / "audit.jsonl").read_bytes().splitlines()
    assert orjson.loads(line)["reason"] == "the runner was shut down"
    assert run("audit", "verify").code == 0
