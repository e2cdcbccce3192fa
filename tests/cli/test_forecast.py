"""Is every campaign of a plan foreseen, from its manifest, its list and what the tenant has counted?"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.cli import run as run_program
from reconciler.simulator import Simulator
from reconciler.simulator.call_statistics import Calls
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]
STAFFED = """
name: {name}
dialType: predictive
list: {dials}
abandonment: {{policy: strict, band: all}}
wrapUpCode: SOLD
schedule: {{start: '{start}', end: '{end}'}}
status: active
predictive: {{targetAnswerRate: 0.25, maxCallsInProgress: {calls}}}
staffing: {{agents: 1, answerRate: 0.25, handleTime: 3m, attempts: 2}}
"""
UNTIL = datetime(2026, 6, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def workspace(tenant: Simulator, folder: Folder) -> None:
    """A hundred customers, of whom the 25 that are engaged go on a list for a new campaign; another dials five others."""
    scene.people(tenant, 100)
    tenant.store.add_list("Others", [scene.contact(number) for number in range(5)], description=scene.MARK)
    scene.declare_segment(folder)
    folder.write("others.yaml", manifest("ContactList", "others", "name: Others"))
    scene.live_campaign(
        tenant, "Morning", "Others", predictiveDialingSettings={"targetAnswerRate": 0.25, "maxCallsInProgress": 4}
    )
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", "thresholds: {all: 3}"))
    for name in ("Morning", "Evening"):
        declare(folder, name)


def declare(folder: Folder, name: str, *, calls: int = 4, start: str = scene.START, end: str = scene.END) -> None:
    dials = "others" if name == "Morning" else "chosen"
    spec = STAFFED.format(name=name, dials=dials, calls=calls, start=start, end=end)
    folder.write(f"campaign-{name.lower()}.yaml", manifest("Campaign", name.lower(), spec))


def planned(run: Run) -> dict[str, Any]:
    ended = run("plan", "--format", "json")
    assert ended.code == 0, ended.err
    document: dict[str, Any] = json.loads(ended.out)
    return document


def campaign(document: dict[str, Any], address: str) -> dict[str, Any]:
    (found,) = [each for each in document["campaigns"] if each["address"] == address]
    return dict(found)


def counted(tenant: Simulator, abandoned: int) -> None:
    morning = tenant.store.campaign_named("Morning").id
    times = {"since": UNTIL - timedelta(days=30), "until": UNTIL}
    tenant.store.part(Calls).set(morning, attempts=9000, live_answered=2000, abandoned=abandoned, **times)


def test_a_plan_says_what_each_list_will_take_as_it_will_be(tenant: Simulator, run: Run) -> None:
    # 25 contacts: 25 and 18.75 attempts; 10.94 are answered: 32.8 minutes of talk for one agent
    expected = {
        "contacts": 25,
        "attempts": 44,
        "answered": 11,
        "hours": 0.55,
        "available": 10.0,
        "finish": "2027-01-05T14:32:00+00:00",
        "headroom": None,
        "label": "an estimate; its formula is in docs/forecast.md",
    }
    document = planned(run)
    assert campaign(document, "Campaign/evening")["forecast"] == expected
    assert campaign(document, "Campaign/morning")["forecast"]["hours"] == 0.11


def test_a_reviewer_reads_it_as_an_estimate(run: Run) -> None:
    text = run("plan").out
    assert "Forecast, an estimate (docs/forecast.md):" in text
    assert (
        "  Campaign/evening  25 contacts: about 44 attempts, 11 answered, 0.6 h of dialling;"
        " done about 2027-01-05T14:32:00Z\n"
    ) in text


def test_what_the_tenant_has_counted_is_shown_and_binds_nobody(tenant: Simulator, run: Run) -> None:
    counted(tenant, 20)
    first = planned(run)
    assert campaign(first, "Campaign/morning")["statistics"] == {
        "attempts": 9000,
        "live_answered": 2000,
        "abandoned": 20,
        "since": "2026-05-31T00:00:00+00:00",
        "until": "2026-06-30T00:00:00+00:00",
    }
    # American numbers: 3 %. 41 more are 61 of 2,041, which is below it, and 42 more are not
    room = {"ceiling": 3.0, "percent": 1.0, "points": 2.0, "calls": 41, "rest": 100.0}
    assert campaign(first, "Campaign/morning")["forecast"]["headroom"] == room
    told = "abandoned 1 % of 2,000 answered since 2026-05-31T00:00:00Z, ceiling 3 %: 2 points left, or 41 calls"
    assert told in run("plan").out
    counted(tenant, 21)
    second = planned(run)
    assert campaign(second, "Campaign/morning")["statistics"]["abandoned"] == 21
    assert second["digest"] == first["digest"]


def test_a_live_figure_above_the_ceiling_is_found_and_refuses_nothing(tenant: Simulator, run: Run) -> None:
    counted(tenant, 82)
    (found,) = planned(run)["findings"]
    assert (found["rule"], found["object"], found["severity"]) == ("ABN-004", "Campaign/morning", "warn")
    assert found["message"].startswith("82 of 2,000 answered calls (4.1 %) were abandoned since 2026-05-31T00:00:00Z")
    assert run("apply", "--yes").code == 0


def test_more_calls_than_the_agents_can_answer_are_refused(tenant: Simulator, folder: Folder, run: Run) -> None:
    declare(folder, "Evening", calls=5)
    ended = run("apply", "--yes")
    assert ended.code == 3, ended.out
    assert (
        "PAC-001  Campaign/evening: 5 calls in progress of which 25 % are answered are 1.2 people at once" in ended.said
    )
    assert not tenant.requests().writes()


def test_a_schedule_that_is_over_and_one_that_is_too_short_are_told(folder: Folder, run: Run) -> None:
    declare(folder, "Morning", start="2026-06-01T14:00:00Z", end="2026-06-01T18:00:00Z")
    declare(folder, "Evening", end="2027-01-05T14:30:00Z")
    found = {each["object"]: each["rule"] for each in planned(run)["findings"]}
    assert found == {"Campaign/morning": "SCH-001", "Campaign/evening": "SCH-002"}


def test_a_campaign_that_is_not_there_yet_is_not_asked_for(tenant: Simulator, run: Run) -> None:
    planned(run)
    (asked,) = tenant.requests().to("/statistics$")
    assert asked.path.endswith(f"/{tenant.store.campaign_named('Morning').id}/statistics")


def test_a_tenant_that_tells_nothing_is_planned_for_all_the_same(tenant: Simulator, run: Run) -> None:
    tenant.store.part(Calls).offered = False
    document = planned(run)
    assert campaign(document, "Campaign/morning")["statistics"] is None
    assert campaign(document, "Campaign/morning")["forecast"]["headroom"] is None


def test_a_plan_that_was_saved_shows_the_forecast_it_was_made_with(
    tenant: Simulator, folder: Folder, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    counted(tenant, 20)
    saved = str(folder.root / "change.plan")
    made = run("plan", "--out", saved)
    counted(tenant, 1900)
    capsys.readouterr()
    assert run_program(["show", saved]) == 0
    forecast = made.out[made.out.index("Forecast") : made.out.index("Plan:")]
    assert forecast in capsys.readouterr().out
    assert run("apply", saved).code == 0


def test_a_preview_foresees_each_campaign_as_it_is_after_the_apply(tenant: Simulator, run: Run) -> None:
    counted(tenant, 20)
    ended = run("preview")
    assert ended.code == 0, ended.said
    assert "Forecast, an estimate (docs/forecast.md):" in ended.out
    assert (
        "  Campaign/evening  25 contacts: about 44 attempts, 11 answered, 0.6 h of dialling;"
        " done about 2027-01-05T14:32:00Z\n"
    ) in ended.out
    # nobody calls on the embedded tenant: what is told is what the live one has counted
    assert "abandoned 1 % of 2,000 answered since 2026-05-31T00:00:00Z, ceiling 3 %: 2 points left" in ended.out
