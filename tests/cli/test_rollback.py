"""Does a rollback bring back what a run found, for objects and for members, and nobody who may not be called today?"""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from types import SimpleNamespace
from typing import Any, cast

import pytest

from reconciler.audience.decision.restored_members import MAY_COME_BACK
from reconciler.ledger.run_reversal import NoWayBack
from reconciler.model.live_state import Live
from reconciler.model.reason_codes import OUT
from reconciler.model.run_reversal import LaterRun, Reversal
from reconciler.simulator import Simulator
from reconciler.steps.restore import restore_members
from reconciler.views import list_formats
from tests import scene
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.steps.apply.killing import Stage
from tests.test_output_schemas import problems

Run = Callable[..., Ended]
LIMITS = """
limits: {removals: 90, updates: 90, per24h: {removals: 100}, per7d: {removals: 100}}
overrides: [{rule: LIM-REMOVALS-SUM, object: "Segment/chosen[engaged]", reason: it goes to and fro}]
"""


def latest(folder: Folder) -> str:
    """The name of the run that was begun last."""
    return sorted(each.name for each in (folder.root / ".reconciler/runs").iterdir())[-1]


def show_way_back(run: Run, of: str, *options: str) -> dict[str, Any]:
    """The plan of a rollback, as JSON."""
    made = run("rollback", of, "--format", "json", *options)
    assert made.code == 0, made.said
    document: dict[str, Any] = json.loads(made.out)
    assert problems(document, "plan.json") == []
    assert document["rolls_back"] == of
    return document


def roll_back(run: Run, of: str, saved: Path) -> dict[str, Any]:
    """Plan the way back, and apply it; the plan's document."""
    document = show_way_back(run, of, "--out", str(saved))
    applied = run("apply", str(saved))
    assert applied.code == 0, applied.said
    return document


def told(document: dict[str, Any], code: str) -> list[dict[str, Any]]:
    """What the notices of a code say."""
    return [each["args"] for each in document["notice_details"] if each["code"] == code]


def contacts(*ranges: range) -> set[str]:
    """The ids of contacts."""
    return {scene.contact(number) for each in ranges for number in each}


def change(folder: Folder, name: str, old: str, new: str) -> None:
    """Another text in a manifest."""
    text = (folder.root / name).read_text(encoding="utf-8")
    assert old in text
    folder.write(name, text.replace(old, new))


@pytest.fixture
def applied(tenant: Simulator, folder: Folder, run: Run) -> Folder:
    """A list with numbers 75 to 99 of 100, and a campaign at rest; numbers of ids that end in 0 can be suppressed."""
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\n{LIMITS}"))
    folder.write("dnc.csv", "phone\n+13125550100\n")
    taken = f"asOf: '{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}'"
    files = "files: {paths: [dnc.csv], format: csv, columns: {phone: phone}}"
    folder.write("dnc.yaml", manifest("SuppressionList", "dnc", f"{files}\n{taken}"))
    scene.people(tenant, 100)
    scene.declare_segment(folder, extra="suppress: [dnc]")
    scene.declare_campaign(folder, status="paused")
    first = run("apply", "--yes")
    assert first.code == 0, first.said
    return folder


def go_on(folder: Folder, tenant: Simulator, run: Run) -> str:
    """Numbers 60 to 74 come in, 90 and above go out; the campaign is paced otherwise, the list described. The run."""
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 60}"))
    for number in range(90, 100):
        tenant.store.contacts[scene.contact(number)].engagement_score = 1.0
    change(folder, "campaign-evening.yaml", "maxCallsInProgress: 10", "maxCallsInProgress: 12")
    again = run("apply", "--yes")
    assert again.code == 0, again.said
    assert scene.members(tenant, "Chosen") == contacts(range(60, 90))
    return latest(folder)


