"""Does each contact get its outcome, once, at the tenant's pace, and is everybody told of it who is to know?"""

from __future__ import annotations

import hmac
import json
import zipfile
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from reconciler.simulator import DispositionLimits, Options, Simulator, Stage
from reconciler.views.plan_progress import ReadingProgress
from tests import sealed
from tests.conftest import Ended, Folder
from tests.outcomes import (
    CODES,
    CRM,
    audited,
    campaign,
    contact,
    declare,
    declare_crm,
    declare_feedback,
    kept,
    outcomes,
    patched,
    phone,
    row,
    told,
    write_outcomes,
)

Run = Callable[..., Ended]


@pytest.fixture
def tenant() -> Iterator[Simulator]:
    """A tenant that takes as much as it is asked."""
    with Simulator(Options(dispositions=DispositionLimits(rate=None))) as started:
        yield started


def report(ended: Ended) -> dict[str, object]:
    """The figures of the one set."""
    found = [each["dispositions"] for each in json.loads(ended.out)["steps"] if "dispositions" in each]
    assert len(found) == 1
    figures: dict[str, object] = found[0]
    return figures


def test_outcomes_are_set_and_a_second_run_finds_nothing_to_do(tenant: Simulator, folder: Folder, run: Run) -> None:
    campaign(tenant, range(130))
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(120)))
    applied = run("apply", "--yes", "--format", "json")
    assert applied.code == 0, applied.err
    set_now = {each: code for each, code in outcomes(tenant).items() if code}
    assert set_now == {contact(n): CODES[n % 3] for n in range(120)}
    assert sorted(patched(tenant)) == sorted(set_now)
    figures = report(applied)
    assert (figures["total_processed"], figures["successful"], figures["failed"]) == (120, 120, 0)
    assert figures["accuracy_rate_percent"] == 100
    assert 0 < figures["p50_latency_ms"] <= figures["p95_latency_ms"] <= figures["p99_latency_ms"]  # type: ignore[operator]
    tenant.clear_requests()
    again = run("plan", "--detailed-exitcode")
    assert again.code == 0
    assert "120 unchanged" in again.out
    assert not tenant.requests().writes()


@pytest.mark.matrix(instead="test_a_contact_that_was_changed_after_the_plan_is_left_alone")
def test_whoever_waits_for_a_plan_is_told_how_many_contacts_were_asked_for(
    tenant: Simulator, folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, int, int]] = []
    monkeypatch.setattr(
        ReadingProgress, "report_reading", lambda _, what, done, total: heard.append((what, done, total))
    )
    campaign(tenant, range(130))
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(120)))
    for command in (("plan",), ("drift",), ("apply", "--yes")):
        heard.clear()
        run(*command)
        assert [(done, total) for _, done, total in heard] == [(n, 120) for n in range(121)]
        assert {what for what, _, _ in heard} == {"the outcomes in campaign 'Evening'"}


def test_every_contact_has_one_entry_in_the_audit_record_and_none_its_name(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    campaign(tenant, range(60))
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(60)))
    assert run("apply", "--yes").code == 0
    entries = audited(folder)
    assert len({entry["contact"] for entry in entries}) == len(entries) == 60
    assert {entry["status"] for entry in entries} == {"set"}
    assert all(entry["contact"].startswith("c-") for entry in entries)
    text = (folder.root / ".reconciler" / "audit.jsonl").read_text(encoding="utf-8")
    assert "CUST" not in text
    assert run("audit", "verify").code == 0


def test_the_latest_of_several_rows_counts(tenant: Simulator, folder: Folder, run: Run) -> None:
    campaign(tenant, range(3))
    declare(folder, tenant)
    write_outcomes(
        folder,
        [
            row(0, "BUSY", "2026-06-30T10:00:00Z"),
            row(0, "INTERESTED", "2026-06-30T14:00:00+02:00"),  # noon in UTC
            row(0, "NO_ANSWER", "2026-06-30T11:00:00Z"),
            row(1, "BUSY"),
            row(1, "INTERESTED"),  # of the same moment, and later in the file
        ],
    )
    planned = run("plan")
    assert "a later row has its contact 3" in planned.out
    assert run("apply", "--yes").code == 0
    assert outcomes(tenant) == {contact(0): "INTERESTED", contact(1): "INTERESTED"}


