"""Is a ledger in a bucket safe from what a network does, and from who alters it?"""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from reconciler.ledger import approval_records
from reconciler.ledger.folder_records import open_store
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.object_records import ObjectStore
from reconciler.ledger.record_store_interface import Records
from reconciler.model.approval import SignedApproval
from reconciler.model.errors import LedgerError
from reconciler.model.report import Report
from tests.ledger.proof import verified
from tests.ledger.test_journal import PLAN
from tests.s3 import S3, Fault


@pytest.fixture
def store(bucket: str, tmp_path: Path) -> Records:
    """An empty ledger in a bucket."""
    return open_store(f"s3://{bucket}/team", tmp_path)


def test_a_line_whose_reply_was_lost_is_there_once(store: Records, s3_here: S3) -> None:
    s3_here.faults.append(Fault("PUT", "/000000000001", status=500, done=True))
    store.append("j.jsonl", b"one")
    store.append("j.jsonl", b"two")
    assert store.read_lines("j.jsonl") == [b"one", b"two"]


def test_two_who_approve_a_plan_at_the_same_moment_are_both_kept(
    store: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, two = (SignedApproval(b"{}", name) for name in ("one", "two"))
    append, begun = store.append, list[str]()

    def append_after_another(name: str, line: bytes, number: int = 0) -> None:
        if not begun:
            begun.append(name)
            append(name, two.document(), 1)  # it has looked for the next number before, and takes it now
            append(name, line, 1)
        append(name, line, number)

    monkeypatch.setattr(store, "append", append_after_another)
    approval_records.record(store, "sha256:ab", one)
    assert approval_records.read(store, "sha256:ab") == [two.document(), one.document()]


def test_a_lock_whose_reply_was_lost_is_ours(store: Records, s3_here: S3) -> None:
    s3_here.faults.append(Fault("PUT", "/x", status=500, done=True))
    assert store.create("x", b"ours")
    held = store.read("x")
    assert held is not None
    s3_here.faults.append(Fault("PUT", "/x", status=500, done=True))
    renewed = store.renew("x", held, b"ours too")
    assert renewed is not None
    assert store.replace("x", renewed, b"ours still")


def test_a_store_that_is_busy_for_a_moment_is_asked_again(store: Records, s3_here: S3) -> None:
    s3_here.faults.append(Fault("PUT", "/000000000001", status=503))
    store.append("j.jsonl", b"one")
    assert store.read_lines("j.jsonl") == [b"one"]


def test_a_number_somebody_else_has_taken_is_refused(store: Records) -> None:
    store.append("j.jsonl", b"theirs", 1)
    with pytest.raises(LedgerError, match=r"somebody else has written line 1 of the ledger's j\.jsonl") as caught:
        store.append("j.jsonl", b"ours", 1)
    assert str(caught.value.where).endswith("/team/j.jsonl/000000000001")
    assert store.read_lines("j.jsonl") == [b"theirs"]


def test_a_number_that_is_missing_was_never_confirmed_and_is_no_harm(store: Records, s3_here: S3) -> None:
    with Ledger(store).run(PLAN) as run:
        s3_here.faults.append(Fault("PUT", "/journal.jsonl/000000000002", status=503, times=2))
        with pytest.raises(LedgerError, match="did not serve"):
            run.record_intent("a#put:0")
        run.record_intent("a#put:1")
        run.record_done("a#put:1")
    with Ledger(store).run(PLAN, run.name) as again:
        assert again.state.find_outcome("a#put:1") is not None
        assert not again.state.has_intent("a#put:0")
        again.record_intent("a#put:0")
    numbers = [path for method, path in s3_here.asked if method == "PUT" and "journal" in path]
    assert numbers[-1].endswith("/000000000006"), "after the highest that is there"


def test_a_ledger_that_is_not_served_is_told(store: Records, s3_here: S3, bucket: str, tmp_path: Path) -> None:
    s3_here.faults.append(Fault("PUT", "/000000000001", status=403))
    with pytest.raises(LedgerError, match="the store refuses access to") as caught:
        store.append("j.jsonl", b"one")
    assert "AWS_ACCESS_KEY_ID" in str(caught.value.hint)
    with pytest.raises(LedgerError, match="there is no bucket s3://no-such-bucket"):
        open_store("s3://no-such-bucket/team", tmp_path).read_lines("j.jsonl")
    with pytest.raises(LedgerError, match="the URL holds credentials"):
        open_store("s3://key:not-a-secret@bucket/team", tmp_path)
    assert bucket


def test_a_network_that_is_gone_is_told(
    store: Records, bucket: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    with pytest.raises(LedgerError, match="did not serve") as caught:
        open_store(f"s3://{bucket}/team", tmp_path).append("j.jsonl", b"one")
    assert caught.value.hint == "is the network there, and is the endpoint in the environment right?"


def test_a_step_of_the_audit_record_that_may_have_arrived_is_never_followed_by_another_of_its_number(
    store: Records, s3_here: S3
) -> None:
    ledger = Ledger(store)
    with ledger.run(PLAN) as run:
        s3_here.faults.append(Fault("PUT", "/audit.jsonl/000000000002", status=500, done=True, times=9))
        s3_here.faults.append(Fault("GET", "/audit.jsonl/000000000002", status=500, times=9))
        with pytest.raises(LedgerError, match="did not serve"):
            run.finish(Report(run.name, (), 0))
        s3_here.faults.clear()
        with pytest.raises(LedgerError, match="somebody else has written line 2"):
            run.finish(Report(run.name, (), 1))
    assert verified(ledger) == 2


@pytest.mark.parametrize("entry", [1, 2])
def test_an_entry_of_the_audit_record_that_was_altered_is_found(
    store: Records, s3_here: S3, bucket: str, entry: int
) -> None:
    ledger = Ledger(store)
    for _ in range(2):
        with ledger.run(PLAN) as run:
            run.finish(Report(run.name, (), 0))
    assert verified(ledger) == 4
    key = f"team/audit.jsonl/{entry:012d}"
    before = orjson.loads(s3_here.get(bucket, key))
    s3_here.put(bucket, key, orjson.dumps({**before, "by": "nobody", "at": "never"}))
    with pytest.raises(LedgerError, match="broken at entry"):
        verified(ledger)
    s3_here.delete(bucket, key)
    with pytest.raises(LedgerError, match=f"broken at entry {entry}"):
        verified(ledger)


def test_an_audit_record_whose_end_was_taken_away_is_found(store: Records, s3_here: S3, bucket: str) -> None:
    ledger = Ledger(store)
    with ledger.run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    s3_here.delete(bucket, "team/audit.jsonl/000000000002")
    with pytest.raises(LedgerError, match="was cut short") as caught:
        verified(ledger)
    assert str(caught.value.where).startswith(f"s3://{bucket}/team/runs/{run.name}/journal.jsonl/")


def test_an_entry_costs_a_request_however_long_the_record_is(store: Records, s3_here: S3) -> None:
    with Ledger(store).run(PLAN) as run:
        s3_here.asked.clear()
        for number in range(5):
            run.record_intent(f"a#put:{number}")
        assert [method for method, _ in s3_here.asked] == ["PUT"] * 5


def test_ages_are_told_by_the_store_s_clock(store: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    store.create("lock.json", b"{}")
    monkeypatch.setattr("time.time", lambda: 4e9)
    assert store.read_age("lock.json") < 30
    assert store.read_age("none.json") == 0


def test_a_ledger_may_be_all_of_a_bucket(bucket: str, tmp_path: Path) -> None:
    store = open_store(f"s3://{bucket}", tmp_path)
    assert isinstance(store, ObjectStore)
    with Ledger(store).run(PLAN) as run:
        run.finish(Report(run.name, (), 0))
    assert Ledger(store).list_interrupted("test") == []
    assert store.list_runs() == [run.name]
    assert store.locate("audit.jsonl", 1) == f"s3://{bucket}/audit.jsonl/000000000001"
