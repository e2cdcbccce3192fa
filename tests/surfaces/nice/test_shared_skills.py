"""A skill that campaigns share is declared block by block, and of skills that nobody declares no block is asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.skill_store import Skills
from reconciler.surfaces.nice import skill_blocks
from tests.conftest import Ended, Folder

Run = Callable[..., Ended]
START = Path(__file__).parents[2] / "cases" / "kinds" / "starts" / "skill.yaml"


def count_blocks(tenant: Simulator) -> int:
    """How many skills' blocks were asked for."""
    return sum(each.path.endswith("/parameters") for each in tenant.requests())


def test_blocks_are_asked_for_of_declared_skills_and_of_ours_alone(nice: Folder, tenant: Simulator, run: Run) -> None:
    made = [tenant.store.part(Skills).add(f"Somebody's {number}", isOutbound=True) for number in range(5)]
    made[0].running = made[1].running = True
    assert run("plan").code == 0
    # those that run may be dialling a list: as campaigns they are looked into, and no second time; others cost nothing
    assert count_blocks(tenant) == 2
    assert len([each for each in tenant.requests() if "/skills/" in each.path]) == 2 * 4
    nice.write("skill.yaml", START.read_text(encoding="utf-8").partition("---")[2])
    assert run("apply", "--yes").code == 0
    tenant.clear_requests()
    assert run("plan", "--detailed-exitcode").code == 0
    assert count_blocks(tenant) == 2 + 1
    (nice.root / "skill.yaml").unlink()
    tenant.clear_requests()
    ended = run("apply", "--yes", "--prune")
    assert ended.code == 0, ended.said
    assert tenant.store.part(Skills).skill_named("Shared").fields["isActive"] is False


def test_a_skill_by_hand_of_a_declared_name_is_adopted_with_its_blocks(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    made = tenant.store.part(Skills).add("Shared", outboundStrategy="Personal Connection", notes="By hand")
    made.blocks["retrySettings"] = {"restrictedCallingMaxAttempts": 9, "maximumAttempts": 4}
    nice.write("skill.yaml", START.read_text(encoding="utf-8").partition("---")[2])
    assert "restrictedCallingMaxAttempts: 9 → 7" in run("plan").out
    assert run("apply", "--yes").code == 0
    assert made.blocks["retrySettings"]["maximumAttempts"] == 4
    assert run("plan", "--detailed-exitcode").code == 0


@pytest.mark.parametrize("told", [{"abandonRateCutoff": 3}, {"generalSettings": {"abandonRateCutoff": 3}}])
def test_a_block_is_read_with_its_wrapper_or_without(told: dict[str, object]) -> None:
    assert skill_blocks.read_general(told) == {"abandonRateCutoff": 3}
