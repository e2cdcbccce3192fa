"""What is told of a campaign that the tenant will not change, and what is refused?"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.call_statistics import Calls
from tests import scene
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]


@pytest.fixture
def running(tenant: Simulator, folder: Folder) -> Callable[..., None]:
    """An active campaign on a list of 20, which is declared with another dial type, and whose mark is as you say."""

    def begin(description: str = scene.MARK, attempts: int | None = None) -> None:
        scene.people(tenant, 20)
        tenant.store.change_list(tenant.store.list_named("All customers"), description=scene.MARK)
        scene.live_campaign(tenant, "Evening", "All customers", dialType="preview", description=description)
        calls = tenant.store.part(Calls)
        calls.offered = attempts is not None
        if attempts is not None:
            calls.set(tenant.store.campaign_named("Evening").id, attempts=attempts)
        folder.write("list.yaml", manifest("ContactList", "chosen", "name: All customers"))
        scene.declare_campaign(folder)

    return begin


def changed(ended: Ended) -> dict[str, Any]:
    """The campaign's change in a plan as JSON."""
    assert ended.code == 0, ended.err
    (found,) = (each for each in json.loads(ended.out)["resource_changes"] if each["type"] == "Campaign")
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(("attempts", "told"), [(4120, "4,120"), (0, "0"), (None, "an unknown number of")])
def test_a_replacement_says_what_is_begun_again_and_what_is_forgotten(
    run: Run, running: Callable[..., None], attempts: int | None, told: str
) -> None:
    running(attempts=attempts)
    change = changed(run("plan", "--format", "json"))
    assert change["change"]["actions"] == ["delete", "create"]
    assert change["change"]["replace_paths"] == [["dialType"]]
    assert change["change"]["after"]["dialType"] == "predictive"
    assert change["replacement"] == {
        "contacts": 20,
        "attempts": attempts,
        "downtime": {"code": "stopped_until", "args": {"at": scene.START}},
    }
    assert f"starts over with 20 contacts; the history of {told} attempts is lost" in run("plan").out


def test_a_campaign_without_our_mark_is_not_made_anew(
    tenant: Simulator, run: Run, running: Callable[..., None]
) -> None:
    running(description="by hand")
    assert changed(run("plan", "--format", "json"))["change"]["actions"] == ["update"]
    refused = run("apply", "--yes")
    assert refused.code == 3
    assert "OBJ-IMMUTABLE  Campaign/evening: the tenant does not change the dialType of 'Evening'" in refused.said
    assert not tenant.requests().writes()


def test_a_campaign_that_has_no_threshold_is_not_made(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 20)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: All customers"))
    spec = "dialType: preview\nlist: chosen\nwrapUpCode: SOLD\nstatus: draft\nschedule: {startsIn: 1h, lasts: 8h}"
    folder.write("campaign.yaml", manifest("Campaign", "evening", spec))
    refused = run("apply", "--yes")
    assert refused.code == 3
    words = "the tenant creates no campaign without abandonThreshold, and none is declared"
    assert f"OBJ-INCOMPLETE  Campaign/evening: {words}" in refused.said
    assert "overrides" not in refused.err
    assert not tenant.requests().writes()


def test_a_campaign_keeps_the_threshold_that_no_manifest_declares(tenant: Simulator, folder: Folder, run: Run) -> None:
    scene.people(tenant, 20)
    tenant.store.change_list(tenant.store.list_named("All customers"), description=scene.MARK)
    scene.live_campaign(tenant, "evening", "All customers", dialType="preview", abandonThreshold=4.0)
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: All customers"))
    spec = "dialType: preview\nlist: chosen\nwrapUpCode: SOLD\nstatus: active\nschedule: {startsIn: 1h, lasts: 8h}"
    folder.write("campaign.yaml", manifest("Campaign", "evening", spec))
    ended = run("plan")
    assert "No changes." in ended.out
    assert "its threshold of 4 % is above the ceiling" in ended.out