def test_what_a_run_changed_goes_back_and_rolling_that_back_goes_forth_again(
    tenant: Simulator, applied: Folder, run: Run, tmp_path: Path
) -> None:
    before = scene.state(tenant)
    forth = go_on(applied, tenant, run)
    after = scene.state(tenant)
    document = roll_back(run, forth, tmp_path / "back.plan")
    assert scene.state(tenant) == before
    assert {each["address"] for each in document["order"]} == {"Campaign/evening", "Segment/chosen[engaged]"}
    (rows,) = document["row_changes"]
    assert (rows["adds"], rows["updates"], rows["removes"]) == (10, 0, 15)
    assert {each["code"] for each in rows["reasons"]} == {"rolled_back"}
    assert "causes" not in document
    back = latest(applied)
    # there is nothing left to do, and the manifests still say what the run made
    again = show_way_back(run, forth)
    assert (again["order"], again["verdict"]["status"]) == ([], "no_changes")
    shown = run("rollback", forth, "--detailed-exitcode")
    assert (shown.code, "No changes. Nothing is left to take back." in shown.out) == (0, True)
    assert "matches the manifests" not in shown.out
    drifted = json.loads(run("drift", "--format", "json").out)
    assert drifted["causes"]["objects"]["Campaign/evening"]["cause"] == "manifest"
    assert run("drift").code == 2
    # a rollback is a run like any other
    roll_back(run, back, tmp_path / "forth.plan")
    assert scene.state(tenant) == after
    assert run("drift").code == 0
    assert run("audit", "verify").code == 0


