"""On a log of purchases, read as a history: a cut made from a seed, and the CDNOW sample of the literature where it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from phonenumbers import is_valid_number, parse

from reconciler.simulator import Simulator
from reconciler.simulator.surfaces.nice.skill_store import Skills
from tests import purchases
from tests.conftest import Ended, Folder, manifest
from tests.delivery import NICE
from tests.purchases import CDNOW, KNOWN, Numbers

PROGRAMME = Path(__file__).parent / "cases" / "cdnow" / "programme.yaml"
AS_OF = "2022-07-01T00:00:00Z"
absent = pytest.mark.skipif(not CDNOW.exists(), reason="the CDNOW sample is not at hand")


@pytest.fixture(scope="module", params=["seed", pytest.param("cdnow", marks=absent)])
def sample(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Numbers]:
    """A log of purchases, and what the programme finds in it."""
    made = request.param == "seed"
    return (
        purchases.write(tmp_path_factory.mktemp("purchases") / "events.csv") if made else CDNOW,
        KNOWN[request.param],
    )


def accounted(known: Numbers) -> str:
    """How a plan accounts for every customer."""
    return f"{known.contacts:,} contacts in the source = {known.called:,} in + {known.contacts - known.called:,} out"


def test_the_numbers_that_are_stated_are_those_of_the_formula(sample: tuple[Path, Numbers]) -> None:
    events, known = sample
    assert purchases.count(events, datetime.fromisoformat(AS_OF)) == known


def test_the_history_programme_finds_the_known_bands_and_a_second_plan_is_empty(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], sample: tuple[Path, Numbers]
) -> None:
    events, known = sample
    tenant.store.load_interactions(events, create_contacts=True)
    tenant.store.add_list_of_all("Everybody")
    shutil.copy(PROGRAMME, folder.root)

    applied = run("apply", "--yes", "--as-of", AS_OF)

    assert applied.code == 0, applied.err
    assert accounted(known) in applied.out
    bands = ("high", "medium", "low")
    held = {band: tenant.store.list_named(band).members for band in bands}
    assert {band: len(members) for band, members in held.items()} == known.bands
    assert sum(data["score"] for members in held.values() for data in members.values()) == known.total
    assert {band: {data["priority"] for data in held[band].values()} for band in bands} == {
        "high": {1},
        "medium": {2},
        "low": {3},
    }
    campaigns = [tenant.store.campaign_named(band) for band in bands]
    assert [each.fields["abandonThreshold"] for each in campaigns] == [3, 5, 8]
    assert {each.fields["status"] for each in campaigns} == {"active"}

    tenant.clear_requests()
    again = run("plan", "--detailed-exitcode", "--as-of", AS_OF)
    assert again.code == 0, again.out
    assert "No changes." in again.out
    assert not tenant.requests().writes()


def give_numbers(tenant: Simulator) -> None:
    """A number of fiction for everybody in the tenant, each another: by areas of North America."""
    areas = (area for area in range(201, 990) if is_valid_number(parse(f"+1{area}5550100")))
    numbers = (f"+1{area}55501{last:02}" for area in areas for last in range(100))
    for each, number in zip(list(tenant.store.contacts.values()), numbers, strict=False):
        tenant.store.keep(replace(each, phone_number=number))
    assert all(each.phone_number for each in tenant.store.contacts.values())


@pytest.mark.matrix(
    instead="tests/surfaces/nice/test_starter.py::test_both_programmes_have_the_same_bands_and_counts_and_a_second_plan_is_empty"
)
def test_on_nices_api_the_bands_are_the_same_and_a_second_plan_is_empty(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], sample: tuple[Path, Numbers]
) -> None:
    events, known = sample
    tenant.store.load_interactions(events, create_contacts=True)
    give_numbers(tenant)
    tenant.store.add_list_of_all("Everybody")
    settings = "rate: 5000, burst: 500, pollEvery: 1s, scheduleZone: America/New_York"
    folder.write("tenant.yaml", manifest("Tenant", "embedded", NICE.format(url=tenant.url, settings=settings)))
    # whose numbers are known, their ceilings and hours are: this is of the bands
    objects = [("ABN-001", "low"), ("ABN-001", "medium"), *(("HRS-001", band) for band in known.bands)]
    until = f"{datetime.now(UTC) + timedelta(days=5):%Y-%m-%d}"
    waived = [
        f"{{rule: {rule}, object: Campaign/{band}, reason: Bands alone are looked at here, until: {until}}}"
        for rule, band in objects
    ]
    folder.write("workspace.yaml", manifest("Workspace", "test", f"overrides: [{', '.join(waived)}]"))
    text = PROGRAMME.read_text(encoding="utf-8").replace("method: listContacts", "method: listUpload")
    folder.write(
        "programme.yaml", text.replace("  membership: mirror\n", "  membership: mirror\n  phones: {rule: valid}\n")
    )

    applied = run("apply", "--yes", "--as-of", AS_OF)

    assert applied.code == 0, applied.err
    assert accounted(known) in applied.out
    held = {band: tenant.store.list_named(band).members for band in known.bands}
    assert {band: len(members) for band, members in held.items()} == known.bands
    assert sum(data["score"] for members in held.values() for data in members.values()) == known.total
    dialling = {each.fields["skillName"]: each for each in tenant.store.part(Skills).held.values() if each.running}
    rates = {band: dialling[band].blocks["generalSettings"]["abandonRateCutoff"] for band in known.bands}
    assert rates == {"high": 3, "medium": 5, "low": 8}
    # a list is a file, and so is the empty one by which a skill dials it
    uploads = [each for each in tenant.requests().writes() if each.path.endswith("/upload")]
    assert len(uploads) == 2 * len(known.bands)

    tenant.clear_requests()
    again = run("plan", "--detailed-exitcode", "--as-of", AS_OF)
    assert again.code == 0, again.out
    assert "No changes." in again.out
    assert not tenant.requests().writes()


def test_the_same_events_read_from_a_file_give_the_same_bands(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], sample: tuple[Path, Numbers]
) -> None:
    events, known = sample
    shutil.copy(events, folder.root / "events.csv")
    text = PROGRAMME.read_text(encoding="utf-8")
    asked = "  interactions: { of: { name: Everybody }, types: [voice] }\n"
    assert asked in text
    from_file = """  interactions:
    types: [voice]
    files:
      paths: [events.csv]
      format: csv
      columns: { id: id, contactId: contactId, startTime: startTime }
"""
    folder.write("programme.yaml", text.replace(asked, from_file))

    planned = run("plan", "--as-of", AS_OF)

    assert planned.code == 0, planned.err
    # the file names every customer that the tenant would have, and has no archived ones
    assert accounted(known) in planned.out
    assert " · ".join(f"{band} {count:,}" for band, count in known.bands.items()) in planned.out
    assert not tenant.requests().to("interactions/search")
