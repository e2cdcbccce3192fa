"""The numbers of a do-not-call group are those of its lists: known to the tenant before anything dials, never shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.dnc_groups import Group, Groups
from tests.conftest import Ended, Folder, manifest
from tests.delivery import phone, write_contacts
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

Run = Callable[..., Ended]


def digits(number: int) -> str:
    """A number as the tenant tells it."""
    return phone(number).removeprefix("+1")


def declare_list(folder: Folder, name: str, numbers: Iterable[int], *more: str) -> None:
    """A do-not-call list, and the file of its numbers."""
    lines = ["number", *(phone(number) for number in numbers), *more]
    folder.write(f"{name}.csv", "\n".join(lines) + "\n")
    files = f"files: {{paths: [{name}.csv], format: csv, columns: {{phone: number}}}}"
    folder.write(
        f"{name}.yaml",
        manifest("SuppressionList", name, f"{files}\nregion: US\nasOf: 2026-06-15T00:00:00Z\nmaxAge: 36500d"),
    )


def declare_group(folder: Folder, name: str, lists: str, *more: str, membership: str = "upsert") -> None:
    """A group of the numbers of some lists."""
    numbers = f"numbers: {{from: [{lists}], membership: {membership}}}"
    folder.write(
        f"group-{name}.yaml",
        manifest("DncGroup", name, "\n".join([f"name: {name.title()}", numbers, *more])),
    )


def held(tenant: Simulator, name: str) -> set[str]:
    """The numbers that a group holds now."""
    return {number for number, expires in group(tenant, name).numbers.items() if not expires}


def group(tenant: Simulator, name: str) -> Group:
    return tenant.store.part(Groups).group_named(name)


@pytest.fixture
def asked(folder: Folder, tenant: Simulator) -> Folder:
    """A workspace of two lists and a group of the numbers of one."""
    declare_tenant(folder, tenant.url)
    declare_list(folder, "registry", range(5))
    declare_list(folder, "ours", range(3, 8))
    declare_group(folder, "company", "registry")
    return folder


def test_numbers_are_added_read_back_and_added_again_where_they_are_missing(
    asked: Folder, tenant: Simulator, run: Run
) -> None:
    planned = run("plan")
    assert "DncGroup/company[numbers]" in planned.out, planned.said
    assert "+5 numbers" in planned.out
    assert "on registry" in planned.out
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    assert held(tenant, "Company") == {digits(number) for number in range(5)}
    assert run("plan", "--detailed-exitcode").code == 0
    # by hand one is taken out, and another is added: that stays
    del group(tenant, "Company").numbers[digits(2)]
    group(tenant, "Company").numbers[digits(50)] = ""
    planned = run("plan", "--detailed-exitcode")
    assert (planned.code, "+1 numbers" in planned.out, "1  others" in planned.out) == (2, True, True), planned.said
    assert run("apply", "--yes").code == 0
    assert held(tenant, "Company") == {digits(number) for number in (*range(5), 50)}
    assert re.search(r"e\.g\.  c-[0-9a-f]{12}: on registry", planned.out)


def test_no_number_is_shown_or_kept_in_the_clear(asked: Folder, tenant: Simulator, run: Run) -> None:
    told = [run("plan", "--full").said, run("plan", "--format", "json").said, run("apply", "--yes").said]
    ledger = [file for file in (asked.root / ".reconciler").rglob("*") if file.is_file()]
    shown = "\n".join([*told, *(file.read_bytes().decode("latin-1") for file in ledger)])
    assert "DncGroup/company[numbers]" in shown
    assert [number for number in range(8) if digits(number) in shown] == []


def test_a_group_that_is_new_gets_its_numbers_before_its_campaign_is_set_to_work(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    declare_list(nice, "registry", range(40, 45))
    declare_group(nice, "company", "registry", "scrubs: [chosen]")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    calls = [f"{each.method} {each.path}" for each in tenant.requests()]
    added = next(at for at, call in enumerate(calls) if call.startswith("POST") and call.endswith("/records"))
    read = next(at for at, call in enumerate(calls) if at > added and call.endswith("/records"))
    assert read < next(at for at, call in enumerate(calls) if call.endswith("/start"))
    # they are there already while a list is filled that is dialled
    declare_list(nice, "registry", range(40, 47))
    write_contacts(nice, range(30))
    tenant.clear_requests()
    assert run("apply", "--yes").code == 0
    calls = [f"{each.method} {each.path}" for each in tenant.requests()]
    added = next(at for at, call in enumerate(calls) if call.startswith("POST") and call.endswith("/records"))
    assert added < next(at for at, call in enumerate(calls) if call.endswith("/upload"))


def test_nothing_dials_while_a_number_is_not_taken(nice: Folder, tenant: Simulator, run: Run) -> None:
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    # nine digits with its code: the embedded tenant says of it, with status 200, that it is not valid
    declare_list(nice, "registry", range(40, 45), "+298211000")
    declare_group(nice, "company", "registry", "scrubs: [chosen]")
    ended = run("apply", "--yes")
    assert ended.code == 5, ended.said
    assert "1 of 6 numbers are not in DncGroup 'Company'" in ended.said
    assert "298211000" not in ended.said
    assert not any(each.path.endswith("/start") for each in tenant.requests())
    assert held(tenant, "Company") == {digits(number) for number in range(40, 45)}


def test_an_answer_that_is_lost_is_looked_up_and_numbers_are_added_once(
    asked: Folder, tenant: Simulator, run: Run
) -> None:
    tenant.faults.add("reset-after", method="POST", path="records$")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    sent = [each for each in tenant.requests() if each.method == "POST" and each.path.endswith("/records")]
    assert (len(sent), held(tenant, "Company")) == (1, {digits(number) for number in range(5)})


def test_a_list_without_numbers_stops_the_plan(asked: Folder, tenant: Simulator, run: Run) -> None:
    declare_list(asked, "registry", ())
    ended = run("plan")
    assert (ended.code, "empty-source" in ended.said or "no numbers" in ended.said) == (1, True), ended.said
