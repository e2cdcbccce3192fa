"""Another API's rows are in its file as well: a segment is delivered through it, read back, and taken off again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

import pytest

from reconciler import kinds
from reconciler.model.paging import pick
from reconciler.model.reply_shape import NUMBER, Shape, may, needs
from reconciler.model.surface_wire import Call, Part, Wire
from reconciler.surfaces import load_surfaces
from tests.surfaces.conftest import Workspace
from tests.surfaces.desk import Desk
from tests.surfaces.test_another_api import CAMPAIGN, POLICY, actions, applied, done, nothing_to_do, planned

COLUMNS = "{contactId: id, phone: phone, engagementScore: points}"
SEGMENT = """
source: crm
score: engaged
lists: {{engaged: gold}}
phones: {{rule: possible, region: US}}
membership: mirror
delivery: {{method: {method}, attributes: [score]}}
"""


def people(workspace: Workspace, rows: dict[str, tuple[str, float]]) -> None:
    """The source: by id, a number and points."""
    lines = [f"{name},{number},{points}" for name, (number, points) in rows.items()]
    (workspace.root / "people.csv").write_text("id,phone,points\n" + "".join(f"{line}\n" for line in lines))


def declare(workspace: Workspace, method: str = "auto") -> None:
    """A list, a source, a score and a segment."""
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactSource", "crm", f"files: {{paths: [people.csv], format: csv, columns: {COLUMNS}}}")
    workspace.write("ScoreModel", "engaged", "engagement: {threshold: 75}")
    workspace.write("Segment", "best", SEGMENT.format(method=method))


def number(last: int) -> str:
    """A number that is kept for fiction."""
    return f"+121255501{last:02d}"


def held(desk: Desk) -> dict[str, dict[str, Any]]:
    """Who is in the group `Gold`."""
    return desk.people.get(desk.called("Gold")["objId"], {})


SIX = {f"C{n}": (number(n), 80.0 + n) for n in range(6)}


def test_a_segment_is_delivered_read_back_changed_and_taken_off(workspace: Workspace, desk: Desk) -> None:
    declare(workspace)
    people(workspace, {**SIX, "C9": (number(9), 10.0)})
    document = planned(workspace)
    (row_change,) = document["row_changes"]
    delivery = row_change["delivery"]
    assert (delivery["method"], delivery["chosen"]["code"]) == ("groupPeople", "contacts_from_outside")
    done(workspace.run("apply", "--yes"))
    # by its limit of four in two requests, each with the number and the attribute
    assert [each.partition("?")[0] for each in desk.writes] == [
        "POST /groups",
        "PUT /groups/people",
        "PUT /groups/people",
    ]
    assert {name: (each["tel"], each["more"]["score"]) for name, each in held(desk).items()} == SIX
    nothing_to_do(workspace, desk)

    # a score and a number change, one is put, one is taken off: what is there is read, page by page, and nobody else
    people(workspace, {**SIX, "C0": (number(0), 99.0), "C1": (number(71), 81.0), "C6": (number(6), 86.0)})
    held(desk)["C7"] = {"person": "C7", "tel": number(7), "state": "ACTIVE", "more": {}}
    applied(workspace, desk)
    assert {name: (each["tel"], each["more"]["score"]) for name, each in held(desk).items()} == {
        **SIX, "C0": (number(0), 99.0), "C1": (number(71), 81.0), "C6": (number(6), 86.0)
    }  # fmt: skip
    nothing_to_do(workspace, desk)


def test_a_lost_reply_and_rows_that_are_refused_in_an_answer_of_200_cost_nobody_else(
    workspace: Workspace, desk: Desk
) -> None:
    declare(workspace, "groupPeople")
    stay = {f"D{n}": (number(20 + n), 80.0) for n in range(6)}
    people(workspace, {**SIX, **stay})
    gold = desk.add_group("Gold", "C7", "C8")
    desk.people[gold] |= {
        name: {"person": name, "tel": tel, "state": "ACTIVE", "more": {"score": points}}
        for name, (tel, points) in stay.items()
    }
    desk.barred, desk.kept, desk.lose = {number(1)}, {"C7"}, {"PUT"}
    ended = workspace.run("apply", "--yes")
    # what was done and not answered is sent again, to the same end; who is refused is rejected alone, and told without
    # the number that the tenant quotes; nobody is halved for it
    assert (ended.code, number(1) in ended.out + ended.err) == (5, False), ended.out + ended.err
    assert sorted(held(desk)) == ["C0", "C2", "C3", "C4", "C5", "C7", *stay]
    assert len([each for each in desk.writes if each == f"PUT /groups/people?objId={gold}"]) == 3
    # taken off together, then each alone: C8 is off by then, and that is no refusal
    assert len([each for each in desk.writes if each.startswith("DELETE ")]) == 3
    owed = done(workspace.run("owed")).out
    assert ("*** is not taken" in owed, "*** is kept" in owed, "C7" in owed) == (True, True, False), owed


@pytest.mark.matrix(instead="test_a_lost_reply_and_rows_that_are_refused_in_an_answer_of_200_cost_nobody_else")
def test_a_file_whose_reply_was_lost_is_looked_up_and_not_sent_again(workspace: Workspace, desk: Desk) -> None:
    declare(workspace, "upload")
    people(workspace, SIX)
    desk.add_group("Gold")
    desk.lose = {"POST"}
    assert applied(workspace, desk) == {"ContactList/gold": "adopt"}
    assert {name: (each["tel"], each["more"]["score"]) for name, each in held(desk).items()} == SIX
    # found by the name that it was given, and waited for by its truths; taken off by the method beside it
    looks = [each.partition("=")[0] for each in desk.requests if each.startswith("GET /uploads")]
    assert looks[0] == "GET /uploads?name"
    assert set(looks[1:]) == {"GET /uploads?job"}
    people(workspace, {name: each for name, each in SIX.items() if name != "C5"})
    assert applied(workspace, desk) == {}
    assert sorted(held(desk)) == ["C0", "C1", "C2", "C3", "C4"]
    assert [each.partition("?")[0] for each in desk.writes] == ["DELETE /groups/people"]


def test_a_list_is_a_source_with_its_interactions_and_outcomes_are_set(workspace: Workspace, desk: Desk) -> None:
    desk.add_group("Everybody", "C1", "C2", "C3", "C4")
    desk.people[desk.called("Everybody")["objId"]]["C4"]["state"] = "GONE"
    # of whom it is asked, in the window; three in all, read two a page
    talked = [
        ("C1", "2026-06-30"),
        ("C1", "2026-06-29"),
        ("C2", "2026-06-01"),
        ("C4", "2026-06-30"),
        ("C1", "2024-01-01"),
    ]
    desk.talks = [
        {"talk": f"T{n}", "who": who, "at": f"{day}T10:00:00Z", "kind": "voice"} for n, (who, day) in enumerate(talked)
    ]
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactSource", "crm", "contactList: {name: Everybody}\ninteractions: {types: [voice]}")
    bands = "[{name: engaged, from: 45}, {name: low, from: 0, to: 45}]"
    workspace.write(
        "ScoreModel",
        "engaged",
        "recencyFrequency: {window: 90d, recency: {start: 50, perDay: 0.5}, frequency: {each: 2.5, cap: 20},"
        f" bands: {bands}}}",
    )
    segment = "source: crm\nscore: engaged\nlists: {engaged: gold}\nmembership: mirror\ndelivery: {method: auto}"
    workspace.write("Segment", "best", segment + "\nphones: {rule: possible, region: US}")
    for person in desk.people[1].values():
        person["tel"] = number(int(person["person"][1:]))
    made = {"title": "Evening", "mode": "G", "state": "OFF", "groupRef": 1, "cap": 3, "from": None, "until": None}
    desk.efforts[90] = {"objId": 90, **made}
    desk.results = {"C1": {"stage": "W"}, "C2": {"stage": "T"}}
    (workspace.root / "results.csv").write_text("id,result,agent,at\nC1,INTERESTED,A1,\nC2,BUSY,A1,\nC3,BUSY,A1,\n")
    columns = "{contactId: id, outcome: result, agent: agent}"
    files = f"files: {{paths: [results.csv], format: csv, columns: {columns}}}"
    workspace.write("DispositionSet", "results", f"campaign: {{name: Evening}}\n{files}")
    done(workspace.run("apply", "--yes"))
    # who talked of late; who is not active, and who did not talk, is not on it
    assert sorted(held(desk)) == ["C1"]
    assert desk.results == {"C1": {"stage": "W", "result": "INTERESTED", "by": "A1"}, "C2": {"stage": "T"}}
    assert any(each.startswith("GET /talks?who=C1") for each in desk.requests)


def vary(monkeypatch: pytest.MonkeyPatch, kind: str, **changes: Any) -> None:
    """The same API, but that it holds a kind otherwise."""
    held = cast("dict[str, Wire]", load_surfaces()["deskapi"].wires)
    monkeypatch.setitem(held, kind, replace(held[kind], **changes))
    kinds._load_modules.cache_clear()
    kinds.load_kinds.cache_clear()


TUNING = {"targetAnswerRate": "rate", "maxCallsInProgress": "lines"}
PREDICTIVE = Part(
    fields=frozenset({"predictive"}),
    one=lambda object_id: Call("GET", "/efforts/tuning", {"objId": object_id}),
    shape=Shape({"tuning": needs(Shape({name: may(NUMBER) for name in TUNING.values()}))}),
    read=lambda body: {"predictive": {ours: body["tuning"].get(theirs) for ours, theirs in TUNING.items()}},
    change=lambda object_id, fields, told: Call(
        "PUT",
        "/efforts/tuning",
        {"objId": object_id},
        {"tuning": {**told["tuning"], **{TUNING[name]: value for name, value in fields["predictive"].items()}}},
    ),
)
"""The settings of an effort at an endpoint of their own."""


def test_an_object_may_lie_on_several_endpoints(
    workspace: Workspace, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    vary(monkeypatch, "Campaign", parts=(PREDICTIVE,))
    desk.add_group("VIP", "C1")
    workspace.write("ContactList", "vip", "name: VIP")
    workspace.write("AbandonmentPolicy", "strict", POLICY)
    workspace.write("Campaign", "evening", CAMPAIGN.format(rate=0.3, status="paused"))
    assert applied(workspace, desk) == {"ContactList/vip": "adopt", "Campaign/evening": "create"}
    assert desk.called("Evening", "efforts")["tuning"] == {"rate": 0.3, "lines": 20}
    next(iter(desk.efforts.values()))["tuning"]["grace"] = 7  # what nobody knows goes back as it came
    nothing_to_do(workspace, desk)
    workspace.write("Campaign", "evening", CAMPAIGN.format(rate=0.4, status="paused"))
    assert applied(workspace, desk) == {"Campaign/evening": "update"}
    # only the endpoint that holds what changed is written to
    assert [each.partition("?")[0] for each in desk.writes] == ["PUT /efforts/tuning"]
    assert desk.called("Evening", "efforts")["tuning"] == {"rate": 0.4, "lines": 20, "grace": 7}


def test_what_is_made_inactive_is_told_so_and_counts_as_gone_and_a_refusal_in_a_200_is_one(
    workspace: Workspace, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = replace(
        load_surfaces()["deskapi"].wires["ContactList"].requests,
        delete=lambda object_id: Call("POST", "/groups/retire", {"objId": object_id}),
        inactive=True,
        refused=lambda answer: pick(answer, "0.error"),
    )
    vary(monkeypatch, "ContactList", requests=requests, gone=lambda body: body.get("retired") is True)
    workspace.write("ContactList", "gold", "name: Gold")
    workspace.write("ContactList", "none", "name: None left")
    desk.refused = {"None left"}
    ended = workspace.run("apply", "--yes")
    assert (ended.code, "no more groups" in ended.out + ended.err) == (5, True), ended.out + ended.err
    assert (desk.titles(), desk.writes) == (["Gold"], ["POST /groups", "POST /groups"])
    for name in ("gold", "none"):
        workspace.remove("ContactList", name)
    told = done(workspace.run("plan", "--prune"))
    assert "it is made inactive, and stays there" in told.out
    assert applied(workspace, desk, "--prune") == {"ContactList/Gold": "delete"}
    assert desk.called("Gold")["retired"] is True
    assert actions(planned(workspace, "--prune")) == {}
