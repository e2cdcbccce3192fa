"""When may the next call of a surface go?"""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.cxone.rate_limit import Limiter
from reconciler.model.errors import Interrupted
from tests.cxone.conftest import FakeTime


class SharedTime:
    """One fake clock for several threads: it moves on to the next waking when all of them sleep."""

    def __init__(self, threads: int) -> None:
        self.now = 0.0
        self._alive = threads
        self._wakings: list[float] = []
        self._turn = threading.Condition()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._turn:
            waking = self.now + seconds
            self._wakings.append(waking)
            self._move_on()
            self._turn.wait_for(lambda: self.now >= waking)

    def leave(self) -> None:
        with self._turn:
            self._alive -= 1
            self._move_on()

    def _move_on(self) -> None:
        if self._wakings and len(self._wakings) == self._alive:
            self.now = min(self._wakings)
            self._wakings = [waking for waking in self._wakings if waking > self.now]
            self._turn.notify_all()


def in_threads(threads: int, work: Callable[[int], None]) -> None:
    running = [threading.Thread(target=work, args=(number,)) for number in range(threads)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()


def assert_paced(passed: list[float], rate: float, burst: int) -> None:
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            window = passed[last] - passed[first]
            assert last - first + 1 <= burst + rate * window + 1e-6


@given(
    rate=st.floats(0.1, 500),
    burst=st.integers(1, 12),
    steps=st.lists(
        st.one_of(
            st.just(("call", 0.0)),
            st.tuples(st.just("idle"), st.floats(0, 5)),
            st.tuples(st.just("pause"), st.floats(0, 5)),
        ),
        max_size=60,
    ),
)
def test_no_window_of_time_sees_more_calls_than_burst_and_rate_allow(
    rate: float, burst: int, steps: list[tuple[str, float]]
) -> None:
    time = FakeTime()
    limiter = Limiter(rate, burst, clock=time.clock, sleep=time.sleep)
    passed: list[float] = []
    for step, seconds in steps:
        if step == "idle":
            time.now += seconds
        elif step == "pause":
            limiter.pause(seconds)
        else:
            limiter.wait()
            passed.append(time.now)
    assert_paced(passed, rate, burst)


def test_sixteen_threads_share_one_rate_and_lose_none_of_it() -> None:
    time = SharedTime(16)
    limiter = Limiter(100, 10, clock=time.clock, sleep=time.sleep)
    passed: list[float] = []

    def work(_: int) -> None:
        for _ in range(20):
            limiter.wait()
            passed.append(time.now)
        time.leave()

    in_threads(16, work)
    assert len(passed) == 320
    assert_paced(sorted(passed), 100, 10)
    assert max(passed) == pytest.approx(3.10)


def test_a_pause_holds_up_all_threads_and_lets_them_back_one_by_one() -> None:
    time = SharedTime(8)
    limiter = Limiter(10, 4, clock=time.clock, sleep=time.sleep)
    passed: list[float] = []
    all_there = threading.Barrier(8)

    def work(number: int) -> None:
        if number == 0:
            limiter.pause(30)
        all_there.wait()
        limiter.wait()
        passed.append(time.now)
        time.leave()

    in_threads(8, work)
    assert sorted(passed) == pytest.approx([30 + n / 10 for n in range(8)])


def test_a_pause_reaches_a_thread_that_already_sleeps_towards_its_turn() -> None:
    time = FakeTime()

    def sleep(seconds: float) -> None:
        if not time.sleeps:
            limiter.pause(60)
        time.sleep(seconds)

    limiter = Limiter(1, 1, clock=time.clock, sleep=sleep)
    limiter.wait()
    limiter.wait()
    assert time.now == pytest.approx(1060)


def test_the_longer_of_two_pauses_counts() -> None:
    time = FakeTime()
    limiter = Limiter(1, 1, clock=time.clock, sleep=time.sleep)
    limiter.pause(60)
    limiter.pause(5)
    limiter.wait()
    assert time.now == pytest.approx(1060)


def test_a_pause_of_nothing_changes_nothing() -> None:
    time = FakeTime()
    limiter = Limiter(1, 2, clock=time.clock, sleep=time.sleep)
    limiter.pause(0)
    limiter.wait()
    limiter.wait()
    assert time.sleeps == []


def test_a_rest_holds_up_the_caller_alone() -> None:
    time = FakeTime()
    limiter = Limiter(1, 1, clock=time.clock, sleep=time.sleep)
    limiter.rest(7)
    limiter.wait()
    assert time.sleeps == [7]


def test_a_wait_ends_when_the_person_asks_to_stop() -> None:
    stop = threading.Event()
    time = FakeTime()

    def sleep(seconds: float) -> None:
        stop.set()

    limiter = Limiter(1, 1, clock=time.clock, sleep=sleep, stop=stop)
    limiter.wait()
    with pytest.raises(Interrupted):
        limiter.wait()


def test_the_default_sleep_is_woken_by_the_stop_event() -> None:
    stop = threading.Event()
    limiter = Limiter(1, 1, stop=stop)
    limiter.pause(3600)
    ended = threading.Event()

    def work() -> None:
        with pytest.raises(Interrupted):
            limiter.wait()
        ended.set()

    thread = threading.Thread(target=work)
    thread.start()
    stop.set()
    thread.join()
    assert ended.is_set()


def test_nothing_goes_once_the_person_has_asked_to_stop() -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        Limiter(1, 1, stop=stop).wait()


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 1), (float("nan"), 1), (1, 0)])
def test_a_limiter_that_lets_nothing_through_is_refused(rate: float, burst: int) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Limiter(rate, burst)
