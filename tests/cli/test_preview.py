"""Does a preview show what an apply does, on a tenant in memory, while the live one is only read?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from reconciler.cli import preview_tenant
from reconciler.simulator import Simulator
from tests import delivery, outcomes, scene
from tests.cli.test_canaries import CANARIES, files_below, leaks
from tests.conftest import Ended, Folder, manifest
from tests.surfaces.nice.conftest import SETTINGS, declare_segment, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign
from tests.test_output_schemas import problems

Run = Callable[..., Ended]
Embedded = list[Simulator]


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Embedded:
    """The tenants that previews made, each as it was left."""
    made: Embedded = []
    original = preview_tenant.make_tenant

    def keep() -> Simulator:
        made.append(original())
        return made[-1]

    monkeypatch.setattr(preview_tenant, "make_tenant", keep)
    return made


@contextmanager
def only_read(tenant: Simulator) -> Iterator[None]:
    """Meanwhile the live tenant is asked, and nothing in it changes."""
    before = scene.state(tenant)
    tenant.clear_requests()
    yield
    asked = tenant.requests()
    assert asked, "it was read"
    assert asked.writes() == []
    assert {each.method for each in asked if each not in asked.tokens()} <= {"GET"}
    assert scene.state(tenant) == before


def previewed(run: Run, code: int = 0) -> dict[str, Any]:
    ended = run("preview", "--format", "json")
    assert ended.code == code, ended.said
    document: dict[str, Any] = json.loads(ended.out)
    assert problems(document, "preview.json") == []
    return document


def test_every_kind_of_change_is_applied_there_and_nothing_is_left_to_do(
    tenant: Simulator, folder: Folder, run: Run, embedded: Embedded, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.whole(tenant, folder)
    # whoever must approve the plan has not yet
    needs = """approvals:
  requirements: [{needs: {count: 1, group: all}}]
  groups: {all: [ana]}
  reviews: {trusted: true}
  users: {ana: ana}"""
    monkeypatch.setenv("RECONCILER_FLOOR", str(tmp_path / "operator.yaml"))
    (tmp_path / "operator.yaml").write_text(manifest("Floor", "operator", needs), encoding="utf-8")
    with only_read(tenant):
        document = previewed(run)
    assert run("apply", "--yes").code == 3
    monkeypatch.delenv("RECONCILER_FLOOR")
    assert document["plan"]["contacts"] == {"adds": 31, "updates": 4, "removes": 4, "unchanged": 20}
    assert {step["outcome"] for step in document["steps"]} == {"done"}
    assert document["second_plan"]["empty"]
    assert document["loaded"] == {"lists": 3, "campaigns": 1, "members": 168, "introduced": 0}
    shown = {each["name"]: (each["before"], each["after"]) for each in document["result"]}
    expected = {"Chosen": (None, 25), "High": (28, 30), "Evening": (None, "active"), "Morning": ("active", "active")}
    assert shown == expected
    # what the apply then does is what was shown
    assert run("apply", "--yes").code == 0
    live, there = scene.state(tenant), scene.state(embedded[0])
    assert live["campaigns"] == there["campaigns"]
    assert [(each["name"], each["description"], len(each["members"])) for each in live["lists"]] == [
        (each["name"], each["description"], len(each["members"])) for each in there["lists"]
    ]


@pytest.mark.thin
@pytest.mark.parametrize("method", delivery.METHODS)
def test_nobody_is_named_in_the_embedded_tenant_or_in_anything_that_is_printed_or_left(
    tenant: Simulator,
    folder: Folder,
    run: Run,
    embedded: Embedded,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", None)

    def write(numbers: range, tier: str) -> None:
        people = [
            f"CANARYID{n},+1{delivery._AREAS[n]}5550137,Ottoline Xanthippe,ottoline{n}@canary-mail.example,"
            f"{tier if n == 5 else 'gold'},80"
            for n in numbers
        ]
        folder.write("crm.csv", "\n".join(["id,phone,name,email,tier,score", *people]) + "\n")

    write(range(8), "gold")
    delivery.declare(folder, tenant, method)
    if method in ("contactIds", "listContacts"):
        tenant.store.add_contacts(
            {"id": f"CANARYID{n}", "phoneNumber": f"+1{delivery._AREAS[n]}5550137", "firstName": "Ottoline"}
            for n in range(10)
        )
    assert run("apply", "--yes").code == 0
    write(range(2, 10), "Ottoline silver")
    with only_read(tenant):
        document = previewed(run)
    texts = {}
    if method == "bulkInsert":  # what is shown does not depend on it
        texts = {format: run("preview", "--format", format).said for format in ("text", "markdown")}
    updates = 0 if method == "contactIds" else 1
    assert document["plan"]["contacts"] == {"adds": 2, "updates": updates, "removes": 2, "unchanged": 6 - updates}
    assert document["second_plan"]["empty"]
    assert document["result"] == [{"kind": "ContactList", "name": "Chosen", "before": 8, "after": 8}]
    store = embedded[0].store
    held = [*map(repr, store.contacts.values()), *map(repr, store.lists.values()), *map(repr, embedded[0].requests())]
    assert len(store.contacts) >= 10
    printed = {"the tenant": "\n".join(held), "json": json.dumps(document), **texts}
    assert not leaks({name: text.encode() for name, text in printed.items()})
    assert any(each in repr(tenant.store.contacts) for each in CANARIES)
    kept = {name: text for name, text in files_below(folder.root).items() if not name.endswith("crm.csv")}
    assert not leaks({**kept, **files_below(temporary)})


def test_an_apply_that_fails_there_is_shown_as_one_that_fails(
    tenant: Simulator, folder: Folder, run: Run, embedded: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.whole(tenant, folder)
    original = preview_tenant.make_tenant

    def faulty() -> Simulator:
        made = original()
        made.faults.add(
            "other-body", method="POST", path="/campaigns$", status=400, body={"message": "no"}, after=False, times=None
        )
        return made

    monkeypatch.setattr(preview_tenant, "make_tenant", faulty)
    with only_read(tenant):
        document = previewed(run, 5)
    failed = {step["address"]: step["outcome"] for step in document["steps"] if step["outcome"] != "done"}
    assert failed == {"Campaign/evening": "failed", "Campaign/evening:activation": "blocked"}
    assert document["second_plan"]["steps"] == ["Campaign/evening", "Campaign/evening:activation"]


def test_a_plan_that_apply_refuses_is_refused_there(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    tenant.store.add_list("Chosen", [scene.contact(n) for n in range(100)], description=scene.MARK)
    scene.declare_segment(folder)
    with only_read(tenant):
        document = previewed(run, 3)
    assert document["refused"]["code"] == "refused"
    assert document["steps"] == []
    assert document["second_plan"] is None
    assert [each["rule"] for each in document["findings"]] == ["LIM-REMOVALS"]


def test_outcomes_are_set_there_and_numbers_for_a_do_not_call_list_are_not_written(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    outcomes.campaign(tenant, range(12))
    outcomes.write_outcomes(folder, (outcomes.row(n) for n in range(9)))
    outcomes.declare(folder, tenant, extra=outcomes.declare_feedback(folder))
    held = tenant.store.campaign_named("Evening").id
    tenant.dispositions.write(held, outcomes.contact(0), "INTERESTED", agent_id="A0")
    with only_read(tenant):
        document = previewed(run)
    assert [step["dispositions"]["successful"] for step in document["steps"]] == [8]
    assert document["left_out"] == [{"address": "SuppressionList/asked", "numbers": 3}]
    assert document["second_plan"]["empty"]
    assert outcomes.kept(folder) == []


def test_a_tenant_of_an_api_that_is_not_embedded_is_not_tried(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene.declare_segment(folder)
    scene.people(tenant, 3)
    monkeypatch.setattr(Simulator, "surfaces", property(lambda self: {}))
    ended = run("preview")
    assert ended.code == 1
    assert "error[no-preview]: the embedded tenant has no surface lists, outbound" in ended.err


def test_lists_of_nices_api_are_tried_and_what_cannot_be_held_is_refused_by_name(
    tenant: Simulator, folder: Folder, run: Run, embedded: Embedded
) -> None:
    """Whose a list is only the ledger says there; and a campaign is a skill with blocks of its own."""
    declare_tenant(folder, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_segment(folder)
    delivery.write_contacts(folder, range(25))
    assert run("apply", "--yes").code == 0
    delivery.write_contacts(folder, range(1, 27), silver={3})
    declare_campaign(folder)
    document = previewed(run)
    assert document["plan"]["contacts"] == {"adds": 2, "updates": 1, "removes": 1, "unchanged": 23}
    assert document["second_plan"]["empty"]
    assert ("Campaign", "Chosen", None, "active") in [tuple(each.values()) for each in document["result"]]
    assert not [each for each in embedded[0].store.contacts if each.startswith("C0")]
    assert run("apply", "--yes").code == 0
    ended = run("preview")
    assert ended.code == 1
    assert "error[no-preview]: the embedded tenant does not hold 1 object as the tenant does" in ended.err
    assert "among them Campaign 'Chosen'" in ended.err


@pytest.mark.matrix(instead="test_every_kind_of_change_is_applied_there_and_nothing_is_left_to_do")
def test_the_ledger_of_the_workspace_has_no_run_of_a_preview(tenant: Simulator, folder: Folder, run: Run) -> None:
    delivery.declare(folder, tenant, "bulkInsert")
    delivery.write_contacts(folder, range(5))
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", "thresholds: {all: 3}"))
    assert previewed(run)["second_plan"]["empty"]
    assert not [*(folder.root / ".reconciler").glob("runs/*")]
    assert not (folder.root / ".reconciler" / "audit.jsonl").exists()
    # and there is nothing to resume
    assert "there is no run to resume" in run("apply", "--resume").err
