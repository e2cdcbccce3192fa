"""Numbers move between do-not-call groups, and the run is killed or fails at any request: nobody is in none meanwhile."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.dnc_groups import Groups
from tests.conftest import KILLED, Folder
from tests.sample import tried
from tests.steps.apply import course
from tests.steps.apply.killing import Stage
from tests.surfaces.nice.conftest import declare_tenant
from tests.surfaces.nice.test_group_numbers import declare_group, declare_list, digits, held
from tests.surfaces.nice.test_killed import FAULTS, ONCE, SHORT

BEFORE = {"first": range(120), "second": range(120, 125)}
AFTER = {"first": range(10, 112), "second": [*range(122, 128), *range(112, 120), *range(5)]}
"""Some stay, some are new, some go, and some move from the first group to the second."""


def build(tenant: Simulator, folder: Folder, settings: str = ONCE, *, changed: bool = False) -> None:
    """Two groups, of a list each; `changed`: their numbers are there already, and other ones are wanted."""
    declare_tenant(folder, tenant.url, settings)
    for name in ("first", "second"):
        declare_group(folder, name, name, membership="mirror")
        declare_list(folder, name, BEFORE[name])
    if changed:
        with course.environment(tenant.environment()):
            ended = course.go(folder, "apply", "--yes")
        assert ended.code == 0, ended
        for name in ("first", "second"):
            declare_list(folder, name, AFTER[name])
        tenant.clear_requests()


def told(numbers: Iterable[int]) -> set[str]:
    return {digits(number) for number in numbers}


def state(tenant: Simulator) -> dict[str, set[str]]:
    """The numbers of each group that there is."""
    return {each.name: held(tenant, each.name) for each in tenant.store.part(Groups).held.values()}


def look_at_numbers(tenant: Simulator, *, changed: bool) -> Iterator[str]:
    """Who is in no group though a list has them before and after, or is out of one that has them before and after."""
    if not changed:
        return
    there = state(tenant)
    for name in ("first", "second"):
        lost = (told(BEFORE[name]) & told(AFTER[name])) - there[name.title()]
        if lost:
            yield f"{len(lost)} numbers that stay are not in {name}"
    always = told(chain(*BEFORE.values())) & told(chain(*AFTER.values()))
    lost = always - set(chain(*there.values()))
    if lost:
        yield f"{len(lost)} numbers are in no group"


def watch(tenant: Simulator, *, changed: bool) -> list[str]:
    """What was ever wrong, at any request from now on."""
    found: list[str] = []

    def look() -> None:
        found.extend(look_at_numbers(tenant, changed=changed))

    tenant.faults.add("act", times=None, act=look, after=True)
    return found


@pytest.mark.thin
@pytest.mark.parametrize("changed", [False, True], ids=["made", "changed"])
def test_a_run_killed_at_any_request_holds_everybody_and_comes_to_the_same_end(
    tmp_path: Path, record_property: Callable[[str, object], None], changed: bool
) -> None:
    stage = Stage(tmp_path / "stage", partial(build, changed=changed))
    wrong: list[tuple[object, ...]] = []
    try:
        never = watch(stage.tenant, changed=changed)
        code, said = stage.ended("apply", "--yes")
        assert (code, never) == (0, []), said
        stage.tenant.faults.clear()
        expected, requests = state(stage.tenant), stage.tenant.requests()
        assert expected == {name.title(): told(each) for name, each in (AFTER if changed else BEFORE).items()}
        places = tried([(n, after) for n, each in enumerate(requests) if each.is_write for after in (False, True)])
        for place, after in places:
            stage.reset()
            killed, said = stage.ended("apply", "--yes", at=place, after=after)
            assert killed == -signal.SIGKILL, f"request {place}: ended with {killed}: {said}"
            wrong += [(place, after, each) for each in look_at_numbers(stage.tenant, changed=changed)]
            code, said = stage.ended("apply", "--resume")
            if code != 0 or state(stage.tenant) != expected:
                wrong.append((place, after, code, said))
    finally:
        stage.close()
    record_property(KILLED, len(places))
    assert not wrong, f"{len(wrong)} of {len(places)}: {wrong[0]}"


@pytest.mark.parametrize("changed", [False, True], ids=["made", "changed"])
@pytest.mark.matrix(instead="test_a_run_killed_at_any_request_holds_everybody_and_comes_to_the_same_end")
def test_a_write_that_fails_in_any_way_holds_everybody_and_a_further_run_comes_to_the_same_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: bool
) -> None:
    monkeypatch.setattr("reconciler.cxone.backoff.FIRST", 0.01)
    wrong: list[tuple[object, ...]] = []
    with Simulator(Options()) as tenant, course.environment(tenant.environment()):
        folder = Folder(tmp_path / "workspace", tenant.url)

        def begin() -> None:
            tenant.reset()
            rmtree(folder.root / ".reconciler", ignore_errors=True)
            build(tenant, folder, SHORT, changed=changed)

        begin()
        assert course.go(folder, "apply", "--yes").code == 0
        expected = state(tenant)
        writes = [(each.method, each.path) for each in tenant.requests() if each.is_write]
        for number, (kind, times) in tried(
            [(n, (k, t)) for n in range(len(writes)) for k in FAULTS for t in (1, None)]
        ):
            begin()
            method, path = writes[number]
            before = sum(each == (method, path) for each in writes[:number])
            place: dict[str, Any] = {"method": method, "path": f"{path}$", "skip": before, "times": times}
            tenant.faults.add(kind, **FAULTS[kind], **place)
            ended = course.go(folder, "apply", "--yes")
            what = f"{kind} on {writes[number]}, {times or 'always'}"
            wrong += [(what, each) for each in look_at_numbers(tenant, changed=changed)]
            tenant.faults.clear()
            if ended.code != 0:
                ended = course.go(folder, "apply", "--resume")
            if ended.code != 0 or state(tenant) != expected:
                ended = course.go(folder, "apply", "--yes")
            if ended.code != 0 or state(tenant) != expected:
                wrong.append((what, ended))
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"