@pytest.mark.matrix(instead="tests/views/test_golden.py::test_it_reads_as_it_was_reviewed")
def test_every_view_says_first_that_it_is_a_rollback_and_that_the_manifests_undo_it(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    forth = go_on(applied, tenant, run)
    shown = {each: run("rollback", forth, "--format", each).out for each in list_formats("plan")}
    words = f"Rollback of run {forth}: back to what it found, as far as nobody changed it since."
    assert shown["text"].startswith(f"{words} The manifests still declare the rest: the next plan of them undoes this")
    assert shown["markdown"].startswith("## Rollback: changes\n\n**Rollback. **")
    assert json.loads(shown["sarif"])["runs"][0]["properties"]["rolls_back"] == forth
    # the form of others has no word for it
    assert json.loads(shown.pop("terraform"))["complete"] is False
    assert [each for each, words in shown.items() if forth not in words] == []
    assert run("rollback", forth, "--detailed-exitcode").code == 2


def test_nobody_is_put_back_who_may_not_be_called_today(
    tenant: Simulator, applied: Folder, run: Run, tmp_path: Path
) -> None:
    forth = go_on(applied, tenant, run)
    applied.write("dnc.csv", f"phone\n{scene.phone(95)}\n{scene.phone(80)}\n")
    tenant.store.remove_contact(scene.contact(97))  # nobody knows any more whether it may be called
    document = roll_back(run, forth, tmp_path / "back.plan")
    # 80 was none of the run's, and is taken off all the same
    assert scene.members(tenant, "Chosen") == contacts(range(75, 100)) - contacts(
        range(80, 81), range(95, 96), range(97, 98)
    )
    assert {(each["why"], each["count"]) for each in told(document, "rollback_not_put_back")} == {
        ("suppressed", 1),
        ("not_in_source", 1),
    }


@pytest.mark.matrix(instead="test_nobody_is_put_back_who_may_not_be_called_today")
def test_who_is_suppressed_between_plan_and_apply_stays_off(
    tenant: Simulator, applied: Folder, run: Run, tmp_path: Path
) -> None:
    forth = go_on(applied, tenant, run)
    show_way_back(run, forth, "--out", str(tmp_path / "back.plan"))
    applied.write("dnc.csv", f"phone\n{scene.phone(95)}\n")
    assert run("apply", str(tmp_path / "back.plan")).code == 0
    assert scene.members(tenant, "Chosen") == contacts(range(75, 100)) - contacts(range(95, 96))


@pytest.mark.matrix(instead="test_what_a_run_made_goes_and_what_it_deleted_is_made_again")
def test_what_was_changed_since_stays_and_is_named(
    tenant: Simulator, applied: Folder, run: Run, tmp_path: Path
) -> None:
    forth = go_on(applied, tenant, run)
    campaign = tenant.store.campaign_named("Evening")
    campaign.fields["predictiveDialingSettings"]["maxCallsInProgress"] = 7
    tenant.store.put_members(tenant.store.list_named("Chosen"), {scene.contact(5): {}})
    # a run after it takes 60 off again
    tenant.store.contacts[scene.contact(61)].engagement_score = 1.0
    change(applied, "campaign-evening.yaml", "maxCallsInProgress: 12", "maxCallsInProgress: 7")
    assert run("apply", "--yes").code == 0
    tenant.store.contacts[scene.contact(61)].engagement_score = 61.0
    assert run("apply", "--yes").code == 0
    later = latest(applied)
    document = roll_back(run, forth, tmp_path / "back.plan")
    assert campaign.fields["predictiveDialingSettings"]["maxCallsInProgress"] == 7
    assert told(document, "rollback_left") == [
        {"object": "Campaign/evening", "field": "predictive.maxCallsInProgress", "why": "changed", "about": None}
    ]
    assert told(document, "rollback_contacts_left") == [{"list": "Chosen", "count": 1, "why": "later"}]
    # 5 was put there by hand and off by the later run; 61 is a later run's by now
    assert scene.members(tenant, "Chosen") == contacts(range(75, 100), range(61, 62))
    assert later in run("audit", "log").out


def test_what_a_run_made_goes_and_what_it_deleted_is_made_again(
    tenant: Simulator, applied: Folder, run: Run, tmp_path: Path
) -> None:
    applied.write("other.yaml", manifest("ContactList", "other", "name: Other\ndescription: of old"))
    assert run("apply", "--yes").code == 0
    (applied.root / "other.yaml").unlink()
    applied.write("new.yaml", manifest("ContactList", "new", "name: New"))
    applied.write("kept.yaml", manifest("ContactList", "kept", "name: Kept\nprotect: true"))
    applied.write("used.yaml", manifest("ContactList", "used", "name: Used"))
    assert run("apply", "--yes", "--prune").code == 0
    forth = latest(applied)
    assert {each.name for each in tenant.store.lists.values()} >= {"New", "Kept", "Used"}
    tenant.store.add_list("Mine", [])
    scene.live_campaign(tenant, "Theirs", "Used", status="paused")
    document = roll_back(run, forth, tmp_path / "back.plan")
    assert {each.name for each in tenant.store.lists.values()} == {
        "All customers", "Chosen", "Other", "Kept", "Used", "Mine",
    }  # fmt: skip
    assert tenant.store.list_named("Other").description == f"of old {scene.MARK}"
    assert {(each["object"], each["why"]) for each in told(document, "rollback_left")} == {
        ("ContactList/kept", "protected"),
        ("ContactList/used", "used"),
    }
    assert told(document, "rollback_lost") == [{"object": "ContactList/Other"}]
    # what it deleted is declared no more; the rest is made again by the next plan
    assert run("plan", "--detailed-exitcode").code == 2


@pytest.mark.matrix(instead="test_what_a_run_changed_goes_back_and_rolling_that_back_goes_forth_again")
def test_a_rollback_is_held_to_the_rules_and_limits_of_any_plan(
    tenant: Simulator, applied: Folder, run: Run, tmp_path: Path
) -> None:
    forth = go_on(applied, tenant, run)
    applied.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}"))
    refused = run("rollback", forth, "--fail-on", "refuse", "--out", str(tmp_path / "back.plan"))
    assert (refused.code, "LIM-REMOVALS" in refused.out) == (3, True), refused.said
    assert run("apply", str(tmp_path / "back.plan")).code == 3
    assert scene.members(tenant, "Chosen") == contacts(range(60, 90))


