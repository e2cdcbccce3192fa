"""Are many things done at once, never too many, and is what fails told?"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from reconciler.model.worker_pool import open_pool, work_all, work_through


class Watched:
    """Work that says how much of it went on at once."""

    def __init__(self) -> None:
        self.guard, self.now, self.most, self.done = threading.Lock(), 0, 0, list[int]()
        self.meet = threading.Barrier(3)

    def __call__(self, number: int) -> int:
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
        self.meet.wait(10)
        with self.guard:
            self.now -= 1
            self.done.append(number)
        return 10 * number


def test_everything_is_done_so_many_at_once_and_no_more() -> None:
    watched = Watched()
    found = list(work_through(watched, range(30), 3, "test"))
    assert watched.most == 3
    assert sorted(watched.done) == list(range(30))
    assert found == [10 * n for n in range(30)]


@pytest.mark.parametrize("ahead", [1, 2])
def test_of_a_stream_without_end_only_what_there_is_room_for_is_taken(ahead: int) -> None:
    taken = []

    def stream() -> Iterator[int]:
        for number in range(1_000_000):
            taken.append(number)
            yield number

    results = work_through(lambda number: number, stream(), 3, "test", ahead=ahead)
    assert [next(results) for _ in range(5)] == [0, 1, 2, 3, 4]
    assert len(taken) == 4 + 3 * ahead
    results.close()  # type: ignore[attr-defined]


def test_the_first_failure_ends_it_and_what_is_under_way_is_waited_for() -> None:
    begun, ended = list[int](), list[int]()
    gate = threading.Event()

    def one(number: int) -> None:
        begun.append(number)
        if number == 1:
            gate.set()
            raise ValueError("no")
        gate.wait(10)
        ended.append(number)

    with pytest.raises(ValueError, match="no"):
        work_all(one, range(1000), 2, "test")
    assert set(ended) == set(begun) - {1}
    assert len(begun) < 1000


def test_who_asks_to_stop_at_once_does_not_wait_for_what_is_under_way() -> None:
    gate, ended = threading.Event(), threading.Event()

    def slow() -> None:
        gate.wait(10)
        ended.set()

    with pytest.raises(KeyboardInterrupt), open_pool(1, "test") as pool:
        pool.submit(slow)
        raise KeyboardInterrupt
    assert not ended.is_set()
    gate.set()
    assert ended.wait(10)


def test_what_cannot_be_taken_is_told_as_it_is() -> None:
    def stream() -> Iterator[int]:
        yield 1
        raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        work_all(lambda _: None, stream(), 2, "test")
