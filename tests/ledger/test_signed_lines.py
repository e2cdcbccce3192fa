"""Lines that several workers write at once wait for the disk together, and each learns whether its own is there."""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from reconciler.ledger.folder_records import Store
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.errors import LedgerError
from tests.ledger.proof import SEAL

FILE = "runs/a/journal.jsonl"
WAITING = 7


class Gate:
    """The disk's `fsync`: the first one of a record waits until it is let go; the later ones may fail."""

    def __init__(self) -> None:
        self.reached, self.open = threading.Event(), threading.Event()
        self.synced = 0
        self.fails = False
        self._sync = os.fsync

    def sync(self, descriptor: int) -> None:
        self.synced += 1
        if self.synced == 1:
            self.reached.set()
            assert self.open.wait(20)
        elif self.fails:
            raise OSError(errno.ENOSPC, "No space left on device")
        self._sync(descriptor)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate()


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(WAITING + 1) as opened:
        yield opened


def write_at_once(
    records: ProvenRecords, gate: Gate, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> list[Future[None]]:
    """A line whose writing takes its time, and others that come while it does."""
    records.append(FILE, b'{"n": 0}')
    monkeypatch.setattr(os, "fsync", gate.sync)
    first = pool.submit(records.append, FILE, b'{"n": 1}')
    assert gate.reached.wait(20)
    rest = [pool.submit(records.append, FILE, b'{"n": %d}' % n) for n in range(2, WAITING + 2)]
    while len(records._waiting[FILE]) < WAITING:
        assert not any(each.done() for each in rest)
    gate.open.set()
    return [first, *rest]


def test_lines_that_wait_are_written_together_and_stand_each_in_its_place(
    gate: Gate, pool: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = ProvenRecords(Store("file://ledger", tmp_path), SEAL)
    for each in write_at_once(records, gate, pool, monkeypatch):
        each.result(20)
    assert gate.synced == 2, "one for the first, one for all that came meanwhile"
    again = ProvenRecords(Store("file://ledger", tmp_path), SEAL)
    assert again.read_lines(FILE)[:2] == [b'{"n":0}', b'{"n":1}']
    assert sorted(again.read_lines(FILE)) == [b'{"n":%d}' % n for n in range(WAITING + 2)]


def test_where_the_disk_is_full_each_of_those_that_waited_learns_it_and_no_line_is_left(
    gate: Gate, pool: ThreadPoolExecutor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    records, gate.fails = ProvenRecords(Store("file://ledger", tmp_path), SEAL), True
    first, *rest = write_at_once(records, gate, pool, monkeypatch)
    first.result(20)
    for each in rest:
        with pytest.raises(LedgerError, match="cannot be written"):
            each.result(20)
    gate.fails = False
    records.append(FILE, b'{"n": 99}')
    again = ProvenRecords(Store("file://ledger", tmp_path), SEAL)
    assert again.read_lines(FILE) == [b'{"n":0}', b'{"n":1}', b'{"n":99}']
