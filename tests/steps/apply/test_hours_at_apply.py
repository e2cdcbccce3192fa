"""A start that is counted from the apply is known at the apply: out of hours it is refused, or waits for them."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import pytest

from reconciler import flow
from reconciler.cli.progress_sinks import ProgressSinks
from reconciler.cli.runtime import LocalRuntime
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import Exit, Refused
from reconciler.model.instants import format_instant
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest, plan_document, read_plan
from reconciler.model.report import Outcome, Report
from reconciler.model.workspace_settings import Workspace
from reconciler.simulator import Simulator
from reconciler.steps.load import load
from reconciler.views import terminal
from reconciler.views.reasons import describe_error, describe_step
from tests.conftest import Folder, manifest

DAY = datetime(2026, 7, 1, tzinfo=UTC)
NIGHT, MORNING = DAY + timedelta(hours=12, minutes=25), DAY + timedelta(hours=19)
"""02:25 and 09:00 in Honolulu."""

Act = Callable[..., Report]


class Office:
    """Plans and applies at moments that are given."""

    def __init__(self, folder: Folder, scratch: Path) -> None:
        self._folder, self._scratch, self._count = folder, scratch, 0

    def _workspace(self, now: datetime) -> Workspace:
        self._count += 1
        into = self._scratch / f"scratch-{self._count}"
        into.mkdir()
        return Workspace(self._folder.root, into, now, os.environ)

    def propose(self, now: datetime) -> Plan:
        workspace = self._workspace(now)
        self.last = workspace
        with LocalRuntime(workspace) as world:
            return flow.propose(load(workspace), world)

    def commit(self, plan: Plan, now: datetime, later: timedelta = timedelta(), resume: str | None = None) -> Report:
        """Apply a plan at a moment; whatever begins its work does so so much later."""
        workspace = self._workspace(now)
        desired = load(workspace)
        with LocalRuntime(workspace) as world:
            writer = world.writer(desired)
            terms = ApplyOptions(
                manifests=desired.manifests,
                tenant=desired.tenant.address.name,
                surfaces=writer.surfaces,
                settings=desired.settings,
                now=now,
                scratch=workspace.scratch,
                progress=ProgressSinks(),
                stop=Event(),
                resume=resume,
                clock=lambda: now + later,
                places=desired.times,
            )
            return flow.commit(plan, writer, world.ledger(desired), terms)


@pytest.fixture
def office(folder: Folder, tmp_path: Path) -> Office:
    return Office(folder, tmp_path)


def declare(
    tenant: Simulator,
    folder: Folder,
    schedule: str,
    *,
    phone: str = "+18085550100",
    extra: str = "",
    status: str = "active",
) -> None:
    """A campaign for one person in Honolulu who is on its list already."""
    tenant.store.add_contacts([{"id": "A1", "phoneNumber": phone}])
    tenant.store.add_list("Islanders", ["A1"], description="(managed-by: reconciler/test)")
    folder.write("list.yaml", manifest("ContactList", "islanders", "name: Islanders"))
    folder.write("policy.yaml", manifest("AbandonmentPolicy", "strict", f"thresholds: {{all: 3}}\n{extra}"))
    spec = "name: Calls\ndialType: preview\nlist: islanders\nabandonment: {policy: strict, band: all}\nwrapUpCode: SOLD"
    folder.write("campaign.yaml", manifest("Campaign", "calls", f"{spec}\nschedule: {schedule}\nstatus: {status}"))


def live(tenant: Simulator) -> dict[str, str]:
    (found,) = [dict(each.fields) for each in tenant.store.campaigns.values()]
    return {name: str(found[name]) for name in ("status", "startTime", "endTime")}


def rules(plan: Plan) -> list[str]:
    return [each.rule for each in plan.findings if each.rule.startswith("HRS")]


def test_a_start_in_the_night_is_warned_of_in_the_plan_and_refused_at_the_apply(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    declare(tenant, folder, "{startsIn: 15m, lasts: 8h}")
    plan = office.propose(NIGHT)
    assert (rules(plan), plan.refusals) == (["HRS-002"], ())
    with pytest.raises(Refused) as refused:
        office.commit(plan, NIGHT)
    assert refused.value.exit_code == Exit.REFUSED
    assert "HRS-001  Campaign/calls" in describe_error(refused.value)
    assert "from 02:40 on Wed 01 Jul 2026 in Pacific/Honolulu" in describe_error(refused.value)
    assert not tenant.requests().writes()


def test_a_plan_of_the_day_is_refused_in_the_night_and_one_of_the_night_goes_through_by_day(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    declare(tenant, folder, "{startsIn: 15m, lasts: 8h}")
    plan = office.propose(MORNING)
    assert rules(plan) == []
    with pytest.raises(Refused):
        office.commit(plan, NIGHT + timedelta(days=1))
    assert office.commit(office.propose(NIGHT), MORNING).exit_code == Exit.DONE
    assert live(tenant) == {
        "status": "active",
        "startTime": "2026-07-01T19:15:00Z",
        "endTime": "2026-07-02T03:15:00Z",
    }


@pytest.mark.parametrize(
    ("now", "schedule", "starts"),
    [
        (NIGHT, "{startsIn: {after: 15m, within: hours}, lasts: 8h}", "2026-07-01T18:00:00Z"),
        (MORNING, "{startsIn: {after: 15m, within: hours}, lasts: 8h}", "2026-07-01T19:15:00Z"),
        (MORNING + timedelta(seconds=1), "{startsIn: {after: 15m, within: hours}, lasts: 8h}", "2026-07-01T19:16:00Z"),
        (
            MORNING + timedelta(hours=4, minutes=45),
            "{startsIn: {after: 15m, within: hours}, lasts: 8h}",
            "2026-07-02T18:00:00Z",
        ),
    ],
)
def test_a_start_that_waits_is_in_the_first_minute_from_which_all_may_be_called_to_the_end(
    tenant: Simulator, folder: Folder, office: Office, now: datetime, schedule: str, starts: str
) -> None:
    declare(tenant, folder, schedule)
    plan = office.propose(now)
    assert rules(plan) == []
    assert [format_instant(each.opens) for each in plan.campaigns if each.opens] == [starts]
    assert f"starts in the first minute that all of them allow: {starts}, if it is applied now" in str(
        terminal.plan(plan)
    )
    assert office.commit(plan, now).exit_code == Exit.DONE
    assert (live(tenant)["status"], live(tenant)["startTime"]) == ("active", starts)
    again = office.propose(now + timedelta(hours=1))
    assert (again.steps, rules(again)) == ((), [])


def test_a_draft_gets_the_minute_that_its_plan_tells_and_is_activated_with_it(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    waits = "{startsIn: {after: 15m, within: hours}, lasts: 8h}"
    declare(tenant, folder, waits, status="draft")
    plan = office.propose(NIGHT)
    told = "the first minute that all of them allow: 2026-07-01T18:00:00Z"
    assert told in str(terminal.plan(plan))
    assert office.commit(plan, NIGHT).exit_code == Exit.DONE
    assert (live(tenant)["status"], live(tenant)["startTime"]) == ("draft", "2026-07-01T18:00:00Z")
    written = (folder.root / "campaign.yaml").read_text(encoding="utf-8")
    folder.write("campaign.yaml", written.replace("status: draft", "status: active"))
    activated = office.propose(NIGHT + timedelta(hours=1))
    assert (rules(activated), activated.refusals) == ([], ())
    assert office.commit(activated, NIGHT + timedelta(hours=1)).exit_code == Exit.DONE
    assert live(tenant)["status"] == "active"


def test_a_draft_is_made_where_no_day_has_so_many_hours_as_it_calls_nobody(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    declare(tenant, folder, "{startsIn: {after: 15m, within: hours}, lasts: 14h}", status="draft")
    plan = office.propose(MORNING)
    assert plan.refusals == ()
    assert office.commit(plan, MORNING).exit_code == Exit.DONE
    assert live(tenant)["status"] == "draft"


def test_a_start_that_waits_for_hours_that_no_day_has_is_refused_at_once(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    declare(tenant, folder, "{startsIn: {after: 15m, within: hours}, lasts: 14h}")
    plan = office.propose(MORNING)
    (finding,) = plan.refusals
    assert finding.rule == "HRS-001"
    assert "from which all contacts may be called for 14h" in finding.message
    assert "no day has so many hours that all of them allow" in finding.message


def test_the_same_plan_has_the_same_digest_whenever_it_would_start(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    declare(tenant, folder, "{startsIn: {after: 15m, within: hours}, lasts: 8h}")
    one, other = office.propose(NIGHT), office.propose(MORNING)
    assert [each.opens for each in one.campaigns] != [each.opens for each in other.campaigns]
    assert plan_digest(one) == plan_digest(other)


def test_a_saved_plan_knows_whom_it_would_call_and_when_it_waits(
    tenant: Simulator, folder: Folder, office: Office, tmp_path: Path
) -> None:
    declare(tenant, folder, "{startsIn: {after: 15m, within: hours}, lasts: 8h}")
    plan = office.propose(NIGHT)
    again = read_plan(plan_document(plan), tmp_path, {})
    assert again.campaigns == plan.campaigns
    assert office.commit(again, NIGHT).exit_code == Exit.DONE
    assert live(tenant)["startTime"] == "2026-07-01T18:00:00Z"


def test_what_is_put_off_into_the_night_is_not_set_to_work(tenant: Simulator, folder: Folder, office: Office) -> None:
    """At the apply it is 9:00 in Honolulu; by the time its lists are filled it is midnight."""
    declare(tenant, folder, "{startsIn: 15m, lasts: 8h}")
    report = office.commit(office.propose(MORNING), MORNING, later=timedelta(hours=15))
    (failed,) = report.list_ended(Outcome.FAILED)
    assert str(failed.address) == "Campaign/calls:activation"
    assert describe_step(failed).startswith("out-of-hours: 'Calls' is not activated at 2026-07-02T10:00:00Z: HRS-001")
    assert live(tenant)["status"] == "draft"


def test_a_run_that_is_resumed_in_the_night_does_not_set_to_work_either(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    declare(tenant, folder, "{startsIn: 15m, lasts: 8h}")
    plan = office.propose(MORNING)
    tenant.faults.add("status", method="PATCH", path="/campaigns/", status=400, times=1)
    report = office.commit(plan, MORNING)
    assert [each.outcome for each in report.steps] == [Outcome.DONE, Outcome.FAILED]
    with pytest.raises(Refused):
        office.commit(plan, NIGHT + timedelta(days=1), resume=report.run)
    assert live(tenant)["status"] == "draft"


def test_a_waiver_lets_it_go_on_in_mid_run_as_in_the_plan(tenant: Simulator, folder: Folder, office: Office) -> None:
    waiver = "waivers: [{rule: HRS-001, object: Campaign/calls, until: 2026-12-31, reason: A night shift that asked to be called.}]"
    declare(tenant, folder, "{startsIn: 15m, lasts: 8h}", extra=waiver)
    report = office.commit(office.propose(NIGHT), NIGHT, later=timedelta(hours=1))
    assert report.exit_code == Exit.DONE
    assert live(tenant)["status"] == "active"


def test_a_draft_starts_whenever_it_is_made(tenant: Simulator, folder: Folder, office: Office) -> None:
    declare(tenant, folder, "{startsIn: 15m, lasts: 8h}")
    path = folder.root / "campaign.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("status: active", "status: draft"), encoding="utf-8")
    plan = office.propose(NIGHT)
    assert (rules(plan), office.commit(plan, NIGHT).exit_code) == ([], Exit.DONE)


def test_hours_beside_an_unreadable_word_are_told_with_the_schedule(
    tenant: Simulator, folder: Folder, office: Office
) -> None:
    """A toll-free number is anywhere in the country: the start waits until everybody there may be called."""
    declare(tenant, folder, "{startsIn: {after: 15m, within: hours}, lasts: 2h}", phone="+18005550100")
    plan = office.propose(NIGHT)
    assert rules(plan) == ["HRS-003"]
    assert [format_instant(each.opens) for each in plan.campaigns if each.opens] == ["2026-07-01T18:00:00Z"]
