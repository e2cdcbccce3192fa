"""Does a resumed run know what the one before it had done?"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from reconciler import __version__
from reconciler.ledger.folder_records import Store
from reconciler.ledger.journal import Run, now
from reconciler.ledger.ledger import Ledger
from reconciler.model.errors import LedgerError
from reconciler.model.jobs import Job
from reconciler.model.plan import Budget, Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.reason import Reason
from reconciler.model.report import Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from tests.ledger.conftest import Opened
from tests.ledger.proof import verified

VIP = Address("ContactList", "vip")
NOW = datetime(2026, 7, 1, tzinfo=UTC)
PLAN = Plan("test", "embedded", {}, "sha256:0", NOW, __version__, (), (), (), (), (), Budget(0, 0, 0), NOW)


@pytest.fixture
def ledger(opening: Opened) -> Ledger:
    """An empty ledger, in a folder and in a bucket."""
    return Ledger(opening())


@pytest.fixture
def in_a_folder(tmp_path: Path) -> Ledger:
    """An empty ledger in a folder."""
    return Ledger(Store("file://ledger", tmp_path))


def events(ledger: Ledger) -> list[str]:
    """What the audit record tells of."""
    return [orjson.loads(line)["event"] for line in ledger.store.read_lines("audit.jsonl")]


def interrupted(ledger: Ledger) -> list[str]:
    """The runs that can be gone on with, the latest first."""
    return [each.name for each in ledger.list_interrupted("test")]


def test_no_run_is_interrupted_in_an_empty_ledger(ledger: Ledger) -> None:
    assert interrupted(ledger) == []


def test_a_run_that_was_finished_is_known_as_such(ledger: Ledger) -> None:
    with ledger.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    assert interrupted(ledger) == []
    assert events(ledger) == ["started", "finished"]
    assert verified(ledger) == 2


def test_a_run_that_stopped_is_known_with_its_plan(ledger: Ledger, tmp_path: Path) -> None:
    with ledger.run(PLAN) as run:
        result = StepResult(VIP, Outcome.FAILED, "the tenant would not")
        run.record_step(result)
        run.finish(Report(run.name, (result,), 0))
    assert interrupted(ledger) == [run.name]
    assert plan_digest(ledger.open_plan_of(run.name, tmp_path / "into")) == plan_digest(PLAN)
    assert events(ledger) == ["started", "step", "stopped"]


def test_a_run_that_was_refused_leaves_nothing_to_resume(ledger: Ledger) -> None:
    with ledger.run(PLAN) as run:
        run.refuse()
    assert interrupted(ledger) == []


@pytest.mark.thin(1)
def test_the_last_of_many_runs_of_one_second_is_the_last(ledger: Ledger) -> None:
    for _ in range(8):
        with ledger.run(PLAN) as run:
            pass
        assert interrupted(ledger)[0] == run.name
    assert len(interrupted(ledger)) == 8


def test_what_was_done_is_not_done_again(ledger: Ledger) -> None:
    with ledger.run(PLAN) as run:
        run.record_intent("a#put:0", rows=10)
        run.record_done("a#put:0", rows=10, rejected=["x"])
        run.record_intent("a#put:1", rows=10)
    with ledger.run(PLAN, run.name) as again:
        assert again.resumed
        recorded = again.state.find_outcome("a#put:0")
        assert recorded is not None
        assert recorded["rejected"] == ["x"]
        assert again.state.find_outcome("a#put:1") is None


def test_what_the_first_attempt_fixed_stays_fixed(ledger: Ledger) -> None:
    with ledger.run(PLAN) as run:
        assert run.record_intent("Campaign/x", fixed={"startTime": "first"})["fixed"] == {"startTime": "first"}
    with ledger.run(PLAN, run.name) as again:
        assert again.record_intent("Campaign/x", fixed={"startTime": "later"})["fixed"] == {"startTime": "first"}


def test_a_step_is_begun_by_any_of_its_parts_and_by_no_other_step(ledger: Ledger) -> None:
    with ledger.run(PLAN) as run:
        run.record_intent("Segment/history[high]#put:0")
        run.record_intent("ContactList/vip")
    with ledger.run(PLAN, run.name) as again:
        assert again.state.may_have_begun(Address("Segment", "history", "high"))
        assert again.state.may_have_begun(VIP)
        assert not again.state.may_have_begun(Address("Segment", "history", "hig"))
        assert not again.state.may_have_begun(Address("Segment", "history"))
        assert not again.state.may_have_begun(Address("ContactList", "vi"))


def test_how_a_step_ended_is_read_again_by_its_code_or_by_the_words_of_an_earlier_version(ledger: Ledger) -> None:
    why = Reason("rows_delivered", ("3", "2", "1", "It's", "1", "0"))
    coded = StepResult(VIP, Outcome.DONE, rows=5, rejected=1, why=why)
    worded = StepResult(Address("Campaign", "x"), Outcome.DONE, "updated 'X'")
    with ledger.run(PLAN) as run:
        run.record_step(coded)
        key = str(worded.address)
        told = {"address": key, "outcome": "done", "words": worded.words, "rows": 0, "rejected": 0}
        run._record({"event": "step", "run": run.name, "at": now(), **told}, "done", key)  # as 1.x wrote it
        run.record_step(StepResult(Address("Campaign", "y"), Outcome.BLOCKED, why=Reason("waits_for", (str(VIP),))))
        name = run.name
    lines = [orjson.loads(line) for line in ledger.store.read_lines("audit.jsonl")]
    assert [each.get("why") for each in lines if each["event"] == "step"] == [
        {
            "code": "rows_delivered",
            "args": {"adds": 3, "updates": 2, "removes": 1, "list": "It's", "rejected": 1, "suppressed": 0},
        },
        None,
        {"code": "waits_for", "args": {"steps": [str(VIP)]}},
    ]
    with ledger.run(PLAN, name) as again:
        assert again.state.find_result(VIP) == coded
        assert again.state.find_result(worded.address) == worded
        assert again.state.find_result(Address("Campaign", "y")) is None


def test_a_run_whose_last_record_was_cut_short_is_resumed(in_a_folder: Ledger) -> None:
    with in_a_folder.run(PLAN) as run:
        run.record_intent("ContactList/vip")
        run.record_done("ContactList/vip")
    path = in_a_folder.store.folder / "runs" / run.name / "journal.jsonl"
    with path.open("ab") as file:
        file.write(b'{"event":"done","key":"ContactList/vi')
    with in_a_folder.run(PLAN, run.name) as again:
        assert again.state.may_have_begun(VIP)
        assert again.state.find_outcome("ContactList/vip") is not None
        assert again.state.find_outcome("ContactList/vi") is None
    with in_a_folder.run(PLAN, run.name) as third:
        assert third.state.find_outcome("ContactList/vip") is not None
    assert verified(in_a_folder) == 3


def test_an_audit_record_cut_short_by_a_crash_is_carried_on(in_a_folder: Ledger) -> None:
    for _ in range(2):
        with in_a_folder.run(PLAN) as run:
            run.finish(Report(run.name, (), 0))
    path = in_a_folder.store.folder / "audit.jsonl"
    with path.open("ab") as handle:
        handle.write(b'{"previous": "')
    with in_a_folder.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    assert verified(in_a_folder) == 6


def test_two_runs_at_once_are_refused(ledger: Ledger) -> None:
    with ledger.run(PLAN), pytest.raises(LedgerError, match="locked by"), ledger.run(PLAN):
        pass


def test_a_run_whose_plan_is_gone_cannot_be_resumed_and_says_so(in_a_folder: Ledger, tmp_path: Path) -> None:
    with in_a_folder.run(PLAN) as run:
        pass
    (in_a_folder.store.folder / "runs" / run.name / "plan.zip").unlink()
    with pytest.raises(LedgerError, match=f"no plan of run {run.name}") as caught:
        in_a_folder.open_plan_of(run.name, tmp_path / "into")
    assert caught.value.hint == "plan again and apply the new plan"


def test_rejected_contacts_are_kept_with_their_reason_once(ledger: Ledger) -> None:
    with ledger.run(PLAN) as run:
        run.reject(VIP, "CUST0001", "not-found", "archived")
    with ledger.run(PLAN, run.name) as again:
        again.reject(VIP, "CUST0001", "not-found", "archived")
        again.reject(VIP, "CUST0002", "not-found", "unknown")
    kept = [orjson.loads(line) for line in ledger.records.read_lines(f"runs/{run.name}/rejected.jsonl")]
    assert [(each["contact"], each["reason"]) for each in kept] == [("CUST0001", "archived"), ("CUST0002", "unknown")]


def test_the_lock_of_a_run_that_waits_and_records_nothing_is_renewed(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    beats = threading.Semaphore(0)
    monkeypatch.setattr("reconciler.ledger.heartbeat.HEARTBEAT", 0.01)
    monkeypatch.setattr(Run, "beat", lambda run: beats.release())
    with ledger.run(PLAN):
        assert all(beats.acquire(timeout=30) for _ in range(3))
    assert not [thread for thread in threading.enumerate() if thread.name == "heartbeat"]


def end_job(run: Run, key: str, job: str, status: str) -> None:
    """A piece that was sent as a job, and how that ended."""
    run.record_job(key, job)
    run.record_job_end(Job(job, status, 1.0))


def test_a_job_is_replaced_once_others_have_done_all_that_it_was_to_do(in_a_folder: Ledger) -> None:
    with in_a_folder.run(PLAN) as run:

        def replaced() -> dict[str, bool]:
            return {each.id: each.replaced for each in run.state.list_jobs()}

        whole, halves = "Segment/s[a]#put:0", ("Segment/s[a]#put:0/0", "Segment/s[a]#put:0/1")
        run.record_intent(whole, rows=4)
        end_job(run, whole, "J", "FAILED")
        assert replaced() == {"J": False}
        run.record_done(whole, rows=0, rejected=[], split=2, unsure=True)
        assert replaced() == {"J": False}, "its parts are not sent"
        for number, half in enumerate(halves):
            run.record_intent(half, rows=2)
            assert not replaced()["J"], "they are not over"
            end_job(run, half, f"H{number}", "COMPLETED")
            run.record_done(half, rows=2, rejected=[], split=0, unsure=False)
        assert replaced() == {"J": True, "H0": False, "H1": False}
        run.record_intent("Segment/s[a]#put:1", rows=1)
        end_job(run, "Segment/s[a]#put:1", "A", "ABORTED")
        assert not replaced()["A"]
        end_job(run, "Segment/s[a]#put:1~1", "B", "COMPLETED")
        assert replaced() == {"J": True, "H0": False, "H1": False, "A": True, "B": False}
        end_job(run, "Segment/s[a]#put:2", "C", "FAILED")
        run.record_intent("Segment/s[a]#put:2", rows=1)
        run.record_done("Segment/s[a]#put:2", rows=0, rejected=["C1"], split=0, unsure=False)
        assert not replaced()["C"], "its row was rejected, and nobody else was asked to take it"


def test_a_job_belongs_to_the_rows_that_it_was_made_of(in_a_folder: Ledger) -> None:
    with in_a_folder.run(PLAN) as run:
        assert run.state.find_piece("J") is None
        run.record_job("Segment/s[a]#put:0", "J")
        run.record_job("Segment/s[a]#put:1", "J")
        assert run.state.find_piece("J") == "Segment/s[a]#put:0"