def test_what_the_ledger_does_not_hold_any_more_is_said_and_not_made_up(
    tenant: Simulator, applied: Folder, run: Run
) -> None:
    forth = go_on(applied, tenant, run)
    missing = run("rollback", "20200101T000000.000000-abcdef")
    assert (missing.code, "no-way-back" in missing.err, forth in missing.err) == (1, True, True), missing.said
    (applied.root / ".reconciler/runs" / forth / "plan.zip").unlink()
    missing = run("rollback", forth)
    assert (missing.code, "no-way-back" in missing.err) == (1, True), missing.said
    assert "nobody can say what was there before; nothing was changed" in missing.err
    rmtree(applied.root / ".reconciler/runs" / forth)
    assert run("rollback", forth).code == NoWayBack.exit_code


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("status", None),
        ("predictive.targetAnswerRate", "second"),
        ("predictive", "second"),
        ("predictive.maxCallsInProgress", "first"),
        (None, "second"),
    ],
)
def test_the_last_run_that_changed_a_field_since_is_the_one_to_roll_back_first(
    path: str | None, found: str | None
) -> None:
    named = ("Campaign", "Evening")
    first = LaterRun("first", {named: frozenset({"predictive.maxCallsInProgress"})})
    second = LaterRun("second", {named: frozenset({"predictive.targetAnswerRate"}), ("Campaign", "Other"): frozenset()})
    back = Reversal("run", True, later=(first, second))
    assert back.find_later(named, path) == found
    assert back.find_later(("Campaign", "Other"), "status") == "second"
    assert back.find_later(("ContactList", "Evening"), path) is None


def test_a_plan_that_rolls_nothing_back_leaves_everybody_where_it_was_decided() -> None:
    decided: Any = (object(),)
    assert restore_members(cast(Any, SimpleNamespace(back=None)), decided, Live()) is decided


@pytest.mark.matrix(instead="test_what_a_run_changed_goes_back_and_rolling_that_back_goes_forth_again")
def test_a_campaign_that_a_run_stopped_is_set_to_work_last_and_by_the_rules_of_today(
    tenant: Simulator, applied: Folder, run: Run, tmp_path: Path
) -> None:
    change(applied, "campaign-evening.yaml", "status: paused", "status: active")
    assert run("apply", "--yes").code == 0
    stop = "overrides: [{rule: LIM-STOPPED, object: Campaign/evening, reason: a pause that was asked for}]"
    applied.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\n{stop}"))
    change(applied, "campaign-evening.yaml", "status: active", "status: paused")
    change(applied, "campaign-evening.yaml", "wrapUpCode: SOLD", "wrapUpCode: LOST")
    assert run("apply", "--yes").code == 0
    forth = latest(applied)
    # by hand it was put at an hour at which nobody may be called: then nothing sets it to work
    held = tenant.store.campaign_named("Evening").fields
    held["startTime"], held["endTime"] = "2027-01-05T03:00:00Z", "2027-01-05T11:00:00Z"
    assert run("rollback", forth, "--fail-on", "refuse").code == 3
    held["startTime"], held["endTime"] = scene.START, scene.END
    # whoever must not be called is taken off before it dials, though the run did nothing to the list
    applied.write("dnc.csv", f"phone\n{scene.phone(80)}\n")
    document = roll_back(run, forth, tmp_path / "back.plan")
    assert (held["status"], held["wrapUpCode"]) == ("active", "SOLD")
    order = [each["address"] for each in document["order"]]
    assert (order[-1], "Segment/chosen[engaged]" in order) == ("Campaign/evening:activation", True)
    assert scene.contact(80) not in scene.members(tenant, "Chosen")
    assert {"Campaign/evening"} == {each["address"] for each in document["campaigns"]}


