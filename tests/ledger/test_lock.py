"""Can two runs ever write to one tenant at once?"""

from __future__ import annotations

import os
import re
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from reconciler.ledger import lock
from reconciler.ledger.folder_records import Store
from reconciler.model.errors import LedgerError
from reconciler.model.lock_state import TIME_TO_LIVE
from tests.ledger.proof import SEAL, begun


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty ledger."""
    return Store("file://ledger", tmp_path)


def left_by(store: Store, pid: int, host: str | None = None, age: float = 0.0) -> None:
    """A lock that somebody left behind."""
    held = {"owner": f"ann@{host} (process {pid})", "pid": pid, "host": host or socket.gethostname(), "fence": 1}
    store.append("fences.jsonl", orjson.dumps(held))
    (store.folder / "lock.json").write_bytes(orjson.dumps(held))
    then = time.time() - age
    os.utime(store.folder / "lock.json", (then, then))


def dead() -> int:
    """The id of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_a_lock_is_held_and_let_go(store: Store) -> None:
    with lock.hold_lock(store) as held:
        assert orjson.loads((store.folder / "lock.json").read_bytes())["pid"] == os.getpid()
        held.renew()
    assert not (store.folder / "lock.json").exists()


def test_a_lock_is_let_go_when_a_run_fails(store: Store) -> None:
    with pytest.raises(RuntimeError), lock.hold_lock(store):
        raise RuntimeError
    assert not (store.folder / "lock.json").exists()


def test_every_holder_has_a_higher_fence(store: Store) -> None:
    fences = []
    for _ in range(3):
        with lock.hold_lock(store) as held:
            fences.append(held.fence)
    assert fences == [1, 2, 3]


def test_a_living_owner_is_not_disturbed(store: Store) -> None:
    with lock.hold_lock(store):
        with pytest.raises(LedgerError, match="the workspace is locked by") as caught, lock.hold_lock(store):
            pass
        assert f"process {os.getpid()}" in caught.value.message
        assert caught.value.hint == "wait for that run to end; if it has ended, `reconciler lock break --reason …`"
        assert (store.folder / "lock.json").exists(), "who was refused does not take the lock away"


def test_the_lock_of_a_dead_process_of_this_machine_is_taken_over_at_once(store: Store) -> None:
    left_by(store, dead())
    with lock.hold_lock(store) as held:
        assert held.fence == 2


def test_a_process_of_another_machine_is_dead_only_when_it_is_silent(store: Store) -> None:
    left_by(store, dead(), host="elsewhere")
    with pytest.raises(LedgerError, match=r"ann@elsewhere"), lock.hold_lock(store):
        pass
    left_by(store, dead(), host="elsewhere", age=TIME_TO_LIVE + 1)
    with lock.hold_lock(store) as held:
        assert held.fence == 3


def test_a_lock_that_cannot_be_read_lapses_with_time(store: Store) -> None:
    (store.folder / "lock.json").write_bytes(b"{")
    with pytest.raises(LedgerError, match="another run"), lock.hold_lock(store):
        pass
    os.utime(store.folder / "lock.json", (1, 1))
    with lock.hold_lock(store) as held:
        assert held.fence == 1


def test_who_was_taken_over_writes_nothing_more(store: Store) -> None:
    with lock.hold_lock(store) as first:
        (store.folder / "runs" / "a").mkdir(parents=True)
        run = begun(store, first)
        run.record_intent("ContactList/vip")
        os.utime(store.folder / "lock.json", (1, 1))
        with lock.hold_lock(store) as second:
            assert second.fence > first.fence
            with pytest.raises(LedgerError, match="taken over by another run"):
                run.record_intent("Campaign/evening")
            with pytest.raises(LedgerError, match="taken over by another run"):
                first.renew()
            second.renew()
        assert [orjson.loads(line)["key"] for line in store.read_lines("runs/a/journal.jsonl")] == ["ContactList/vip"]


def test_who_was_taken_over_lets_the_new_owner_have_the_lock(store: Store) -> None:
    with lock.hold_lock(store):
        left_by(store, os.getpid())
    assert (store.folder / "lock.json").exists()


