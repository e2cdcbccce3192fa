# tested by: tests/cli/test_webhooks.py
"""Notify webhooks in the background while an apply is running.

Whatever is to be told is written down before `tell` returns, and sent by a thread of each webhook's own, in order.
Nothing goes past what could not be delivered: a receiver that cannot be reached gets the rest later, in the same order.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from queue import SimpleQueue

from reconciler.ledger.outbox import Outbox
from reconciler.model.errors import LedgerError
from reconciler.model.ports import WebhookPort
from reconciler.model.reason import Reason
from reconciler.model.webhook import Callback, Event, Occasions, Webhook
from reconciler.steps.notify import Receivers, deliver, make_callback

MOST_QUEUED = 20_000
"""Callbacks that are held ready for one webhook; more of them are only kept, to be sent again later."""


@dataclass
class Notified:
    """How many callbacks of a webhook were delivered, and how many are kept for later."""

    webhook: str
    delivered: int = 0
    kept: int = 0
    why: Reason | None = None


class BackgroundNotifier:
    """Tells webhooks of some events as they happen. Its methods may be called from several threads."""

    def __init__(
        self,
        webhooks: Sequence[Webhook],
        receivers: Receivers,
        courier: WebhookPort,
        outbox: Outbox,
        stop: threading.Event,
    ) -> None:
        self._outbox = outbox
        self._lines = [_Line(each, receivers, courier, outbox, stop) for each in webhooks]

    def tell(self, occasions: Occasions, again: bool) -> None:
        """Write down what every webhook is told; it is sent when its turn comes.

        Args:
            again: whether some of it may have been told already.

        Raises:
            LedgerError: it could not be written down.
        """
        for line in self._lines:
            now = datetime.now(UTC)
            told = [make_callback(line.webhook, each, self._outbox, now) for each in occasions(line.webhook.batch)]
            known = self._outbox.filter_known({each.key for each in told}) if again and told else set()
            for callback in told:
                if callback.key not in known:
                    self._outbox.keep(callback)
                    line.add(callback)

    @property
    def told(self) -> list[Notified]:
        """What became of it, by webhook."""
        return [line.told for line in self._lines if line.told.delivered or line.told.kept]

    def start(self, event: Event) -> None:
        """Begin with what waits from earlier runs: of one contact the news must come in their order."""
        waiting = [each.callback for each in self._outbox.list_waiting()] if self._lines else []
        for line in self._lines:
            for callback in waiting:
                if (callback.webhook, callback.event) == (line.webhook.name, event):
                    line.add(callback)
            line.thread.start()

    def end(self) -> None:
        """Wait until everything is sent that can be."""
        for line in self._lines:
            line.queue.put(None)
        for line in self._lines:
            line.thread.join()


@contextmanager
def notify_in_background(
    event: Event,
    webhooks: Sequence[Webhook],
    receivers: Receivers,
    courier: WebhookPort,
    outbox: Outbox,
    stop: threading.Event,
) -> Iterator[BackgroundNotifier]:
    """Tell webhooks of an event while the block runs; `stop` ends the sending, and what is left is kept.

    Raises:
        LedgerError: what waits from earlier runs cannot be read.
    """
    wanted = [webhook for webhook in webhooks if event in webhook.events]
    telling = BackgroundNotifier(wanted, receivers, courier, outbox, stop)
    telling.start(event)
    try:
        yield telling
    finally:
        telling.end()


@dataclass
class _Line:
    """The callbacks of one webhook, in order."""

    webhook: Webhook
    receivers: Receivers
    courier: WebhookPort
    outbox: Outbox
    stop: threading.Event
    queue: SimpleQueue[Callback | None] = field(default_factory=SimpleQueue)
    guard: threading.Lock = field(default_factory=threading.Lock)
    ready: int = 0
    behind: bool = False

    def __post_init__(self) -> None:
        self.told = Notified(self.webhook.name)
        # the program does not wait for it when it is stopped at once
        self.thread = threading.Thread(target=self._send, name=f"tell-{self.webhook.name}", daemon=True)

    def add(self, callback: Callback) -> None:
        """Have a callback sent after all others; it is written down already."""
        with self.guard:
            self.behind = (
                self.behind or self.ready >= MOST_QUEUED
            )  # then what comes later would go past what is left out
            if not self.behind:
                self.ready += 1
                self.queue.put(callback)
                return
        self.told.kept += 1

    def _send(self) -> None:
        waiting: deque[Callback] = deque()
        over = False
        while not over:
            news = [self.queue.get()]
            while not self.queue.empty():  # all there is: a receiver that is away is tried once for all of it
                news.append(self.queue.get())
            over = None in news
            waiting.extend(each for each in news if each is not None)
            self._try(waiting)
        self.told.kept += len(waiting)

    def _try(self, waiting: deque[Callback]) -> None:
        """Send what waits, up to the first that cannot reach its receiver now."""
        while waiting and not self.stop.is_set():
            receipt = deliver(waiting[0], self.webhook, self.receivers, self.courier, self.outbox)
            try:
                self.outbox.record(receipt)
            except LedgerError as error:
                self.told.why = Reason("not_delivered", (error.message,))
                return
            if receipt.delivered:
                self.told.delivered += 1
            else:
                self.told.why = receipt.why
                if receipt.unreachable:
                    return
                self.told.kept += 1
            waiting.popleft()
            with self.guard:
                self.ready -= 1
