"""Is a seed a world, the same each time, and does every invariant hold in it?"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.simulation import invariants

ROOT = Path(__file__).parents[2]
FEW = "0:24"


def play(*words: str, hash_seed: int = 0) -> str:
    """Play seeds in a process of their own, where nothing but they decides."""
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
    command = [sys.executable, "-m", "tests.simulation", *words]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_seed_is_the_same_world_in_two_processes_that_hash_otherwise() -> None:
    first, second = play(FEW, "--digests", hash_seed=1), play(FEW, "--digests", "--anew", hash_seed=77)
    digests = [line for line in first.splitlines() if ":" in line and line[0].isdigit()]
    assert len(set(digests)) == 24, "each seed is a world of its own"
    assert first == second


def test_every_invariant_is_written_down_under_its_name() -> None:
    told = (ROOT / "docs/invariants.md").read_text(encoding="utf-8")
    every = [each.__name__ for each in (*invariants.AFTER_EACH_REQUEST, *invariants.AT_THE_END)]
    every += invariants.OF_THE_WORLD
    assert len(every) == len(set(every)) >= 9
    for name in every:
        assert f"`{name}`" in told, name
