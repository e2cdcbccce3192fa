"""Whatever is declared and whatever was there, a second plan is empty; and it asks only for attempts since the first."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from shutil import rmtree
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.simulator import Options, Simulator
from reconciler.simulator.surfaces.nice.skill_store import Skills
from tests.conftest import AS_OF, Ended, Folder, manifest
from tests.delivery import contact, on_list, phone
from tests.sample import examples
from tests.steps.apply import course
from tests.surfaces.nice.conftest import SETTINGS, declare_segment, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

Run = Callable[..., Ended]
ODD = st.text(alphabet="ab7,;\"'\n =+-.0é€[]{}:", min_size=1, max_size=8).filter(lambda each: each.strip() == each)
WORDS = st.one_of(ODD, st.sampled_from(["true", "null", "NaN", "007", "7", "1e3", "[1]", '"x"', "=1+1", "a\tb"]))


@st.composite
def worlds(draw: st.DrawFn) -> dict[str, Any]:
    """Who is wanted with what, who is on the list already, and a campaign."""
    numbers = st.integers(0, 11)
    return {
        "wanted": draw(st.dictionaries(numbers, WORDS, min_size=1, max_size=12)),
        "there": draw(st.none() | st.dictionaries(numbers, WORDS, max_size=6)),
        "chunk": draw(st.integers(1, 12)),
        "attributes": draw(st.sampled_from([("priority", "tier"), ("tier",), ("score", "tier")])),
        "status": draw(st.sampled_from(["active", "paused", "draft"])),
        "at": draw(st.sampled_from(["1", "2.5", "3"])),
        "page": draw(st.integers(1, 1000)),
        "minutes": draw(st.integers(-90, 90)),
    }


def build(folder: Folder, tenant: Simulator, world: dict[str, Any]) -> None:
    """The tenant, and the manifests."""
    tenant.reset()
    rmtree(folder.root / ".reconciler", ignore_errors=True)
    tenant.behave(longest_page=world["page"])
    tenant.store.ahead = timedelta(minutes=world["minutes"])
    declare_tenant(folder, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    # how much of a list changes is no matter here
    waived = (
        f"{{rule: {rule}, object: 'Segment/chosen[engaged]', reason: Whatever was there}}"
        for rule in ("LIM-UPDATES", "LIM-REMOVALS", "LIM-EMPTIED")
    )
    folder.write("workspace.yaml", manifest("Workspace", "test", f"asOf: {AS_OF}\noverrides: [{', '.join(waived)}]"))
    declare_segment(folder, chunk=world["chunk"], attributes=world["attributes"])
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow(("id", "phone", "name", "email", "tier", "score"))
    for number, tier in world["wanted"].items():
        rows.writerow((contact(number), phone(number), f"Ada Example {number}", "", tier, 80))
    folder.write("crm.csv", text.getvalue())
    declare_campaign(folder, status=world["status"], at=world["at"])
    if world["there"] is not None:
        tenant.store.add_contacts(
            [{"id": contact(number), "phoneNumber": phone(number + 50)} for number in world["there"]]
        )
        tenant.store.add_list("Chosen", {contact(number): {"tier": tier} for number, tier in world["there"].items()})


@given(world=worlds())
@settings(
    max_examples=examples(20),
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_a_second_plan_is_empty_whatever_is_declared_and_was_there(world: dict[str, Any]) -> None:
    with TemporaryDirectory() as root, Simulator(Options()) as tenant, course.environment(tenant.environment()):
        folder = Folder(Path(root) / "workspace", tenant.url)
        build(folder, tenant, world)
        ended = course.go(folder, "apply", "--yes")
        assert ended.code == 0, (world, ended.out)
        assert set(on_list(tenant)) == {contact(number) for number in world["wanted"]}
        skill = tenant.store.part(Skills).skill_named("Chosen")
        assert skill.running is (world["status"] == "active")
        tenant.clear_requests()
        planned = course.go(folder, "plan", "--detailed-exitcode")
        assert planned.code == 0, (world, planned.out)
        assert not tenant.requests().writes()


def test_a_second_plan_asks_only_for_attempts_since_the_first(folder: Folder, tenant: Simulator, run: Run) -> None:
    day = datetime.fromisoformat(AS_OF)
    tenant.store.add_contacts([{"id": contact(n), "phoneNumber": phone(n)} for n in range(5)])
    tenant.store.add_list("Everybody", [contact(n) for n in range(5)])
    tenant.store.add_interactions(
        {"id": f"{n}-{ago}", "contactId": contact(n), "startTime": day - timedelta(days=ago, hours=1)}
        for n in range(5)
        for ago in range(60)
    )
    declare_tenant(folder, tenant.url)
    folder.write(
        "history.yaml", manifest("ContactSource", "history", "interactions: {of: {name: Everybody}, types: [voice]}")
    )
    bands = "bands: [{name: high, from: 70}, {name: low, from: 0}]"
    folder.write("score.yaml", manifest("ScoreModel", "recent", f"recencyFrequency: {{window: 90d, {bands}}}"))
    folder.write("list.yaml", manifest("ContactList", "chosen", "name: Chosen"))
    lists = "source: history\nscore: recent\nlists: {high: chosen}\nmembership: mirror"
    spec = f"{lists}\nphones: {{rule: valid}}\ndelivery: {{method: auto, attributes: [score]}}"
    folder.write("segment.yaml", manifest("Segment", "chosen", spec))
    tenant.behave(longest_page=10)

    def asked(as_of: datetime) -> tuple[datetime, int]:
        tenant.clear_requests()
        ended = run("plan", "--as-of", as_of.isoformat())
        assert ended.code == 0, ended.said
        found = [each for each in tenant.requests() if each.path.endswith("/attempts")]
        (since,) = {each.query["updatedSince"] for each in found}
        return datetime.fromisoformat(since), len(found)

    assert asked(day) == (day - timedelta(days=90), 31)
    tenant.store.add_interactions({"id": f"{n}-new", "contactId": contact(n), "startTime": day} for n in range(5))
    # the new ones, and those of the day before: interactions arrive late
    assert asked(day + timedelta(hours=2)) == (day - timedelta(days=1), 2)
