"""On a real event log: 69,659 purchases of 23,544 customers, the CDNOW sample of the recency/frequency literature."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder

DATA = Path(__file__).parents[2] / "shared" / "data" / "cdnow-interactions.csv"
PROGRAMME = Path(__file__).parent / "cases" / "cdnow" / "programme.yaml"
AS_OF = "2022-07-01T00:00:00Z"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the CDNOW sample is not at {DATA}")


def test_the_history_programme_finds_the_known_bands_and_a_second_plan_is_empty(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    tenant.store.load_interactions(DATA, create_contacts=True)
    tenant.store.add_list_of_all("Everybody")
    shutil.copy(PROGRAMME, folder.root)

    applied = run("apply", "--yes", "--as-of", AS_OF)

    assert applied.code == 0, applied.err
    assert "23,544 contacts in the source = 3,301 in + 20,243 out" in applied.out
    bands = ("high", "medium", "low")
    held = {band: tenant.store.list_named(band).members for band in bands}
    assert {band: len(members) for band, members in held.items()} == {"high": 28, "medium": 1362, "low": 1911}
    assert sum(data["score"] for members in held.values() for data in members.values()) == 115_714.5
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
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    shutil.copy(DATA, folder.root / "events.csv")
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
    assert "23,544 contacts in the source = 3,301 in + 20,243 out" in planned.out
    assert "high 28 · medium 1,362 · low 1,911" in planned.out
    assert not tenant.requests().to("interactions/search")
