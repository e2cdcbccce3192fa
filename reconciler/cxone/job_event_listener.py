"""Listen for job events on a surface's socket, and fall back to polling while it is down."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from threading import Event, Lock, Thread

from reconciler.cxone.backoff import Backoff
from reconciler.cxone.errors import RateLimited, Unavailable
from reconciler.cxone.event_socket import Ended, Events, Next, Stream
from reconciler.model.errors import Interrupted, ReconcilerError
from reconciler.model.jobs import Job

log = logging.getLogger(__name__)

_HEARD = 1.0
"""Seconds within which it is known that a subscription was heard; waiting longer costs more than polling."""


@dataclass(frozen=True, slots=True)
class Patience:
    """When a socket is tried again. Times in seconds.

    Attributes:
        failures: so many in a row, and polling has to do.
        away: until the next try, when polling has to do.
        steady: a socket that lived so long was none of the failures.
    """

    failures: int = 5
    away: float = 300.0
    steady: float = 30.0
    backoff: Backoff = field(default_factory=lambda: Backoff(cap=30.0))


class Outage:
    """How long until the next try? The row of failures since the socket was last steady."""

    def __init__(self, url: str, patience: Patience) -> None:
        self._url = url
        self._patience = patience
        self._failures = 0
        self._renewed = False
        self._said = False

    def compute_wait(self, ended: Ended, lived: float | None) -> float:
        """Seconds until the next try.

        Args:
            lived: seconds the socket was open; None for a handshake that failed.
        """
        if lived is not None and lived >= self._patience.steady:
            self._failures, self._renewed, self._said = 0, False, False
        hopeless = ended.then is Next.HOPELESS
        if ended.then is Next.RENEWED:
            if not self._renewed:
                self._renewed = True
                return 0.0
            hopeless = lived is None
        self._failures += 1
        if hopeless or self._failures >= self._patience.failures:
            self._say(ended)
            return self._patience.away
        seconds = self._patience.backoff.compute_own(self._failures) if ended.after is None else ended.after
        log.info("events of %s: %s; again in %.1f s", self._url, ended.why, seconds)
        return seconds

    def _say(self, ended: Ended) -> None:
        if not self._said:
            log.warning("no events from %s: %s; jobs are polled, which is slower", self._url, ended.why)
        self._said = True


class JobEventListener:
    """Holds the event socket of a surface in a thread of its own, from the first subscription until it is closed.

    Args:
        wanted: the jobs whose events are wanted now.
        heard: is told of every event.
        opened: is told when the socket is open and subscribed, and whether it answers: one that does not is soon lost.
        lost: is told when it is no longer.
    """

    def __init__(
        self,
        events: Events,
        wanted: Callable[[], Collection[str]],
        heard: Callable[[Job], None],
        opened: Callable[[bool], None],
        lost: Callable[[], None],
        patience: Patience,
    ) -> None:
        self._events = events
        self._wanted = wanted
        self._heard = heard
        self._opened = opened
        self._lost = lost
        self._outage = Outage(events.url, patience)
        # Held while a subscription is put together and sent, so that the newest is the last.
        self._lock = Lock()
        self._stream: Stream | None = None
        self._thread: Thread | None = None
        self._needed = Event()
        self._closing = Event()
        self._senseless = 0

    def subscribe(self) -> None:
        """Listen for what is wanted now; returns when the tenant has heard of it, if it does so soon."""
        with self._lock:
            if self._closing.is_set():
                return
            if self._thread is None:
                self._thread = Thread(target=self._run, name="events", daemon=True)
                self._thread.start()
            self._needed.set()
            # Without a socket all that is wanted is subscribed for as soon as there is one.
            heard = None if self._stream is None else self._stream.subscribe(self._wanted())
        if heard is not None:
            heard.wait(_HEARD)

    def close(self) -> None:
        """Close the socket, and return when the thread has ended."""
        with self._lock:
            self._closing.set()
            self._needed.set()
            stream, thread = self._stream, self._thread
        if stream is not None:
            stream.close()
        if thread is not None:
            thread.join()
        if self._senseless:
            log.info("events of %s: %d messages made no sense", self._events.url, self._senseless)

    def _run(self) -> None:
        while self._await_need():
            began = ended = None
            try:
                with self._events.open() as stream:
                    began = time.monotonic()
                    self._listen(stream)
            except Ended as end:
                ended = end
            except Interrupted:
                return
            except ReconcilerError as error:
                # No token: who asks for the job by GET fails likewise, and says so.
                passing = isinstance(error, Unavailable | RateLimited)
                ended = Ended(error.message, Next.AGAIN if passing else Next.HOPELESS)
            if ended is not None and not self._closing.is_set():
                lived = None if began is None else time.monotonic() - began
                self._closing.wait(self._outage.compute_wait(ended, lived))

    def _await_need(self) -> bool:
        """Wait until something is wanted; False when it is all over."""
        while not self._closing.is_set():
            self._needed.clear()
            # Looked at after it was cleared: what is set from here on is not missed.
            if self._wanted():
                return not self._closing.is_set()
            if not self._closing.is_set():
                self._needed.wait()
        return False

    def _listen(self, stream: Stream) -> None:
        """Until the stream ends."""
        with self._lock:
            if self._closing.is_set():
                return
            self._stream = stream
            wanted = self._wanted()
            heard = stream.subscribe(wanted) if wanted else None
        try:
            self._opened(heard is None or heard.wait(_HEARD))
            while True:
                job = stream.receive()
                if job is None:
                    self._senseless += 1
                else:
                    self._heard(job)
        finally:
            with self._lock:
                self._stream = None
            self._lost()
