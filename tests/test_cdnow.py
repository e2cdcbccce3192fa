"""On a real event log: 69,659 purchases of 23,544 customers, the CDNOW sample of the recency/frequency literature."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import Simulator
from tests.conftest import Ended, Folder, manifest

DATA = Path(__file__).parents[2] / "shared" / "data" / "cdnow-interactions.csv"

pytestmark = pytest.mark.skipif(not DATA.exists(), reason=f"the CDNOW sample is not at {DATA}")

HISTORY = manifest("ContactSource", "history", "interactions: {of: {name: Everybody}, types: [voice]}")
SCORE = manifest(
    "ScoreModel",
    "recency-frequency",
    """
recencyFrequency:
  window: 90d
  bands: [{name: high, from: 70}, {name: medium, from: 40}, {name: low, from: 0}]
""",
)
SEGMENT = manifest(
    "Segment",
    "buyers",
    """
source: history
score: recency-frequency
lists: {high: high, medium: medium, low: low}
membership: mirror
delivery: {method: listContacts, attributes: [priority, score]}
""",
)
POLICY = manifest("AbandonmentPolicy", "by-band", "thresholds: {high: 3, medium: 5, low: 8}")


def campaign(band: str) -> str:
    """A predictive campaign on one band's list."""
    return manifest(
        "Campaign",
        band,
        f"""
dialType: predictive
list: {band}
abandonment: {{policy: by-band, band: {band}}}
schedule: {{startsIn: 15m, lasts: 8h}}
wrapUpCode: CALLED
predictive: {{targetAnswerRate: 0.3, maxCallsInProgress: 20, agentAvailabilityFactor: 0.9}}
status: active
""",
    )


def test_the_history_programme_finds_the_known_bands_and_a_second_plan_is_empty(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended]
) -> None:
    tenant.store.load_interactions(DATA, create_contacts=True)
    tenant.store.add_list_of_all("Everybody")
    bands = ("high", "medium", "low")
    lists = [manifest("ContactList", band, f"description: the {band} band") for band in bands]
    folder.write("programme.yaml", "---\n".join([HISTORY, SCORE, SEGMENT, POLICY, *lists, *map(campaign, bands)]))

    applied = run("apply", "--yes", "--as-of", "2022-07-01T00:00:00Z")

    assert applied.code == 0, applied.err
    assert "23,544 contacts in the source = 3,301 in + 20,243 out" in applied.out
    held = {band: tenant.store.list_named(band).members for band in bands}
    assert {band: len(members) for band, members in held.items()} == {"high": 28, "medium": 1362, "low": 1911}
    assert sum(data["score"] for members in held.values() for data in members.values()) == 115_714.5
    assert {data["priority"] for data in held["medium"].values()} == {2}
    campaigns = [tenant.store.campaign_named(band) for band in bands]
    assert [each.fields["abandonThreshold"] for each in campaigns] == [3, 5, 8]
    assert {each.fields["status"] for each in campaigns} == {"active"}

    tenant.clear_requests()
    again = run("plan", "--detailed-exitcode", "--as-of", "2022-07-01T00:00:00Z")
    assert again.code == 0, again.out
    assert "No changes." in again.out
    assert not tenant.requests().writes()
