"""Is the demonstration tenant what its walk-through says, and the same every time?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from reconciler.rules.calling_hours_by_place import load_allowed_hours
from reconciler.simulator import Store
from reconciler.simulator.demo_tenant import history_score, next_window, populate

_ANY_CLOCK = ["America/New_York", "America/Chicago", "America/Denver"]
# the clocks of those that have none of these, or not all
_CLOCKS = {
    "US": [*_ANY_CLOCK, "America/Phoenix", "America/Boise", "America/Los_Angeles"],
    "US-KY": ["America/New_York", "America/Chicago"],
    "US-RI": ["America/New_York"],
    "US-NV": ["America/Los_Angeles"],
    "US-WA": ["America/Los_Angeles"],
}

AS_OF = datetime(2026, 3, 1, 8, tzinfo=UTC)


def _made(seed: int = 0) -> Store:
    store = Store()
    populate(store, AS_OF, seed=seed)
    return store


@pytest.fixture(scope="module")
def store() -> Store:
    return _made()


def _content(store: Store) -> Any:
    return (
        [contact.to_wire() for contact in store.contacts.values()],
        [(item.id, item.name, item.description, item.members) for item in store.lists.values()],
        [(item.id, item.fields) for item in store.campaigns.values()],
        store.history.all().page(0, 200_000),
    )


@pytest.mark.matrix(instead="test_the_lists_hold_what_a_first_plan_has_to_change")
def test_the_same_seed_makes_the_same_tenant_and_another_one_another(store: Store) -> None:
    assert _content(_made()) == _content(store)
    assert _content(_made(seed=1)) != _content(store)


def test_the_contacts_are_as_many_and_as_mixed_as_told(store: Store) -> None:
    contacts = store.contacts.values()
    assert len(contacts) == 20_000
    assert 1_000 < sum(contact.status != "ACTIVE" for contact in contacts) < 1_400
    assert 500 < sum(contact.engagement_score is None for contact in contacts) < 1_500
    assert all(0 <= (contact.engagement_score or 0) <= 100 for contact in contacts)


def test_every_number_is_fictional_and_nobody_shares_one(store: Store) -> None:
    numbers = {contact.phone_number or "" for contact in store.contacts.values()}
    assert len(numbers) == 20_000
    assert all(len(number) == 12 and number[:2] == "+1" and number[5:10] == "55501" for number in numbers)
    assert len({number[2:5] for number in numbers}) > 150


def test_the_history_has_a_heavy_tail_that_fills_the_bands(store: Store) -> None:
    assert len(store.history) == 105_000
    scores = [history_score(store, key, AS_OF) for key in store.contacts]
    assert 300 < sum(score >= 70 for score in scores) < 1_000
    assert 2_000 < sum(40 <= score < 70 for score in scores) < 6_000


def test_the_lists_hold_what_a_first_plan_has_to_change(store: Store) -> None:
    sizes = {item.name: len(item.members) for item in store.lists.values()}
    assert sizes == {
        "All customers": 20_000,
        "Spring offer - invited": 9_000,
        "Spring offer - loyal": 1_200,
        "History - high": 150,
    }
    invited = store.list_named("Spring offer - invited").members
    loyal = store.list_named("Spring offer - loyal")
    wrong = [key for key in loyal.members if key not in invited or (store.contacts[key].engagement_score or 0) < 75]
    assert len(wrong) == 300
    assert "managed-by" not in loyal.description
    high = store.list_named("History - high")
    dropped = [key for key in high.members if history_score(store, key, AS_OF) < 70]
    assert 20 < len(dropped) < 80
    assert all(data["priority"] == 1 and data["score"] >= 70 for data in high.members.values())


def test_the_campaign_dials_the_high_band_over_the_ceiling(store: Store) -> None:
    campaign = store.campaign_named("History - high")
    assert campaign.fields["listId"] == store.list_named("History - high").id
    assert campaign.fields["abandonThreshold"] == 6.0
    assert "(managed-by: reconciler/starter)" in campaign.fields["description"]


def test_in_its_next_window_every_state_of_its_numbers_may_be_called_whatever_the_day() -> None:
    places = [place for place in load_allowed_hours() if place == "US" or place.startswith("US-")]
    clocks = [(place, ZoneInfo(zone)) for place in places for zone in _CLOCKS.get(place, _ANY_CLOCK)]
    for day in range(3_650):
        midnight = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=day)
        window = next_window(midnight)
        start, end = (datetime.fromisoformat(window[name]) for name in ("startTime", "endTime"))
        assert midnight + timedelta(days=1) <= start
        whole = [(start, end)]
        closed = [
            place for place, zone in clocks if [*load_allowed_hours()[place].iter_open((start, end), zone)] != whole
        ]
        assert not closed, window
