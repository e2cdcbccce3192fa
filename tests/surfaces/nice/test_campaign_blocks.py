"""The legs of the safe harbour are fields of a skill: planned, applied, read back, and a difference where a hand changes one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.model import skill_blocks as declared_blocks
from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.skill_store import Skill, Skills
from reconciler.surfaces.nice import campaign_blocks
from reconciler.surfaces.nice.campaign_blocks import make_settings, read_holidays, read_threshold, read_window
from reconciler.surfaces.nice.skill_blocks import BLOCKS
from tests.conftest import Ended, Folder, manifest
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

Run = Callable[..., Ended]

UNITS = "timeoutUnit: milliseconds, ringingUnit: seconds, messageMode: 1"
POLICY = """
thresholds: { engaged: 3 }
safeHarbour:
  US:
    rate: 3
    connect: { within: 2s }
    message: { path: prompts/abandoned.wav }
    ringing: { atLeast: 15s }
    hours: { from: "08:00", to: "21:00", zones: [Eastern Standard Time] }
    attempts: { most: 3, within: 24h }
    doNotCall: scrubbed
    holidays: none
"""
GROUP = manifest("DncGroup", "company", "scrubs: [chosen]")


@pytest.fixture
def calling(nice: Folder, tenant: Simulator) -> Folder:
    """A workspace whose policy declares all eight legs."""
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York, {UNITS}")
    declare_campaign(nice)
    nice.write("policy.yaml", manifest("AbandonmentPolicy", "by-band", POLICY))
    nice.write("group.yaml", GROUP)
    return nice


def skill(tenant: Simulator) -> Skill:
    """The campaign's skill."""
    return tenant.store.part(Skills).skill_named("Chosen")


def legs(run: Run) -> dict[str, dict[str, Any]]:
    """The legs of the campaign in the plan's document."""
    document = json.loads(run("plan", "--format", "json").out)
    [campaign] = document["campaigns"]
    return {each.pop("leg"): each for each in campaign["legs"]}


