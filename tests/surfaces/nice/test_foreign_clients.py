"""Do clients of NICE's API that nobody here wrote run as they are against the embedded tenant, as its vendor's hosts?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from reconciler.simulator import Options, Simulator
from reconciler.simulator.call_statistics import Calls
from reconciler.simulator.surfaces.nice.completed_contacts import SILENCE, number_contact
from tests.surfaces.nice.foreign_clients import call_nicepy, sync_tap

STREAMS = {
    *("contacts_completed", "skills_summary", "skills_sla_summary", "teams_performance_total", "wfm_skills_contacts"),
    *("wfm_skills_dialer_contacts", "wfm_skills_agent_performance", "wfm_agents", "wfm_agents_schedule_adherence"),
    "wfm_agents_scorecards",
}
"""What the tap syncs: calls, what skills did, and the workforce."""


@pytest.fixture
def tenant() -> Iterator[Simulator]:
    """A tenant as its vendor's hosts, with a skill that dials a list, and three calls of the hour before last."""
    options = Options(surfaces=frozenset({"nice"}), as_host=True)
    with Simulator(options) as started:
        store, now = started.store, datetime.now(UTC)
        store.add_contacts(["C1", "C2"])
        store.add_list("Evening", ["C1", "C2"])
        evening = store.add_campaign("Evening", "Evening", dialType="predictive", status="active")
        store.add_interactions(
            {"id": f"V{n}", "startTime": (now - timedelta(minutes=45 + n)).isoformat(), "contactId": "C1"}
            for n in range(3)
        )
        store.part(Calls).set(evening.id, attempts=90, live_answered=50, abandoned=1, until=now - timedelta(minutes=40))
        yield started


def test_a_tap_syncs_all_its_ten_streams(tenant: Simulator, tmp_path: Path) -> None:
    start = datetime.now(UTC) - timedelta(minutes=61)
    # a stream of it asks only where it is told its period: by itself it says one that it does not know
    hourly = dict.fromkeys(STREAMS, "hours")
    found = sync_tap(tenant, tmp_path, start_date=start.isoformat(), periods=hourly)
    assert set(found) == STREAMS
    assert all(found.values()), {name: len(rows) for name, rows in found.items()}
    assert [row["contactId"] for row in found["contacts_completed"]] == [number_contact(f"V{n}") for n in (2, 1, 0)]
    (summary,) = found["skills_summary"]
    assert (summary["skillName"], summary["dials"], summary["connects"], summary["abandonCount"]) == (
        "Evening",
        90,
        50,
        1,
    )
    (dialled,) = found["wfm_skills_dialer_contacts"]
    assert (dialled["dials"], dialled["abandons"]) == (90, 1)
    assert [row["totalContacts"] for row in found["skills_sla_summary"]] == [3]
    assert {each.surface for each in tenant.requests()} == {"nice"}
    assert {each.status for each in tenant.requests()} == {200, 204}
    # its own fault: it asks for a token before each call
    tokens = [each for each in tenant.requests() if each.is_token_request]
    assert 2 * len(tokens) == len(tenant.requests())


def test_nicepy_makes_all_its_calls(tenant: Simulator, tmp_path: Path) -> None:
    end = datetime.now(UTC)
    contact = number_contact("V1")
    told = call_nicepy(tenant, tmp_path, (end - timedelta(hours=2)).isoformat(), end.isoformat(), contact)
    assert [each["userName"] for each in told["agents"]] == ["ann@example.com", "ben@example.com", "cleo@example.com"]
    assert told["inactive"] == [told["agents"][2]["agentId"]]
    assert (told["by login"], told["by id"]) == (told["agents"][1], told["agents"][0])
    # it leaves out outbound skills, and there is no other
    assert told["assignments"] == []
    assert [each["firstName"] for each in told["states"]] == ["Ann"]
    assert {each["dispositionName"] for each in told["dispositions"]} >= {"INTERESTED", "DO_NOT_CALL"}
    # pages of two
    assert [each["contactId"] for each in told["completed"]] == [number_contact(f"V{n}") for n in (2, 1, 0)]
    assert told["details"]["contactId"]["contactId"] == contact
    assert [each["contactId"] for each in told["many details"]] == [told["details"]["contactId"]] * 2
    assert [each["contactStateName"] for each in told["contact states"]] == ["Active", "Released"]
    assert told["many states"] == [told["contact states"]]
    assert told["final"]["isFinal"] == 1
    assert urlsplit(told["recording"]).hostname == "na1.nice-incontact.com"
    assert bytes.fromhex(told["fetched"]) == SILENCE
    assert told["no recording"] == "there is no such contact"
    assert [each["key"] for each in told["adherence"]] == ["4002"]
    assert {each.status for each in tenant.requests()} == {200, 404}
