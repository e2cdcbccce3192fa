"""A run on NICE's API is killed at any request, and what goes on after it ends as if nothing had happened."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.dnc_groups import Groups
from reconciler.simulator.surfaces.nice.skill_store import Skills
from tests.conftest import KILLED, Folder, manifest
from tests.delivery import on_list, write_contacts
from tests.sample import tried
from tests.steps.apply.killing import Stage
from tests.surfaces.nice.conftest import declare_segment, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

ONCE = "rate: 5000, burst: 500, attempts: 1, pollEvery: 1s, scheduleZone: America/New_York"


def build(tenant: Simulator, folder: Folder) -> None:
    """A list that is filled by three uploads, a campaign that dials it, a group that it is scrubbed against."""
    declare_tenant(folder, tenant.url, ONCE)
    declare_segment(folder, chunk=10)
    write_contacts(folder, range(25))
    declare_campaign(folder)
    folder.write("group.yaml", manifest("DncGroup", "company", "name: Company\nscrubs: [chosen]"))


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


def test_a_run_killed_at_any_request_comes_to_the_same_end(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    stage = Stage(tmp_path / "stage", build)
    wrong: list[tuple[object, ...]] = []
    try:
        code, said = stage.ended("apply", "--yes")
        assert code == 0, said
        expected, requests = state(stage.tenant), stage.tenant.requests()
        assert len(expected["members"]) == 25
        every = [(place, after) for place, each in enumerate(requests) if each.is_write for after in (False, True)]
        places = tried(every)
        for place, after in places:
            stage.reset()
            killed, said = stage.ended("apply", "--yes", at=place, after=after)
            assert killed == -signal.SIGKILL, f"request {place}: ended with {killed}: {said}"
            dialled = [each.running for each in stage.tenant.store.part(Skills).held.values()]
            scrubbed = [each.scrubbed for each in stage.tenant.store.part(Groups).held.values()]
            if any(dialled) and not all(scrubbed):
                wrong.append((place, after, "it dials, and is not scrubbed"))
            code, said = stage.ended("apply", "--resume")
            if code != 0:  # a list whose creation was not answered is nobody's: a new plan adopts it
                code, said = stage.ended("apply", "--yes")
            if code != 0 or state(stage.tenant) != expected:
                wrong.append((place, after, code, said))
    finally:
        stage.close()
    record_property(KILLED, len(places))
    assert not wrong, f"{len(wrong)} of {len(places)}: {wrong[0]}"