def test_all_eight_legs_are_planned_written_read_back_and_nothing_is_left_to_do(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    planned = legs(run)
    assert {each["state"] for each in planned.values()} == {"set"}
    assert planned["attempts"]["value"] == {"most": 3, "minutes": 1440}
    assert planned["connect"]["declared"] == {"US": {"seconds": 2}}
    assert run("apply", "--yes").code == 0
    made = skill(tenant)
    general, progress, retries = (made.blocks[each] for each in ("generalSettings", "cpaSettings", "retrySettings"))
    assert (general["maximumRingingDuration"], general["abandonRateCutoff"], general["abandonRateThreshold"]) == (
        15,
        3,
        3,
    )
    assert (general["deliverCallbacksOnDNCHolidays"], general["deliverPrioritiesOnDNCHolidays"]) == (False, False)
    assert (progress["abandonTimeout"], progress["abandonMessagePath"], progress["abandonMsgMode"]) == (
        2000,
        "prompts/abandoned.wav",
        1,
    )
    assert (retries["restrictedCallingMaxAttempts"], retries["restrictedCallingMinutes"]) == (3, 1440)
    [zone] = made.blocks["timeZoneSettings"]
    assert (zone["standardName"], zone["startTime"], zone["endTime"]) == ("Eastern Standard Time", "08:00", "21:00")
    assert made.running
    paths = [each.path.rpartition("/")[2] for each in tenant.requests().writes()]
    blocks = ("general-settings", "cpa-management", "retry-settings", "time-zones")
    assert max(paths.index(each) for each in blocks) < paths.index("start")
    assert run("plan", "--detailed-exitcode").code == 0
    # what the tenant has is shown without a policy, too
    declare_campaign(calling)
    (calling.root / "group.yaml").unlink()
    found = legs(run)
    assert (found["attempts"]["state"], found["attempts"]["declared"]) == ("set", {})
    # no declared group scrubs it any more
    assert {leg for leg, each in found.items() if each["state"] != "set"} == {"do_not_call"}


HANDS: dict[str, Callable[[Skill], object]] = {
    "abandonThreshold": lambda skill: skill.blocks["generalSettings"].update(abandonRateCutoff=9),
    "connectWithin": lambda skill: skill.blocks["cpaSettings"].update(abandonTimeout=9000),
    "abandonMessage": lambda skill: skill.blocks["cpaSettings"].update(abandonMsgMode=0),
    "ringAtLeast": lambda skill: skill.blocks["generalSettings"].update(maximumRingingDuration=9),
    "timeZoneSettings": lambda skill: skill.blocks["timeZoneSettings"][0].update(endTime="23:00"),
    "attemptWindow": lambda skill: skill.blocks["retrySettings"].update(restrictedCallingMaxAttempts=9),
    "holidayCalls": lambda skill: skill.blocks["generalSettings"].update(deliverCallbacksOnDNCHolidays=True),
    "endTime": lambda skill: skill.blocks["scheduleSettings"].update(wednesdayEndTime="23:00"),
}


def test_each_leg_that_somebody_changes_by_hand_is_drift_and_is_set_again_while_the_skill_rests(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    held = json.loads(json.dumps(skill(tenant).blocks))
    for change in HANDS.values():
        change(skill(tenant))
    drifted = run("drift")
    assert drifted.code == 2
    assert [field for field in HANDS if field not in drifted.out] == [], drifted.said
    tenant.clear_requests()
    assert run("apply", "--yes").code == 0
    assert skill(tenant).blocks == held
    paths = [each.path.rpartition("/")[2] for each in tenant.requests().writes()]
    assert (paths[0], paths[-1]) == ("stop", "start")


def test_what_nobody_declares_of_a_block_stays_and_a_block_of_the_campaign_is_written_beside_its_legs(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    assert run("apply", "--yes").code == 0
    blocks = skill(tenant).blocks
    blocks["cpaSettings"] |= {"ansMachineOverrideSeconds": 4, "machineEndTimeoutSeconds": 30}
    blocks["generalSettings"]["maximumRatio"] = 4
    assert run("plan", "--detailed-exitcode").code == 0
    text = (calling.root / "campaign.yaml").read_text(encoding="utf-8").rstrip()
    more = '\n  generalSettings: { aggressiveness: "5" }\n  cadenceSettings: { maximumAttempts: { PhoneNumber: 2 } }'
    more += "\n  retrySettings: { maximumAttempts: 6 }\n  cpaSettings: { machineEndTimeoutSeconds: 20 }\n"
    calling.write("campaign.yaml", text + more)
    planned = run("plan")
    assert "machineEndTimeoutSeconds: 30 → 20" in planned.out
    assert run("apply", "--yes").code == 0
    assert blocks["cpaSettings"]["ansMachineOverrideSeconds"] == 4
    assert (blocks["cpaSettings"]["machineEndTimeoutSeconds"], blocks["cpaSettings"]["abandonTimeout"]) == (20, 2000)
    assert (blocks["generalSettings"]["maximumRatio"], blocks["generalSettings"]["aggressiveness"]) == (4, "5")
    assert blocks["generalSettings"]["abandonRateCutoff"] == 3
    assert (blocks["retrySettings"]["maximumAttempts"], blocks["retrySettings"]["restrictedCallingMinutes"]) == (
        6,
        1440,
    )
    assert blocks["cadenceSettings"]["maximumAttempts"] == [{"fieldName": "PhoneNumber", "attempts": 2}]
    assert run("plan", "--detailed-exitcode").code == 0


def test_without_its_unit_a_leg_is_left_out_aloud_and_never_written(
    calling: Folder, tenant: Simulator, run: Run
) -> None:
    declare_tenant(calling, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    planned = run("plan")
    assert "no place for abandonMessage, connectWithin, predictive, ringAtLeast, wrapUpCode" in planned.out
    assert "range not published: connected within (timeoutUnit), recorded message (messageMode)" in planned.out
    found = legs(run)
    assert (found["ringing"]["state"], found["ringing"]["needs"]) == ("range_not_published", "ringingUnit")
    assert run("apply", "--yes").code == 0
    assert "cpaSettings" not in skill(tenant).blocks
    assert "maximumRingingDuration" not in skill(tenant).blocks["generalSettings"]
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_a_leg_says_no_block_of_a_campaign_does(calling: Folder, run: Run) -> None:
    assert {block: frozenset(said) for block, said in declared_blocks.SAID_ELSEWHERE.items()} == {
        block: owned for block, owned in campaign_blocks.OWNED.items() if owned
    }
    assert [each.field for each in BLOCKS] == list(declared_blocks.BLOCKS)
    assert {each.field for each in campaign_blocks.DECLARED} == set(declared_blocks.OF_CAMPAIGN)
    text = (calling.root / "campaign.yaml").read_text(encoding="utf-8").rstrip()
    calling.write("campaign.yaml", text + "\n  cpaSettings: { abandonTimeout: 4 }\n")
    refused = run("plan")
    assert (refused.code, "said-elsewhere" in refused.err, "campaign.yaml:" in refused.err) == (64, True, True)


def test_the_threshold_is_the_higher_rate_and_none_where_the_tenants_own_counts() -> None:
    rates = {"abandonRateCutoff": 3, "abandonRateThreshold": 5, "overrideBusinessUnitAbandonRate": True}
    assert read_threshold(rates) == 5
    assert read_threshold({**rates, "overrideBusinessUnitAbandonRate": False}) is None
    assert read_threshold({**rates, "abandonRateCutoff": None}) is None


def test_half_of_a_leg_is_none() -> None:
    both = {"deliverCallbacksOnDNCHolidays": False, "deliverPrioritiesOnDNCHolidays": False}
    assert read_holidays(both) is False
    assert read_holidays({"deliverCallbacksOnDNCHolidays": False}) is None
    assert read_holidays({"deliverCallbacksOnDNCHolidays": True}) is True
    assert read_window({"restrictedCallingMinutes": 1440}) is None


@pytest.mark.parametrize(("unit", "seconds", "told"), [("seconds", 1.5, 1.5), ("milliseconds", 1.5, 1500)])
def test_a_length_is_written_in_the_unit_that_is_stated_and_read_back_in_seconds(
    unit: str, seconds: float, told: float
) -> None:
    settings = make_settings({"timeoutUnit": unit})
    [connect] = [each for each in settings if each.field == "connectWithin"]
    assert connect.write(seconds) == {"abandonTimeout": told}
    assert connect.read({"abandonTimeout": told}) == seconds
    assert connect.read({}) is None
