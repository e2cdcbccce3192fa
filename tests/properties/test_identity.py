"""Whatever others have put on a list: a plan's counts are those after apply, and whoever belongs is on it, once."""

from __future__ import annotations

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from reconciler.simulator import Simulator
from tests import delivery
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.delivery import contact, phone
from tests.sample import examples

EXAMPLES = int(os.environ.get("RECONCILER_EXAMPLES", "0"))
PEOPLE = range(8)
GOOD = {"tier": "gold", "priority": 1}

ROWS: dict[str, Callable[[int], tuple[str, str | None, dict[str, Any]]]] = {
    "by id": lambda n: (contact(n), phone(n), {}),
    "by an id with a blank": lambda n: (f"{contact(n)} ", phone(n), {"tier": "gold"}),
    "by an id with a mark": lambda n: (f"\u200e{contact(n)}", phone(n), {}),
    "another client's": lambda n: (f"THEIRS-{n}", phone(n), {"source": "theirs"}),
    "another client's, twice": lambda n: (f"AGAIN-{n}", phone(n), {}),
    "another client's, with our field in capitals": lambda n: (f"CASE-{n}", phone(n), {"CONTACTID": contact(n)}),
    "another client's, under another's id": lambda n: (f"WRONG-{n}", phone(n), {"contactId": contact(n + 1)}),
    "ours": lambda n: (f"OURS-{n}", phone(n), {**GOOD, "contactId": contact(n)}),
    "ours, by an old number": lambda n: (f"OLD-{n}", phone(n + 20), {**GOOD, "contactId": contact(n)}),
    "spelt as people do": lambda n: (f"SPELT-{n}", f"({phone(n)[2:5]}) {phone(n)[5:8]}-{phone(n)[8:]}", {}),
    "without a phone": lambda n: (f"NONE-{n}", None, {}),
    "a stranger's": lambda n: (f"STRANGER-{n}", phone(n + 40), {}),
}
"""Rows of a list: the id on it, the phone in the directory, and the data."""


@dataclass(frozen=True)
class World:
    """A source (people, with the person whose number each has now), a list, how it is written, and who is not called."""

    method: str
    membership: str
    source: tuple[tuple[int, int], ...]
    rows: tuple[tuple[str, int], ...]
    suppressed: tuple[int, ...] = ()


@st.composite
def worlds(draw: st.DrawFn) -> World:
    people = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, unique=True))
    numbers = draw(st.one_of(st.just(people), st.permutations(people)))
    rows = draw(st.lists(st.tuples(st.sampled_from(sorted(ROWS)), st.sampled_from(PEOPLE)), unique=True, max_size=12))
    method, membership = draw(st.sampled_from(delivery.METHODS)), draw(st.sampled_from(("mirror", "upsert")))
    suppressed = draw(st.one_of(st.just([]), st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True)))
    return World(method, membership, tuple(zip(people, numbers, strict=True)), tuple(rows), tuple(suppressed))


def built(world: World, tenant: Simulator, folder: Folder) -> None:
    store = tenant.store
    store.reset()
    shutil.rmtree(folder.root / ".reconciler", ignore_errors=True)
    held = {}
    for kind, n in world.rows:
        member, number, data = ROWS[kind](n)
        store.add_contacts([{"id": member, "phoneNumber": number}])
        held[member] = dict(data)
    known = [n for n, _ in world.source if contact(n) not in held]
    delivery.known(tenant, world.method, known)
    store.add_list("Chosen", held)
    lines = [f"{contact(n)},{phone(number)},Ada Example,a@example.com,gold,80" for n, number in world.source]
    folder.write("crm.csv", "\n".join(["id,phone,name,email,tier,score", *lines]) + "\n")
    delivery.declare(folder, tenant, world.method, membership=world.membership)
    segment = folder.root / "segment.yaml"
    written = segment.read_text().replace("{rule: valid}", "{rule: valid, region: US}")
    if world.suppressed:
        folder.write(
            "dnc.csv", "\n".join(["phone", *(f"({phone(n)[2:5]}) {phone(n)[5:]}" for n in world.suppressed)]) + "\n"
        )
        files = "files: {paths: [dnc.csv], format: csv, columns: {phone: phone}}"
        folder.write(
            "asked.yaml",
            manifest("SuppressionList", "asked", f"{files}\nregion: US\nasOf: {datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"),
        )
        written = written.rstrip("\n") + "\n  suppress: [asked]\n"
    else:
        (folder.root / "asked.yaml").unlink(missing_ok=True)
    segment.write_text(written)
    override = "{rule: LIM-EMPTIED, object: 'Segment/chosen[engaged]', reason: 'nobody is left to be called'}"
    limits = f"asOf: {AS_OF}\nlimits: {{removals: 100, updates: 100}}\noverrides: [{override}]"
    folder.write("workspace.yaml", manifest("Workspace", "test", limits))


