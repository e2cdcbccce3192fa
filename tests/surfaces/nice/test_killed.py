"""A run on NICE's API is killed, or fails, at any request, and what goes on after it ends as if nothing had happened."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.dnc_groups import Groups
from reconciler.simulator.surfaces.nice.skill_store import Skills
from tests.conftest import KILLED, Folder, manifest
from tests.delivery import on_list, write_contacts
from tests.sample import tried
from tests.steps.apply import course
from tests.steps.apply.killing import Stage
from tests.surfaces.nice.conftest import declare_segment, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

ZONE = "scheduleZone: America/New_York"
ONCE = f"rate: 5000, burst: 500, attempts: 1, pollEvery: 1s, {ZONE}"
SHORT = f"rate: 5000, burst: 500, attempts: 3, pollEvery: 1s, connectTimeout: 2s, readTimeout: 1s, {ZONE}"
GROUP = manifest("DncGroup", "company", "name: Company\nscrubs: [chosen]")
FAULTS: dict[str, dict[str, Any]] = {
    "hold-after": {"seconds": 1.3},
    "reset-after": {},
    "rate-limited": {"form": "none"},
    "status": {"status": 500},
    "empty-body": {},
}
"""What befalls a write: it takes effect and its answer is not there in time, or never; it is one too many, with no word
of how long to wait; the tenant is out of order; the answer has nothing in it."""


def build(tenant: Simulator, folder: Folder, settings: str = ONCE, *, changed: bool = False) -> None:
    """A list that is filled by three uploads, a campaign that dials it, a group that it is scrubbed against.

    `changed`: all of that is there and at work already, and what is declared of each is another.
    """
    declare_tenant(folder, tenant.url, settings)
    declare_segment(folder, chunk=10)
    write_contacts(folder, range(25))
    declare_campaign(folder)
    folder.write("group.yaml", GROUP)
    if changed:
        with course.environment(tenant.environment()):
            ended = course.go(folder, "apply", "--yes")
        assert ended.code == 0, ended
        write_contacts(folder, range(1, 26), silver=range(3, 15))
        declare_campaign(folder, description="Called second", at="2")
        folder.write("group.yaml", GROUP.replace("name: Company", "name: Company\n  description: Of all brands"))
        tenant.clear_requests()


def state(tenant: Simulator) -> dict[str, Any]:
    """What is in the tenant in the end: who is on the list with what, the skill and its blocks, the group."""
    skills = tenant.store.part(Skills).held.values()
    groups = tenant.store.part(Groups).held.values()
    return {
        "lists": [each.name for each in tenant.store.lists.values()],
        "members": on_list(tenant),
        "skills": [(each.fields, each.blocks, each.running) for each in skills],
        "groups": [(each.name, each.description, each.scrubbed) for each in groups],
    }


def look_at_dialling(tenant: Simulator, wholes: list[Any]) -> Iterator[str]:
    """What must never be: a skill that dials and is not scrubbed, or dials by half a change."""
    for each in tenant.store.part(Skills).held.values():
        if not each.running:
            continue
        if not all(group.scrubbed for group in tenant.store.part(Groups).held.values()):
            yield "it dials, and is not scrubbed"
        general = each.blocks["generalSettings"]
        if (each.fields["notes"], general["abandonRateCutoff"], general["abandonRateThreshold"]) not in wholes:
            yield f"it dials by half a change: {each.fields['notes']!r}, {general}"


def list_wholes(tenant: Simulator) -> list[Any]:
    """What a skill may dial by: as it is."""
    held = tenant.store.part(Skills).held.values()
    blocks = [(each.fields["notes"], each.blocks["generalSettings"]) for each in held]
    return [(notes, general["abandonRateCutoff"], general["abandonRateThreshold"]) for notes, general in blocks]


@pytest.mark.thin
@pytest.mark.parametrize("changed", [False, True], ids=["made", "changed"])
def test_a_run_killed_at_any_request_comes_to_the_same_end(
    tmp_path: Path, record_property: Callable[[str, object], None], changed: bool
) -> None:
    stage = Stage(tmp_path / "stage", partial(build, changed=changed))
    wrong: list[tuple[object, ...]] = []
    try:
        wholes = list_wholes(stage.tenant)
        code, said = stage.ended("apply", "--yes")
        assert code == 0, said
        expected, requests = state(stage.tenant), stage.tenant.requests()
        wholes += list_wholes(stage.tenant)
        assert len(expected["members"]) == 25
        every = [(place, after) for place, each in enumerate(requests) if each.is_write for after in (False, True)]
        places = tried(every)
        for place, after in places:
            stage.reset()
            killed, said = stage.ended("apply", "--yes", at=place, after=after)
            assert killed == -signal.SIGKILL, f"request {place}: ended with {killed}: {said}"
            wrong += [(place, after, each) for each in look_at_dialling(stage.tenant, wholes)]
            code, said = stage.ended("apply", "--resume")
            if code != 0:  # a list whose creation was not answered is nobody's: a new plan adopts it
                code, said = stage.ended("apply", "--yes")
            if code != 0 or state(stage.tenant) != expected:
                wrong.append((place, after, code, said))
    finally:
        stage.close()
    record_property(KILLED, len(places))
    assert not wrong, f"{len(wrong)} of {len(places)}: {wrong[0]}"


@pytest.mark.parametrize("changed", [False, True], ids=["made", "changed"])
@pytest.mark.matrix(instead="test_a_run_killed_at_any_request_comes_to_the_same_end")
def test_a_write_that_fails_in_any_way_leaves_what_a_further_run_brings_to_the_same_end(
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
        wholes = list_wholes(tenant)
        assert course.go(folder, "apply", "--yes").code == 0
        expected, writes = state(tenant), [each.path for each in tenant.requests() if each.is_write]
        wholes += list_wholes(tenant)
        for number, (kind, times) in tried(
            [(n, (k, t)) for n in range(len(writes)) for k in FAULTS for t in (1, None)]
        ):
            begin()
            place: dict[str, Any] = {"path": f"{writes[number].rpartition('/')[2]}$", "skip": 0, "times": times}
            tenant.faults.add(kind, **FAULTS[kind], **place, method=None)
            ended = course.go(folder, "apply", "--yes")
            told = f"{kind} on {writes[number]}, {times or 'always'}"
            wrong += [(told, each) for each in look_at_dialling(tenant, wholes)]
            tenant.faults.clear()
            if ended.code != 0:
                ended = course.go(folder, "apply", "--resume")
            if ended.code != 0 or state(tenant) != expected:
                ended = course.go(folder, "apply", "--yes")
            if ended.code != 0 or state(tenant) != expected:
                wrong.append((told, ended))
    assert not wrong, f"{len(wrong)}: {wrong[:3]}"
