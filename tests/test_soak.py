"""Does a process that plans and applies again and again hold no more than at first, and keep its record whole?"""

from __future__ import annotations

from pathlib import Path

from tests import soak

CYCLES = 4


def test_cycles_of_change_and_failure_leave_no_handle_and_no_thread_behind(tmp_path: Path) -> None:
    with soak.begin(tmp_path) as soaked:
        for _ in range(2):
            soaked.turn()
        before = soak.measure()
        for _ in range(CYCLES - 2):
            soaked.turn()
        after = soak.measure()
    assert soaked.cycles == CYCLES
    assert (after.handles, after.threads) <= (before.handles + 2, before.threads), (before, after)
