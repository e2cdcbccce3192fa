# tested by: tests/cxone/test_transport.py
"""Interpret the reply of one attempt.

Pure: no sockets, no clocks. The rule is decided here: what certainly did not take effect may be sent again, what
may have taken effect is sent again only where that does no harm.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

import orjson

from reconciler.cxone.request import Request
from reconciler.model.paging import pick


class Flaw(Enum):
    """Why a reply's body cannot be relied on; its value are the words for people."""

    CUT = "the reply was cut off"
    EMPTY = "the reply is empty"
    NOT_JSON = "the reply is not JSON"
    GARBLED = "the reply cannot be unpacked"
    TOO_LARGE = "the reply is larger than any that is read"


UNREADABLE = frozenset({Flaw.EMPTY, Flaw.NOT_JSON, Flaw.GARBLED, Flaw.TOO_LARGE})
"""What is wrong with replies that came whole: the tenant, or something else in its place, says no more than this."""
_SPENT = "REQUEST_LIMIT_EXCEEDED"


@dataclass(frozen=True, slots=True)
class Reply:
    """A status line and what followed. Header names are in lower case.

    Attributes:
        json: the parsed body; None where it is empty or cannot be parsed.
        flaw: why the body cannot be relied on; None when it can.
    """

    status: int
    headers: Mapping[str, str]
    json: Any
    flaw: Flaw | None


@dataclass(frozen=True, slots=True)
class Broken:
    """No reply came.

    Attributes:
        why: in our own words: the library's words quote URLs with their queries.
        sent: whether the tenant may have seen the request.
        hopeless: whether another attempt can only fail the same way.
        slow: whether a reply came and was not whole in time.
    """

    why: str
    sent: bool
    hopeless: bool = False
    slow: bool = False


Outcome = Reply | Broken


class Verdict(Enum):
    """What an attempt means for the call."""

    DONE = auto()
    REFUSED = auto()
    RENEW = auto()
    """The token was not taken; the tenant did not act."""
    LATER = auto()
    """Too many requests; the tenant did not act."""
    AGAIN = auto()
    """It failed, and may be sent again."""
    UNCLEAR = auto()
    """It may have taken effect, and may not be sent again."""


def parse_reply(
    ask: Request, status: int, headers: Mapping[str, str], content: bytes | None, flaw: Flaw | None = None
) -> Reply:
    """Read a reply's body.

    Args:
        content: its bytes; None where the connection ended before the body did, or where the `flaw` says what is wrong.
    """
    if content is None:
        return Reply(status, headers, None, flaw or Flaw.CUT)
    if not content.strip():
        return Reply(status, headers, None, _find_emptiness(ask, status, headers, content))
    try:
        return Reply(status, headers, orjson.loads(content.removeprefix(BOM_UTF8)), None)
    except orjson.JSONDecodeError:
        return Reply(status, headers, None, Flaw.NOT_JSON)


def _find_emptiness(ask: Request, status: int, headers: Mapping[str, str], content: bytes) -> Flaw | None:
    if status == 204:
        return None
    # A reply cut inside its headers reads as a 2xx with an empty body: only a stated end makes that credible.
    stated = (
        content or headers.get("content-length") == "0" or "chunked" in headers.get("transfer-encoding", "").lower()
    )
    if not stated:
        return Flaw.CUT
    return Flaw.EMPTY if ask.json_due else None


def decide_retry(ask: Request, outcome: Outcome) -> Verdict:
    """What may be done after this attempt, by the contract's retry rules."""
    repeat = Verdict.AGAIN if ask.idempotent else Verdict.UNCLEAR
    if isinstance(outcome, Broken):
        unsent = Verdict.REFUSED if outcome.hopeless else Verdict.AGAIN
        return repeat if outcome.sent else unsent
    if 200 <= outcome.status < 300:
        return _judge_taken(ask, outcome, repeat)
    if outcome.status >= 500 or outcome.status == 408:
        return repeat
    if is_quota_spent(outcome):
        return Verdict.REFUSED
    return {401: Verdict.RENEW, 429: Verdict.LATER}.get(outcome.status, Verdict.REFUSED)


def _judge_taken(ask: Request, reply: Reply, repeat: Verdict) -> Verdict:
    if reply.flaw is not None:
        # what is too large once is so again
        return Verdict.REFUSED if reply.flaw is Flaw.TOO_LARGE and ask.idempotent else repeat
    return Verdict.DONE if _has_id(ask, reply) else Verdict.UNCLEAR


def count_attempts(outcome: Outcome, attempts: int) -> int:
    """How often a call may fail like this before it is given up: fewer times, where each costs much or promises little.

    What is not whole in time has cost all the time there is; what came whole and makes no sense is no lost connection.
    """
    if isinstance(outcome, Broken):
        return min(attempts, 2) if outcome.slow else attempts
    return min(attempts, 3) if outcome.flaw in UNREADABLE and outcome.status < 300 else attempts


def is_quota_spent(reply: Reply) -> bool:
    """Whether a day's quota is used up, as Salesforce says it with 403 or 429: no wait of ours would help."""
    return reply.status in (403, 429) and _SPENT in list_error_codes(reply.json)


def list_error_codes(json: Any) -> tuple[str, ...]:
    """The codes of a reply in the form `[{"message", "errorCode"}]`, which is Salesforce's."""
    rows = json if isinstance(json, list) else ()
    codes = (row.get("errorCode") for row in rows if isinstance(row, Mapping))
    return tuple(code for code in codes if isinstance(code, str) and _CODE.fullmatch(code))


_CODE = re.compile(r"[A-Z][A-Z_]{2,60}")


def _has_id(ask: Request, reply: Reply) -> bool:
    if ask.expect_id is None:
        return True
    value = pick(reply.json, ask.expect_id)
    return isinstance(value, str | int) and not isinstance(value, bool) and value != ""


def describe_reason(ask: Request, outcome: Outcome) -> str:
    """Why this attempt was not enough, in a few words of our own."""
    if isinstance(outcome, Broken):
        return outcome.why
    if 200 <= outcome.status < 300:
        return outcome.flaw.value if outcome.flaw else f"the reply has no {ask.expect_id}"
    return f"status {outcome.status}"
