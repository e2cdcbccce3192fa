"""A saved plan is refused once the window of a calendar that it sets has begun, or is over."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.model.errors import Exit, Stale
from reconciler.model.instants import format_instant
from reconciler.simulator import Simulator
from reconciler.views.reasons import describe_error, describe_step
from tests.conftest import Folder, manifest
from tests.steps.apply.test_hours_at_apply import Office, declare, live

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
CALENDAR = "{calendar: {timeZone: Pacific/Honolulu, hours: [{days: [tue, wed, fri], from: '09:00', to: '17:00'}]}}"
OPENS = datetime(2026, 11, 24, 19, tzinfo=UTC)
CLOSES = OPENS + timedelta(hours=8)


@pytest.fixture
def office(tenant: Simulator, folder: Folder, tmp_path: Path) -> Office:
    """As of the last midnight, whenever it plans."""
    folder.write("workspace.yaml", manifest("Workspace", "test", "{}"))
    declare(tenant, folder, CALENDAR)
    return Office(folder, tmp_path)


def test_a_window_that_has_begun_or_is_over_is_refused_with_its_place(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    plan = office.propose(OPENS - timedelta(hours=3))
    assert plan.good_until == OPENS
    for now, words in (
        (OPENS, "has begun at 2026-11-24T19:00:00Z"),
        (datetime(2026, 11, 29, tzinfo=UTC), "ended at 2026-11-25T03:00:00Z"),
    ):
        with pytest.raises(Stale) as stale:
            office.commit(plan, now)
        assert stale.value.exit_code == Exit.STALE
        told = describe_error(stale.value)
        assert "Campaign/calls (campaign.yaml:10:" in told
        assert words in told
    assert not tenant.requests().writes()


def test_a_second_before_it_begins_and_a_second_before_it_is_over_a_plan_is_good(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    plan = office.propose(OPENS - timedelta(hours=3))
    assert office.commit(plan, OPENS - timedelta(seconds=1)).exit_code == Exit.DONE
    assert live(tenant)["endTime"] == format_instant(CLOSES)
    folder.write("campaign.yaml", (folder.root / "campaign.yaml").read_text().replace("'17:00'", "'16:00'"))
    changed = office.propose(OPENS + timedelta(minutes=1))
    assert changed.good_until == CLOSES - timedelta(hours=1)
    with pytest.raises(Stale):
        office.commit(changed, CLOSES - timedelta(hours=1))
    assert office.commit(changed, CLOSES - timedelta(hours=1, seconds=1)).exit_code == Exit.DONE


def test_a_window_that_is_over_when_the_plan_is_made_is_a_finding_that_refuses(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", "asOf: 2026-11-24T00:00:00Z"))
    plan = office.propose(datetime(2026, 11, 29, tzinfo=UTC))
    assert [each.rule for each in plan.refusals] == ["SCH-003"]
    assert plan.good_until is None


@pytest.mark.parametrize("late", [CLOSES, CLOSES + timedelta(hours=1), CLOSES + timedelta(hours=20)])
def test_late_in_the_day_the_finding_says_what_to_plan_with_and_that_plan_is_good(
    tenant: Simulator, folder: Folder, office: Office, late: datetime
) -> None:
    folder.write("campaign.yaml", (folder.root / "campaign.yaml").read_text().replace("wed, fri", "fri"))
    folder.write("workspace.yaml", manifest("Workspace", "test", "asOf: 2026-11-24T22:00:00Z"))
    (finding,) = office.propose(late).refusals
    assert finding.rule == "SCH-003"
    (said,) = re.findall(r"plan and apply with `--as-of \$\(date -u (\S+)\)`", finding.message)
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {late.strftime(said.removeprefix('+'))}"))
    plan = office.propose(late)
    assert not plan.refusals
    assert office.commit(plan, late).exit_code == Exit.DONE
    assert live(tenant)["startTime"] == "2026-11-27T19:00:00Z"


def test_a_window_that_ends_while_the_list_is_filled_is_not_dialled_in(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    plan = office.propose(OPENS + timedelta(minutes=1))
    report = office.commit(plan, OPENS + timedelta(minutes=2), later=timedelta(hours=8))
    assert report.exit_code == Exit.PARTIAL
    assert "ended at 2026-11-25T03:00:00Z" in describe_step(report.steps[-1])
    assert live(tenant)["status"] == "draft"
