# tested by: tests/cxone/test_errors.py
"""Map failed calls to errors, with the part of the tenant's words that may be shown.

A tenant may quote in its error what it was sent. What is shown is therefore taken from the known message fields
alone, and cleaned of tokens, secrets, quoted bodies and control characters; of what is left, words are shown that can
be nobody's name (`free_text`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from typing import Any
from urllib.parse import quote, quote_plus

import orjson

from reconciler.cxone import errors
from reconciler.cxone.request import Request
from reconciler.cxone.response import UNREADABLE, Broken, Flaw, Outcome, Reply, Verdict, describe_reason, is_quota_spent
from reconciler.cxone.tenant_text import LONGEST, mask_code, mask_text
from reconciler.model.reply_shape import Odd

_LONGEST = 300
_DEEPEST = 4
"""Errors within errors in which a tenant's words are looked for."""
LONGEST_REQUEST_ID = 128
# it has a digit, and is no number: what has none may be somebody's name, and what is one somebody's phone
_REQUEST_ID = re.compile(r"(?=.*\d)(?!\d{6,}$)[A-Za-z0-9{][A-Za-z0-9._:/+=@{}-]*")
_QUOTED_BODY = re.compile(r"""[\[{]\s*["'\[{].*""", re.DOTALL)
_LITERAL = re.compile(r"'(?:[^'\\\\]|\\\\.)*'")
_NAME = re.compile(r"[A-Za-z]\w*")
_CODE = re.compile(r"[A-Za-z0-9_.-]+")
_ROWS = 50
_SAYING = ("icstatusdescription",)
"""Headers in which an API may say why it refuses, and nowhere else."""

_REFUSALS: dict[int, tuple[type[errors.WireError], str]] = {
    400: (errors.Invalid, "the tenant refuses the request"),
    404: (errors.NotFound, "the tenant has no such object"),
    409: (errors.Conflict, "the request is in conflict with what is in the tenant"),
    413: (errors.TooLarge, "the request is larger than the tenant takes"),
    422: (errors.Invalid, "the tenant refuses the request"),
}


def map_error(
    ask: Request,
    outcome: Outcome,
    verdict: Verdict,
    *,
    attempts: int,
    hide: Iterable[str] = (),
    credentials: str | None = None,
) -> errors.WireError:
    """The fault of a call whose last attempt ended like this.

    Args:
        attempts: how often it was tried.
        hide: texts that may appear nowhere: the token, the secret.
        credentials: where the client's credentials come from, such as `env CXONE_CLIENT_SECRET`.
    """
    hidden = [*hide, *([ask.content.decode()] if ask.content else [])]
    said = None
    if isinstance(outcome, Reply) and outcome.status >= 400:
        # some say why in a header alone
        told = next((outcome.headers[name] for name in _SAYING if outcome.headers.get(name)), None)
        said = quote_tenant(outcome.json, hidden, _list_sent_names(ask)) or quote_tenant(told, hidden)
    kind, message, own_note, hint = _choose(ask, outcome, verdict, credentials)
    return kind(
        message,
        method=ask.method,
        url=ask.shown or ask.url,
        status=outcome.status if isinstance(outcome, Reply) else None,
        request_id=_find_request_id(outcome, hidden),
        attempts=attempts,
        reply=outcome.json if isinstance(outcome, Reply) else None,
        note="; ".join(filter(None, (own_note, said and f"the tenant says: {said}"))) or None,
        hint=hint,
    )


_Choice = tuple[type[errors.WireError], str, str | None, str | None]


def _choose(ask: Request, outcome: Outcome, verdict: Verdict, credentials: str | None) -> _Choice:
    why = describe_reason(ask, outcome)
    if verdict is Verdict.UNCLEAR:
        return errors.Unknown, "the request was sent and may have taken effect", why, None
    if verdict is Verdict.LATER:
        return errors.RateLimited, "the tenant keeps answering that there are too many requests", None, None
    if isinstance(outcome, Reply) and outcome.status < 300 and outcome.flaw in UNREADABLE:
        return errors.BadReply, why, None, _describe_unreadable(outcome)
    if verdict is Verdict.AGAIN or isinstance(outcome, Broken):
        return errors.Unavailable, f"no usable reply from the tenant: {why}", None, _describe_reach(outcome)
    if is_quota_spent(outcome):
        return errors.QuotaSpent, "the tenant's daily API request quota is exhausted", None, None
    return _choose_refusal(ask, outcome.status, credentials)


