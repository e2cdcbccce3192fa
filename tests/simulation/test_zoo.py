"""Does the simulation find what is planted in the program?"""

from __future__ import annotations

import pytest

from tests.simulation import zoo
from tests.simulation.test_simulation import play

LEAST = 25


def test_every_planted_fault_still_fits_the_program() -> None:
    mutants = zoo.load_mutants()
    assert len(mutants) >= LEAST
    for each in mutants.values():
        compile(each.patch(), str(each.path), "exec")


def test_a_patch_that_does_not_fit_any_more_is_told_and_not_left_out() -> None:
    here = zoo.Mutant("gone", "reconciler.ledger.lock", "what nobody ever wrote", "")
    with pytest.raises(zoo.PatchLost, match="stands 0 times"):
        here.patch()
    often = zoo.Mutant("often", "reconciler.ledger.lock", "return", "raise")
    with pytest.raises(zoo.PatchLost, match="often"):
        often.patch()


@pytest.mark.matrix(instead="test_every_planted_fault_still_fits_the_program")
@pytest.mark.timeout(1800)
def test_every_planted_fault_that_was_found_is_found_again_by_a_seed_that_breaks_nothing_without_it() -> None:
    known = zoo.read_seeds()
    assert known.keys() <= zoo.load_mutants().keys()
    told = play("--zoo", "--within", "100", *(word for name in known for word in ("--only", name)))
    assert f"{len(known)} faults, 0 of them not found" in told, told
