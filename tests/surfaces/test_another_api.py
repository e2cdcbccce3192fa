"""Another API is one file: the same kinds are made, changed, adopted and deleted through it, and owned by the ledger."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from reconciler import kinds
from reconciler.ledger.owners import FILE
from reconciler.model.surface_wire import Wire
from reconciler.surfaces import load_surfaces
from tests.conftest import Ended
from tests.surfaces.conftest import Workspace
from tests.surfaces.desk import Desk

POLICY = "thresholds: {high: 3}"
CAMPAIGN = """
name: Evening
dialType: predictive
list: vip
abandonment: {{policy: strict, band: high}}
schedule: {{start: 2026-08-03T14:00:00Z, end: 2026-08-03T22:00:00Z}}
predictive: {{targetAnswerRate: {rate}, maxCallsInProgress: 20}}
wrapUpCode: SOLD
status: {status}
"""

PROGRESSIVE = CAMPAIGN.replace("dialType: predictive", "dialType: progressive").replace(
    "predictive: {{targetAnswerRate: {rate}, maxCallsInProgress: 20}}\n", ""
)


def done(ended: Ended) -> Ended:
    assert ended.code == 0, ended.out + ended.err
    return ended


def planned(workspace: Workspace, *words: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(done(workspace.run("plan", "--format", "json", *words)).out)
    return document


def actions(document: dict[str, Any]) -> dict[str, str]:
    """What a plan does to each object that it changes."""
    told = {}
    for each in document["resource_changes"]:
        action = each["change"]["actions"][0]
        if action != "no-op":
            told[each["address"]] = "adopt" if each["adopts"] else action
    return told


def nothing_to_do(workspace: Workspace, desk: Desk) -> None:
    desk.requests.clear()
    ended = done(workspace.run("plan", "--detailed-exitcode"))
    assert "No changes" in ended.out
    assert desk.writes == []


def applied(workspace: Workspace, desk: Desk, *words: str) -> dict[str, str]:
    """Apply what is planned; as many writes are sent as the plan says."""
    document = planned(workspace, *words)
    desk.requests.clear()
    done(workspace.run("apply", "--yes", *words))
    assert len(desk.writes) == document["request_budget"]["writes"]
    return actions(document)


def test_lists_and_campaigns_live_their_whole_lives_through_it(workspace: Workspace, desk: Desk) -> None:
    desk.add_group("VIP", "C1", "C2", "C3")
    foreign = desk.add_group("Somebody's")
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactList", "vip", "name: VIP")
    workspace.write("AbandonmentPolicy", "strict", POLICY)
    workspace.write("Campaign", "evening", CAMPAIGN.format(rate=0.3, status="paused"))
    # made and adopted; whose the groups are is written in the ledger, and no group is touched for it
    wanted = {"ContactList/gold": "create", "ContactList/vip": "adopt", "Campaign/evening": "create"}
    assert applied(workspace, desk) == wanted
    assert sorted(each.partition("?")[0] for each in desk.writes) == ["POST /efforts", "POST /groups"]
    effort = desk.called("Evening", "efforts")
    assert (effort["mode"], effort["state"], effort["keeper"]) == ("P", "OFF", "reconciler/test")
    assert desk.called("VIP")["objId"] == effort["groupRef"]
    nothing_to_do(workspace, desk)

    # changed: one setting of the campaign and the name of a list; the rest of each stays as it was
    workspace.write("Campaign", "evening", CAMPAIGN.format(rate=0.4, status="paused"))
    workspace.write("ContactList", "gold", "name: Gold 2027\nwas: Gold")
    assert applied(workspace, desk) == {"ContactList/gold": "update", "Campaign/evening": "update"}
    assert desk.called("Evening", "efforts") == {**effort, "tuning": {**effort["tuning"], "rate": 0.4}}
    assert desk.titles() == ["Gold 2027", "Somebody's", "VIP"]
    nothing_to_do(workspace, desk)

    # set to work, as somebody is on its list
    workspace.write("Campaign", "evening", CAMPAIGN.format(rate=0.4, status="active"))
    assert applied(workspace, desk) == {"Campaign/evening": "update"}
    assert desk.called("Evening", "efforts")["state"] == "ON"
    nothing_to_do(workspace, desk)

    # drift is seen, and put right
    next(iter(desk.efforts.values()))["cap"] = 5.0
    assert workspace.run("drift").code == 2
    assert applied(workspace, desk) == {"Campaign/evening": "update"}
    assert desk.called("Evening", "efforts") == {**effort, "state": "ON", "tuning": {**effort["tuning"], "rate": 0.4}}

    # nothing is found by name there: the one is read back by its id, and not all of them after each write
    assert len([each for each in desk.requests if each.startswith("GET /efforts/one?")]) > 2
    assert len([each for each in desk.requests if each == "GET /efforts"]) == 2

    # what it will not change is replaced under its name, with the same settings and owner
    workspace.write("Campaign", "evening", PROGRESSIVE.format(status="active"))
    assert applied(workspace, desk) == {"Campaign/evening": "delete"}
    (anew,) = desk.efforts.values()
    kept = {name: value for name, value in effort.items() if name != "tuning"}
    assert anew == {**kept, "objId": anew["objId"], "mode": "G", "state": "ON"}
    assert anew["objId"] != effort["objId"]
    anew["state"] = "OFF"
    desk.people.clear()
    # what is declared no longer is named, and deleted when that is asked for; what is not ours never is
    for kind, name in (("Campaign", "evening"), ("ContactList", "gold"), ("ContactList", "vip")):
        workspace.remove(kind, name)
    assert sorted(each["address"] for each in planned(workspace)["undeclared"]) == [
        "Campaign/Evening",
        "ContactList/Gold 2027",
        "ContactList/VIP",
    ]
    assert set(applied(workspace, desk, "--prune").values()) == {"delete"}
    assert (desk.titles(), desk.titles("efforts"), list(desk.groups)) == (["Somebody's"], [], [foreign])


def claimed(workspace: Workspace) -> Path:
    """Where it is written down whose the groups are."""
    (found,) = workspace.root.rglob(FILE)
    return found


def test_what_the_registry_does_not_know_is_nobodys_and_never_deleted(workspace: Workspace, desk: Desk) -> None:
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactList", "silver", "name: Silver")
    assert applied(workspace, desk) == {"ContactList/gold": "create", "ContactList/silver": "create"}
    workspace.remove("ContactList", "silver")
    # the registry is lost: one is declared and adopted again, for which nothing is sent; the other is anybody's
    for file in (claimed(workspace), claimed(workspace).with_name(f"{FILE}.count")):
        file.unlink()
    document = planned(workspace, "--prune")
    assert (actions(document), document["undeclared"]) == ({"ContactList/gold": "adopt"}, [])
    assert document["request_budget"]["writes"] == 0
    assert applied(workspace, desk, "--prune") == {"ContactList/gold": "adopt"}
    assert (desk.titles(), desk.writes) == (["Gold", "Silver"], [])
    written = claimed(workspace).read_bytes()
    # what was altered, cut short or added by somebody else is not read at all
    for tampered in (b"", written.replace(b"claimed", b"clained"), written + b'{"event":"claimed"}\n'):
        claimed(workspace).write_bytes(tampered)
        ended = workspace.run("apply", "--yes", "--prune")
        assert (ended.code, FILE in ended.err, "Traceback" in ended.err) == (1, True, False), tampered
    assert (desk.titles(), desk.writes) == (["Gold", "Silver"], [])


def test_a_group_whose_answer_was_lost_is_adopted_and_not_taken_for_ours(workspace: Workspace, desk: Desk) -> None:
    workspace.write("ContactList", "gold", "name: Gold")
    desk.lose = {"POST"}
    ended = workspace.run("apply", "--yes")
    assert ended.code == 1
    assert "its owner is unknown" in ended.out + ended.err
    resumed = workspace.run("apply", "--resume")  # nor does going on with it make it ours, or a second one
    assert (resumed.code, "its owner is unknown" in resumed.out + resumed.err) == (1, True)
    assert (desk.titles(), desk.writes) == (["Gold"], ["POST /groups"])
    assert applied(workspace, desk) == {"ContactList/gold": "adopt"}
    nothing_to_do(workspace, desk)


def test_what_is_released_stays_and_is_ours_no_longer(workspace: Workspace, desk: Desk) -> None:
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactList", "vip", "name: VIP")
    applied(workspace, desk)
    workspace.write("ContactList", "gold", "name: Gold\nrelease: true")
    assert applied(workspace, desk) == {"ContactList/gold": "forget"}
    assert desk.writes == []
    workspace.remove("ContactList", "gold")
    assert actions(planned(workspace, "--prune")) == {}


def test_what_an_api_has_no_place_for_is_told_where_it_is_declared(workspace: Workspace, desk: Desk) -> None:
    workspace.write("ContactList", "gold", "name: Gold\ndescription: The best")
    ended = workspace.run("plan")
    assert (ended.code, desk.writes) == (64, [])
    assert "contactlist-gold.yaml:6:16" in ended.err
    assert "the surface deskapi of the tenant has no `description` of a ContactList" in ended.err


def test_surfaces_of_two_apis_are_no_tenant(workspace: Workspace, desk: Desk) -> None:
    both = f'{{baseUrl: "{desk.url}", tokenUrl: "{desk.url}/token"}}'
    spec = "credentials: {clientId: {env: CXONE_CLIENT_ID}, clientSecret: {env: CXONE_CLIENT_SECRET}}"
    workspace.write("Tenant", "desk", f"{spec}\nsurfaces: {{deskapi: {both}, outbound: {both}}}")
    ended = workspace.run("validate")
    assert (ended.code, desk.requests) == (64, [])
    assert "the surfaces `deskapi` and `outbound` are of two APIs" in ended.err


def without_delete(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same API, where nothing can be deleted."""
    held = cast("dict[str, Wire]", load_surfaces()["deskapi"].wires)
    for name, wire in list(held.items()):
        monkeypatch.setitem(held, name, replace(wire, requests=replace(wire.requests, delete=None)))
    kinds._load_modules.cache_clear()
    kinds.load_kinds.cache_clear()


