"""Does every benchmark run to its end, on few rows? What it measures is no matter here; it holds its own results to a peer's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
SMALL = {
    "audience": ["2000"],
    "concentration": ["20000"],
    "delivery": ["200", "--most", "200", "--method", "listContacts"],
    "dispositions": ["10", "--most", "0"],
    "evidence": ["500", "20"],
    "exposure": ["2000"],
    "objects": ["20", "40"],
    "phones": ["2000"],
    "preview": ["1000"],
    "rechecking": ["2000"],
    "uploads": ["2000", "--share", "40"],
    "views": ["20"],
}
"""The arguments by which each is over in a few seconds."""

LONG = {"validate"}
"""Too long to be run here: it takes no argument."""


def test_every_benchmark_is_run_here_or_said_to_be_too_long() -> None:
    assert {path.stem for path in BENCHMARKS.glob("*.py")} == SMALL.keys() | LONG


@pytest.mark.parametrize("name", sorted(SMALL))
@pytest.mark.thin(2)
def test_a_benchmark_runs_to_its_end(name: str) -> None:
    ended = subprocess.run(
        [sys.executable, str(BENCHMARKS / f"{name}.py"), *SMALL[name]], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout
