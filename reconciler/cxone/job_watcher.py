"""Wait for jobs to end, and read their results.

Polling is the truth, and the event socket only wakes it: an event says nothing of rows, and may be lost, repeated or
late. So what is returned is always what a GET said, and without any event it is only said later.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from reconciler.cxone.errors import BadReply, RateLimited, Unavailable
from reconciler.cxone.event_socket import Events
from reconciler.cxone.job_event_listener import JobEventListener, Patience
from reconciler.model.errors import Interrupted
from reconciler.model.jobs import Job, JobOverdue

RELAXED = 30.0
"""Seconds between two looks at a job while an event socket is open."""

_HEED = 0.25


@dataclass(eq=False, slots=True)
class _Wait:
    """One thread that waits for one job.

    Attributes:
        deadline: when it waits no longer; due: when it looks next, unless `look` says now.
        announced: whether an event has said that the job is over.
        progress: the furthest that was told of. news: an event that goes further, not yet told.
        last: why the job could not be looked at, the last time it was tried.
    """

    job_id: str
    deadline: float
    due: float = 0.0
    look: bool = False
    announced: bool = False
    progress: float = -1.0
    news: Job | None = None
    last: str | None = None

    def goes_further(self, job: Job) -> bool:
        """Whether this is more than was told: a repeated or late event never is."""
        return (job.progress or 0.0) > self.progress


class Turns:
    """When does each of many waits look next? In turn: their looks are spread over the interval."""

    def __init__(self) -> None:
        self._last = 0.0

    def find_next(self, now: float, interval: float, waits: int) -> float:
        """The next turn, one to two intervals from `now`. Times in seconds."""
        self._last = min(max(now + interval, self._last + interval / waits), now + 2 * interval)
        return self._last


class Watcher:
    """Waits for the jobs of one surface, from as many threads as like. Close it when no thread waits any more.

    Args:
        ask: a GET of a job, by its id.
        events: what wakes before the next look is due; None polls alone.
        every: seconds between two looks at a job while no event socket is open.
        limit: seconds a job is waited for.
        stop: set when the person asks to stop.
        told: is told how jobs get on, from the threads that wait; what it raises ends that thread's wait.
        relaxed: seconds between two looks at a job while one is open; never less than `every`.
        patience: when a lost event socket is tried again.
    """

    def __init__(
        self,
        ask: Callable[[str], Job],
        *,
        events: Events | None,
        every: float,
        limit: float,
        stop: threading.Event | None = None,
        told: Callable[[Job], None] = lambda job: None,
        relaxed: float = RELAXED,
        patience: Patience | None = None,
    ) -> None:
        self._ask = ask
        self._every = every
        self._relaxed = max(relaxed, every)
        self._limit = limit
        self._stop = stop or threading.Event()
        self._told = told
        self._change = threading.Condition()
        self._waits: list[_Wait] = []
        self._turns = Turns()
        self._open = False
        self._closed = False
        self._listener: JobEventListener | None = None
        if events is not None:
            parts = (self._list_wanted, self._take_event, self._start_answers, self._stop_answers)
            self._listener = JobEventListener(events, *parts, patience or Patience())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the event socket and end its thread. Waits that are still under way are interrupted.

        It takes as long as a handshake or a token request that is under way.
        """
        with self._change:
            self._closed = True
            self._change.notify_all()
        if self._listener is not None:
            self._listener.close()

    def wait(self, job_id: str) -> Job:
        """Return when the job is over, with what became of it.

        A tenant that cannot be reached for a while is asked again until the time is up.

        Raises:
            JobOverdue: it was not over within the limit.
            Interrupted: the person asked to stop; the job goes on.
            WireError: the job cannot be asked for: there is none of that id, the scope is missing.
        """
        wait = _Wait(job_id, time.monotonic() + self._limit)
        with self._change:
            self._waits.append(wait)
        try:
            if self._listener is not None:
                self._listener.subscribe()
            while True:
                late = time.monotonic() >= wait.deadline
                job = self._look(wait)
                if job is not None and job.over:
                    return job
                if late:
                    raise self._make_overdue(wait, job)
                self._rest(wait)
        finally:
            with self._change:
                self._waits.remove(wait)

    def _look(self, wait: _Wait) -> Job | None:
        """What a GET says of the job; None where there was no answer this time."""
        with self._change:
            self._check_running()
            wait.look = False
        try:
            job = self._ask(wait.job_id)
        except (Unavailable, RateLimited, BadReply) as error:
            if isinstance(error, BadReply) and error.odd is not None:
                raise
            wait.last = error.message
            return None
        wait.last = None
        with self._change:
            new = job.over or wait.goes_further(job)
            if new:
                # An event that came meanwhile is behind what the GET says, or it would not be new.
                wait.progress, wait.news = job.progress or 0.0, None
        if new:
            self._told(job)
        return job

    def _rest(self, wait: _Wait) -> None:
        """Until it is time to look again; tells what events say meanwhile."""
        with self._change:
            wait.due = self._compute_next_turn(wait)
        while True:
            with self._change:
                news = self._await_news(wait)
            if news is None:
                return
            self._told(news)

    def _await_news(self, wait: _Wait) -> Job | None:
        """An event to be told; None when it is time to look."""
        while not wait.look:
            self._check_running()
            if wait.news is not None:
                news, wait.news = wait.news, None
                return news
            left = min(wait.due, wait.deadline) - time.monotonic()
            if left <= 0:
                break
            self._change.wait(min(left, _HEED))
        return None

    def _compute_next_turn(self, wait: _Wait) -> float:
        interval = self._relaxed if self._open and not wait.announced else self._every
        return self._turns.find_next(time.monotonic(), interval, len(self._waits))

    def _check_running(self) -> None:
        if self._stop.is_set() or self._closed:
            raise Interrupted("stopped while a job was under way", note="the job goes on in the tenant; its id is kept")

    def _make_overdue(self, wait: _Wait, job: Job | None) -> JobOverdue:
        if job is None:
            known = wait.last
        elif job.progress is None:
            known = f"it is {job.status}"
        else:
            known = f"it is {job.status}, {job.progress:.0%} done"
        return JobOverdue(
            f"the job {wait.job_id} was not over after {self._limit:g} s",
            note=known,
            hint="it may still end: `apply --resume` waits again; the surface's `jobTimeout` says how long to wait",
        )

    # -- what the listener calls, from its own thread -------------------------------------------------------

    def _list_wanted(self) -> frozenset[str]:
        with self._change:
            return frozenset(wait.job_id for wait in self._waits)

    def _take_event(self, job: Job) -> None:
        with self._change:
            for wait in self._waits:
                if wait.job_id != job.id or wait.announced:
                    continue
                if job.over:
                    wait.announced = wait.look = True
                elif wait.goes_further(job):
                    wait.progress = job.progress or 0.0
                    wait.news = job
            self._change.notify_all()

    def _start_answers(self, answers: bool) -> None:
        """Whatever happened while there was no socket, no event will tell of."""
        with self._change:
            self._open = answers
            for wait in self._waits:
                wait.look = True
            self._change.notify_all()

    def _stop_answers(self) -> None:
        with self._change:
            self._open = False
            self._turns = Turns()
            for wait in self._waits:
                wait.due = min(wait.due, self._compute_next_turn(wait))
            self._change.notify_all()
