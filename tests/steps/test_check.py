"""Whom each campaign would call once a plan is applied: counted from the tenant and the source, read as little as can be."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from reconciler import flow
from reconciler.cli.runtime import LocalRuntime
from reconciler.model.finding import Finding
from reconciler.model.plan import Plan
from reconciler.model.rule_input import Planned
from reconciler.model.workspace_settings import Workspace
from reconciler.simulator import Simulator
from reconciler.steps.load import load
from reconciler.views import json_view
from tests.conftest import Folder, manifest
from tests.scene import contact, declare_campaign, declare_segment, live_campaign, people, phone

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
WEST = "+14155550102"

Propose = Callable[..., Plan]


@pytest.fixture
def propose(folder: Folder, tmp_path: Path) -> Propose:
    """Plan what the workspace declares."""

    numbers = count()

    def planned(*, prune: bool = False) -> Plan:
        scratch = tmp_path / f"scratch-{next(numbers)}"
        scratch.mkdir()
        workspace = Workspace(folder.root, scratch, NOW, os.environ, prune=prune)
        with LocalRuntime(workspace) as world:
            return flow.propose(load(workspace), world)

    return planned


def by_name(plan: Plan) -> Mapping[str, Planned]:
    """The campaigns of a plan, by the name of their manifest."""
    return {each.campaign.address.name: each for each in plan.campaigns}


def found(plan: Plan, rule: str) -> list[Finding]:
    """What one rule found."""
    return [each for each in plan.findings if each.rule == rule]


def reads_of(tenant: Simulator, name: str) -> int:
    """How many pages of a list's contacts were read from the surface that knows their phones."""
    path = f"/contactlists/{tenant.store.list_named(name).id}/contacts"
    asked = (each for each in tenant.requests() if each.surface == "outbound" and each.method == "GET")
    return sum(each.path.endswith(path) for each in asked)


class TestOfAListThatASegmentFills:
    def test_who_is_put_on_it_and_who_stays_are_counted_and_who_goes_is_not(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        people(tenant, 100)
        declare_segment(folder)
        tenant.store.add_list("Chosen", [contact(number) for number in (1, 80, 81)])
        declare_campaign(folder)
        evening = by_name(propose())["evening"]
        assert evening.exposure is not None
        assert (evening.contacts, evening.exposure.contacts) == (25, 25)
        assert evening.exposure.countries == {"US": 25}
        ((place,), unplaced) = (evening.exposure.places, evening.exposure.unplaced)
        assert (place.regions, place.zones, place.contacts, unplaced) == (("US-NY",), ("America/New_York",), 25, 0)

    def test_its_phones_are_not_asked_for_where_the_source_says_them(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        people(tenant, 100)
        declare_segment(folder)
        tenant.store.add_list("Chosen", [contact(80)])
        propose()
        before = reads_of(tenant, "Chosen")
        declare_campaign(folder)
        propose()
        assert reads_of(tenant, "Chosen") == 2 * before

    def test_who_stays_though_no_source_has_them_is_looked_up_in_the_tenant(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        people(tenant, 100)
        tenant.store.add_contacts([{"id": "STRANGER", "phoneNumber": WEST}, {"id": "MUTE"}])
        tenant.store.add_list("Chosen", ["STRANGER", "MUTE", contact(80)])
        declare_segment(folder, membership="upsert")
        declare_campaign(folder)
        exposure = by_name(propose())["evening"].exposure
        assert exposure is not None
        assert (exposure.contacts, exposure.countries, exposure.unknown) == (27, {"US": 26}, 1)
        assert {place.regions: place.contacts for place in exposure.places} == {("US-NY",): 25, ("US-CA",): 1, (): 1}

    def test_addresses_come_from_the_source(self, tenant: Simulator, folder: Folder, propose: Propose) -> None:
        people(tenant, 3)
        rows = [f"{contact(number)},{phone(number)},90,79901,America/Denver" for number in range(3)]
        folder.write("crm.csv", "\n".join(["id,phone,score,zip,zone", *rows]))
        declare_segment(folder, extra="phones: {region: US}")
        columns = "{contactId: id, phone: phone, engagementScore: score, postalCode: zip, timezone: zone}"
        spec = f"files: {{paths: [crm.csv], format: csv, columns: {columns}}}"
        folder.write("source.yaml", manifest("ContactSource", "all", spec))
        folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))
        declare_campaign(folder)
        plan = propose()
        exposure = by_name(plan)["evening"].exposure
        assert exposure is not None
        (place,) = exposure.places
        assert (place.regions, place.zones) == (("US-NY", "US-TX"), ("America/Denver", "America/New_York"))
        # 14:00 UTC in January is 7:00 in Denver
        (finding,) = found(plan, "HRS-001")
        assert "from 07:00 on Tue 05 Jan 2027 in America/Denver" in finding.message


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("columns", "values", "rules"),
    [
        ("timezone: zone", "Pacific Standard Time", {"HRS-001"}),
        ("timezone: zone", "America/Los_Angeles", {"HRS-001"}),
        ("timezone: zone", "EST", set()),
        ("timezone: zone", "somewhere", {"HRS-001", "HRS-004"}),
        ("postalCode: zone", "2134", set()),
        ("postalCode: zone", "9410", {"HRS-001", "HRS-004"}),
        ("postalCode: zone", "941031234", {"HRS-001"}),
        ("postalCode: zone", "v6b4y8", {"HRS-001"}),
    ],
)
def test_what_a_source_says_of_a_place_narrows_the_hours_or_leaves_them_and_never_widens_them(
    tenant: Simulator, folder: Folder, propose: Propose, columns: str, values: str, rules: set[str]
) -> None:
    """New Yorkers, from 9:00 to 17:00 by their clock; in Los Angeles it is 6:00 by then."""
    people(tenant, 3)
    folder.write(
        "crm.csv", "\n".join(["id,phone,score,zone", *(f"{contact(n)},{phone(n)},90,{values}" for n in range(3))])
    )
    declare_segment(folder, extra="phones: {region: US}")
    mapped = f"{{contactId: id, phone: phone, engagementScore: score, {columns}}}"
    folder.write(
        "source.yaml", manifest("ContactSource", "all", f"files: {{paths: [crm.csv], format: csv, columns: {mapped}}}")
    )
    folder.write("score.yaml", manifest("ScoreModel", "engaged", "engagement: {threshold: 75}"))
    declare_campaign(folder)
    assert {each.rule for each in propose().findings if each.rule.startswith("HRS")} == rules


