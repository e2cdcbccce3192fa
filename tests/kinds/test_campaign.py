"""What is a declared campaign, with everything that it refers to looked up?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reconciler.kinds.campaign import make_campaign
from reconciler.kinds.campaign import make_undeclared_campaign as of_tenant
from reconciler.model.campaign import Campaign, Staffing
from reconciler.model.live_state import LiveObject
from reconciler.model.resource_address import Address
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load
from tests.conftest import manifest

NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)
CALENDAR = "{calendar: {timeZone: Europe/London, hours: [{days: [thu], from: '09:00', to: '17:30'}]}}"


def declared(root: Path, spec: str, *, schedule: str = "{startsIn: 15m, lasts: 8h}") -> Campaign:
    """The campaign of a spec, in the company of a list and a policy."""
    always = f"list: calls\nwrapUpCode: DONE\nstatus: active\nschedule: {schedule}\n"
    texts = (
        manifest("Tenant", "one", "surfaces: {lists: {tenant: acme-1.cxone.com}}"),
        manifest("ContactList", "calls", "name: Calls"),
        manifest("AbandonmentPolicy", "usual", "{}"),
        manifest("Campaign", "calls", always + spec),
    )
    (root / "manifests.yaml").write_text("\n---\n".join(texts), encoding="utf-8")
    desired = load(Workspace(root=root, scratch=root, now=NOON))
    (resource,) = desired.catalogue.of_kind("Campaign")
    return make_campaign(resource, desired.catalogue, NOON)


PREVIEW = "dialType: preview\n"
PREDICTIVE = "dialType: predictive\npredictive: {targetAnswerRate: 0.3, maxCallsInProgress: 20}\n"


def test_a_campaign_names_its_list_and_has_the_threshold_of_its_band(tmp_path: Path) -> None:
    found = declared(tmp_path, PREDICTIVE + "abandonment: {policy: usual, band: low}")
    assert (found.address, found.name) == (Address("Campaign", "calls"), "calls")
    assert (found.list, found.list_address) == ("Calls", Address("ContactList", "calls"))
    assert (found.threshold, found.policy, found.band) == (8, "usual", "low")
    assert found.predictive == {"targetAnswerRate": 0.3, "maxCallsInProgress": 20}
    assert found.active


def test_a_campaign_of_no_policy_has_no_threshold(tmp_path: Path) -> None:
    found = declared(tmp_path, PREVIEW)
    assert (found.threshold, found.policy, found.band, found.staffing) == (None, None, None, None)


@pytest.mark.parametrize(
    ("schedule", "starts", "ends", "repeats"),
    [
        ("{start: 2026-07-02T08:00:00Z, lasts: 8h}", 2, 2, False),
        ("{start: 2026-07-02T10:00:00+02:00, end: 2026-07-03T16:00:00Z}", 2, 3, False),
        (CALENDAR, 2, 2, True),
    ],
)
def test_a_schedule_that_is_known_is_one_window(
    tmp_path: Path, schedule: str, starts: int, ends: int, repeats: bool
) -> None:
    found = declared(tmp_path, PREVIEW, schedule=schedule)
    start = datetime(2026, 7, starts, 8, tzinfo=UTC)
    end = datetime(2026, 7, ends, 16, 30 if repeats else 0, tzinfo=UTC)
    assert (found.starts, found.ends, found.windows, found.repeats) == (start, end, ((start, end),), repeats)
    assert (found.starts_in, found.lasts) == (None, end - start)
    assert found.as_created(NOON) == found.as_held({"startTime": "2020-01-01T00:00:00Z"}) == found


def test_a_relative_schedule_is_known_once_the_campaign_is_created_or_held(tmp_path: Path) -> None:
    found = declared(tmp_path, PREVIEW)
    assert (found.starts, found.ends, found.windows) == (None, None, ())
    start, end = NOON + timedelta(minutes=15), NOON + timedelta(hours=8, minutes=15)
    assert found.as_created(NOON).windows == ((start, end),)
    held = found.as_held({"startTime": "2026-06-01T08:00:00Z", "endTime": "2026-06-01T16:00:00Z"})
    assert held.windows == ((datetime(2026, 6, 1, 8, tzinfo=UTC), datetime(2026, 6, 1, 16, tzinfo=UTC)),)
    assert found.as_held({}).windows == ()
    # where it ends before it starts, or as it does, nobody knows when it dials: it may at any hour
    for ends in ("2026-06-01T16:00:00Z", "2026-06-01T20:00:00Z"):
        turned = found.as_held({"startTime": "2026-06-01T20:00:00Z", "endTime": ends})
        assert (turned.windows, turned.dials_at_any_hour(NOON)) == ((), True)
        other = {"startTime": "2026-06-01T22:00:00+02:00", "endTime": ends, "status": "active"}
        assert of_tenant(found.address, LiveObject("Campaign", "Theirs", "1", other)).dials_at_any_hour(NOON)


def test_a_relative_start_with_an_end_is_counted_from_the_creation(tmp_path: Path) -> None:
    found = declared(tmp_path, PREVIEW, schedule="{startsIn: 1h, end: 2026-07-02T08:00:00Z}")
    assert found.ends == datetime(2026, 7, 2, 8, tzinfo=UTC)
    assert found.windows == ()
    assert found.as_created(NOON).windows == ((NOON + timedelta(hours=1), found.ends),)


def test_staffing_takes_the_answer_rate_of_predictive_dialling_where_it_says_none(tmp_path: Path) -> None:
    four = timedelta(minutes=4)
    found = declared(tmp_path, PREDICTIVE + "staffing: {agents: 9, handleTime: 4m}")
    assert found.staffing == Staffing(9, 0.3, four, 1)
    said = "staffing: {agents: 9, handleTime: 4m, answerRate: 0.25, attempts: 3}"
    assert declared(tmp_path, PREDICTIVE + said).staffing == Staffing(9, 0.25, four, 3)
