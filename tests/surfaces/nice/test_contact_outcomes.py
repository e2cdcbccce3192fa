"""Outcomes are set as dispositions of calls that are over: by the number of the call, and only in the skill's own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.completed_contacts import number_contact
from reconciler.simulator.surfaces.nice.contact_outcomes import Said
from reconciler.surfaces.nice.contact_outcomes import is_of_skill, read_standing, write_outcome
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.delivery import contact
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

Run = Callable[..., Ended]
COLUMNS = "contactId: call, outcome: outcome, agent: agent, notes: notes"


def declare_outcomes(folder: Folder, rows: Iterable[tuple[int, str]], columns: str = COLUMNS) -> None:
    """A set of outcomes, by the numbers of calls."""
    lines = [f"{number},{code},A1,said so,2026-06-30T12:00:00Z" for number, code in rows]
    folder.write("outcomes.csv", "\n".join(["call,outcome,agent,notes,at", *lines]) + "\n")
    files = f"files: {{paths: [outcomes.csv], format: csv, columns: {{{columns}}}}}"
    folder.write("calls.yaml", manifest("DispositionSet", "calls", f"campaign: {{name: Chosen}}\n{files}"))


def test_outcomes_are_set_as_dispositions_and_a_second_plan_is_empty(nice: Folder, tenant: Simulator, run: Run) -> None:
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    assert run("apply", "--yes").code == 0
    day = datetime.fromisoformat(AS_OF)
    tenant.store.add_contacts([{"id": "ELSE"}])
    calls = [("one", contact(1)), ("two", contact(2)), ("strange", "ELSE")]
    tenant.store.add_interactions(
        {"id": each, "contactId": of, "startTime": day - timedelta(days=2)} for each, of in calls
    )
    one, two, strange = (number_contact(each) for each, _ in calls)
    declare_outcomes(nice, [(one, "INTERESTED"), (two, "DO_NOT_CALL"), (strange, "BUSY"), (4711, "BUSY")])
    tenant.clear_requests()
    # the answer to one is lost: it is looked at, and not set again
    tenant.faults.add("reset-after", method="POST", path="set-disposition$")
    ended = run("apply", "--yes")
    assert ended.code in (0, 5), ended.said
    said = {number: each["dispositionName"] for number, each in tenant.store.part(Said).of.items()}
    assert said == {one: "INTERESTED", two: "DO_NOT_CALL"}
    written = [each for each in tenant.requests() if each.path.endswith("/set-disposition")]
    assert len(written) == 2
    assert str(one) not in ended.said
    again = run("plan", "--format", "json")
    assert '"adds": 0' in again.out or "No changes" in run("plan").out
    tenant.clear_requests()
    assert run("apply", "--yes").code in (0, 5)
    assert not [each for each in tenant.requests() if each.path.endswith("/set-disposition")]


def test_what_a_disposition_has_no_place_for_is_an_error_at_its_place(
    nice: Folder, tenant: Simulator, run: Run
) -> None:
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    assert run("apply", "--yes").code == 0
    declare_outcomes(nice, [(1, "BUSY")], f"{COLUMNS}, timestamp: at")
    ended = run("plan")
    assert ended.code == 64
    assert "field-not-held" in ended.err
    assert "the surface nice of the tenant has no `timestamp` of an outcome" in ended.err


@pytest.mark.parametrize(
    ("active", "held"),
    [({"isActive": False}, False), ({"isActive": True}, True), ({}, True), ({"isActive": None}, True)],
)
def test_a_call_is_touched_only_if_it_is_told_that_it_is_over(active: dict[str, object], held: bool) -> None:
    answers = ({"contactId": {"skillId": 7, **active}}, {"dispositionName": "Not interested", "lastUpdated": "x"})
    found = read_standing(answers)
    assert (found.held, found.outcome) == (held, "NOT_INTERESTED")
    assert read_standing((answers[0], None)).outcome is None
    assert is_of_skill(answers, "7")
    assert not is_of_skill(answers, "8")
    assert not is_of_skill(({"contactId": active}, None), "7")


def test_an_outcome_is_sent_with_its_skill_and_notes_and_nothing_that_has_no_place() -> None:
    call = write_outcome("7", "12", {"outcomeCode": "BUSY", "agentId": "A1", "notes": "n"})
    assert (call.method, call.path) == ("POST", "/contacts/12/set-disposition")
    assert call.body == {"dispositionInfo": {"skill": "7", "dispositionCode": "BUSY", "notes": "n"}}
    assert "notes" not in write_outcome("7", "12", {"outcomeCode": "BUSY", "agentId": "A1"}).body["dispositionInfo"]
