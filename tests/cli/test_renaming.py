"""What has another name now is renamed where it stands: no second object, nobody taken off, nothing left behind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]
THEIRS = "(managed-by: reconciler/another)"


@pytest.fixture
def applied(tenant: Simulator, folder: Folder, run: Run) -> Folder:
    """An applied workspace with a list, a segment and an active campaign."""
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    scene.declare_campaign(folder)
    assert run("apply", "--yes").code == 0
    return folder


def rename(folder: Folder, *, was: str = "Chosen", name: str = "Elected") -> None:
    folder.write("list.yaml", manifest("ContactList", "chosen", f"name: {name}\nwas: {was}"))


def rename_campaign(folder: Folder, *, was: str = "Evening", name: str = "Night") -> None:
    text = (folder.root / "campaign-evening.yaml").read_text(encoding="utf-8")
    folder.write("campaign-evening.yaml", text.replace("name: Evening", f"name: {name}\n  was: {was}"))


def names(tenant: Simulator) -> tuple[list[str], list[str]]:
    """The lists that this workspace marked, and all campaigns."""
    store = tenant.store
    marked = [each.name for each in store.lists.values() if each.description.endswith(scene.MARK)]
    return sorted(marked), sorted(str(each.fields["name"]) for each in store.campaigns.values())


def planned(run: Run, *words: str) -> dict[str, Any]:
    ended = run("plan", "--format", "json", *words)
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def changes(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["address"]: each for each in document["resource_changes"]}


def test_a_list_and_the_campaign_on_it_are_renamed_with_everybody_on_it(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    ids = {each.name: each.id for each in tenant.store.lists.values()}
    people = scene.members(tenant, "Chosen")
    rename(applied)
    rename_campaign(applied)
    document = planned(run)
    found = changes(document)
    assert found["ContactList/chosen"]["previous_name"] == "Chosen"
    assert found["ContactList/chosen"]["change"]["actions"] == ["update"]
    assert found["ContactList/chosen"]["fields"] == [{"path": "name", "before": "Chosen", "after": "Elected"}]
    assert [each["path"] for each in found["Campaign/evening"]["fields"]] == ["name"]
    assert document["verdict"]["counts"]["moved"] == 2
    assert (document["undeclared"], document["row_changes"][0]["adds"]) == ([], 0)
    shown = run("plan").out
    assert 'moved from "Chosen": it is renamed in place' in shown
    assert run("drift").code == 2
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.err
    assert "renamed 'Chosen' to 'Elected'" in ended.out
    assert names(tenant) == (["Elected"], ["Night"])
    assert tenant.store.list_named("Elected").id == ids["Chosen"]
    assert scene.members(tenant, "Elected") == people
    assert tenant.store.campaign_named("Night").fields["status"] == "active"
    tenant.clear_requests()
    again = run("plan", "--detailed-exitcode")
    assert again.code == 0
    assert "which has no 'Chosen' any more: `was` can be taken out (list.yaml:" in " ".join(again.out.split())
    assert run("apply", "--yes").code == 0
    assert not tenant.requests().writes()


@pytest.mark.matrix(instead="test_where_both_names_are_there_nothing_is_done_and_both_are_named")
def test_a_saved_plan_renames_and_is_stale_where_the_new_name_is_taken_meanwhile(
    tenant: Simulator, applied: Folder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    rename(applied)
    file = str(applied.root / "a.plan")
    planned(run, "--out", file)
    capsys.readouterr()
    assert run_program(["show", file]) == 0
    assert 'moved from "Chosen"' in capsys.readouterr().out
    tenant.store.add_list("Elected", [])
    tenant.clear_requests()
    assert run("apply", file).code == 4
    assert not tenant.requests().writes()
    del tenant.store.lists[tenant.store.list_named("Elected").id]
    assert run("apply", file).code == 0
    assert names(tenant)[0] == ["Elected"]


@pytest.mark.thin
@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_is_killed_at_the_renaming_goes_on(
    tenant: Simulator, applied: Folder, run: Run, after: bool
) -> None:
    rename(applied)
    rename_campaign(applied)

    from reconciler.cxone.writer import TenantWriter

    update = TenantWriter.update

    def killed(self: TenantWriter, *arguments: Any) -> None:
        if after:
            update(self, *arguments)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TenantWriter, "update", killed)
        assert run("apply", "--yes").code == 130
    assert names(tenant)[0] == (["Elected"] if after else ["Chosen"])
    ended = run("apply", "--resume")
    assert ended.code == 0, ended.err
    assert names(tenant) == (["Elected"], ["Night"])
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_renaming_that_the_tenant_does_not_keep_is_told_and_the_campaign_dials_on(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    rename_campaign(applied)
    tenant.faults.add("status", status=500, method="PATCH", path="campaigns/", skip=1, times=1)
    ended = run("apply", "--yes")
    assert names(tenant)[1] in (["Evening"], ["Night"])
    (campaign,) = tenant.store.campaigns.values()
    assert campaign.fields["status"] == "active"
    assert ended.code in (0, 5)
    assert run("apply", "--yes").code == 0
    assert names(tenant)[1] == ["Night"]


def refusal(run: Run, tenant: Simulator) -> str:
    """The message of the finding, which makes an apply refuse and write nothing."""
    (finding,) = [each for each in planned(run)["findings"] if each["rule"] == "NAM-WAS"]
    tenant.clear_requests()
    assert run("apply", "--yes").code == 3
    assert not tenant.requests().writes()
    message: str = finding["message"]
    return message


def test_where_both_names_are_there_nothing_is_done_and_both_are_named(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    tenant.store.add_list("Elected", [], description=scene.MARK)
    rename(applied)
    message = refusal(run, tenant)
    assert "'Elected' (id " in message
    assert "'Chosen' (id " in message
    assert names(tenant)[0] == ["Chosen", "Elected"]


@pytest.mark.matrix(instead="test_where_both_names_are_there_nothing_is_done_and_both_are_named")
def test_where_two_of_the_earlier_names_are_there_both_are_named(tenant: Simulator, applied: Folder, run: Run) -> None:
    tenant.store.add_list("Picked", [], description=scene.MARK)
    rename(applied, was="[Chosen, Picked]")
    message = refusal(run, tenant)
    assert "'Picked' (id " in message
    assert "'Chosen' (id " in message


@pytest.mark.parametrize("description", ["", THEIRS])
def test_what_is_not_ours_is_not_renamed(tenant: Simulator, folder: Folder, run: Run, description: str) -> None:
    tenant.store.add_list("Chosen", [], description=description)
    rename(folder)
    assert "is not this workspace's to rename" in refusal(run, tenant)
    assert [each.name for each in tenant.store.lists.values()] == ["Chosen"]


@pytest.mark.matrix(instead="test_a_list_and_the_campaign_on_it_are_renamed_with_everybody_on_it")
def test_a_chain_of_names_finds_whichever_is_there(tenant: Simulator, applied: Folder, run: Run) -> None:
    rename(applied, was="[Picked, Chosen]")
    assert changes(planned(run))["ContactList/chosen"]["previous_name"] == "Chosen"
    assert run("apply", "--yes").code == 0
    # an older name of another object that is there by then is somebody else's, and is told
    rename(applied, name="Voted", was="[Elected, Picked, Chosen]")
    assert run("apply", "--yes").code == 0
    assert names(tenant)[0] == ["Voted"]


@pytest.mark.parametrize(
    ("live", "was", "name"),
    [("CHOSEN", "CHOSEN", "Chosen"), ("Chosen\u200b", "'Chosen'", "Elected"), ("Chosen ", "'Chosen '", "Chosen")],
)
def test_names_that_differ_by_what_nobody_sees_are_renamed_too(
    tenant: Simulator, folder: Folder, run: Run, live: str, was: str, name: str
) -> None:
    tenant.store.add_list(live, [], description=scene.MARK)
    rename(folder, was=was, name=name)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.out + ended.err
    assert [each.name for each in tenant.store.lists.values()] == [name]


def test_where_neither_is_there_it_is_made(tenant: Simulator, folder: Folder, run: Run) -> None:
    rename(folder)
    assert run("apply", "--yes").code == 0
    assert names(tenant)[0] == ["Elected"]


@pytest.mark.matrix(instead="test_a_list_and_the_campaign_on_it_are_renamed_with_everybody_on_it")
def test_a_campaign_that_is_made_anew_is_renamed_at_once(tenant: Simulator, applied: Folder, run: Run) -> None:
    rename_campaign(applied)
    text = (applied.root / "campaign-evening.yaml").read_text(encoding="utf-8")
    text = text.replace("dialType: predictive", "dialType: progressive")
    applied.write("campaign-evening.yaml", "\n".join(each for each in text.splitlines() if "targetAnswer" not in each))
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.out + ended.err
    assert names(tenant)[1] == ["Night"]
    assert tenant.store.campaign_named("Night").fields["dialType"] == "progressive"
    assert run("plan", "--detailed-exitcode").code == 0


@pytest.mark.matrix(instead="test_a_list_and_the_campaign_on_it_are_renamed_with_everybody_on_it")
def test_the_parts_of_a_campaign_are_renamed_each(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", "thresholds: {all: 3}"))
    for name in ("Old", "New"):
        was = 'was: "Old {{ band }}"\n' if name == "New" else ""
        spec = (
            f'name: "{name} {{{{ band }}}}"\n{was}dialType: preview\nlist: chosen\n'
            f"abandonment: {{policy: strict, band: all}}\nwrapUpCode: SOLD\nstatus: paused\n"
            f"schedule: {{start: '{scene.START}', end: '{scene.END}'}}\nperBand: {{high: {{}}, low: {{}}}}"
        )
        folder.write("campaign.yaml", manifest("Campaign", "parts", spec))
        assert run("apply", "--yes").code == 0
        assert names(tenant)[1] == [f"{name} high", f"{name} low"]


@pytest.mark.matrix(instead="test_a_list_and_the_campaign_on_it_are_renamed_with_everybody_on_it")
def test_what_the_ledger_knows_of_a_list_is_known_of_it_under_its_new_name(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    from tests.audience.diff import test_recency_only

    people = [f"CUST{number:04d}" for number in range(20)]
    tenant.store.add_contacts(people)
    tenant.store.add_list("Everybody", people)
    for number, each in enumerate(people):
        test_recency_only.called(tenant, each, -number - 1)
    test_recency_only.declare(folder)
    assert run("apply", "--yes", "--as-of", test_recency_only.day(0)).code == 0
    folder.write("list.yaml", manifest("ContactList", "called", "name: Elected\nwas: Called"))
    assert test_recency_only.aged(run, 1) == (20, 0)
