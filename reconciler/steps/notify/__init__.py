# tested by: tests/cli/test_webhooks.py
"""Notify webhooks of what has happened.

Neither proposing nor committing: a plan and its apply are over when this begins, and nothing here can change how they
ended. Every callback is written down before it is sent, and what became of it after: whatever happens in between, it
is sent again by `resend`, with the same key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from reconciler.kinds.webhook import make_context
from reconciler.ledger.outbox import Outbox
from reconciler.model.callback_payloads import make_body
from reconciler.model.ports import WebhookPort
from reconciler.model.problem import BadInput
from reconciler.model.reason import Reason
from reconciler.model.webhook import Callback, Occasion, Receipt, Receiver, Waiting, Webhook
from reconciler.model.worker_pool import work_through
from reconciler.templates.callback_bodies import BadTemplate, render

_AT_ONCE = 8

Receivers = Callable[[Webhook], Receiver]
"""Fetches what is secret of a webhook. Raises BadInput where it is not there."""


def notify(
    occasions: Iterable[Occasion],
    webhooks: Sequence[Webhook],
    receivers: Receivers,
    courier: WebhookPort,
    outbox: Outbox,
    now: datetime,
) -> tuple[Receipt, ...]:
    """Tell every webhook what it wants to know; what is not delivered is kept.

    Raises:
        LedgerError: a callback could not be written down; it was not sent.
    """
    callbacks = [
        make_callback(webhook, occasion, outbox, now)
        for occasion in occasions
        for webhook in webhooks
        if occasion.event in webhook.events
    ]
    callbacks = [each for each in callbacks if not outbox.knows(each.key)]
    for callback in callbacks:
        outbox.keep(callback)
    return _send_all(callbacks, webhooks, receivers, courier, outbox)


def resend(
    waiting: Iterable[Waiting],
    webhooks: Sequence[Webhook],
    receivers: Receivers,
    courier: WebhookPort,
    outbox: Outbox,
) -> tuple[Receipt, ...]:
    """Send again what was not delivered, each webhook's in the order in which it was first to be sent.

    Raises:
        LedgerError: what became of a callback could not be written down; it may be sent once more.
    """
    return _send_all([each.callback for each in waiting], webhooks, receivers, courier, outbox)


def make_callback(webhook: Webhook, occasion: Occasion, outbox: Outbox, now: datetime) -> Callback:
    """The message, with a key made of what it is about: a run that is resumed ends more than once."""
    news: str | int | None = occasion.once
    if news is None:
        news = outbox.count_callbacks(webhook.name, occasion.event, occasion.subject)
    about = [webhook.name, occasion.event.value, occasion.subject, news]
    bare = Callback(
        key=hashlib.sha256(orjson.dumps(about)).hexdigest()[:40],
        webhook=webhook.name,
        event=occasion.event,
        subject=occasion.subject,
        created=now,
        content_type=webhook.content_type,
        payload=occasion.payload,
        body=None,
    )
    try:
        return _make_body(bare, webhook)
    except BadTemplate:
        return bare  # kept as it is; it is told when it should be sent


def _make_body(callback: Callback, webhook: Webhook) -> Callback:
    if webhook.body is None:
        body = orjson.dumps(make_body(callback.payload)).decode()
    else:
        known = make_context(webhook, callback.event, callback.payload)
        body = render(webhook.body, known, webhook.content_type)
    return replace(callback, body=body, content_type=webhook.content_type)


def _send_all(
    callbacks: Sequence[Callback],
    webhooks: Sequence[Webhook],
    receivers: Receivers,
    courier: WebhookPort,
    outbox: Outbox,
) -> tuple[Receipt, ...]:
    """Each webhook's callbacks one after the other, several webhooks at once."""
    known = {webhook.name: webhook for webhook in webhooks}
    of_each: dict[str, list[Callback]] = {}
    for callback in callbacks:
        of_each.setdefault(callback.webhook, []).append(callback)

    def send(name: str) -> list[Receipt]:
        return _send_in_order(of_each[name], known, receivers, courier, outbox)

    if not of_each:
        return ()
    sent = work_through(send, of_each, min(_AT_ONCE, len(of_each)), "webhooks")
    return tuple(receipt for receipts in sent for receipt in receipts)


def _send_in_order(
    callbacks: Sequence[Callback],
    known: Mapping[str, Webhook],
    receivers: Receivers,
    courier: WebhookPort,
    outbox: Outbox,
) -> list[Receipt]:
    receipts: list[Receipt] = []
    for callback in callbacks:
        if receipts and receipts[-1].unreachable:
            # what could not reach its receiver now holds up those behind it: they would come out of order
            receipt = Receipt(callback, False, 0, Reason("callback_queued"), True)
        else:
            receipt = deliver(callback, known.get(callback.webhook), receivers, courier, outbox)
        outbox.record(receipt)
        receipts.append(receipt)
    return receipts


def deliver(
    callback: Callback, webhook: Webhook | None, receivers: Receivers, courier: WebhookPort, outbox: Outbox
) -> Receipt:
    """Send one callback, if it can be; what became of it is not yet written down."""
    if webhook is None:
        return Receipt(callback, False, 0, Reason("webhook_undeclared"), True)
    try:
        receiver = receivers(webhook)
        if callback.body is None:
            callback = _make_body(callback, webhook)
            outbox.keep(callback)  # from now on it is sent with this body, or the key would stand for two
        return courier.deliver(receiver, callback)
    except BadTemplate as error:
        return Receipt(callback, False, 0, Reason("callback_without_body", (str(error),)))
    except BadInput as error:
        told = "; ".join(f"{each.message} ({each.where})" for each in error.problems)
        return Receipt(callback, False, 0, Reason("webhook_unusable", (told,)), True)
