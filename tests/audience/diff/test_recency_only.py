"""What only time has changed of a score is told apart from every other change, and nothing else is taken for it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]

DAY_ONE = datetime(2026, 7, 1, tzinfo=UTC)
MODEL = """
recencyFrequency:
  window: 90d
  recency: {start: 50, perDay: PER_DAY}
  frequency: {each: 2.5, cap: 20}
  bands: [{name: all, from: 0, priority: PRIORITY}]
"""
SPEC = """
source: history
score: recent
lists: {all: called}
membership: mirror
delivery: {method: listContacts, attributes: [priority, score, ATTRIBUTES], chunkSize: 100}
"""


def day(number: float) -> str:
    return (DAY_ONE + timedelta(days=number)).strftime("%Y-%m-%dT%H:%M:%SZ")


def called(tenant: Simulator, contact: str, *days: float) -> None:
    """Interactions so many days after (or before) the first day."""
    tenant.store.add_interactions(
        {"id": f"{contact}-{each}", "contactId": contact, "startTime": day(each), "type": "voice"} for each in days
    )


def declare(
    folder: Folder, *, per_day: float = 0.5, priority: int = 1, attributes: str = "", limits: str = "", source: str = ""
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"limits: {{{limits}}}"))
    model = MODEL.replace("PER_DAY", str(per_day)).replace("PRIORITY", str(priority))
    folder.write("score.yaml", manifest("ScoreModel", "recent", model))
    history = "interactions: {of: {name: Everybody}, types: [voice]}"
    folder.write("source.yaml", manifest("ContactSource", "history", source or history))
    folder.write("list.yaml", manifest("ContactList", "called", "name: Called"))
    folder.write("segment.yaml", manifest("Segment", "called", SPEC.replace("ATTRIBUTES", attributes)))


@pytest.fixture
def applied(tenant: Simulator, folder: Folder, run: Run) -> Folder:
    """Twenty people who called between 1 and 89 days before the first day, on a list that was written then."""
    people = [f"CUST{number:04d}" for number in range(20)]
    tenant.store.add_contacts(people)
    tenant.store.add_list("Everybody", people)
    for number, each in enumerate(people):
        called(tenant, each, *(-(number + 1) * (many + 1) / 1.5 for many in range(3)))
    declare(folder)
    assert run("apply", "--yes", "--as-of", day(0)).code == 0
    return folder


def planned(run: Run, as_of: float) -> tuple[dict[str, Any], dict[str, Any]]:
    """The change of the list, and the whole plan."""
    ended = run("plan", "--as-of", day(as_of), "--format", "json")
    assert ended.code == 0, ended.err
    document = json.loads(ended.out)
    return document["row_changes"][0], document


def aged(run: Run, as_of: float) -> tuple[int, int]:
    """How many contacts change by the calendar alone, and how many otherwise."""
    change, _ = planned(run, as_of)
    return change["by_the_calendar"]["updates"], change["updates"] - change["by_the_calendar"]["updates"]


@pytest.mark.matrix(instead="test_calls_that_left_the_window_since_follow_the_calendar_too")
def test_a_day_later_everything_follows_the_calendar_and_is_shown_apart(applied: Folder, run: Run) -> None:
    change, document = planned(run, 1)
    assert change["by_the_calendar"]["updates"] == change["updates"] > 15
    assert change["by_the_calendar"]["since"] == day(0)
    assert document["verdict"]["counts"]["contacts_by_the_calendar"] == change["updates"]
    assert document["verdict"]["blocked_by"] == []
    shown = run("plan", "--as-of", day(1)).out
    assert f"~0 -{change['removes']}, ~{change['updates']} by recency alone since {day(0)}, " in shown
    assert "update: its score changed, by recency alone" in shown
    # and once it is written, the day after is counted from there
    assert run("apply", "--yes", "--as-of", day(1)).code == 0
    assert planned(run, 2)[0]["by_the_calendar"]["since"] == day(1)
    assert aged(run, 2)[1] == 0


def test_calls_that_left_the_window_since_follow_the_calendar_too(tenant: Simulator, applied: Folder, run: Run) -> None:
    called(tenant, "CUST0000", -89.5)
    assert run("apply", "--yes", "--as-of", day(0)).code == 0
    assert aged(run, 1)[1] == 0


def test_who_has_called_since_has_changed(tenant: Simulator, applied: Folder, run: Run) -> None:
    before = sum(aged(run, 1))
    called(tenant, "CUST0001", 0.5)
    called(tenant, "CUST0002", 0)  # the very moment at which the list was written was not counted then
    called(tenant, "CUST0003", 1)  # nor does the moment of the plan count
    assert aged(run, 1) == (before - 2, 2)


def test_a_call_that_is_told_late_has_changed_its_contact(tenant: Simulator, applied: Folder, run: Run) -> None:
    called(tenant, "CUST0001", -0.1)
    assert aged(run, 1) == (19, 1)


@pytest.mark.matrix(instead="test_who_has_called_since_has_changed")
@pytest.mark.parametrize("changed", [{"per_day": 0.25}, {"priority": 2}])
def test_with_another_model_everything_has_changed(applied: Folder, run: Run, changed: dict[str, Any]) -> None:
    declare(applied, **changed)
    change, document = planned(run, 1)
    assert (change["by_the_calendar"]["updates"], change["updates"] > 15) == (0, True)
    assert [each["rule"] for each in document["verdict"]["blocked_by"]] == ["LIM-UPDATES"]


@pytest.mark.matrix(instead="test_who_has_called_since_has_changed")
def test_what_somebody_else_wrote_on_the_list_has_changed(tenant: Simulator, applied: Folder, run: Run) -> None:
    before = sum(aged(run, 1))
    members = tenant.store.list_named("Called").members
    members["CUST0001"] = {**members["CUST0001"], "score": 12.5}
    members["CUST0002"] = {**members["CUST0002"], "priority": 4}
    assert aged(run, 1) == (before - 2, 2)


@pytest.mark.matrix(instead="test_who_has_called_since_has_changed")
def test_where_nobody_knows_when_the_list_was_written_everything_has_changed(applied: Folder, run: Run) -> None:
    (remembered,) = (applied.root / ".reconciler" / "scored").iterdir()
    held = remembered.read_text()
    for damaged in ("", "{}", "[1]", held[:20], held.replace("2026", "9999"), held.replace("+00:00", "")):
        remembered.write_text(damaged)
        assert aged(run, 1)[0] == 0, damaged
    remembered.unlink()
    assert aged(run, 1)[0] == 0


@pytest.mark.matrix(instead="test_who_has_called_since_has_changed")
def test_going_back_in_time_is_no_calendar(applied: Folder, run: Run) -> None:
    assert run("apply", "--yes", "--as-of", day(1)).code == 0
    assert aged(run, 0)[0] == 0


@pytest.mark.matrix(instead="test_calls_that_left_the_window_since_follow_the_calendar_too")
def test_there_is_a_limit_to_how_far_the_calendar_may_go(applied: Folder, run: Run) -> None:
    def refused(as_of: float) -> list[str]:
        return [each["rule"] for each in planned(run, as_of)[1]["verdict"]["blocked_by"]]

    assert "LIM-CALENDAR" not in refused(31)
    assert "LIM-CALENDAR" in refused(31.5)
    declare(applied, limits="calendar: 20")
    assert "LIM-CALENDAR" in refused(1)
    declare(applied, limits="calendar: 100, calendarSpan: 12h")
    assert "LIM-CALENDAR" in refused(1)
