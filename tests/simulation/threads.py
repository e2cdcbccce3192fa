"""Stand in for the locks, events and threads of Python, so that they wait in turns of a world.

Outside a world, while modules are imported and scenes are made, nobody waits for anybody: there is one thread.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Self

from tests.simulation.scheduler import Process, Task, find_scheduler, find_task


def _wait(waiting: list[Task], seconds: float | None) -> bool:
    scheduler, task = find_scheduler(), find_task()
    if scheduler is None or task is None:
        raise RuntimeError("nobody is there to wait for")
    waiting.append(task)
    try:
        return scheduler.block(seconds)
    finally:
        if task in waiting:
            waiting.remove(task)


def _wake(waiting: list[Task], most: int | None = None) -> None:
    for task in waiting[:most]:
        waiting.remove(task)
        scheduler = find_scheduler()
        if scheduler is not None:
            scheduler.wake(task)


class Lock:
    """A lock that is handed on in turns; held by a task that died it is free."""

    reentrant = False

    def __init__(self) -> None:
        self._owner: Any = None
        self._count = 0
        self._waiting: list[Task] = []

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take it, and wait for it where somebody has it."""
        me = find_task() or "outside"
        while self._count and not (self.reentrant and self._owner is me) and not self._is_abandoned():
            if not blocking:
                return False
            if not _wait(self._waiting, None if timeout < 0 else timeout):
                return False
        if self._owner is not me:
            self._count = 0
        self._owner, self._count = me, self._count + 1
        return True

    def _is_abandoned(self) -> bool:
        return isinstance(self._owner, Task) and self._owner.ended

    def release(self) -> None:
        """Let it go."""
        self._count = max(self._count - 1, 0)
        if not self._count:
            self._owner = None
            _wake(self._waiting)

    def locked(self) -> bool:
        """Whether somebody has it."""
        return bool(self._count)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock(Lock):
    """One that its owner may take again."""

    reentrant = True


class Event:
    """A flag that can be waited for."""

    def __init__(self) -> None:
        self._set = False
        self._waiting: list[Task] = []

    def is_set(self) -> bool:
        """Whether it is set."""
        return self._set

    def set(self) -> None:
        """Set it, and wake everybody."""
        self._set = True
        _wake(self._waiting)

    def clear(self) -> None:
        """Take it back."""
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until it is set, or for so many seconds."""
        scheduler = find_scheduler()
        if self._set or scheduler is None:
            return self._set
        until = None if timeout is None else scheduler.now + timeout
        while not self._set:
            left = None if until is None else until - scheduler.now
            if left is not None and left <= 0:
                scheduler.give_way()
                break
            _wait(self._waiting, left)
        return self._set


class Condition:
    """A lock, and a place to wait at."""

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock or RLock()
        self._waiting: list[Task] = []

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def wait(self, timeout: float | None = None) -> bool:
        """Let the lock go, wait, and take it again."""
        self._lock.release()
        try:
            return _wait(self._waiting, timeout)
        finally:
            self._lock.acquire()

    def notify_all(self) -> None:
        """Wake everybody."""
        _wake(self._waiting)

    def notify(self, n: int = 1) -> None:
        """Wake some."""
        _wake(self._waiting, n)


class Thread:
    """A thread of the process that makes it."""

    def __init__(
        self,
        target: Callable[..., Any],
        name: str = "thread",
        args: Iterable[Any] = (),
        daemon: bool | None = None,
    ) -> None:
        self._target, self.name, self._args = target, name, tuple(args)
        self._task: Task | None = None

    def start(self) -> None:
        """Begin."""
        self._task = spawn(lambda: self._target(*self._args), self.name)

    def join(self, timeout: float | None = None) -> None:
        """Wait for its end."""
        if self._task is not None and not self._task.ended:
            _wait(self._task.joiners, timeout)

    def is_alive(self) -> bool:
        """Whether it has not ended."""
        return self._task is not None and not self._task.ended


def spawn(do: Callable[[], Any], name: str) -> Task:
    """A task of the process that asks for it."""
    scheduler, me = find_scheduler(), find_task()
    if scheduler is None or me is None:
        raise RuntimeError("a thread is begun outside a world")
    return scheduler.spawn(do, name, me.process)


class Future:
    """What comes of a piece of work; as one of `concurrent.futures`. Sets of them have an order."""

    made = 0

    def __init__(self) -> None:
        Future.made += 1
        self._number = Future.made
        self._state = "waiting"
        self._result: Any = None
        self._error: BaseException | None = None
        self.waiting: list[Task] = []

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other

    def done(self) -> bool:
        """Whether it is over."""
        return self._state in ("done", "cancelled")

    def cancel(self) -> bool:
        """Never begin it."""
        if self._state == "waiting":
            self._state = "cancelled"
            _wake(self.waiting)
        return self._state == "cancelled"

    def run(self, do: Callable[[], Any]) -> None:
        """Do it, unless it was cancelled."""
        if self._state != "waiting":
            return
        self._state = "running"
        try:
            self._result = do()
        except Exception as error:
            self._error = error
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._state = "done"
            _wake(self.waiting)

    def result(self, timeout: float | None = None) -> Any:
        """What came of it; waits for it."""
        while not self.done():
            _wait(self.waiting, timeout)
        if self._error is not None:
            raise self._error
        return self._result


class Waited:
    """What `wait` found."""

    def __init__(self, done: list[Future]) -> None:
        self.done = done


def wait(futures: Iterable[Future], timeout: float | None = None, return_when: str = "") -> Waited:
    """Those that are over, once one of them is."""
    every = list(futures)
    scheduler, me = find_scheduler(), find_task()
    if scheduler is None or me is None:
        raise RuntimeError("futures are waited for outside a world")
    while not any(each.done() for each in every):
        for each in every:
            each.waiting.append(me)
        try:
            scheduler.block()
        finally:
            for each in every:
                if me in each.waiting:
                    each.waiting.remove(me)
    return Waited([each for each in every if each.done()])


class Pool:
    """A bounded pool of threads, as `ThreadPoolExecutor`."""

    def __init__(self, workers: int, thread_name_prefix: str = "pool") -> None:
        self._most, self._name = workers, thread_name_prefix
        self._queue: deque[tuple[Future, Callable[[], Any]]] = deque()
        self._working: list[Task] = []

    def submit(self, do: Callable[..., Any], *args: Any) -> Future:
        """Have something done."""
        future = Future()
        self._queue.append((future, lambda: do(*args)))
        self._working = [each for each in self._working if not each.ended]
        if len(self._working) < self._most:
            self._working.append(spawn(self._work, self._name))
        return future

    def _work(self) -> None:
        while self._queue:
            future, do = self._queue.popleft()
            future.run(do)

    def shutdown(self, wait: bool = True, cancel_futures: bool = False) -> None:
        """End it."""
        if cancel_futures:
            while self._queue:
                self._queue.popleft()[0].cancel()
        for task in self._working if wait else ():
            while not task.ended:
                _wait(task.joiners, None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()


def make_threading(real: ModuleType) -> ModuleType:
    """A module that stands in for `threading`."""
    made = ModuleType("threading")
    vars(made).update({name: each for name, each in vars(real).items() if not name.startswith("__")})
    for each in (Lock, RLock, Event, Condition, Thread):
        setattr(made, each.__name__, each)
    made.local = TaskLocal  # type: ignore[attr-defined]
    return made


class TaskLocal:
    """`threading.local`; each task is a thread, so the real one would do as well."""

    def __new__(cls) -> Any:
        import _thread

        return _thread._local()


OUTSIDE = Process("outside", 0)
