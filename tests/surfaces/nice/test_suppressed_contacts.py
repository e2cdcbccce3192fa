"""Suppressed contacts are numbers of lists, for some campaigns and days: known to the tenant before these dial."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.suppressed_contacts import SuppressedContacts
from tests.conftest import Ended, Folder, manifest
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign, skill
from tests.surfaces.nice.test_group_numbers import declare_list, digits

Run = Callable[..., Ended]


def declare_set(folder: Folder, until: str = "2099-10-01") -> None:
    """Numbers of one list, for one campaign."""
    spec = f"from: [registry]\ncampaigns: [chosen]\nsince: 2026-07-01\nuntil: {until}"
    folder.write("summer.yaml", manifest("SuppressedContact", "summer", spec))


@pytest.fixture
def summer(nice: Folder, tenant: Simulator) -> Folder:
    """A workspace of a list, a campaign, and numbers that it does not call."""
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    declare_list(nice, "registry", range(40, 43))
    declare_set(nice)
    return nice


def told(tenant: Simulator) -> list[tuple[str, tuple[int, ...], str, str]]:
    held = tenant.store.part(SuppressedContacts).held.values()
    return sorted((each.value, each.skills, each.begins, each.ends) for each in held)


def test_numbers_are_suppressed_before_their_campaign_is_set_to_work_and_once(
    summer: Folder, tenant: Simulator, run: Run
) -> None:
    tenant.faults.add("reset-after", method="POST", path="suppressed-contact$")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    skills = (skill(tenant).number,)
    assert told(tenant) == [(digits(n), skills, "2026-07-01", "2099-10-01") for n in range(40, 43)]
    calls = [f"{each.method} {each.path}" for each in tenant.requests()]
    read = max(at for at, call in enumerate(calls) if call.endswith("/suppressed-contact") and call.startswith("GET"))
    assert read < next(at for at, call in enumerate(calls) if call.endswith("/start"))
    assert run("plan", "--detailed-exitcode").code == 0
    # those of others stay, and what ends before its day is added anew
    held = tenant.store.part(SuppressedContacts).held
    first = next(iter(held.values()))
    first.ends = "2026-08-01"
    planned = run("plan", "--detailed-exitcode")
    assert (planned.code, "+1 numbers" in planned.out) == (2, True), planned.said
    assert not any(digits(n) in planned.said for n in range(40, 43))
    assert run("apply", "--yes").code == 0
    assert len(held) == 4


def test_nothing_dials_while_a_number_is_not_suppressed(summer: Folder, tenant: Simulator, run: Run) -> None:
    tenant.faults.add("status", method="POST", path="suppressed-contact$", status=403, times=None)
    ended = run("apply", "--yes")
    assert ended.code == 5, ended.said
    assert not any(each.path.endswith("/start") for each in tenant.requests())
    assert not any(digits(n) in ended.said for n in range(40, 43))
    tenant.faults.clear()
    ended = run("apply", "--resume")
    assert ended.code == 0, ended.said
    assert (len(told(tenant)), skill(tenant).running) == (3, True)