def test_a_run_that_was_killed_is_rolled_back_as_far_as_it_got_and_a_killed_rollback_is_resumed(tmp_path: Path) -> None:
    def build(tenant: Simulator, folder: Folder) -> None:
        one = (folder.root / "tenant.yaml").read_text().replace("attempts: 1}", "attempts: 1, workers: 1}")
        folder.write("tenant.yaml", one)  # so that it is known which chunk is in flight
        folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\n{LIMITS}"))
        scene.people(tenant, 100)
        scene.declare_segment(folder, chunk=5)
        folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))

    def end(*words: str, **killed: Any) -> tuple[int | None, str]:
        return stage.ended(*words, **killed)

    stage, put = Stage(tmp_path, build), {"method": "POST", "path": "/contactlists/.*/contacts$"}
    try:
        assert end("apply", "--yes")[0] == 0
        before = scene.state(stage.tenant)
        stage.folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 60}"))
        stage.folder.write("late.yaml", manifest("ContactList", "late", "name: Late"))
        for number in range(90, 100):
            stage.tenant.store.contacts[scene.contact(number)].engagement_score = 1.0
        # the second of three chunks has arrived, and nobody knows; nothing was taken off
        assert end("apply", "--yes", at=1, after=True, **put)[0] == -signal.SIGKILL
        assert len(scene.members(stage.tenant, "Chosen")) == 25 + 10
        half, saved = latest(stage.folder), str(tmp_path / "back.plan")
        code, said = end("rollback", half, "--out", saved, "--format", "json")
        assert code == 0, said
        assert told(json.loads(said[said.index("{") : said.rindex("}") + 1]), "rollback") == [
            {"run": half, "whole": False}
        ]
        taken = {"method": "DELETE", "path": "/contactlists/.*/contacts$"}
        assert end("apply", saved, at=0, after=True, **taken)[0] == -signal.SIGKILL
        assert scene.state(stage.tenant) != before
        code, said = end("apply", "--resume")
        assert code == 0, said
        assert scene.state(stage.tenant) == before
        # what was rolled back is not gone on with
        code, said = end("apply", "--resume")
        assert (code, "there is nothing to resume" in said) == (0, True), said
        assert end("rollback", half, "--detailed-exitcode")[0] == 0
        assert end("audit", "verify")[0] == 0
    finally:
        stage.close()


def test_who_withdrew_consent_since_is_not_put_back(
    tenant: Simulator, folder: Folder, run: Run, tmp_path: Path
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\n{LIMITS}"))

    def write(*out: int, refused: tuple[int, ...] = ()) -> None:
        rows = [
            f"{scene.contact(n)},{scene.phone(n)},{1 if n in out else 90},{'no' if n in refused else 'yes'}"
            for n in range(20)
        ]
        folder.write("people.csv", "\n".join(["id,phone,points,ok", *rows, ""]))

    scene.people(tenant, 20)
    columns = "columns: {contactId: id, phone: phone, engagementScore: points}"
    files = f"files: {{paths: [people.csv], format: csv, optedIn: \"ok = 'yes'\", {columns}}}"
    folder.write("source.yaml", manifest("ContactSource", "all", files))
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    spec = "source: all\nscore: engaged\nlists: {engaged: chosen}\nmembership: mirror\ndelivery: {method: auto}"
    folder.write("segment.yaml", manifest("Segment", "chosen", spec))
    write()
    first = run("apply", "--yes")
    assert first.code == 0, first.said
    write(3, 4, 5)
    second = run("apply", "--yes")
    assert second.code == 0, second.said
    forth = latest(folder)
    write(3, 4, 5, refused=(4,))
    document = roll_back(run, forth, tmp_path / "back.plan")
    (rows,) = document["row_changes"]
    assert (rows["adds"], rows["removes"]) == (2, 0)
    assert told(document, "rollback_not_put_back") == [{"list": "Chosen", "count": 1, "why": "no_consent"}]


def test_of_each_reason_for_being_on_no_list_it_is_decided_whether_it_bars_from_coming_back() -> None:
    """A reason that is new bars until somebody says that it does not: it may be about who must not be called."""
    chosen = {"no_interaction", "below_threshold", "band_without_list", "over_cap"}
    bars = {"unusable", "duplicate_row", "archived", "archived_on_list", "unknown_region", "no_valid_phone"}
    bars |= {"suppressed", "no_consent", "no_consent_recorded", "duplicate_phone", "not_on_list"}
    bars |= {"other_number_unreadable", "number_unreadable", "other_row_unreadable", "number_in_tenant_unreadable"}
    assert set(MAY_COME_BACK) == chosen
    assert set(OUT) == chosen | bars
