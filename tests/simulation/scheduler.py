"""Let one thread run at a time, chosen by a seed, on a clock that moves when nobody can run.

Each task is a thread of its own that waits for its turn. A turn ends where the program waits or asks the world for
something: a lock, an event, a sleep, a request, a write to the disk. Who goes on then is drawn from the seed, so a seed
is an order of events, and the same order every time.
"""

from __future__ import annotations

import _thread
import random
from collections.abc import Callable
from typing import Any

REAL_LOCK = _thread.allocate_lock


class Killed(BaseException):
    """The process that this thread belongs to is dead: nothing that it still does has an effect."""


class Hang(Exception):
    """Nobody can go on, or it takes longer than anything may."""


class Process:
    """A program that runs in the world: its tasks die together."""

    def __init__(self, name: str, pid: int) -> None:
        self.name, self.pid = name, pid
        self.dead = False
        self.tasks: list[Task] = []


class Task:
    """One thread of a process."""

    def __init__(self, number: int, name: str, process: Process) -> None:
        self.number, self.name, self.process = number, name, process
        self.gate = REAL_LOCK()
        self.gate.acquire()
        self.ended = False
        self.wake_at: float | None = None
        self.timed_out = False
        self.joiners: list[Task] = []

    def __repr__(self) -> str:
        return f"{self.process.name}.{self.name}#{self.number}"


_here = _thread._local()


def find_task() -> Task | None:
    """The task that this thread is; None outside a world."""
    return getattr(_here, "task", None)


def find_scheduler() -> Scheduler | None:
    """The world that this thread is in."""
    return getattr(_here, "scheduler", None)


class Scheduler:
    """The turns of one world.

    Attributes:
        now: seconds since the world began, by a clock that nobody sets.
        switches: turns so far.
    """

    LONGEST = 6 * 3600.0
    MOST_SWITCHES = 20_000

    def __init__(self, chance: random.Random) -> None:
        self.now, self.switches = 0.0, 0
        self._chance = chance
        self._ready: list[Task] = []
        self._sleeping: list[Task] = []
        self._tasks: list[Task] = []
        self._living = 0
        self._over = REAL_LOCK()
        self._over.acquire()
        self._failure: BaseException | None = None

    # -- from outside -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Run every task to its end.

        Raises:
            Hang: nobody can go on.
        """
        if self._ready:
            self._pick().gate.release()
            self._over.acquire()
        if self._failure is not None:
            raise self._failure

    # -- tasks --------------------------------------------------------------------------------------------------

    def spawn(self, do: Callable[[], Any], name: str, process: Process) -> Task:
        """Make a task that does something; it begins when its turn comes."""
        task = Task(len(self._tasks) + 1, name, process)
        self._tasks.append(task)
        process.tasks.append(task)
        self._living += 1
        self._ready.append(task)
        _thread.start_new_thread(self._live, (task, do))
        return task

    def _live(self, task: Task, do: Callable[[], Any]) -> None:
        task.gate.acquire()
        _here.task, _here.scheduler = task, self
        try:
            if not task.process.dead and self._failure is None:
                do()
        except Killed:
            pass
        except BaseException as error:
            self._failure = self._failure or error
        task.ended = True
        for each in task.joiners:
            self.wake(each)
        self._living -= 1
        if not self._living:
            self._over.release()
            return
        following = self._find_next()
        if following is not None:
            following.gate.release()

    # -- turns --------------------------------------------------------------------------------------------------

    def give_way(self) -> None:
        """Let somebody else go first, perhaps."""
        task = self._find_living()
        self._ready.append(task)
        self._switch(task)

    def block(self, seconds: float | None = None) -> bool:
        """Wait until somebody wakes this task, or for so many seconds; whether it was woken."""
        task = self._find_living()
        if seconds is not None:
            task.wake_at = self.now + max(seconds, 0.0)
            self._sleeping.append(task)
        task.timed_out = False
        self._switch(task)
        return not task.timed_out

    def wake(self, task: Task) -> None:
        """Let a task that waits go on."""
        if task.ended or task in self._ready or task is find_task():
            return
        if task.wake_at is not None:
            task.wake_at = None
            self._sleeping.remove(task)
        self._ready.append(task)

    def kill(self, process: Process) -> None:
        """End a process where it stands. Its tasks go on only to find that they are dead."""
        process.dead = True
        for task in process.tasks:
            if not task.ended and task is not find_task():
                self.wake(task)

    def _find_living(self) -> Task:
        self.check_alive()
        task = find_task()
        if task is None:
            raise RuntimeError("only what runs in a world can wait in it")
        return task

    def check_alive(self) -> None:
        """Raise in a task of a process that is dead."""
        task = find_task()
        if task is not None and (task.process.dead or self._failure is not None):
            raise Killed

    def _switch(self, task: Task) -> None:
        following = self._find_next()
        if following is None:  # nobody else is left, and it is over
            raise Killed
        if following is not task:
            following.gate.release()
            task.gate.acquire()
        self.check_alive()

    def _find_next(self) -> Task | None:
        self.switches += 1
        if self._failure is None and (self.switches > self.MOST_SWITCHES or self.now > self.LONGEST):
            self._fail(Hang(f"no end after {self.switches} turns and {self.now:.0f} s"))
        if not self._ready and self._sleeping:
            self.now = max(self.now, min(each.wake_at or 0.0 for each in self._sleeping))
            due = [each for each in self._sleeping if (each.wake_at or 0.0) <= self.now]
            for each in due:
                self._sleeping.remove(each)
                each.wake_at, each.timed_out = None, True
                self._ready.append(each)
        if not self._ready:
            self._fail(Hang("everybody waits for somebody else"))
        return self._pick() if self._ready else None

    def _fail(self, error: BaseException) -> None:
        """End the world: everybody goes on once more, and finds that it is over."""
        self._failure = self._failure or error
        for task in self._tasks:
            if task is not find_task():
                self.wake(task)

    def _pick(self) -> Task:
        if len(self._ready) == 1:
            return self._ready.pop()
        return self._ready.pop(self._chance.randrange(len(self._ready)))
