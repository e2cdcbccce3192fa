"""On a log of purchases, read as a history: a cut made from a seed, and the CDNOW sample of the literature where it is."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests import purchases
from tests.conftest import Ended, Folder
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