@pytest.mark.parametrize("by_id", [False, True])
@pytest.mark.matrix(instead="test_the_latest_of_several_rows_counts")
def test_the_latest_row_counts_among_several_sets_of_one_campaign(
    tenant: Simulator, folder: Folder, run: Run, by_id: bool
) -> None:
    evening, night = campaign(tenant, range(4)), campaign(tenant, range(4), "Night")
    for name, place in (("crm", "Evening"), ("desk", "Evening"), ("other", "Night")):
        declare(folder, tenant, name=name, campaign=place, file=f"{name}.csv")
    if by_id:
        text = (folder.root / "desk.yaml").read_text(encoding="utf-8")
        folder.write("desk.yaml", text.replace("campaign: {name: Evening}", f"campaign: {{id: {evening.id}}}"))
    early, late = "2026-06-30T10:00:00Z", "2026-06-30T11:00:00Z"
    write_outcomes(folder, [row(0, "BUSY", late), row(1, "BUSY", early), row(2, "BUSY"), row(3, "BUSY")], "crm.csv")
    write_outcomes(folder, [row(n, "INTERESTED", early) for n in (0, 1)] + [row(2, "INTERESTED")], "desk.csv")
    write_outcomes(folder, [row(0, "NO_ANSWER", "2026-06-30T12:00:00Z")], "other.csv")
    planned = run("plan")
    assert "a later row of DispositionSet/crm has its contact 1" in planned.out
    assert "a later row of DispositionSet/desk has its contact 2" in planned.out
    assert run("apply", "--yes").code == 0
    # of one moment that of the last set, by its name
    assert outcomes(tenant) == {
        contact(0): "BUSY",
        contact(1): "INTERESTED",
        contact(2): "INTERESTED",
        contact(3): "BUSY",
    }
    assert [each.outcome for each in tenant.dispositions.history(night.id, contact(0))] == ["NO_ANSWER"]
    assert run("plan", "--detailed-exitcode").code == 0


def test_a_contact_that_is_held_is_deferred_by_the_plan(tenant: Simulator, folder: Folder, run: Run) -> None:
    evening = campaign(tenant, range(6))
    for number, state in enumerate(("DIALING", "RINGING", "CONNECTED", "WRAP_UP")):
        tenant.dispositions.hold(evening.id, contact(number), state)
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(6)))
    planned = run("plan")
    for state in ("DIALING", "RINGING", "CONNECTED", "WRAP_UP"):
        assert f"deferred, held by the dialler: {state} 1" in planned.out
    assert run("apply", "--yes").code == 0
    assert sorted(patched(tenant)) == [contact(4), contact(5)]


@pytest.mark.matrix(instead="test_a_contact_that_is_held_is_deferred_by_the_plan")
def test_a_contact_that_becomes_held_after_the_plan_is_not_written_and_is_owed(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    evening = campaign(tenant, range(10))
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(10)))
    saved = str(folder.root.parent / "plan.zip")
    assert run("plan", "--out", saved).code == 0
    tenant.dispositions.hold(evening.id, contact(3), "RINGING")
    applied = run("apply", saved, "--format", "json")
    assert applied.code == 0, applied.err
    assert contact(3) not in patched(tenant)
    assert len(patched(tenant)) == 9
    figures = report(applied)
    assert (figures["total_processed"], figures["deferred"], figures["accuracy_rate_percent"]) == (9, 1, 100)
    tenant.dispositions.script(evening.id, Stage("READY"), contacts=[contact(3)])
    owed = run("plan")
    assert "1 are pending retry: deferred once, next attempt now: held by the dialler: RINGING 1" in owed.out
    assert "DispositionSet/calls: deferred once: held by the dialler: RINGING" in run("owed").out
    assert run("apply", "--yes").code == 0
    assert patched(tenant).count(contact(3)) == 1
    assert not tenant.dispositions.list_refused()


def test_a_contact_that_was_changed_after_the_plan_is_left_alone(tenant: Simulator, folder: Folder, run: Run) -> None:
    evening = campaign(tenant, range(4))
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(4)))
    saved = str(folder.root.parent / "plan.zip")
    assert run("plan", "--out", saved).code == 0
    tenant.dispositions.write(evening.id, contact(0), "NO_ANSWER", agent_id="A9")
    tenant.dispositions.write(evening.id, contact(1), "BUSY", agent_id="A9")  # what the file says as well
    applied = run("apply", saved, "--format", "json")
    assert applied.code == 0, applied.err
    assert sorted(patched(tenant)) == [contact(2), contact(3)]
    figures = report(applied)
    assert (figures["successful"], figures["deferred"]) == (3, 1)
    assert {entry["status"] for entry in audited(folder)} == {"set", "already", "changed"}


