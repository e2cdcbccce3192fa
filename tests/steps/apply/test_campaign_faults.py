"""Is a campaign as it was, or at rest, where a change of it fails; and as planned when the run goes on?"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import scene
from tests.conftest import Ended, Folder, manifest
from tests.steps.apply import running

Run = Callable[..., Ended]
Fault = tuple[str, dict[str, Any]]
PATCH = {"method": "PATCH", "path": "/campaigns/"}
PROGRESSIVE = partial(running.build, dial_type="progressive")


def refused(**parameters: Any) -> Fault:
    return "fail-activation", parameters


def failing(status: int = 400, times: int | None = 1, skip: int = 0, **call: Any) -> Fault:
    return "status", {"status": status, "times": times, "skip": skip, **{**PATCH, **call}}


def meanwhile(skip: int, *, path: str = "/campaigns/", method: str = "PATCH", **what: Any) -> Fault:
    return "meanwhile", {"method": method, "path": path, "skip": skip, **what}


@dataclass(frozen=True)
class Case:
    """What goes wrong, what `Morning` is then, and what the report says of it.

    Attributes:
        threshold: 5 is that of before, 3 the planned one; None: there is no such campaign.
        left: names of campaigns that are there besides. code: that of going on afterwards, when nothing goes wrong.
    """

    faults: tuple[Fault, ...]
    status: str
    threshold: float | None
    says: tuple[str, ...]
    left: int = 0
    code: int = 0
    build: Callable[[Simulator, Folder], None] = field(default=running.build)


AS_BEFORE, LEFT = "'Morning' is rolled back", "'Morning' is left paused"
ALL = {"times": None}
CASES = {
    "the change is taken by halves": Case(
        (("half-change", {"skip": 1, "drops": ["abandonThreshold"]}),), "active", 5, (AS_BEFORE, "abandonThreshold")
    ),
    "the change is taken by halves, and so is its undoing": Case(
        (
            ("half-change", {"skip": 1, "drops": ["predictiveDialingSettings"]}),
            ("half-change", {"skip": 1, "drops": ["abandonThreshold"]}),
        ),
        "paused",
        3,
        (LEFT,),
    ),
    "the change is refused": Case((failing(skip=1),), "active", 5, (AS_BEFORE,)),
    "the change is lost on the way": Case((("reset-before", {**PATCH, "skip": 1}),), "active", 3, ()),
    "the change takes effect and is not confirmed": Case((failing(502, 9, 1, after=True),), "active", 3, ()),
    "pausing is refused": Case((failing(times=None),), "active", 5, (AS_BEFORE,)),
    "nothing more is taken once it rests": Case((failing(503, None, 1),), "paused", 5, (LEFT,)),
    "resuming is refused once": Case((refused(),), "active", 5, (AS_BEFORE,)),
    "resuming is refused for good": Case((refused(**ALL),), "paused", 5, (LEFT,)),
    "resuming is taken and not done": Case((refused(form="ignored", **ALL),), "paused", 5, (LEFT,)),
    "resuming changes a value": Case(
        (refused(form="altered", changed={"abandonThreshold": 9.0}),), "active", 5, (AS_BEFORE, "changed meanwhile")
    ),
    "somebody changes it as the run begins": Case(
        (meanwhile(1, path="/campaigns$", method="GET", campaign="Morning", changed={"abandonThreshold": 7.0}),),
        "active",
        7,
        ("was changed by somebody else", "it was left as it is"),
        code=4,
    ),
    "somebody resumes it while it is changed": Case(
        (meanwhile(3, path="/campaigns$", method="GET", campaign="Morning", changed={"status": "active"}),),
        "active",
        5,
        (AS_BEFORE,),
    ),
    "somebody deletes it while it rests": Case(
        (meanwhile(1, campaign="Morning", removes=True),), "", None, ("'Morning' no longer exists",), code=5
    ),
    "its new list is emptied while it rests": Case(
        (meanwhile(3, path="/campaigns$", method="GET", empties="Chosen"),),
        "active",
        5,
        (AS_BEFORE, "list 'Chosen' is empty"),
        code=5,
    ),
    # the tenant does not put it back on an empty list either
    "its old list is emptied as well": Case(
        tuple(meanwhile(3, path="/campaigns$", method="GET", empties=name) for name in ("Chosen", "Old")),
        "paused",
        3,
        (LEFT, "list 'Chosen' is empty"),
        code=5,
    ),
    "a replacement is refused its name": Case((failing(skip=1),), "active", 5, (AS_BEFORE,), build=PROGRESSIVE),
    "a replacement is not made": Case(
        (failing(method="POST", path="/campaigns$"),), "active", 5, (AS_BEFORE,), build=PROGRESSIVE
    ),
    "a replacement is not activated": Case((refused(),), "active", 5, (AS_BEFORE,), build=PROGRESSIVE),
    "a replacement is activated with another value": Case(
        (refused(form="altered", changed={"abandonThreshold": 9.0}),), "active", 5, (AS_BEFORE,), build=PROGRESSIVE
    ),
    "neither the replacement nor the old one is activated": Case(
        (refused(**ALL),), "paused", 5, ("back failed too", "it is left paused"), build=PROGRESSIVE
    ),
    "the old one is not deleted": Case(
        (failing(method="DELETE", times=None),),
        "active",
        3,
        ("'Morning' was replaced", "could not be deleted"),
        left=1,
        build=PROGRESSIVE,
    ),
    "a new one is not activated": Case(
        (refused(**ALL),), "draft", 3, ("cannot be activated",), build=running.build_new
    ),
    "a new one is activated with another value": Case(
        (refused(form="altered", changed={"abandonThreshold": 9.0}),),
        "paused",
        9,
        ("changed meanwhile",),
        build=running.build_new,
        code=5,
    ),
    "a new one's list is emptied before it is activated": Case(
        (meanwhile(0, path="/campaigns$", method="POST", empties="Chosen"),),
        "",
        None,
        ("empty",),
        build=running.build_new,
        code=5,
    ),
    "a new one's list is emptied once it is made": Case(
        (meanwhile(3, path="/campaigns$", method="GET", empties="Chosen"),),
        "draft",
        3,
        ("list 'Chosen' is empty",),
        build=running.build_new,
        code=5,
    ),
}


@pytest.mark.thin(2)
@pytest.mark.parametrize("name", CASES)
def test_a_failure_leaves_a_campaign_as_it_was_or_at_rest_and_can_be_gone_on_from(
    tenant: Simulator, folder: Folder, run: Run, name: str
) -> None:
    case = CASES[name]
    case.build(tenant, folder)
    short = (folder.root / "tenant.yaml").read_text(encoding="utf-8").replace("attempts: 3", "attempts: 2")
    folder.write("tenant.yaml", short)
    path = str(folder.root.parent / "a.plan")
    assert run("plan", "--out", path).code == 0
    witness = running.Witness(tenant)
    witness.look()
    for kind, parameters in case.faults:
        tenant.faults.add(kind, **parameters)
    ended = run("apply", path)
    assert ended.code == (5 if case.says else 0), ended.out
    for words in case.says:
        assert words in ended.out
    held = tenant.store.find_campaign("Morning")
    assert (held.fields["status"] if held else "") == case.status, ended.out
    assert (held.fields["abandonThreshold"] if held else None) == case.threshold
    assert len(tenant.store.campaigns) == case.left + (held is not None)
    tenant.faults.clear()
    assert run("apply", "--resume").code == case.code
    if case.code == 0:
        assert tenant.store.campaign_named("Morning").fields["abandonThreshold"] == 3
        assert tenant.store.campaign_named("Morning").fields["status"] == "active"
        assert run("plan", "--detailed-exitcode").code == 0
        assert len(tenant.store.campaigns) == 1


def journal(folder: Folder) -> list[tuple[str, str]]:
    """What the journal says of the writes of campaigns."""
    (path,) = folder.root.glob(".reconciler/runs/*/journal.jsonl")
    entries = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [(each["event"], each["key"]) for each in entries if "!" in each["key"] and "Campaign" in each["key"]]


def test_every_write_of_a_transaction_is_in_the_journal_before_it_is_sent_and_after_it_is_proven(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    running.build(tenant, folder)
    tenant.faults.add("half-change", skip=1, drops=["abandonThreshold"])
    assert run("apply", "--yes").code == 5
    key = "Campaign/morning!"
    assert journal(folder) == [
        ("intent", f"{key}0:pause"),
        ("done", f"{key}0:pause"),
        ("intent", f"{key}1:change"),
        ("failed", f"{key}1:change"),
        ("intent", f"{key}2:change"),
        ("done", f"{key}2:change"),
        ("intent", f"{key}3:resume"),
        ("done", f"{key}3:resume"),
    ]
    assert run("apply", "--resume").code == 0
    assert journal(folder)[8::2] == [
        ("intent", f"{key}4:pause"),
        ("intent", f"{key}5:change"),
        ("intent", f"{key}6:resume"),
    ]


def bodies(tenant: Simulator) -> list[tuple[str, Any]]:
    """What was sent to campaigns, in order."""
    return [(each.method, each.body) for each in tenant.requests().writes().to("/campaigns")]


def test_only_what_differs_is_sent_and_only_while_the_campaign_rests(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    running.build(tenant, folder)
    assert run("apply", "--yes").code == 0
    chosen = tenant.store.list_named("Chosen").id
    settings = {"targetAnswerRate": 0.3, "maxCallsInProgress": 10}
    changed = {"listId": chosen, "abandonThreshold": 3, "endTime": scene.END, "predictiveDialingSettings": settings}
    assert bodies(tenant) == [("PATCH", {"status": "paused"}), ("PATCH", changed), ("PATCH", {"status": "active"})]


def test_what_does_not_matter_is_changed_while_the_campaign_dials(tenant: Simulator, folder: Folder, run: Run) -> None:
    running.build(tenant, folder)
    assert run("apply", "--yes").code == 0
    tenant.clear_requests()
    tenant.store.change_campaign(tenant.store.campaign_named("Morning"), wrapUpCode="OTHER")
    assert run("apply", "--yes").code == 0
    assert bodies(tenant) == [("PATCH", {"wrapUpCode": "SOLD"})]


def test_a_campaign_is_made_at_rest_and_activated_after_all_that_it_depends_on_and_before_anything_is_deleted(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.whole(tenant, folder)
    folder.write("late.yaml", manifest("ContactList", "zzz", "name: Last of all"))
    scene.live_campaign(tenant, "Yesterday", "Few")
    overrides = "overrides: [{rule: LIM-STOPPED, object: Campaign/Yesterday, reason: It is over.}]"
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: 2026-07-01T00:00:00Z\n{overrides}"))
    assert run("apply", "--yes", "--prune").code == 0
    writes = [(each.method, each.path.rpartition("/")[2], each.body) for each in tenant.requests().writes()]
    made = next(body for method, _, body in writes if method == "POST" and "wrapUpCode" in str(body))
    assert made["status"] == "draft"
    evening, yesterday = tenant.store.campaign_named("Evening").id, "CA-1002"
    assert writes[-2:] == [("PATCH", yesterday, {"status": "paused"}), ("DELETE", yesterday, None)]
    # another campaign, and the list that it dials, are not waited for
    began = writes.index(("PATCH", evening, {"status": "active"}))
    chosen = tenant.store.list_named("Chosen").id
    filled = [place for place, each in enumerate(tenant.requests().writes()) if f"/{chosen}/contacts" in each.path]
    assert filled
    assert max(filled) < began
    assert [body for _, about, body in writes[began + 1 : -2] if about in (evening, chosen)] == []


def test_a_campaign_that_rests_is_changed_at_once_and_activated_last(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    running.build(tenant, folder)
    tenant.store.change_campaign(tenant.store.campaign_named("Morning"), status="paused")
    planned = json.loads(run("plan", "--format", "json").out)
    assert [(each["address"], each["does"]) for each in planned["order"]][-2:] == [
        ("Campaign/morning", ["change"]),
        ("Campaign/morning:activation", ["activate"]),
    ]
    assert run("apply", "--yes").code == 0
    assert [body for _, body in bodies(tenant)][-1] == {"status": "active"}
    assert not {"status"} & set(bodies(tenant)[0][1])
    tenant.clear_requests()
    tenant.store.change_campaign(tenant.store.campaign_named("Morning"), status="paused")
    assert run("apply", "--yes").code == 0
    assert bodies(tenant) == [("PATCH", {"status": "active"})]


def test_a_run_that_is_stopped_while_a_campaign_rests_says_so(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reconciler.cxone.writer import TenantWriter
    from reconciler.model.errors import Interrupted

    running.build(tenant, folder)
    path, update = str(folder.root.parent / "a.plan"), TenantWriter.update
    assert run("plan", "--out", path).code == 0

    def stopped(self: TenantWriter, kind: Any, name: str, fields: Any, owner: str) -> None:
        if "abandonThreshold" in fields:
            raise Interrupted("stopped before the next call was sent")
        update(self, kind, name, fields, owner)

    monkeypatch.setattr(TenantWriter, "update", stopped)
    ended = run("apply", path)
    assert ended.code == 5
    assert "'Morning' may be left paused until the run is resumed" in ended.out
    assert tenant.store.campaign_named("Morning").fields["status"] == "paused"
    monkeypatch.setattr(TenantWriter, "update", update)
    assert run("apply", "--resume").code == 0
    assert tenant.store.campaign_named("Morning").fields["status"] == "active"