K1 = World("bulkInsert", "mirror", tuple((n, n) for n in PEOPLE), (("ours", 1), ("another client's", 2)))
K2 = World("bulkInsert", "mirror", ((0, 1), (1, 0), (2, 2)), (("ours", 0), ("ours", 1), ("ours", 2)))
SEVERAL = World(
    "bulkInsert",
    "upsert",
    ((1, 1), (2, 2)),
    (
        ("another client's", 1),
        ("another client's, twice", 1),
        ("ours", 1),
        ("another client's, twice", 2),
        ("by id", 2),
    ),
)
ASKED = World(
    "bulkInsert", "upsert", ((0, 1), (1, 0), (2, 2)), (("ours", 0), ("ours", 1), ("another client's", 2)), (1, 2)
)
AMONG = World("bulkInsert", "mirror", ((1, 1),), (("another client's", 1), ("ours", 1), ("a stranger's", 1)), (1,))
SPELT = World("bulkInsert", "upsert", ((1, 1),), (("spelt as people do", 1), ("another client's", 1), ("ours", 1)))


@pytest.mark.timeout(900)  # a world is planned, applied and planned again
@settings(
    max_examples=examples(10),
    derandomize=not EXAMPLES,
    phases=[Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(world=worlds())
def test_the_counts_of_a_plan_are_those_after_apply_and_whoever_belongs_is_on_the_list(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], world: World
) -> None:
    change = hold(tenant, folder, run, world)
    event(f"{world.method}, {world.membership}: {change['updates']} updates, {change['removes']} removals")


@pytest.mark.parametrize(
    "world", [K1, K2, SEVERAL, SPELT, ASKED, AMONG], ids=["k1", "k2", "several", "spelt", "asked", "among"]
)
@pytest.mark.matrix(instead="test_the_counts_of_a_plan_are_those_after_apply_and_whoever_belongs_is_on_the_list")
def test_so_they_are_where_they_were_not(
    tenant: Simulator, folder: Folder, run: Callable[..., Ended], world: World
) -> None:
    hold(tenant, folder, run, world)


def hold(tenant: Simulator, folder: Folder, run: Callable[..., Ended], world: World) -> dict[str, Any]:
    """Plan a world, apply it, and plan it again; the change of its list."""
    built(world, tenant, folder)
    before = set(tenant.store.list_named("Chosen").members)
    planned = run("plan", "--format", "json")
    assert planned.code == 0, planned.err
    told = json.loads(planned.out)
    change: dict[str, Any]
    (change,) = told["row_changes"]
    assert change["live"] == len(before)
    ended = run("apply", "--yes")
    if told["verdict"]["blocked_by"]:
        # by an id people are dialled by the number that the tenant has, and that is not the source's
        assert {each["rule"] for each in told["verdict"]["blocked_by"]} == {"DNC-TENANT"}
        assert world.method in ("contactIds", "listContacts")
        assert (ended.code, set(tenant.store.list_named("Chosen").members)) == (3, before)
        return change
    assert ended.code == 0, ended.out + ended.err
    members = tenant.store.list_named("Chosen").members
    dialled = {str(tenant.store.contacts[member].phone_number) for member in members}
    assert not {phone(n) for n in world.suppressed} & dialled
    source = [(n, number) for n, number in world.source if number not in world.suppressed]
    if world.method in ("contactIds", "listContacts") and any(n in world.suppressed for n, _ in source):
        return change  # the number that the tenant has is known once they are on the list: an apply takes them off it again
    assert len(members) == change["live"] + change["adds"] - change["removes"], (change["reasons"], members)
    if world.method == "bulkInsert":
        on = Counter(str(tenant.store.contacts[member].phone_number) for member in members)
        wanted = {phone(number): contact(n) for n, number in source}
        # two rows that are there already may have one number: ours is one of them
        sent = {
            (str(tenant.store.contacts[member].phone_number), data.get("contactId", member))
            for member, data in members.items()
            if data.get("tier") == "gold"
        }
        assert wanted.keys() <= on.keys()
        assert wanted.items() <= sent
        if world.membership == "mirror":
            assert on == Counter(wanted.keys())
    else:
        known = Counter(str(data.get("contactId", member)).strip(" \u200e") for member, data in members.items())
        assert {contact(n) for n, _ in source} <= known.keys()
        if world.membership == "mirror":
            assert known == Counter(contact(n) for n, _ in source)
    again = run("plan", "--detailed-exitcode")
    assert again.code == 0, again.out
    return change