def test_rows_that_the_tenant_refuses_fail_alone_and_count(tenant: Simulator, folder: Folder, run: Run) -> None:
    campaign(tenant, range(8))
    tenant.dispositions.outcomes = frozenset({"INTERESTED", "BUSY"})
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(8)))
    applied = run("apply", "--yes", "--format", "json")
    assert applied.code == 5
    document = json.loads(applied.out[applied.out.index("{") :])
    figures = next(each["dispositions"] for each in document["steps"])
    assert (figures["total_processed"], figures["successful"], figures["failed"]) == (8, 6, 2)
    assert figures["accuracy_rate_percent"] == 75
    assert "2 rejected" not in run("plan").out.split("others")[0]
    owed = run("owed")
    assert "DispositionSet/calls" in owed.out
    assert "CUST" not in owed.out


def test_an_ambiguous_write_is_looked_at_before_anything_is_sent_again(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    campaign(tenant, range(6))
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(6)))
    # it took effect and nobody heard of it; and it was cut before it did anything
    tenant.faults.add("reset-after", method="PATCH", path=f"{contact(1)}$")
    tenant.faults.add("status", method="PATCH", path=f"{contact(2)}$", status=503)
    applied = run("apply", "--yes", "--format", "json")
    assert applied.code == 0, applied.err
    assert tenant.dispositions.list_repeated() == []
    assert patched(tenant).count(contact(1)) == 1
    assert patched(tenant).count(contact(2)) == 2


def test_a_pause_that_the_tenant_asks_for_is_kept(tenant: Simulator, folder: Folder, run: Run) -> None:
    campaign(tenant, range(4))
    declare(folder, tenant)
    write_outcomes(folder, map(row, range(4)))
    tenant.faults.add("rate-limited", method="PATCH", path=f"{contact(0)}$", seconds=1)
    assert run("apply", "--yes").code == 0
    sent = [each for each in tenant.requests() if each.path.endswith(contact(0)) and each.method == "PATCH"]
    assert [each.status for each in sent] == [429, 200]
    assert sent[1].monotonic - sent[0].monotonic >= 1


@pytest.mark.thin
@pytest.mark.parametrize(
    ("more", "sizes"), [("", [1] * 70), ("batch: 50", [50, 20]), ("batch: 2", [2] * 35), ("batch: 30", [30, 20, 20])]
)
def test_the_crm_is_told_of_each_outcome_signed_by_itself_or_in_batches(
    tenant: Simulator, folder: Folder, run: Run, more: str, sizes: list[int]
) -> None:
    evening = campaign(tenant, range(70))
    declare(folder, tenant)
    declare_crm(folder, tenant, more)
    write_outcomes(folder, map(row, range(70)))
    assert run("apply", "--yes").code == 0
    callbacks = [each for each in tenant.webhooks() if each.name == CRM]
    assert all(isinstance(each.body, list if more else dict) for each in callbacks)
    found = list(told(tenant).values())
    assert sorted(map(len, found), reverse=True) == sizes
    assert len(found) == len(callbacks)
    messages = [message for each in found for message in each]
    assert {tuple(message) for message in messages} == {("event", "data", "source")}
    assert {message["event"] for message in messages} == {"DISPOSITION_UPDATE"}
    assert {message["source"] for message in messages} == {"CXone_Outbound_Sync"}
    data = {message["data"]["contact_id"]: message["data"] for message in messages}
    assert len(data) == len(messages) == 70
    first = data[contact(1)]
    assert (first["outcome_code"], first["agent_id"], first["status"]) == ("BUSY", "A1", "success")
    assert first["campaign_id"] == evening.id
    assert first["latency_ms"] > 0
    for each in callbacks:
        parts = dict(part.split("=", 1) for part in each.headers["x-reconciler-signature"].split(","))
        signed = f"{parts['t']}.".encode() + each.raw
        secret = tenant.options.client_secret.encode()
        assert hmac.new(secret, signed, sha256).hexdigest() in parts.values()


