"""A campaign is an outbound skill with its blocks, and a campaign that counts: made, started, changed, made inactive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.campaigns import Campaigns
from reconciler.simulator.surfaces.nice.skill_store import Skill, Skills
from reconciler.surfaces.nice import campaigns, skills
from reconciler.surfaces.nice.skill_blocks import DAYS
from tests.conftest import Ended, Folder, manifest
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant

Run = Callable[..., Ended]

CAMPAIGN = """
name: Chosen
description: {description}
dialType: predictive
list: chosen
abandonment: {{policy: by-band, band: engaged}}
schedule: {{start: "2026-07-08T17:00:00Z", end: "2026-07-08T20:00:00Z"}}
wrapUpCode: SALES
{predictive}
status: {status}
"""
PREDICTIVE = "predictive: {targetAnswerRate: 0.3, maxCallsInProgress: 20, agentAvailabilityFactor: 0.9}"


def declare_campaign(folder: Folder, description: str = "Called first", status: str = "active", **more: str) -> None:
    """A campaign on the list, and the policy of its threshold."""
    folder.write(
        "policy.yaml", manifest("AbandonmentPolicy", "by-band", f"thresholds: {{engaged: {more.get('at', '3')}}}")
    )
    spec = CAMPAIGN.format(description=description, status=status, predictive=PREDICTIVE)
    folder.write("campaign.yaml", manifest("Campaign", "chosen", spec))


@pytest.fixture
def calling(nice: Folder, tenant: Simulator) -> Folder:
    """A workspace of a list and a campaign."""
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    return nice


def skill(tenant: Simulator, name: str = "Chosen") -> Skill:
    """A skill of the tenant."""
    return tenant.store.part(Skills).skill_named(name)


def test_a_campaign_is_made_with_its_skill_filled_first_and_started_last(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    tenant.store.part(Skills).lag = 2
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    made = skill(tenant)
    assert made.running
    assert made.fields["outboundStrategy"] == "Personal Connection"
    assert [each["name"] for each in tenant.store.part(Campaigns).held.values()] == ["Chosen"]
    assert "(managed-by: reconciler/test)" in made.fields["notes"]
    assert made.fields["notes"].startswith("Called first [campaign 2026-07-08T17:00:00Z/2026-07-08T20:00:00Z]")
    general, week = made.blocks["generalSettings"], made.blocks["scheduleSettings"]
    assert (general["abandonRateCutoff"], general["abandonRateThreshold"]) == (3.0, 3.0)
    assert general["overrideBusinessUnitAbandonRate"] is True
    days = {name: value for name, value in week.items() if name.startswith("wednesday")}
    assert days == {"wednesdayIsActive": True, "wednesdayStartTime": "13:00", "wednesdayEndTime": "16:00"}
    paths = [each.path.rpartition("/")[2] for each in tenant.requests().writes()]
    assert paths[-1] == "start"
    assert paths.index("upload") < paths.index("skills")
    assert run("plan", "--detailed-exitcode").code == 0, run("plan").out


def test_a_campaign_rests_while_it_is_changed_and_what_nobody_declares_stays(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    skill(tenant).blocks["generalSettings"]["maximumRatio"] = 2
    declare_campaign(calling, description="Called second", at="2")
    tenant.clear_requests()
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    changed = skill(tenant)
    assert changed.fields["notes"].startswith("Called second [campaign 2026-07-08T17:00:00Z/")
    assert changed.blocks["generalSettings"]["abandonRateCutoff"] == 2.0
    assert changed.blocks["generalSettings"]["maximumRatio"] == 2
    writes = [each.path.rpartition("/")[2] for each in tenant.requests().writes()]
    assert writes.index("stop") < writes.index("general-settings") < writes.index("start")
    assert changed.running
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_somebody_changes_in_the_tenant_is_a_difference(calling: Folder, tenant: Simulator, run: Run) -> None:
    assert run("apply", "--yes").code == 0
    skill(tenant).blocks["scheduleSettings"]["wednesdayEndTime"] = "23:00"
    planned = run("plan", "--detailed-exitcode")
    assert planned.code != 0
    assert "endTime" in planned.out
    assert run("apply", "--yes").code == 0
    assert skill(tenant).blocks["scheduleSettings"]["wednesdayEndTime"] == "16:00"


def test_a_campaign_that_is_no_longer_declared_is_made_inactive(calling: Folder, tenant: Simulator, run: Run) -> None:
    assert run("apply", "--yes").code == 0
    (calling.root / "campaign.yaml").unlink()
    assert "LIM-STOPPED" in run("plan", "--prune").out
    skill(tenant).running = False
    planned = run("plan", "--prune")
    assert "made inactive" in planned.out
    ended = run("apply", "--yes", "--prune")
    assert ended.code == 0, ended.said
    assert (skill(tenant).running, skill(tenant).fields["isActive"]) == (False, False)
    assert run("plan", "--prune", "--detailed-exitcode").code == 0


def test_what_there_is_no_place_for_is_told_in_the_plan_and_a_dial_type_at_its_place(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    assert "no place for predictive, wrapUpCode" in run("plan").out
    text = (calling.root / "campaign.yaml").read_text(encoding="utf-8")
    calling.write("campaign.yaml", text.replace(PREDICTIVE, "").replace("predictive", "preview"))
    refused = run("plan")
    assert (refused.code, "field-not-held" in refused.err, "campaign.yaml:" in refused.err) == (64, True, True)
    calling.write("campaign.yaml", text)
    declare_tenant(calling, tenant.url)
    refused = run("plan")
    assert (refused.code, "scheduleZone" in refused.err) == (64, True)


@pytest.mark.parametrize(("fault", "sent"), [("reset-after", 1), ("reset-before", 2)], ids=["done", "not done"])
def test_a_skill_or_campaign_whose_reply_was_lost_is_looked_up_before_it_is_made_again(
    calling: Folder, tenant: Simulator, run: Run, fault: str, sent: int
) -> None:
    for path in ("/skills$", "/campaigns$"):
        tenant.faults.add(fault, method="POST", path=path)
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    posts = [each.path.rpartition("/")[2] for each in tenant.requests().writes() if each.method == "POST"]
    assert (posts.count("skills"), posts.count("campaigns")) == (sent, sent)
    assert len(tenant.store.part(Skills).held) == len(tenant.store.part(Campaigns).held) == 1


def at(text: str) -> datetime:
    """An instant."""
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("starts", "ends", "zone", "active"),
    [
        ("2026-07-08T17:00Z", "2026-07-08T20:00Z", "UTC", {"wednesday": ("17:00", "20:00")}),
        ("2026-07-08T02:00Z", "2026-07-08T03:00Z", "America/New_York", {"tuesday": ("22:00", "23:00")}),
        (
            "2026-07-08T22:00Z",
            "2026-07-09T02:00Z",
            "UTC",
            {"wednesday": ("22:00", "23:59"), "thursday": ("00:00", "02:00")},
        ),
        ("2026-07-08T22:00Z", "2026-07-09T00:00Z", "UTC", {"wednesday": ("22:00", "23:59")}),
        ("2026-03-08T06:30Z", "2026-03-08T07:30Z", "America/New_York", {"sunday": ("01:30", "03:30")}),
    ],
)
def test_a_window_is_the_hours_of_its_days_in_the_zone_of_schedules(
    starts: str, ends: str, zone: str, active: dict[str, tuple[str, str]]
) -> None:
    week = campaigns.make_week(at(starts), at(ends), zone)
    found = {day: (week[f"{day}StartTime"], week[f"{day}EndTime"]) for day in DAYS if week[f"{day}IsActive"]}
    assert found == active


@pytest.mark.parametrize(
    "notes", ["", "Called first", "a [b] c", "(managed-by: reconciler/x)", "Text (managed-by: reconciler/x)"]
)
def test_a_tag_is_put_into_notes_and_taken_out_and_nothing_else_of_them_is_lost(notes: str) -> None:
    tag = skills.Tag("campaign", draft=True, starts="2026-07-08T17:00:00Z", ends="2026-07-08T20:00:00Z")
    tagged = skills.put_tag(notes, tag)
    assert skills.split_tag(tagged) == (notes, tag)
    assert skills.put_tag(tagged, tag) == tagged
    assert tagged.endswith(("(managed-by: reconciler/x)", "]"))


def answers(**schedule: Any) -> tuple[Any, Any]:
    """What is told of a skill that works, and of its week."""
    tag = skills.Tag("campaign", starts="2026-07-08T17:00:00Z", ends="2026-07-08T20:00:00Z")
    week = campaigns.make_week(at(tag.starts), at(tag.ends), "UTC")
    return {"isRunning": True, "notes": str(tag)}, {"scheduleSettings": {**week, **schedule}}


def test_a_week_that_is_not_that_of_the_window_makes_it_unknown() -> None:
    known = {"status": "active", "startTime": "2026-07-08T17:00:00Z", "endTime": "2026-07-08T20:00:00Z"}
    assert campaigns.read_work(answers(), "UTC") == known
    # seconds, and the hours of days that are not active, are no difference
    assert campaigns.read_work(answers(wednesdayStartTime="17:00:00", fridayEndTime="12:00"), "UTC") == known
    for odd in ({"wednesdayEndTime": "21:00"}, {"fridayIsActive": True}, {"isScheduled": False}):
        assert campaigns.read_work(answers(**odd), "UTC")["endTime"] == "unknown"
    assert campaigns.read_work(answers(), "America/New_York")["startTime"] == "unknown"


def test_a_skill_that_does_not_say_whether_it_works_may_work() -> None:
    assert campaigns.read_work(({"notes": ""}, {}), "UTC") == {"status": "unknown"}


def test_a_draft_stays_one_until_it_is_set_to_work_and_leaves_nothing_to_do(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    declare_campaign(calling, status="draft")
    assert run("apply", "--yes").code == 0
    assert (skill(tenant).running, "[campaign draft " in skill(tenant).fields["notes"]) == (False, True)
    assert run("plan", "--detailed-exitcode").code == 0
    declare_campaign(calling)
    assert run("apply", "--yes").code == 0
    assert (skill(tenant).running, "draft" in skill(tenant).fields["notes"]) == (True, False)
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_skill_that_somebody_made_by_hand_is_adopted_and_keeps_what_nobody_declares(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    by_hand = {"outboundStrategy": "Personal Connection", "notes": "Made by hand", "callerIdOverride": "2125550100"}
    made = tenant.store.part(Skills).add("Chosen", **by_hand)
    made.blocks["generalSettings"] = {"maximumRatio": 4}
    inbound = tenant.store.part(Skills).add("Help desk", isOutbound=False)
    planned = run("plan")
    assert "adopt" in planned.out
    assert "Help desk" not in planned.out
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    assert (made.running, made.fields["callerIdOverride"]) == (True, "2125550100")
    assert made.blocks["generalSettings"]["maximumRatio"] == 4
    assert run("plan", "--detailed-exitcode").code == 0
    assert inbound.fields["isActive"]
    # another list cannot be given to it: it would go on dialling the first
    text = (calling.root / "campaign.yaml").read_text(encoding="utf-8").replace("list: chosen", "list: other")
    calling.write("campaign.yaml", text)
    calling.write("other.yaml", manifest("ContactList", "other", "name: Other"))
    assert "the tenant does not change the list" in run("plan").out


def test_a_campaign_that_is_released_loses_its_mark_and_nothing_else(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    before = dict(skill(tenant).fields)
    text = (calling.root / "campaign.yaml").read_text(encoding="utf-8")
    calling.write("campaign.yaml", text.rstrip() + "\n  release: true\n")
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    notes = str(before.pop("notes")).removesuffix(" (managed-by: reconciler/test)")
    assert skill(tenant).fields["notes"] == notes
    assert {name: value for name, value in skill(tenant).fields.items() if name in before} == before
    assert skill(tenant).running


def test_a_campaign_is_renamed_in_place(calling: Folder, tenant: Simulator, run: Run) -> None:
    assert run("apply", "--yes").code == 0
    number = skill(tenant).number
    text = (calling.root / "campaign.yaml").read_text(encoding="utf-8")
    calling.write("campaign.yaml", text.replace("name: Chosen", "name: Called\n  was: Chosen"))
    ended = run("apply", "--yes")
    assert ended.code == 0, ended.said
    assert skill(tenant, "Called").number == number
    assert run("plan", "--detailed-exitcode").code == 0