def test_what_cannot_be_deleted_is_named_and_stays_and_is_not_made_anew(
    workspace: Workspace, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.add_group("VIP", "C1")
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactList", "vip", "name: VIP")
    workspace.write("AbandonmentPolicy", "strict", POLICY)
    workspace.write("Campaign", "evening", CAMPAIGN.format(rate=0.3, status="paused"))
    applied(workspace, desk)
    workspace.remove("ContactList", "gold")
    workspace.write("Campaign", "evening", PROGRESSIVE.format(status="paused"))
    without_delete(monkeypatch)
    document = planned(workspace, "--prune")
    assert [each["address"] for each in document["undeclared"]] == ["ContactList/Gold"]
    assert actions(document) == {"Campaign/evening": "update"}
    assert [each["rule"] for each in document["findings"] if each["severity"] == "refuse"] == ["OBJ-IMMUTABLE"]


@pytest.mark.parametrize("delivery", ["{method: listContacts}", "{method: auto}"])
def test_a_way_onto_lists_that_no_surface_offers_is_told_before_anything_is_done(
    workspace: Workspace, desk: Desk, delivery: str
) -> None:
    columns = "{contactId: id, phone: phone, engagementScore: points}"
    (workspace.root / "people.csv").write_text("id,phone,points\nC1,+12125550101,90\n", encoding="utf-8")
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactSource", "crm", f"files: {{paths: [people.csv], format: csv, columns: {columns}}}")
    workspace.write("ScoreModel", "engaged", "engagement: {threshold: 75}")
    workspace.write("Segment", "best", f"source: crm\nscore: engaged\nlists: {{engaged: gold}}\ndelivery: {delivery}")
    ended = workspace.run("plan")
    assert ended.code in (1, 64)
    assert "error[missing-surface]" in ended.err or "declare another surface" in ended.err
    assert desk.writes == []