@pytest.mark.matrix(instead="test_the_crm_is_told_of_each_outcome_signed_by_itself_or_in_batches")
def test_what_the_crm_does_not_take_delays_no_write_and_comes_later_in_its_order(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    campaign(tenant, range(60))
    declare(folder, tenant)
    declare_crm(folder, tenant)
    write_outcomes(folder, map(row, range(60)))
    tenant.faults.add("status", path=f"_webhooks/{CRM}$", status=503, times=None)
    applied = run("apply", "--yes")
    assert applied.code == 0
    assert "disposition-update: 0 delivered, 60 kept" in applied.err
    assert told(tenant) == {}
    tenant.faults.clear()
    write_outcomes(folder, [row(n, "CALLBACK_LATER", "2026-06-30T13:00:00Z") for n in range(3)])
    assert run("apply", "--yes").code == 3  # DO_NOT_CALL is the last word on one of them
    write_outcomes(folder, [row(n, "CALLBACK_LATER", "2026-06-30T13:00:00Z") for n in range(2)])
    later = run("apply", "--yes")
    assert later.code == 0, later.out + later.err
    codes = [
        message["data"]["outcome_code"]
        for body in told(tenant).values()
        for message in body
        if message["data"]["contact_id"] == contact(1)
    ]
    assert codes == ["BUSY", "CALLBACK_LATER"]


def test_whoever_asked_not_to_be_called_is_kept_first_and_suppressed_in_the_same_plan(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    campaign(tenant, range(12))
    write_outcomes(folder, map(row, range(6)))
    declare(folder, tenant, extra=declare_feedback(folder))
    folder.write(
        "segment.yaml",
        """
apiVersion: cxone.reconciler/v1
kind: ContactSource
metadata: {name: everybody}
spec: {contactList: {name: Evening list}}
---
apiVersion: cxone.reconciler/v1
kind: ScoreModel
metadata: {name: all}
spec: {engagement: {bands: [{name: all, from: 0}]}}
---
apiVersion: cxone.reconciler/v1
kind: ContactList
metadata: {name: next}
spec: {name: Next}
---
apiVersion: cxone.reconciler/v1
kind: Segment
metadata: {name: next}
spec:
  source: everybody
  score: all
  lists: {all: next}
  phones: {region: US}
  suppress: [asked]
  delivery: {method: contactIds}
""",
    )
    saved = str(folder.root.parent / "plan.zip")
    planned = run("plan", "--out", saved)
    assert planned.code == 0, planned.err
    assert "+2 numbers" in planned.out
    assert "suppressed by asked 2" in planned.out
    with zipfile.ZipFile(saved) as archive:
        document = json.loads(archive.read("plan.json"))
    assert document["order"][0]["address"] == "SuppressionList/asked"
    assert all("SuppressionList/asked" in step["needs"] for step in document["order"][1:])
    assert "+1212555" not in json.dumps(document)
    assert run("apply", saved).code == 0
    assert kept(folder) == [phone(2), phone(5)]
    assert tenant.store.list_named("Next").members.keys() == {contact(n) for n in range(12) if n not in (2, 5)}
    tenant.clear_requests()
    assert run("plan", "--detailed-exitcode").code == 0


def test_who_asked_not_to_be_called_in_a_row_that_cannot_be_used_is_kept_all_the_same(
    tenant: Simulator, folder: Folder, run: Run
) -> None:
    campaign(tenant, range(8))
    declare(folder, tenant, extra=declare_feedback(folder), source=", onInvalid: skip")
    asked = [
        row(0, "do_not_call"),
        row(1, "DO_NOT_CALL").replace("A1", ""),
        row(2, "Do Not-Call ", at="12/31/2026"),
        row(3, "DO_NOT_CALL", at="2999-01-01T00:00:00Z"),
    ]
    write_outcomes(folder, [*asked, row(4, "busy"), row(5, " "), row(6, "BUSY")])
    applied = run("apply", "--yes")
    assert applied.code == 0, applied.err
    assert kept(folder) == [phone(n) for n in range(4)]
    write_outcomes(folder, [row(6, "BUSY"), contact(7)])
    planned = run("plan")
    assert "DSP-NUMBER  SuppressionList/asked: 1 contacts" in planned.out
    assert run("apply", "--yes").code == 3


def test_nothing_is_done_where_the_numbers_cannot_be_kept(tenant: Simulator, folder: Folder, run: Run) -> None:
    campaign(tenant, range(6))
    write_outcomes(folder, map(row, range(6)))
    declare(folder, tenant, extra=declare_feedback(folder))
    saved = str(folder.root.parent / "plan.zip")
    assert run("plan", "--out", saved).code == 0
    folder.write("data", "a file where a folder is needed")
    assert run("plan").code == 64
    ended = run("apply", saved)
    assert ended.code == 1
    assert "cannot be kept in data/asked" in ended.out
    assert "waits for SuppressionList/asked" in ended.out
    assert patched(tenant) == []


def test_a_plan_is_not_believed_where_it_says_to_keep_numbers(tenant: Simulator, folder: Folder, run: Run) -> None:
    campaign(tenant, range(6))
    write_outcomes(folder, map(row, range(6)))
    declare(folder, tenant, extra=declare_feedback(folder))
    saved = folder.root.parent / "plan.zip"
    assert run("plan", "--out", str(saved)).code == 0
    forged = _forged(saved, folder.root, "data/asked", "elsewhere")
    ended = run("apply", str(forged))
    assert ended.code != 0
    assert "does not keep its numbers in elsewhere" in ended.out + ended.err
    assert not (folder.root / "elsewhere").exists()
    assert patched(tenant) == []


def _forged(path: Path, root: Path, old: str, new: str) -> Path:
    target = path.with_name("forged.zip")

    def edit(document: dict[str, Any]) -> None:
        document.update(json.loads(json.dumps(document).replace(f'"{old}"', f'"{new}"')))

    sealed.edit_document(path, root, edit, target)
    return target


# -- the pace ----------------------------------------------------------------------------------------------------


@pytest.mark.matrix(instead="test_never_more_than_fifty_at_once")
def test_never_more_than_ten_in_a_second_of_each_of_two_campaigns(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Simulator(Options(latency_ms=30, jitter_ms=25)) as tenant:
        for name, value in tenant.environment().items():
            monkeypatch.setenv(name, value)
        ids = {}
        for number, name in enumerate(("Evening", "Morning")):
            ids[name] = campaign(tenant, range(100 * number, 100 * number + 25), name).id
            declare(folder, tenant, name=name.lower(), campaign=name, file=f"{name}.csv", own="workers: 50")
            write_outcomes(folder, map(row, range(100 * number, 100 * number + 25)), f"{name}.csv")
        assert run("apply", "--yes").code == 0
        asked = tenant.requests().to("/contacts/")
        assert not [each for each in asked if each.status == 429]
        for campaign_id in ids.values():
            for method in ("GET", "PATCH"):
                of_it = asked.to(f"/campaigns/{campaign_id}/contacts/", method)
                assert 25 <= len(of_it) <= 50
                assert of_it.most_within(1.0) <= 10
        writes = {key: [each.monotonic for each in asked.to(f"/{key}/contacts/", "PATCH")] for key in ids.values()}
        one, other = writes.values()
        assert max(one[0], other[0]) < min(one[-1], other[-1])  # at the same time, and not one after the other


def test_reads_are_counted_with_writes_where_the_tenant_counts_them(
    folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    limits = DispositionLimits(rate=10, burst=10, counts_reads=True)
    with Simulator(Options(dispositions=limits)) as tenant:
        for name, value in tenant.environment().items():
            monkeypatch.setenv(name, value)
        campaign(tenant, range(15))
        declare(folder, tenant, own="countReads: true")
        write_outcomes(folder, map(row, range(15)))
        assert run("apply", "--yes").code == 0
        asked = tenant.requests().to("/contacts/")
        assert len(asked) == 45
        assert asked.most_within(1.0) <= 10
        assert {each.status for each in asked} == {200}


def test_never_more_than_fifty_at_once(folder: Folder, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = DispositionLimits(rate=None, at_once=50)
    with Simulator(Options(latency_ms=250, dispositions=limits)) as tenant:
        for name, value in tenant.environment().items():
            monkeypatch.setenv(name, value)
        for number, name in enumerate(("Evening", "Morning")):
            campaign(tenant, range(100 * number, 100 * number + 60), name)
            declare(folder, tenant, name=name.lower(), campaign=name, file=f"{name}.csv")
            write_outcomes(folder, map(row, range(100 * number, 100 * number + 60)), f"{name}.csv")
        assert run("apply", "--yes").code == 0
        asked = tenant.requests().to("/contacts/")
        assert 10 < asked.most_at_once() <= 50
        assert {each.status for each in asked} == {200}