def _choose_refusal(ask: Request, status: int, credentials: str | None) -> _Choice:
    if not ask.bearer and 400 <= status < 500:
        hint = f"check the client id and secret: they come from {credentials}" if credentials else None
        if status == 404:
            hint = "check the token URL of this surface"
        return errors.TokenRefused, "the tenant refuses to issue a token", None, hint
    if status == 401:
        hint = f"check the client in the tenant: its credentials come from {credentials}" if credentials else None
        return errors.Unauthorised, "the tenant does not accept the token, not even a new one", None, hint
    if status == 403:
        return _choose_forbidden(ask.scope)
    if status in _REFUSALS:
        return *_REFUSALS[status], None, None
    if 300 <= status < 400:
        return errors.Unexpected, "the tenant redirects the call, which is never followed", None, None
    return errors.Unexpected, f"the tenant answered with the unexpected status {status}", None, None


def _choose_forbidden(scope: str | None) -> _Choice:
    if scope is None:
        return errors.Forbidden, "the client may not do this", None, None
    message = f"the client may not do this: it needs the scope {scope}"
    hint = f"grant the client {scope} in the tenant, or its security profile the permission behind it"
    return errors.Forbidden, message, None, hint


def _describe_reach(outcome: Outcome) -> str | None:
    if isinstance(outcome, Broken) and not outcome.sent:
        return "nothing was sent: is the base URL right, and is the tenant up?"
    return None


def _describe_unreadable(reply: Reply) -> str:
    if reply.flaw is Flaw.TOO_LARGE:
        return (
            "a page is asked for at a time: is it the API that answers? `maxReply` of the surface says how much is read"
        )
    return "is the base URL right? Something other than the API may be answering"


def _find_request_id(outcome: Outcome, hidden: Iterable[str]) -> str | None:
    return None if isinstance(outcome, Broken) else find_request_id(outcome, hidden)


def find_request_id(reply: Reply, hidden: Iterable[str] = ()) -> str | None:
    """The tenant's id of a call, for its support; none where it does not look like one, or holds what is hidden."""
    told = reply.headers.get("x-request-id", "")[:LONGEST_REQUEST_ID]
    secret = any(each and each in told for each in hidden)
    return told if _REQUEST_ID.fullmatch(told) and not secret else None


def map_odd_reply(ask: Request, reply: Reply, odd: Odd) -> errors.BadReply:
    """The fault of a call whose reply is not as its shape says."""
    return errors.BadReply(
        f"the reply does not match the API's contract: {odd}",
        odd=odd,
        method=ask.method,
        url=ask.shown or ask.url,
        status=reply.status,
        request_id=find_request_id(reply),
    )


def _list_sent_names(ask: Request) -> frozenset[str]:
    """The names of what was asked for: of a body's fields, and of a SOQL query's; never a value."""
    names: set[str] = set(_NAME.findall(_LITERAL.sub(" ", ask.query.get("q", ""))))
    with suppress(orjson.JSONDecodeError):
        waiting = [orjson.loads(ask.content)] if ask.content else []
        while waiting:
            value = waiting.pop()
            if isinstance(value, dict):
                names.update(value)
                waiting += value.values()
            elif isinstance(value, list):
                waiting += value[:_ROWS]  # rows are alike: the first ones have all names
    return frozenset(names)


def quote_tenant(reply: Any, hide: Iterable[str] = (), known: Collection[str] = ()) -> str | None:
    """The tenant's own message, from the fields in which APIs put one, fit to be shown; None without one."""
    text = "; ".join(dict.fromkeys(_iter_messages(reply)))
    return clean_text(text, hide, known)[:_LONGEST] or None


def _iter_messages(reply: Any, deepest: int = _DEEPEST) -> Iterable[str]:
    if isinstance(reply, str):
        yield reply[: 4 * _LONGEST]
    elif deepest and isinstance(reply, list):
        for item in reply[:3]:
            yield from _iter_messages(item, deepest - 1)
    elif deepest and isinstance(reply, dict):
        for name in ("error", "error_description", "errorDescription", "message", "detail", "errors"):
            yield from _iter_messages(reply.get(name), deepest - 1)


def clean_text(text: str, hide: Iterable[str] = (), known: Collection[str] = ()) -> str:
    """`text` without what nobody may read in it; `known` are words that we sent, and that are nobody's name."""
    for hidden in hide:
        for form in (hidden, quote(hidden, safe=""), quote_plus(hidden)):
            if form:
                text = text.replace(form, "***")
    text = _QUOTED_BODY.sub("[…]", text)
    text = " ".join("".join(c if c.isprintable() else " " for c in text[:LONGEST]).split())
    return mask_code(text) if _CODE.fullmatch(text) else mask_text(text, known)
