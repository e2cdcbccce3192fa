"""Is what cannot be done told, what depends on it left alone, and all the rest done?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests import scene, sealed
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


def outcomes(ended: Ended) -> dict[str, str]:
    """How each step ended."""
    return {each["address"]: each["outcome"] for each in json.loads(ended.out)["steps"]}


def rejected(folder: Folder) -> list[dict[str, Any]]:
    """The contacts that the ledger keeps as rejected."""
    return sealed.lines(folder.root, "runs/*/rejected.jsonl")


def test_what_depends_on_a_failure_is_blocked_and_the_rest_is_done(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    tenant.faults.add("status", method="POST", path="/lists$", status=400, times=None)
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 5
    assert outcomes(ended) == {
        "ContactList/chosen": "failed",
        "Segment/chosen[engaged]": "blocked",
        "Campaign/evening": "blocked",
        "Campaign/evening:activation": "blocked",
        "Segment/high[high]": "done",
        "Campaign/morning": "done",
    }
    assert len(scene.members(tenant, "High")) == 30
    assert "apply --resume" in ended.err
    tenant.faults.clear()
    resumed = run("apply", "--resume", "--format", "json")
    assert resumed.code == 0
    assert set(outcomes(resumed).values()) == {"done"}
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_run_of_which_nothing_could_be_done_ends_with_1(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    tenant.faults.add("status", method="POST", path="/lists$", status=400, times=None)
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "invalid: the tenant refuses the request" in ended.out
    assert "POST " in ended.out


def archived_in_between(tenant: Simulator, folder: Folder, run: Run, numbers: list[int], chunk: int = 10) -> Ended:
    scene.people(tenant, 100)
    scene.declare_segment(folder, chunk=chunk)
    path = str(folder.root / "a.plan")
    assert run("plan", "--out", path).code == 0
    for number in numbers:
        tenant.store.change_contact(scene.contact(number), status="ARCHIVED")
    return run("apply", path, "--format", "json")


@pytest.mark.thin
@pytest.mark.parametrize("numbers", [[80], [75, 99], list(range(75, 85)), [76, 78, 80, 82]])
def test_a_contact_archived_after_the_plan_is_found_and_kept_and_the_others_are_delivered(
    tenant: Simulator, folder: Folder, run: Run, numbers: list[int]
) -> None:
    ended = archived_in_between(tenant, folder, run, numbers)
    assert ended.code == 5
    gone = {scene.contact(number) for number in numbers}
    assert scene.members(tenant, "Chosen") == {scene.contact(number) for number in range(75, 100)} - gone
    kept = rejected(folder)
    assert {each["contact"] for each in kept} == gone
    assert {each["reason"] for each in kept} == {"archived, deleted or unknown in the tenant"}
    (step,) = [each for each in json.loads(ended.out)["steps"] if each["address"].startswith("Segment")]
    assert (step["outcome"], step["rows"], step["rejected"]) == ("done", 25 - len(gone), len(gone))
    assert not any(each in ended.out + ended.err for each in gone)
    assert "apply --resume" not in ended.err, "there is nothing to resume"
    assert run("plan", "--detailed-exitcode").code == 0, "an archived contact is not offered again"


def test_a_deleted_contact_is_found_like_an_archived_one(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder, chunk=10)
    path = str(folder.root / "a.plan")
    assert run("plan", "--out", path).code == 0
    tenant.store.remove_contact(scene.contact(90))
    assert run("apply", path).code == 5
    assert len(scene.members(tenant, "Chosen")) == 24
    assert [each["contact"] for each in rejected(folder)] == [scene.contact(90)]


@pytest.mark.matrix(instead="test_a_contact_archived_after_the_plan_is_found_and_kept_and_the_others_are_delivered")
def test_more_rejected_contacts_than_are_read_at_once_are_all_accounted_for(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    tenant.store.add_contacts([{"id": scene.contact(n), "engagementScore": 90} for n in range(1300)])
    tenant.store.add_list("All customers", [scene.contact(n) for n in range(1300)])
    scene.declare_segment(folder)
    path = str(folder.root / "a.plan")
    assert run("plan", "--out", path).code == 0
    for number in range(1200):
        tenant.store.change_contact(scene.contact(number), status="ARCHIVED")
    ended = run("apply", path)
    assert ended.code == 5, ended.out
    assert "1,200 rejected by the tenant" in ended.out
    assert "To see which contacts the tenant rejected, and why: reconciler pending -w" in ended.err
    assert len(scene.members(tenant, "Chosen")) == 100
    assert len(rejected(folder)) == 1200


def during(tenant: Simulator, path: str, method: str, act: Callable[[], object], *, skip: int = 0) -> None:
    """Do something to the tenant just before a request takes effect."""
    import tests.steps.apply.killing  # noqa: F401 - its kind of fault

    tenant.faults.add("act", method=method, path=path, skip=skip, act=act)


def test_a_list_deleted_while_it_is_filled_fails_its_step_and_blocks_its_campaign(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.whole(tenant, folder)

    def delete() -> None:
        tenant.store.remove_list(tenant.store.list_named("Chosen"))

    during(tenant, "/contactlists/.*/contacts$", "POST", delete, skip=1)
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 5
    ends = outcomes(ended)
    assert ends["Segment/chosen[engaged]"] == "failed"
    assert ends["Campaign/evening"] == "blocked"
    assert ends["Campaign/morning"] == "done"
    assert rejected(folder) == [], "a list that is gone is no reason to reject anybody"


def test_what_the_tenant_took_and_does_not_hold_is_reported(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder)

    def lose() -> None:
        tenant.store.drop_members(tenant.store.list_named("Chosen"), [scene.contact(80), scene.contact(81)])

    # the first read of the new list's contacts is the check before, the last the reading back
    during(tenant, "/contactlists/CL-1002/contacts$", "GET", lose)
    ended = run("apply", "--yes", "--format", "json")
    (step,) = [each for each in json.loads(ended.out)["steps"] if each["address"].startswith("Segment")]
    assert step["outcome"] == "failed"
    assert "2 of 25 rows were accepted by the tenant but are not on the list as written" in step["words"]
    assert ended.code == 5


def test_a_field_that_the_tenant_did_not_keep_is_reported(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: All customers"))
    scene.live_campaign(tenant, "Evening", "All customers", abandonThreshold=8.0)
    scene.declare_campaign(folder)

    def spoil() -> None:
        tenant.store.change_campaign(tenant.store.campaign_named("Evening"), abandonThreshold=8.0)

    # before it: to plan, to check what was planned, to begin, and to see that it rests
    during(tenant, "/campaigns$", "GET", spoil, skip=4)
    ended = run("apply", "--yes")
    assert ended.code == 5
    assert "not-as-written: the tenant did not keep abandonThreshold of 'Evening' as written" in ended.out


WRITES = [
    ("POST", "/lists$"),
    ("POST", "/contactlists/.*/contacts$"),
    ("POST", "/lists/.*/contacts$"),
    ("POST", "/campaigns$"),
    ("PATCH", "/campaigns/"),
    ("DELETE", "/contacts$"),
    ("DELETE", "/campaigns/"),
]
LOST = {
    "reset-after": WRITES,
    **dict.fromkeys(("cut-body", "cut-headers", "empty-body", "reset-before"), WRITES[:2]),
    "hold-after": [WRITES[0], WRITES[3], WRITES[4]],
}
"""The replies of which writes are lost in one run, and how."""


@pytest.mark.thin(1)
@pytest.mark.parametrize("fault", LOST)
def test_a_lost_reply_changes_nothing_about_the_end(tenant: Simulator, folder: Folder, run: Run, fault: str) -> None:
    scene.whole(tenant, folder)
    scene.live_campaign(tenant, "Yesterday", "Few", status="paused")
    short = (folder.root / "tenant.yaml").read_text().replace("attempts: 3", "attempts: 3, readTimeout: 1s")
    folder.write("tenant.yaml", short)
    held = {"seconds": 3} if fault == "hold-after" else {}
    rules = [tenant.faults.add(fault, method=method, path=path, **held) for method, path in LOST[fault]]
    ended = run("apply", "--yes", "--prune")
    assert [rule.hit for rule in rules] == [1] * len(rules), ended
    assert ended.code == 0, ended.out + ended.err
    assert len(scene.members(tenant, "Chosen")) == 25
    assert scene.members(tenant, "High") == {scene.contact(number) for number in range(60, 90)}
    assert sorted(each.name for each in tenant.store.campaigns.values()) == ["Evening", "Morning"]
    assert tenant.store.campaign_named("Morning").fields["abandonThreshold"] == 3
    assert len({each.name for each in tenant.store.lists.values()}) == len(tenant.store.lists)
    assert run("plan", "--detailed-exitcode", "--prune").code == 0


def test_a_name_that_is_taken_in_between_is_not_taken_over(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    during(tenant, "/lists$", "POST", lambda: tenant.store.add_list("VIP", description="Theirs"))
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "somebody else has made a ContactList named 'VIP'" in ended.out
    assert tenant.store.list_named("VIP").description == "Theirs"


def test_a_conflict_without_a_rival_is_told(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    tenant.faults.add("status", method="POST", path="/lists$", status=409, times=None)
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "conflict: the request is in conflict" in ended.out
    assert len(tenant.requests().to("/lists$", "POST")) == 3, "tried a bounded number of times"


@pytest.mark.thin
@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_a_storm_of_too_many_requests_skips_nothing(tenant: Simulator, folder: Folder, run: Run, form: str) -> None:
    scene.whole(tenant, folder)
    text = (folder.root / "tenant.yaml").read_text().replace("attempts: 3", "attempts: 20")
    folder.write("tenant.yaml", text)
    seconds = 1 if form == "date" else 0.02  # an HTTP date knows whole seconds only
    times = 2 if form != "seconds" else 25
    rule = tenant.faults.add(
        "rate-limited", path="contacts$", probability=0.5, seed=7, times=times, seconds=seconds, form=form
    )
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.out
    assert rule.hit >= 2
    assert len(scene.members(tenant, "Chosen")) == 25
    assert scene.members(tenant, "High") == {scene.contact(number) for number in range(60, 90)}
    assert rejected(folder) == []


def test_a_storm_that_does_not_end_fails_the_step_and_can_be_resumed(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder, chunk=10)
    tenant.faults.add("rate-limited", method="POST", path="contacts$", times=None, skip=1, seconds=0.01)
    ended = run("apply", "--yes")
    assert ended.code == 5
    assert "rate-limited: " in ended.out
    tenant.faults.clear()
    assert run("apply", "--resume").code == 0
    assert len(scene.members(tenant, "Chosen")) == 25


def test_a_token_that_is_revoked_in_the_middle_is_renewed(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.whole(tenant, folder)
    tenant.faults.add("revoked-token", method="POST", path="contacts$")
    assert run("apply", "--yes").code == 0
    assert len(scene.members(tenant, "Chosen")) == 25


def test_whoever_is_on_the_old_and_the_new_list_is_never_off_it(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 100)
    scene.declare_segment(folder, chunk=5)
    before = {scene.contact(number) for number in range(72, 90)}
    tenant.store.add_list("Chosen", sorted(before), description=scene.MARK)
    assert run("apply", "--yes").code == 0
    order = [each.method for each in tenant.requests().writes().to("contacts$")]
    assert order == ["POST", "POST", "DELETE"]


def test_making_and_changing_lists_takes_two_requests_each_and_none_reads_them_all(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    def declare(words: str) -> None:
        lists = [
            manifest("ContactList", f"list-{n}", f"{{name: List {n}, description: {words} {n}}}") for n in range(30)
        ]
        folder.write("lists.yaml", "\n---\n".join(lists))

    declare("one")
    for verb, words in (("POST", "one"), ("PATCH", "another")):
        declare(words)
        plan = str(folder.root.parent / f"{words}.plan")
        assert run("plan", "--out", plan).code == 0
        before = len(tenant.requests())
        assert run("apply", plan).code == 0
        made = list(tenant.requests())[before:]
        of_lists = [each for each in made if "/lists" in each.path and not each.is_token_request]
        whole = [each for each in of_lists if each.method == "GET" and "name" not in each.query]
        assert sum(each.method == verb for each in of_lists) == 30
        assert len(of_lists) - len(whole) == 60
        assert len(whole) == 1, "whether the tenant has moved is asked once"
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_list_that_somebody_made_meanwhile_is_not_taken_over(tenant: Simulator, folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "vip", "name: VIP"))
    tenant.faults.add("meanwhile", method="POST", path="/lists$", makes="VIP")
    ended = run("apply", "--yes")
    assert ended.code == 1
    assert "somebody else has made a ContactList named 'VIP'" in ended.out
    assert [each.method for each in tenant.requests().writes()] == ["POST"]