def without_phones(folder: Folder) -> None:
    """Take away the surface that knows them."""
    text = (folder.root / "tenant.yaml").read_text(encoding="utf-8")
    head, _, rest = text.partition("    outbound:")
    assert rest
    folder.write("tenant.yaml", f"{head}    lists:{rest.partition('    lists:')[2]}")


class TestOfAListThatNobodyFills:
    def test_who_is_on_it_now_is_counted(self, tenant: Simulator, folder: Folder, propose: Propose) -> None:
        people(tenant, 10)
        tenant.store.add_list("Chosen", [contact(number) for number in range(4)])
        folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
        declare_campaign(folder)
        exposure = by_name(propose())["evening"].exposure
        assert exposure is not None
        assert (exposure.contacts, exposure.countries) == (4, {"US": 4})

    def test_without_the_surface_that_knows_phones_nobody_knows_and_that_is_told(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        people(tenant, 10)
        tenant.store.add_list("Chosen", [contact(number) for number in range(4)])
        folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
        declare_campaign(folder)
        without_phones(folder)
        plan = propose()
        assert by_name(plan)["evening"].exposure is None
        assert [each.message for each in found(plan, "HRS-003")] == [
            "nobody knows where its 4 contacts are: their phones are read through the surface `outbound`"
        ]


class TestOfSharedPeople:
    def two_lists(self, tenant: Simulator, folder: Folder) -> None:
        people(tenant, 10)
        tenant.store.add_contacts([{"id": "TWIN", "phoneNumber": phone(0)}])
        tenant.store.add_list("Chosen", [contact(number) for number in range(4)])
        tenant.store.add_list("Others", [contact(3), contact(9), "TWIN"])
        for name in ("chosen", "others"):
            folder.write(f"{name}.yaml", manifest("ContactList", name, f"name: {name.title()}"))
        declare_campaign(folder)

    def test_two_active_campaigns_share_them_by_id_and_by_number(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        self.two_lists(tenant, folder)
        declare_campaign(folder, name="Morning", on="others")
        plan = propose()
        assert [(each.campaign, each.contacts) for each in by_name(plan)["evening"].shared] == [("Morning", 2)]
        assert [(each.campaign, each.contacts) for each in by_name(plan)["morning"].shared] == [("Evening", 2)]
        assert len(found(plan, "CMP-SHARED")) == 2

    def test_a_campaign_that_rests_shares_nobody(self, tenant: Simulator, folder: Folder, propose: Propose) -> None:
        self.two_lists(tenant, folder)
        declare_campaign(folder, name="Morning", on="others", status="draft")
        plan = propose()
        assert not any(each.shared for each in plan.campaigns)
        assert not found(plan, "CMP-SHARED")

    def test_two_campaigns_on_one_list_share_everybody_and_it_is_counted_once(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        self.two_lists(tenant, folder)
        propose()
        once = reads_of(tenant, "Chosen")
        declare_campaign(folder, name="Morning")
        plan = propose()
        assert once
        assert reads_of(tenant, "Chosen") == 2 * once
        assert [(each.campaign, each.contacts) for each in by_name(plan)["evening"].shared] == [("Morning", 4)]

    def test_active_campaigns_that_somebody_else_made_count_whatever_list_they_dial(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        self.two_lists(tenant, folder)
        tenant.store.add_list("Unheard of", [contact(number) for number in range(2, 8)])
        tenant.store.add_list("Strangers", [contact(8)])
        for name, dials in (("Theirs", "Chosen"), ("Far", "Others"), ("Away", "Unheard of"), ("Apart", "Strangers")):
            live_campaign(tenant, name, dials, description="made by hand")
        shared = by_name(propose())["evening"].shared
        assert [(each.campaign, each.contacts) for each in shared] == [("Away", 2), ("Far", 2), ("Theirs", 4)]

    def test_where_nobody_knows_their_phones_they_are_the_same_by_their_ids(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        self.two_lists(tenant, folder)
        without_phones(folder)
        live_campaign(tenant, "Far", "Others", description="made by hand")
        evening = by_name(propose())["evening"]
        assert [(each.campaign, each.contacts) for each in evening.shared] == [("Far", 1)]
        assert evening.exposure is None

    def test_the_list_of_somebody_elses_campaign_is_read_only_where_it_dials_and_one_of_ours_does(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        self.two_lists(tenant, folder)
        tenant.store.add_list("Unheard of", [contact(1)])
        live_campaign(tenant, "Paused", "Unheard of", description="made by hand", status="paused")
        assert not by_name(propose())["evening"].shared
        live_campaign(tenant, "Theirs", "Unheard of", description="made by hand")
        declare_campaign(folder, status="draft")
        assert not by_name(propose())["evening"].shared
        assert not reads_of(tenant, "Unheard of")

    def test_whom_a_segment_puts_on_the_list_of_somebody_elses_campaign_counts(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        people(tenant, 100)
        tenant.store.add_list("Own", [contact(number) for number in range(100)])
        folder.write("own.yaml", manifest("ContactList", "own", "name: Own"))
        declare_segment(folder)
        declare_campaign(folder, on="own")
        tenant.store.add_list("Chosen", [contact(5), contact(80)])
        live_campaign(tenant, "Theirs", "Chosen", description="made by hand")
        plan = propose()
        (filled,) = [each for each in plan.rows if each.list == "Chosen"]
        assert (filled.adds, filled.removes) == (24, 1)
        (shared,) = by_name(plan)["evening"].shared
        assert (shared.campaign, shared.contacts) == ("Theirs", 25)

    def test_a_campaign_of_ours_that_nothing_declares_counts_unless_it_is_about_to_be_deleted(
        self, tenant: Simulator, folder: Folder, propose: Propose
    ) -> None:
        self.two_lists(tenant, folder)
        live_campaign(tenant, "Old", "Others")
        assert [each.campaign for each in by_name(propose())["evening"].shared] == ["Old"]
        tenant.clear_requests()
        assert not by_name(propose(prune=True))["evening"].shared
        assert not reads_of(tenant, "Others")


def test_a_plan_without_campaigns_counts_nobody(tenant: Simulator, folder: Folder, propose: Propose) -> None:
    people(tenant, 100)
    declare_segment(folder)
    assert propose().campaigns == ()


def test_no_number_gets_into_the_plans_document(tenant: Simulator, folder: Folder, propose: Propose) -> None:
    people(tenant, 100)
    declare_segment(folder)
    declare_campaign(folder)
    text = json_view.plan(propose())
    assert '"countries"' in text
    assert "America/New_York" in text
    assert phone(1)[1:] not in text
    assert contact(99) not in text
