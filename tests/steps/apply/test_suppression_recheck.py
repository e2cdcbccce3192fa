"""Is nobody put or left on a list who stands on a do-not-call source at that moment, wherever the source has moved?

What is about to be written is rechecked.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from reconciler.audience.sources import files
from reconciler.model import instants
from reconciler.simulator import Simulator
from tests import delivery, scene
from tests.conftest import Ended, Folder, manifest
from tests.delivery import METHODS, contact, on_list, phone
from tests.steps.apply import killing

Run = Callable[..., Ended]
EVERYBODY = range(40)
NOBODY = "+12125550199"
FILES = "files: {paths: [registry.csv], format: csv, columns: {phone: number}}"
TAKEN = f"asOf: {datetime.now(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}"
PUT: dict[str, Any] = {"method": "POST", "path": "contacts$"}

_HOOKS = killing.Stage
"""With its module comes the fault `act`: something is done when a request arrives, or after it took effect."""


def registry(folder: Folder, *numbers: int) -> None:
    """The do-not-call file: somebody who is no contact, and some of the contacts."""
    folder.write("registry.csv", "\n".join(["number", NOBODY, *(phone(n) for n in numbers)]) + "\n")


def ready(
    tenant: Simulator,
    folder: Folder,
    method: str = "contactIds",
    *,
    source: str = FILES,
    extra: str = "",
    as_of: str = TAKEN,
    **said: Any,
) -> None:
    """A segment on one list, with one do-not-call list that has none of its contacts."""
    delivery.known(tenant, method, EVERYBODY)
    delivery.write_contacts(folder, EVERYBODY)
    delivery.declare(folder, tenant, method, **said)
    registry(folder)
    folder.write("registry.yaml", manifest("SuppressionList", "registry", f"{source}\n{extra}\n{as_of}"))
    segment = (folder.root / "segment.yaml").read_text()
    folder.write("segment.yaml", segment.replace("  phones:", "  suppress: [registry]\n  phones:"))


def document(ended: Ended) -> dict[str, dict[str, Any]]:
    """The steps of a report, by address."""
    return {each["address"]: each for each in json.loads(ended.out)["steps"]}


def everybody_but(*numbers: int) -> set[str]:
    return {contact(n) for n in EVERYBODY if n not in numbers}


class Clock:
    """The time as a test has it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = datetime.now(UTC)
        monkeypatch.setattr(instants, "read_clock", lambda: self.now)

    def go_on(self, minutes: float) -> None:
        self.now += timedelta(minutes=minutes)


def planned(run: Run, folder: Folder) -> str:
    """A saved plan."""
    path = str(folder.root / "a.plan")
    ended = run("plan", "--out", path)
    assert ended.code == 0, ended.err
    return path


@pytest.mark.thin(1)
@pytest.mark.parametrize("membership", ["upsert", "mirror"])
@pytest.mark.parametrize("method", METHODS)
def test_who_is_suppressed_since_the_plan_is_left_out_and_taken_off(
    tenant: Simulator, folder: Folder, run: Run, method: str, membership: str
) -> None:
    ready(tenant, folder, method, membership=membership)
    delivery.write_contacts(folder, range(20))
    assert run("apply", "--yes").code == 0
    delivery.write_contacts(folder, EVERYBODY, silver=range(5))
    plan = planned(run, folder)
    registry(folder, 3, 7, 25)  # one that would be changed, one that would stay, one that would be added
    ended = run("apply", plan, "--format", "json")
    assert ended.code == 0, ended
    assert set(on_list(tenant)) == {contact(n) for n in EVERYBODY if n not in (3, 7, 25)}
    (step,) = document(ended).values()
    assert step["suppressed"] == 3
    assert run("plan", "--detailed-exitcode").code == 0


