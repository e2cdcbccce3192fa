# tested by: tests/cxone/test_webhook_client.py
"""Define webhooks, callbacks and their receipts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from reconciler.model.callback_hosts import Allowance
from reconciler.model.problem import Location
from reconciler.model.reason import Reason
from reconciler.model.secret import Secret

Payload = Mapping[str, Any]


class Event(StrEnum):
    """What a webhook can be told of."""

    JOB_COMPLETED = "job-completed"
    PLAN = "plan"
    APPLY = "apply"
    OUTCOMES = "disposition-update"


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a secret is kept: `env NAME` or `file PATH`, and the place in a manifest that says so."""

    reference: str
    where: Location


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver as declared; nothing secret is in it.

    Attributes:
        url: the address itself, or where it is kept.
        body: a template; without one the payload is the body. labels: for the template.
        secret: the key of the signature, if callbacks are signed.
        batch: outcomes in one callback at most, as a list; None: one callback for each.
        attempts, timeout, within: how often a callback is sent, how long one attempt and all may take, in seconds.
    """

    name: str
    events: frozenset[Event]
    url: str | Kept
    body: str | None
    content_type: str
    labels: Mapping[str, str]
    headers: Mapping[str, str | Kept]
    secret: Kept | None
    attempts: int
    timeout: float
    within: float
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Receiver:
    """A webhook with what is secret fetched, and what the tenant's manifest allows it."""

    url: Secret
    headers: Mapping[str, Secret]
    secret: Secret | None
    allowance: Allowance
    attempts: int
    timeout: float
    within: float


@dataclass(frozen=True, slots=True)
class Occasion:
    """Something to tell: which event, of which run or plan, and the payload.

    Attributes:
        once: what makes it news: where there was a callback of the same already, there is no other. None: it always is.
    """

    event: Event
    subject: str
    payload: Payload
    once: str | None = None


Occasions = Callable[[int | None], Sequence[Occasion]]
"""What there is to tell: so much of it in one occasion at most, or each in its own."""


@dataclass(frozen=True, slots=True)
class Callback:
    """One message to one webhook. Whoever gets it twice knows it by its key.

    Attributes:
        subject: the run it tells of, or the digest of the plan.
        body: None where the template could not be rendered; it is tried again with the next sending.
        payload: what the body is made of; kept only until there is one.
    """

    key: str
    webhook: str
    event: Event
    subject: str
    created: datetime
    content_type: str
    payload: Payload = field(repr=False)
    body: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one sending. `why` says why it was not delivered.

    Attributes:
        unreachable: whether the next callback to the same webhook would fare no better.
    """

    callback: Callback
    delivered: bool
    attempts: int = 0
    why: Reason | None = None
    unreachable: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """A callback that was not delivered yet: how often it was tried, and why the last attempt, if any, failed."""

    callback: Callback
    attempts: int
    why: Reason | None
