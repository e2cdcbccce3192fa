"""Does a place for a ledger keep what it promises, a folder and a bucket alike?"""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.ledger import audit, lock
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.record_store_interface import Records
from reconciler.ledger.saved_plans import save_plan
from reconciler.model.errors import LedgerError
from reconciler.model.lock_state import TIME_TO_LIVE
from reconciler.model.plan import Plan
from reconciler.model.report import Outcome, StepResult
from tests.ledger.conftest import Opened
from tests.ledger.proof import SEAL, begun, verified
from tests.ledger.test_journal import PLAN, VIP

RACERS = 8


def test_lines_come_back_in_their_order(opening: Opened) -> None:
    store = opening()
    assert store.read_lines("runs/a/j.jsonl") == []
    assert store.read_last("runs/a/j.jsonl") == (0, b"")
    for line in (b"one", b"two", b"three"):
        store.append("runs/a/j.jsonl", line)
    assert opening().read_lines("runs/a/j.jsonl") == [b"one", b"two", b"three"]
    assert opening().read_last("runs/a/j.jsonl") == (3, b"three")
    assert store.read_lines("runs/a/j") == [], "a name is no prefix of another"


def test_several_lines_are_added_together_and_read_one_by_one(opening: Opened) -> None:
    store = opening()
    assert list(store.scan_lines("j.jsonl")) == []
    store.append("j.jsonl", b"one", 1)
    store.extend("j.jsonl", [b"two", b"three"], 2)
    assert list(opening().scan_lines("j.jsonl")) == opening().read_lines("j.jsonl") == [b"one", b"two", b"three"]
    assert opening().read_last("j.jsonl") == (3, b"three")


def test_entries_that_are_recorded_together_are_chained_like_all_others(opening: Opened) -> None:
    chain = audit.Chain(opening(), SEAL)
    chain.record({"event": "started"})
    chain.extend([{"event": "outcome", "contact": f"c-{n}"} for n in range(3)])
    chain.record({"event": "finished"})
    assert verified(opening()) == 5
    audit.Chain(opening(), SEAL).extend([{"event": "outcome"}])
    assert verified(opening()) == 6


def test_lines_added_at_once_are_all_there(opening: Opened) -> None:
    store = opening()
    with ThreadPoolExecutor(RACERS) as pool:
        list(pool.map(lambda number: store.append("j.jsonl", b"%d" % number, number), range(1, 41)))
    assert sorted(map(int, opening().read_lines("j.jsonl"))) == list(range(1, 41))


def test_of_many_that_make_a_record_one_does(opening: Opened) -> None:
    with ThreadPoolExecutor(RACERS) as pool:
        made = list(pool.map(lambda number: opening().create("x", b"%d" % number), range(RACERS)))
    assert made.count(True) == 1
    held = opening().read("x")
    assert held is not None
    assert int(held.content) == made.index(True)


def test_a_record_that_was_replaced_is_not_replaced_again(opening: Opened) -> None:
    store = opening()
    assert store.read("x") is None
    store.create("x", b"first")
    held = store.read("x")
    assert held is not None
    assert store.replace("x", held, b"second")
    assert not store.replace("x", held, b"third")
    assert store.renew("x", held, b"fourth") is None
    now = store.read("x")
    assert now is not None
    assert now.content == b"second"
    assert store.read_age("x") < 30


def test_of_many_that_replace_a_record_one_does(opening: Opened) -> None:
    opening().create("x", b"first")
    held = opening().read("x")
    assert held is not None

    def replaced(number: int) -> bool:
        return opening().replace("x", held, b"%d" % number)

    with ThreadPoolExecutor(RACERS) as pool:
        done = list(pool.map(replaced, range(RACERS)))
    now = opening().read("x")
    assert done.count(True) == 1
    assert now is not None
    assert int(now.content) == done.index(True)


def test_a_large_record_is_kept_and_its_owner_s_alone(opening: Opened, tmp_path: Path) -> None:
    with opening().write_file("runs/a/plan.zip") as path:
        path.write_bytes(b"x" * 6_000_000)
    assert opening().fetch_file("runs/b/plan.zip", tmp_path / "into") is None
    found = opening().fetch_file("runs/a/plan.zip", tmp_path / "into")
    assert found is not None
    assert found.read_bytes() == b"x" * 6_000_000
    assert opening().list_strangers() == ["a"]


def test_the_token_key_is_made_once(opening: Opened) -> None:
    with ThreadPoolExecutor(RACERS) as pool:
        keys = {key.reveal() for key in pool.map(lambda _: opening().read_or_create_token_key(None), range(RACERS))}
    assert len(keys) == 1
    assert len(keys.pop()) == 64
    assert opening().read_or_create_token_key("given").reveal() == "given"


def test_every_holder_has_a_higher_fence_and_one_at_a_time(opening: Opened) -> None:
    fences = []
    for _ in range(3):
        with lock.hold_lock(opening()) as held:
            fences.append(held.fence)
            held.renew()
            held.check()
            with pytest.raises(LedgerError, match="the workspace is locked by"), lock.hold_lock(opening()):
                pass
    assert fences == [1, 2, 3]


def test_of_many_that_want_the_lock_one_gets_it(opening: Opened) -> None:
    opening()

    def tried(_: int) -> bool:
        try:
            with lock.hold_lock(opening()):
                time.sleep(1)
                return True
        except LedgerError:
            return False

    with ThreadPoolExecutor(RACERS) as pool:
        assert list(pool.map(tried, range(RACERS))).count(True) == 1