def test_what_was_suppressed_since_the_plan_is_told_and_proved_without_saying_who(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder)
    plan = planned(run, folder)
    registry(folder, 3, 7)
    ended = run("apply", plan)
    assert ended.code == 0, ended.err
    assert "2 contacts suppressed since the plan" in ended.out
    audit = (folder.root / ".reconciler" / "audit.jsonl").read_text()
    (entry,) = [each for each in map(json.loads, audit.splitlines()) if each["event"] == "suppressed since the plan"]
    assert (entry["by"], entry["count"], len(entry["contacts"])) == ("SuppressionList/registry", 2, 2)
    for told in (ended.out, ended.err, audit):
        assert not any(secret in told for secret in (contact(3), phone(3), phone(3)[2:]))
    assert run("audit", "verify").code == 0


Move = Callable[[Folder], object]


def gone(folder: Folder) -> None:
    (folder.root / "registry.csv").unlink()


def emptied(folder: Folder) -> None:
    folder.write("registry.csv", "number\n")


def without_a_byte(folder: Folder) -> None:
    folder.write("registry.csv", "")


def another_column(folder: Folder) -> None:
    folder.write("registry.csv", f"phone\n{NOBODY}\n")


def an_entry_nobody_can_read(folder: Folder) -> None:
    folder.write("registry.csv", f"number\n{NOBODY}\n5550123\n")


def a_folder(folder: Folder) -> None:
    gone(folder)
    (folder.root / "registry.csv").mkdir()


@pytest.mark.thin(1)
@pytest.mark.parametrize(
    "move",
    [gone, emptied, without_a_byte, another_column, an_entry_nobody_can_read, a_folder],
    ids=lambda f: f.__name__,
)
def test_a_source_that_nobody_can_know_any_more_stops_its_delivery_and_says_what_to_do(
    tenant: Simulator, folder: Folder, run: Run, move: Move
) -> None:
    ready(tenant, folder)
    plan = planned(run, folder)
    move(folder)
    ended = run("apply", plan)
    assert ended.code == 5, ended.err
    assert on_list(tenant) == {}
    assert "do-not-call-unknown: SuppressionList/registry" in ended.out
    assert "registry." in ended.out
    assert "hint:" in ended.out
    if (folder.root / "registry.csv").is_dir():
        (folder.root / "registry.csv").rmdir()
    registry(folder, 3)
    assert run("apply", "--resume").code == 0
    assert set(on_list(tenant)) == everybody_but(3)


def test_the_other_lists_are_filled_and_the_campaign_on_that_list_waits(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder)
    scene.declare_campaign(folder)
    folder.write("other-list.yaml", manifest("ContactList", "other", "name: Other"))
    other = (folder.root / "segment.yaml").read_text().replace("name: chosen", "name: other")
    other = other.replace("engaged: chosen", "engaged: other").replace("  suppress: [registry]\n", "")
    folder.write("other.yaml", other)
    plan = planned(run, folder)
    gone(folder)
    ended = run("apply", plan, "--format", "json")
    assert ended.code == 5
    steps = document(ended)
    assert steps["Segment/other[engaged]"]["outcome"] == "done"
    assert steps["Segment/chosen[engaged]"]["outcome"] == "failed"
    assert steps["Campaign/evening"]["outcome"] == "blocked"
    assert set(on_list(tenant, "Other")) == everybody_but()
    assert on_list(tenant) == {}


