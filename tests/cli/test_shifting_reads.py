"""Can a read that goes wrong half way ever become half an audience? The plan is right, or there is an error."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.ledger.saved_plans import open_plan
from reconciler.simulator import Simulator
from tests import scene, sealed
from tests.conftest import Ended, Folder, manifest

Run = Callable[..., Ended]
COUNT = 2300
NOW = datetime(2026, 7, 1, tzinfo=UTC)


def big(tenant: Simulator, folder: Folder) -> None:
    """A source of three pages; whoever has 75 or more is chosen."""
    scene.people(tenant, COUNT)
    tenant.store.add_contacts([{"id": scene.contact(number), "engagementScore": 90} for number in range(COUNT)])
    scene.declare_segment(folder)


def chosen(tenant: Simulator) -> set[str]:
    """Who belongs on the list, as the tenant is now."""
    people = tenant.store.contacts
    return {each for each in scene.members(tenant, "All customers") if (people[each].engagement_score or 0) >= 75}


def added(folder: Folder) -> set[str]:
    """Who is put on the list by the saved plan."""
    import duckdb

    plan = open_plan(folder.root / "a.plan", folder.root / "unpacked", sealed.seal(folder.root))
    with duckdb.connect() as engine:
        paths = [str(change.rows.path) for change in plan.rows]
        return {row[0] for row in engine.execute("SELECT contactId FROM read_parquet(?)", [paths]).fetchall()}


def right_or_an_error(ended: Ended, right: Callable[[], bool]) -> None:
    """Never anything in between."""
    if ended.code == 0:
        assert right()
    else:
        assert ended.code == 1
        told = ended.err + ended.out  # as JSON where that is asked for
        assert "internal" not in told, told
        assert "hint:" in told or '"hint": "' in told


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("fault", "params"),
    [
        ("shifting-pages", {"change": "insert"}),
        ("shifting-pages", {"change": "remove"}),
        ("no-data", {}),
        ("cut-body", {}),
        ("cut-headers", {}),
        ("empty-body", {}),
        ("reset-after", {}),
    ],
)
@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
def test_an_audience_read_by_offset_is_whole_or_an_error(
    tenant: Simulator, folder: Folder, run: Run, fault: str, params: dict[str, Any], times: int | None
) -> None:
    big(tenant, folder)
    rule = tenant.faults.add(fault, path="/contactlists/.*/contacts$", times=times, **params)
    ended = run("plan", "--out", str(folder.root / "a.plan"))
    assert rule.hit
    right_or_an_error(ended, lambda: added(folder) == chosen(tenant))
    if times == 1 and fault != "no-data":
        assert ended.code == 0, ended.err


def members_with_data(tenant: Simulator, folder: Folder) -> None:
    """A list of three pages that is managed with attributes, exactly as it should be but for one score."""
    scene.people(tenant, COUNT)
    scene.declare_source(folder)
    folder.write("all.yaml", "\n".join([scene.WAVES.replace("name: high, from: 60", "name: high, from: 100")]))
    folder.write("low.yaml", manifest("ContactList", "low", "name: Low"))
    delivery = "{method: listContacts, attributes: [score]}"
    spec = f"source: all\nscore: waves\nlists: {{low: low}}\nmembership: mirror\ndelivery: {delivery}"
    folder.write("segment.yaml", manifest("Segment", "low", spec))
    on_it = {scene.contact(number): {"score": float(number % 100)} for number in range(COUNT)}
    on_it[scene.contact(1200)] = {"score": 99.0}
    tenant.store.add_list("Low", on_it, description=scene.MARK)


TOKENS: list[tuple[str, dict[str, Any]]] = [
    ("shifting-pages", {"change": "remove"}),
    ("shifting-pages", {"change": "insert"}),
    ("stale-page-token", {"form": "refused"}),
    ("stale-page-token", {"form": "no-data"}),
    ("repeated-page-token", {}),
    ("no-data", {}),
]


@pytest.mark.thin
@pytest.mark.parametrize(("fault", "params"), TOKENS)
@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
def test_members_read_by_token_are_whole_or_an_error(
    tenant: Simulator, folder: Folder, run: Run, fault: str, params: dict[str, Any], times: int | None
) -> None:
    members_with_data(tenant, folder)
    rule = tenant.faults.add(fault, path="/lists/CL-.*/contacts$", times=times, **params)
    ended = run("plan", "--out", str(folder.root / "a.plan"), "--format", "json")
    assert rule.hit

    def right() -> bool:
        held = tenant.store.list_named("Low").members
        score = {each: tenant.store.contacts[each].engagement_score for each in scene.members(tenant, "All customers")}
        wrong = {each for each in score if held.get(each, {}).get("score") != score[each]}
        return added(folder) == wrong | (set(held) - set(score))

    right_or_an_error(ended, right)
    if times == 1:
        assert ended.code == 0, ended.err


def history(tenant: Simulator, folder: Folder) -> None:
    """20 contacts with 60 calls each: three pages of interactions; everybody has the highest score."""
    scene.people(tenant, 20)
    calls = [
        {"id": f"I{n:02d}{m:02d}", "contactId": scene.contact(n), "startTime": NOW - timedelta(days=1), "type": "voice"}
        for n in range(20)
        for m in range(60)
    ]
    tenant.store.add_interactions(calls)
    source = "interactions: {of: {name: All customers}, types: [voice]}"
    folder.write("history.yaml", manifest("ContactSource", "history", source))
    model = (
        "recencyFrequency:\n  frequency: {each: 1, cap: 100}\n  bands: [{name: full, from: 109}, {name: rest, from: 0}]"
    )
    folder.write("model.yaml", manifest("ScoreModel", "recent", model))
    folder.write("full.yaml", manifest("ContactList", "full", "name: Full"))
    spec = "source: history\nscore: recent\nlists: {full: full}\ndelivery: {method: listContacts}"
    folder.write("segment.yaml", manifest("Segment", "full", spec))


@pytest.mark.thin
@pytest.mark.parametrize(("fault", "params"), TOKENS)
@pytest.mark.parametrize("times", [1, None], ids=["once", "always"])
def test_interactions_are_read_whole_or_there_is_an_error(
    tenant: Simulator, folder: Folder, run: Run, fault: str, params: dict[str, Any], times: int | None
) -> None:
    history(tenant, folder)
    rule = tenant.faults.add(fault, path="/interactions/search$", times=times, **params)
    ended = run("plan", "--out", str(folder.root / "a.plan"))
    assert rule.hit
    # 49.5 for a call a day ago and 1 for each of 60 calls: who is missed only one call has less than 109
    kept = {each for each in tenant.store.contacts if len(tenant.store.history.of(each)) >= 60}
    right_or_an_error(ended, lambda: added(folder) >= kept)
    if times == 1:
        assert ended.code == 0, ended.err


@pytest.mark.parametrize("change", ["insert", "remove"])
def test_lists_that_come_and_go_while_they_are_read_hide_no_other(
    tenant: Simulator, folder: Folder, run: Run, change: str
) -> None:
    import tests.steps.apply.killing  # noqa: F401 - its kind of fault

    for number in range(1500):
        tenant.store.add_list(f"List {number}")
    folder.write("list.yaml", manifest("ContactList", "there", "name: List 1000"))

    def shift() -> None:
        lists = tenant.store.lists
        if change == "remove":
            del lists[next(iter(lists))]
        else:
            tenant.store.add_list("New")
            made = lists.popitem()[1]
            tenant.store.lists = {made.id: made, **lists}

    tenant.faults.add("act", path="/lists/api/v1/lists$", act=shift, skip=1)
    ended = run("plan", "--format", "json")
    assert ended.code == 0, ended.err
    (only,) = json.loads(ended.out)["resource_changes"]
    assert only["change"]["actions"] == ["update"], "it is there, and is adopted"