def lapsed(store: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody's lock is old, by the clock of the place."""
    monkeypatch.setattr(type(store), "read_age", lambda *_: TIME_TO_LIVE + 1)


def test_a_lock_that_lapsed_is_taken_over_and_its_owner_writes_nothing_more(
    opening: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opening()
    lapsed(store, monkeypatch)
    with lock.hold_lock(store) as first:
        run = begun(store, first)
        run.record_intent("ContactList/vip")
        monkeypatch.setattr(lock, "RENEWED_EVERY", 0.0)  # as if it had been silent for so long
        with lock.hold_lock(opening()) as second:
            assert second.fence > first.fence
            with pytest.raises(LedgerError, match="taken over by another run"):
                run.record_intent("Campaign/evening")
            with pytest.raises(LedgerError, match="taken over by another run"):
                run.record_step(StepResult(VIP, Outcome.DONE, "done", 1))
            with pytest.raises(LedgerError, match="taken over by another run"):
                first.renew()
            second.renew()
    assert [orjson.loads(line)["key"] for line in store.read_lines("runs/a/journal.jsonl")] == ["ContactList/vip"]
    assert store.read_lines(audit.FILE) == []
    with lock.hold_lock(opening()) as third:
        assert third.fence == 3


def test_a_lock_that_is_lost_while_the_plan_is_kept_begins_no_run(
    opening: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opening()
    lapsed(store, monkeypatch)
    monkeypatch.setattr(lock, "RENEWED_EVERY", 0.0)

    def slowly(plan: Plan, path: Path, *rest: Any) -> None:
        with lock.hold_lock(opening()):
            save_plan(plan, path, *rest)

    monkeypatch.setattr("reconciler.ledger.ledger.save_plan", slowly)
    with pytest.raises(LedgerError, match="taken over by another run"), Ledger(store).run(PLAN):
        pass
    assert store.read_lines(audit.FILE) == []


def test_a_lock_that_is_renewed_does_not_lapse(opening: Opened) -> None:
    store = opening()
    with lock.hold_lock(store) as held:
        before = store.read("lock.json")
        held.renew()
        after = store.read("lock.json")
        assert before is not None
        assert after is not None
        if store.shared:
            assert before.version != after.version, "who read it before it was renewed may not take it over"
        assert store.read_age("lock.json") < 30


def test_a_run_goes_on_where_another_process_stopped(opening: Opened, tmp_path: Path) -> None:
    with Ledger(opening()).run(PLAN) as run:
        run.record_intent("a#put:0", rows=10)
        run.record_done("a#put:0", rows=10, rejected=["x"])
        run.record_intent("a#put:1", rows=10)
    ledger = Ledger(opening())
    assert [each.name for each in ledger.list_interrupted("test")] == [run.name]
    assert ledger.open_plan_of(run.name, tmp_path / "into") == PLAN
    with ledger.run(PLAN, run.name) as again:
        assert again.resumed
        recorded = again.state.find_outcome("a#put:0")
        assert recorded is not None
        assert recorded["rejected"] == ["x"]
        assert again.state.find_outcome("a#put:1") is None
        again.record_done("a#put:1", rows=10, rejected=[])
        again.record_step(StepResult(VIP, Outcome.DONE, "done", 20))
    assert verified(Ledger(opening())) == 3


def test_workers_record_at_once_and_nothing_is_lost(opening: Opened) -> None:
    with Ledger(opening()).run(PLAN) as run:

        def chunk(number: int) -> None:
            run.record_intent(f"a#put:{number}", rows=1)
            run.record_done(f"a#put:{number}", rows=1)
            run.reject(VIP, f"C{number}", "not-found", "archived")

        with ThreadPoolExecutor(RACERS) as pool:
            list(pool.map(chunk, range(24)))
    with Ledger(opening()).run(PLAN, run.name) as again:
        assert all(again.state.find_outcome(f"a#put:{number}") for number in range(24))
    assert len(opening().read_lines(f"runs/{run.name}/rejected.jsonl")) == 24


def test_no_two_lines_of_the_audit_record_follow_one(opening: Opened) -> None:
    store = opening()
    first, second = audit.Chain(store, SEAL), audit.Chain(opening(), SEAL)
    first.record({"event": "started"})
    if store.shared:
        with pytest.raises(LedgerError, match=r"somebody else has written line 1 of the ledger's audit\.jsonl"):
            second.record({"event": "started too"})
        assert verified(store) == 1
    else:
        second.record({"event": "started too"})
        with pytest.raises(LedgerError, match="broken at entry 2"):
            verified(store)


def test_the_owner_s_process_is_asked_for_only_where_it_can_be_seen(opening: Opened) -> None:
    gone = {"owner": "ann", "pid": 2**22 + 1, "host": os.uname().nodename, "space": "another machine", "fence": 1}
    store = opening()
    store.create("lock.json", orjson.dumps(gone))
    if store.shared:
        with pytest.raises(LedgerError, match="locked by ann"), lock.hold_lock(store):
            pass
    store = opening()
    held = store.read("lock.json")
    assert held is not None
    store.replace("lock.json", held, orjson.dumps({**gone, "space": lock._read_process_space()}))
    with lock.hold_lock(store):
        pass
