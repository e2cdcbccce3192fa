"""Every kind, made and changed: the plan shows the change and nothing else, and an apply leaves nothing to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import load_kinds
from reconciler.simulator import Simulator
from tests.kinds.cycle import STATE, Case, cases, command_line, fill, walk


@pytest.fixture
def tenants() -> Iterator[tuple[Simulator, Simulator]]:
    """Two tenants with the same customers: the one that is meant, and another."""
    with ExitStack() as stack:
        one, other = (stack.enter_context(Simulator()) for _ in range(2))
        fill(one.store, STATE)
        fill(other.store, STATE)
        yield one, other


def one_of_each() -> Iterator[Any]:
    """The cases; of each kind, `make test` runs the first."""
    seen: set[str] = set()
    for case in cases():
        yield pytest.param(case, marks=[pytest.mark.matrix] if case.kind in seen else [], id=str(case))
        seen.add(case.kind)


@pytest.mark.parametrize("case", list(one_of_each()))
def test_a_change_is_planned_as_it_is_done_and_leaves_nothing_to_do(
    case: Case,
    tenants: tuple[Simulator, Simulator],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in tenants[0].environment().items():
        monkeypatch.setenv(name, value)
    root = tmp_path / "workspace"
    walk(case, root, command_line(root, capsys, *(tenant.url for tenant in tenants)), *tenants)


@pytest.mark.parametrize("kind", sorted(load_kinds()))
def test_every_kind_has_a_change_that_goes_all_the_way(kind: str) -> None:
    of_kind = [case for case in cases() if case.kind == kind]
    assert of_kind, f"write tests/cases/kinds/{kind}/SITUATION/expected.yaml"
    used = load_kinds()[kind].surfaces or any(
        kind == each.kind for of in load_kinds().values() for each in of.references
    )
    # what nothing refers to and no tenant holds changes nothing by itself
    assert not used or any(case.changes for case in of_kind), f"no case of {kind} says what its change shows"


def test_every_case_is_of_a_kind() -> None:
    assert {case.kind for case in cases()} == set(load_kinds())