def test_of_two_that_take_over_a_dead_lock_one_gets_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(store, dead())
    judged = lock._is_dead
    others: list[bool] = []

    def slowly(held: dict[str, object], *, shared: bool) -> bool:
        verdict = judged(held, shared=shared)
        if not others:
            # while this one was looking, another process has taken the dead lock over
            others.append(True)
            other = {"owner": "other", "pid": os.getppid(), "host": socket.gethostname(), "fence": 2}
            (store.folder / "lock.json").unlink()
            store.create("lock.json", orjson.dumps(other))
        return verdict

    monkeypatch.setattr(lock, "_is_dead", slowly)
    with pytest.raises(LedgerError, match=re.compile("first|locked by")), lock.hold_lock(store):
        pass
    assert orjson.loads((store.folder / "lock.json").read_bytes())["owner"] == "other"


def test_a_lock_from_the_future_lapses_by_what_is_observed_of_it(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(store, dead(), host="elsewhere", age=-10 * 365 * 86_400.0)
    clock = [1_000.0]
    monkeypatch.setattr(lock, "_read_clocks", lambda: (clock[0], time.time()))
    with pytest.raises(LedgerError, match="a time that has not come yet"), lock.hold_lock(store):
        pass
    clock[0] += TIME_TO_LIVE - 1
    with pytest.raises(LedgerError, match="locked by"), lock.hold_lock(store):
        pass
    clock[0] += 1
    with lock.hold_lock(store) as held:
        assert held.fence == 2


def test_a_clock_that_is_set_forward_takes_no_lock_from_a_living_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_itself, ahead, real = [1_000.0], [0.0], Store.read_age
    monkeypatch.setattr(lock, "_read_clocks", lambda: (by_itself[0], 1e9 + by_itself[0] + ahead[0]))
    monkeypatch.setattr(Store, "read_age", lambda self, name: real(self, name) + ahead[0])
    with lock.hold_lock(store):
        ahead[0] = 2 * TIME_TO_LIVE
        with pytest.raises(LedgerError, match=r"locked by .*, 0 seconds ago"), lock.hold_lock(store):
            pass
        by_itself[0] += TIME_TO_LIVE  # by the machine's own clock, nobody has renewed it since it was looked at
        assert lock.read_state(store).lapsed


def test_on_another_machine_a_lock_is_as_old_as_its_folder_says(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with lock.hold_lock(store):
        then = time.time() - TIME_TO_LIVE - 1
        os.utime(store.folder / "lock.json", (then, then))
        monkeypatch.setattr(lock, "_read_process_space", lambda: "another machine")
        assert lock.read_state(store).lapsed


def test_a_lock_that_is_renewed_is_observed_anew(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    left_by(store, dead(), host="elsewhere", age=-86_400.0)
    clock = [1_000.0]
    monkeypatch.setattr(lock, "_read_clocks", lambda: (clock[0], time.time()))
    assert lock.read_state(store).observed == 0
    assert stat.S_IMODE((store.folder / "lock-seen.json").stat().st_mode) == 0o600
    clock[0] += 500
    assert lock.read_state(store).observed == 500
    os.utime(store.folder / "lock.json", (4e9, 4e9))
    assert lock.read_state(store).observed == 0


def test_what_another_start_of_the_machine_has_observed_does_not_count(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_by(store, dead(), host="elsewhere", age=-86_400.0)
    clock = [1_000.0]
    monkeypatch.setattr(lock, "_read_clocks", lambda: (clock[0], time.time()))
    assert lock.read_state(store).observed == 0
    clock[0] += TIME_TO_LIVE
    monkeypatch.setattr(lock, "_read_boot_id", lambda: "another start")
    assert not lock.read_state(store).lapsed


def test_nothing_is_said_of_a_lock_that_nobody_holds(store: Store) -> None:
    assert lock.read_state(store).owner is None
    with pytest.raises(LedgerError, match="not locked"):
        lock.break_lock(store, SEAL, "nobody is there", "ann", "2026-07-01")


def test_a_lock_that_is_broken_is_free_and_its_owner_writes_nothing_more(store: Store) -> None:
    with lock.hold_lock(store) as first:
        lock.break_lock(store, SEAL, "the runner was shut down", "ann", "2026-07-01T00:00:00Z")
        with pytest.raises(LedgerError, match="taken over"):
            first.check()
        with lock.hold_lock(store) as second:
            assert second.fence > first.fence + 1
    told = orjson.loads(store.read_last("audit.jsonl")[1])
    assert (told["event"], told["by"], told["reason"]) == ("lock-broken", "ann", "the runner was shut down")