@pytest.mark.matrix(instead="test_numbers_on_a_list_of_the_tenant_are_asked_for_again")
def test_numbers_in_a_database_are_asked_for_again(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXONE_REGISTRY_URL", "sqlite:///registry.db")
    query = "sql: {url: {env: CXONE_REGISTRY_URL}, query: SELECT number FROM registry, columns: {phone: number}}"
    with sqlite3.connect(folder.root / "registry.db") as database:
        database.execute("CREATE TABLE registry (number TEXT)")
        database.execute("INSERT INTO registry VALUES (?)", [NOBODY])
    ready(tenant, folder, source=query)
    plan = planned(run, folder)
    with sqlite3.connect(folder.root / "registry.db") as database:
        database.execute("INSERT INTO registry VALUES (?)", [phone(7)])
    assert run("apply", plan).code == 0
    assert set(on_list(tenant)) == everybody_but(7)
    delivery.write_contacts(folder, range(39))
    plan = planned(run, folder)
    (folder.root / "registry.db").unlink()
    assert run("apply", plan).code == 1
    assert set(on_list(tenant)) == everybody_but(7)


def test_numbers_on_a_list_of_the_tenant_are_asked_for_again(tenant: Simulator, folder: Folder, run: Run) -> None:
    tenant.store.add_contacts([{"id": "X1", "phoneNumber": NOBODY}, {"id": "X2", "phoneNumber": phone(7)}])
    blocked = tenant.store.add_list("Blocked", ["X1"])
    ready(tenant, folder, source="contactList: {name: Blocked}", as_of="")
    plan = planned(run, folder)
    tenant.store.put_members(blocked, ["X2"])
    assert run("apply", plan).code == 0
    assert set(on_list(tenant)) == everybody_but(7)


@pytest.mark.matrix(instead="test_a_campaign_on_a_list_whose_source_has_gone_is_not_activated")
def test_a_store_that_grows_is_held_against_and_one_that_vanishes_stops_the_delivery(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    folder.write("dnc/a.jsonl", json.dumps({"phone": NOBODY, "contactId": "X"}) + "\n")
    ready(tenant, folder, source=f"{FILES}\nstore: dnc")
    plan = planned(run, folder)
    kept = folder.write("dnc/b.jsonl", json.dumps({"phone": phone(7), "contactId": contact(7)}) + "\n")
    assert run("apply", plan).code == 0
    assert set(on_list(tenant)) == everybody_but(7)
    delivery.write_contacts(folder, range(39))
    plan = planned(run, folder)
    shutil.rmtree(kept.parent)
    ended = run("apply", plan)
    assert ended.code == 1
    assert "do-not-call-unknown" in ended.out
    assert set(on_list(tenant)) == everybody_but(7)


@pytest.mark.thin
@pytest.mark.parametrize("method", METHODS)
def test_who_is_suppressed_in_the_middle_of_a_delivery_is_put_no_more_and_taken_off(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    ready(tenant, folder, method, pace=f"{delivery.PACE}, workers: 1")
    plan = planned(run, folder)
    clock = Clock(monkeypatch)

    def move() -> None:
        registry(folder, 3, 37)
        clock.go_on(15)

    path = {"bulkInsert": "bulkinsert$", "contactBatch": "contacts/batch$"}.get(method, "contacts$")
    tenant.faults.add("act", act=move, after=True, method="POST", path=path)
    ended = run("apply", plan, "--format", "json")
    assert ended.code == 0, ended
    assert set(on_list(tenant)) == everybody_but(3, 37)
    assert document(ended)["Segment/chosen[engaged]"]["suppressed"] == 2
    if method in ("contactIds", "listContacts"):  # of the others' jobs several are under way at once
        sent = [row for each in tenant.requests() for row in _rows(each)]
        assert contact(37) not in sent
        assert contact(3) in sent


def _rows(request: Any) -> list[str]:
    if request.method != "POST" or not request.path.endswith("/contacts"):
        return []
    return [row["contactId"] if isinstance(row, dict) else row for row in _listed(request.body)]


def _listed(body: Any) -> list[Any]:
    return body if isinstance(body, list) else list(body["contactIds"])


@pytest.mark.parametrize(("minutes", "reads"), [(14.9, 1), (15, 2)])
@pytest.mark.thin(1)
def test_sources_are_read_again_in_the_middle_of_a_delivery_when_it_is_time_and_not_before(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch, minutes: float, reads: int
) -> None:
    ready(tenant, folder, pace=f"{delivery.PACE}, workers: 1")
    plan = planned(run, folder)
    clock = Clock(monkeypatch)
    asked: list[int] = []

    def move() -> None:
        clock.go_on(minutes)
        registry(folder, *asked)

    tenant.faults.add("act", act=move, after=True, **PUT)
    read = files.read_contacts

    def counted(*arguments: Any) -> Any:
        if "registry.csv" in arguments[1].paths:
            asked.append(len(asked))
        return read(*arguments)

    monkeypatch.setattr(files, "read_contacts", counted)
    assert run("apply", plan).code == 0
    assert len(asked) == reads


@pytest.mark.parametrize(("said", "code"), [("1s", 0), ("60m", 0), ("1h", 0), ("0s", 64), ("61m", 64), ("3601s", 64)])
def test_how_often_they_are_read_again_is_between_a_second_and_an_hour(
    folder: Folder, run: Run, said: str, code: int
) -> None:
    folder.write("workspace.yaml", manifest("Workspace", "test", f"doNotCall: {{readAgainEvery: {said}}}"))
    assert run("validate").code == code


def test_whoever_was_left_out_stays_out_of_a_run_that_goes_on_though_the_source_has_shrunk(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder)
    plan = planned(run, folder)
    registry(folder, 3, 37)
    tenant.faults.add("status", status=403, skip=2, times=None, **PUT)
    assert run("apply", plan).code == 5
    tenant.faults.clear()
    registry(folder, 21)
    ended = run("apply", "--resume", "--format", "json")
    assert ended.code == 0, ended
    assert set(on_list(tenant)) == everybody_but(3, 37, 21)
    assert document(ended)["Segment/chosen[engaged]"]["suppressed"] == 3


@pytest.mark.matrix(instead="test_whoever_was_left_out_stays_out_of_a_run_that_goes_on_though_the_source_has_shrunk")
def test_a_list_that_was_filled_before_the_run_stopped_is_looked_at_again_when_it_goes_on(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder)
    scene.declare_campaign(folder)
    plan = planned(run, folder)
    tenant.faults.add("status", method="POST", path="campaigns$", status=400, times=None)
    assert run("apply", plan).code == 5
    assert set(on_list(tenant)) == everybody_but()
    tenant.faults.clear()
    registry(folder, 3)
    ended = run("apply", "--resume", "--format", "json")
    assert ended.code == 0, ended
    assert set(on_list(tenant)) == everybody_but(3)
    assert document(ended)["Segment/chosen[engaged]"]["suppressed"] == 1
    assert tenant.store.campaign_named("Evening").fields["status"] == "active"


@pytest.mark.thin
@pytest.mark.parametrize("filled", [False, True], ids=["by-this-run", "before"])
def test_a_campaign_is_not_activated_before_its_list_was_held_against_the_sources(
    tenant: Simulator, folder: Folder, run: Run, filled: bool
) -> None:
    ready(tenant, folder)
    if filled:
        assert run("apply", "--yes").code == 0
    scene.declare_campaign(folder)
    plan = planned(run, folder)
    seen: list[set[str]] = []
    tenant.faults.add("act", act=lambda: registry(folder, 3), after=True, method="POST", path="campaigns$")
    tenant.faults.add("act", act=lambda: seen.append(set(on_list(tenant))), method="PATCH", path="campaigns/")
    ended = run("apply", plan)
    assert ended.code == 0, ended
    assert tenant.store.campaign_named("Evening").fields["status"] == "active"
    assert seen == [everybody_but(3)]


def test_a_campaign_on_a_list_whose_source_has_gone_is_not_activated(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder)
    scene.declare_campaign(folder)
    plan = planned(run, folder)
    tenant.faults.add("act", act=lambda: gone(folder), after=True, method="POST", path="campaigns$")
    ended = run("apply", plan)
    assert ended.code == 5
    assert "do-not-call-unknown" in ended.out
    assert tenant.store.campaign_named("Evening").fields["status"] != "active"


@pytest.mark.parametrize("method", ["contactIds", "listContacts"])
@pytest.mark.matrix(
    instead="test_whom_the_tenant_would_dial_by_a_suppressed_number_is_taken_off_in_the_middle_of_a_long_delivery"
)
def test_whom_the_tenant_would_dial_by_a_suppressed_number_is_taken_off_before_a_campaign_is_activated(
    tenant: Simulator, folder: Folder, run: Run, method: str
) -> None:
    ready(tenant, folder, method)
    registry(folder, 3)
    delivery.write_contacts(folder, EVERYBODY)
    source = (folder.root / "crm.csv").read_text()
    folder.write("crm.csv", source.replace(phone(3), "+12125550177"))  # the tenant still has the other one
    tenant.store.change_contact(contact(5), phoneNumber="212 555 0105 / 0106")
    scene.declare_campaign(folder)
    seen: list[set[str]] = []
    tenant.faults.add("act", act=lambda: seen.append(set(on_list(tenant))), method="PATCH", path="campaigns/")
    ended = run("apply", "--yes", "--format", "json")
    assert ended.code == 0, ended
    assert seen == [everybody_but(3, 5)]
    assert document(ended)["Segment/chosen[engaged]"]["suppressed"] == 2
    # nor is it put there for a moment by every apply that follows
    after = run("plan", "--detailed-exitcode")
    assert after.code == 0, after.out
    assert (
        "rejected once, pending until its row changes: the number that the tenant has is on SuppressionList/registry"
        in after.out
    )
    assert "pending until its row changes: the number that the tenant has cannot be read" in after.out


def test_whom_the_tenant_would_dial_by_a_suppressed_number_is_taken_off_in_the_middle_of_a_long_delivery(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(tenant, folder, pace=f"{delivery.PACE}, workers: 1")
    registry(folder, 3)
    source = (folder.root / "crm.csv").read_text()
    folder.write("crm.csv", source.replace(phone(3), "+12125550177"))
    clock = Clock(monkeypatch)
    tenant.faults.add("act", act=lambda: clock.go_on(15), after=True, **PUT)
    assert run("apply", "--yes").code == 0
    writes = [each.method for each in tenant.requests() if each.path.endswith("/contacts") and each.method != "GET"]
    assert writes == ["POST", "DELETE", "POST", "POST", "POST"]
    assert set(on_list(tenant)) == everybody_but(3)


@pytest.mark.matrix(instead="test_a_file_is_known_by_its_content_and_not_by_its_size_and_time")
def test_a_file_that_is_written_while_it_is_read_is_read_again_or_stops_its_delivery(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready(tenant, folder)
    plan = planned(run, folder)
    read, times = files.read_contacts, [0]

    def torn(*arguments: Any) -> Any:
        found = read(*arguments)
        if "registry.csv" in arguments[1].paths and times[0]:
            times[0] -= 1
            registry(folder, 7, *range(50, 50 + times[0]))
        return found

    monkeypatch.setattr(files, "read_contacts", torn)
    times[0] = 9
    ended = run("apply", plan)
    assert ended.code == 5
    assert "was read 4 times, and was written meanwhile each time" in ended.out
    assert not on_list(tenant)
    times[0] = 1
    assert run("apply", "--resume").code == 0
    assert set(on_list(tenant)) == everybody_but(7)


def test_numbers_that_get_too_old_in_the_middle_of_a_delivery_stop_it(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.now(UTC)
    taken = (now - timedelta(days=1) + timedelta(minutes=30)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ready(tenant, folder, extra="maxAge: 1d", as_of=f"asOf: {taken}", pace=f"{delivery.PACE}, workers: 1")
    plan = planned(run, folder)
    clock = Clock(monkeypatch)
    tenant.faults.add("act", act=lambda: clock.go_on(31), after=True, **PUT)
    ended = run("apply", plan)
    assert ended.code == 5
    assert "SuppressionList/registry is too old since" in ended.out
    assert len(on_list(tenant)) == 10


def test_a_file_is_known_by_its_content_and_not_by_its_size_and_time(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    ready(tenant, folder)
    scene.declare_campaign(folder)
    registry(folder, 50)
    path = folder.root / "registry.csv"
    before = path.stat()

    def move() -> None:
        registry(folder, 30)
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert path.stat().st_size == before.st_size

    plan = planned(run, folder)
    tenant.faults.add("act", act=move, after=True, method="POST", path="campaigns$")
    assert run("apply", plan).code == 0
    assert set(on_list(tenant)) == everybody_but(30)


def consenting(tenant: Simulator, folder: Folder, *, more: str = "", suppress: bool = False) -> None:
    """A segment whose source says who gave consent: gold is a yes, silver a no."""
    ready(tenant, folder, "listContacts")
    if not suppress:
        segment = (folder.root / "segment.yaml").read_text()
        folder.write("segment.yaml", segment.replace("  suppress: [registry]\n", ""))
        (folder.root / "registry.yaml").unlink()
    source = (folder.root / "source.yaml").read_text()
    asks = f"files: {{optedIn: \"tier = 'gold'\", {more}"
    folder.write("source.yaml", source.replace("files: {", asks, 1))


@pytest.mark.parametrize("suppress", [True, False])
@pytest.mark.matrix(instead="test_where_nobody_can_be_asked_for_consent_any_more_nobody_is_put_on_the_list")
def test_who_withdraws_consent_after_the_plan_is_not_put_on_the_list_and_is_taken_off_it(
    tenant: Simulator, folder: Folder, run: Run, suppress: bool
) -> None:
    consenting(tenant, folder, suppress=suppress)
    plan = str(folder.root / "a.plan")
    assert run("plan", "--out", plan).code == 0
    delivery.write_contacts(folder, EVERYBODY, silver=[3, 4])
    ended = run("apply", plan, "--format", "json")
    assert ended.code == 0, ended.said
    assert document(ended)["Segment/chosen[engaged]"]["suppressed"] == 2
    assert set(on_list(tenant)) == everybody_but(3, 4)
    assert '"by":"no consent in the source"' in (folder.root / ".reconciler" / "audit.jsonl").read_text()
    delivery.known(tenant, "listContacts", [40])
    delivery.write_contacts(folder, range(41), silver=[3, 4])
    assert run("plan", "--out", plan).code == 0
    delivery.write_contacts(folder, range(41), silver=[3, 4, 5])
    ended = run("apply", plan)
    assert ended.code == 0, ended.said
    assert "1 contact suppressed since the plan" in ended.out
    assert set(on_list(tenant)) == everybody_but(3, 4, 5) | {contact(40)}


@pytest.mark.parametrize(("more", "stays"), [("", False), ("unknownConsent: in, ", True)])
@pytest.mark.thin(1)
def test_whose_consent_is_not_known_any_more_stays_only_where_the_manifest_says_so(
    tenant: Simulator, folder: Folder, run: Run, more: str, stays: bool
) -> None:
    consenting(tenant, folder, more=more)
    plan = str(folder.root / "a.plan")
    assert run("plan", "--out", plan).code == 0
    text = (folder.root / "crm.csv").read_text()
    folder.write(
        "crm.csv", "\n".join(line.replace("gold", "") if "C0003" in line else line for line in text.split("\n"))
    )
    assert run("apply", plan).code == 0
    assert (contact(3) in on_list(tenant)) is stays
    assert set(on_list(tenant)) >= everybody_but(3)


@pytest.mark.thin
@pytest.mark.parametrize(
    "content", [None, "id,phone,name,email,tier,score\n", "id,phone,name,email,score\n1,2,3,4,5\n"]
)
def test_where_nobody_can_be_asked_for_consent_any_more_nobody_is_put_on_the_list(
    tenant: Simulator, folder: Folder, run: Run, content: str | None
) -> None:
    consenting(tenant, folder)
    plan = str(folder.root / "a.plan")
    assert run("plan", "--out", plan).code == 0
    (folder.root / "crm.csv").unlink()
    if content is not None:
        folder.write("crm.csv", content)
    ended = run("apply", plan)
    assert ended.code in (1, 5), ended.said
    assert "the source of Segment/chosen, which says who gave consent," in ended.said
    assert not on_list(tenant)
    delivery.write_contacts(folder, EVERYBODY)
    assert run("apply", "--resume").code == 0
    assert set(on_list(tenant)) == everybody_but()
