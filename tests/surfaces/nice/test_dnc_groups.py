"""A do-not-call group is known to the tenant before anything is set to work, and nobody is taken out of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.dnc_groups import Groups
from reconciler.simulator.surfaces.nice.skill_store import Skills
from tests.conftest import Ended, Folder, manifest
from tests.delivery import write_contacts
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign, skill

Run = Callable[..., Ended]


@pytest.fixture
def guarded(nice: Folder, tenant: Simulator) -> Folder:
    """A workspace of a list, a campaign, and a group that it is scrubbed against."""
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    nice.write("group.yaml", manifest("DncGroup", "company", "name: Company\nscrubs: [chosen]"))
    return nice


def test_a_skill_is_scrubbed_before_it_is_started_and_what_others_added_stays(
    guarded: Folder, tenant: Simulator, run: Run
) -> None:
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    group, dials = tenant.store.part(Groups).group_named("Company"), skill(tenant)
    assert group.scrubbed == [dials.number]
    assert "(managed-by: reconciler/test)" in group.description
    writes = [each.path for each in tenant.requests().writes()]
    scrub = next(at for at, path in enumerate(writes) if "/scrubbed-skills/" in path)
    assert scrub < next(at for at, path in enumerate(writes) if path.endswith("/start"))
    group.scrubbed.append(tenant.store.part(Skills).add("By hand").number)
    assert run("plan", "--detailed-exitcode").code == 0
    group.scrubbed.remove(dials.number)
    planned = run("plan", "--detailed-exitcode")
    assert (planned.code, "scrubs.Chosen" in planned.out) == (2, True)


def test_nothing_is_set_to_work_while_a_group_is_not_as_declared(guarded: Folder, tenant: Simulator, run: Run) -> None:
    tenant.faults.add("status", method="POST", path="scrubbed-skills", status=403, times=None)
    ended = run("apply", "--yes")
    assert ended.code == 5, ended.said
    assert not skill(tenant).running
    assert not any(each.path.endswith("/start") for each in tenant.requests())
    tenant.faults.clear()
    ended = run("apply", "--resume")
    assert ended.code == 0, ended.said
    assert skill(tenant).running


def test_a_group_that_is_no_longer_declared_goes_on_protecting_people(
    guarded: Folder, tenant: Simulator, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    (guarded.root / "group.yaml").unlink()
    planned = run("plan", "--prune")
    assert "Company" in planned.out
    assert run("apply", "--yes", "--prune").code == 0
    assert tenant.store.part(Groups).group_named("Company").active


def test_a_list_that_is_dialled_gets_no_new_contact_before_its_skill_is_scrubbed(
    guarded: Folder, tenant: Simulator, run: Run
) -> None:
    (guarded.root / "group.yaml").rename(guarded.root / "group.later")
    assert run("apply", "--yes").code == 0
    (guarded.root / "group.later").rename(guarded.root / "group.yaml")
    write_contacts(guarded, range(30))
    tenant.clear_requests()
    tenant.faults.add("status", method="POST", path="scrubbed-skills", status=403)
    assert run("apply", "--yes").code == 1  # nothing of it was done
    assert not any(each.path.endswith("/upload") for each in tenant.requests())
    tenant.clear_requests()
    ended = run("apply", "--resume")
    assert ended.code == 0, ended.said
    writes = [each.path for each in tenant.requests().writes()]
    scrub = next(at for at, path in enumerate(writes) if "/scrubbed-skills/" in path)
    assert scrub < next(at for at, path in enumerate(writes) if path.endswith("/upload"))
