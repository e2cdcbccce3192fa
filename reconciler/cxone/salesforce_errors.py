# tested by: tests/cxone/test_salesforce_client.py
"""Describe Salesforce's refusals to whoever wrote the manifest.

Its errors are `[{"message", "errorCode"}]`. What is wrong with the query is told at its place in the manifest; the
rest says at which page it happened, and that nothing of the pages before it is kept.
"""

from __future__ import annotations

import re

from reconciler.cxone.errors import BadReply, Forbidden, Invalid, NotFound, QuotaSpent, TokenRefused, WireError
from reconciler.cxone.response import list_error_codes
from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Problem
from reconciler.model.soql import ID
from reconciler.model.source_specs import SalesforceFeed

_HINTS = {
    "MALFORMED_QUERY": "correct the condition in `where`; it is SOQL, and a text stands in single quotes",
    "INVALID_FIELD": "use the field's API name, and let the client's user see it (field-level security)",
    "INVALID_TYPE": "use the object's API name, which ends in __c for your own, and let the client's user read it",
    "QUERY_TIMEOUT": "narrow `where` by an indexed field",
}
_DISABLED = {
    "API_DISABLED_FOR_ORG": "the organisation's edition, or the client's user, has no access to the API",
    "API_CURRENTLY_DISABLED": "the API is switched off for the client's user",
}


def map_salesforce_error(error: WireError, feed: SalesforceFeed, page: int, kept: int) -> ReconcilerError:
    """A fault of the wire in the words of this source.

    Args:
        page: the page that was asked for, from 1.
        kept: how many records the pages before it had.
    """
    codes = list_error_codes(error.reply)
    said = (error.note or "").replace("the tenant says", "Salesforce says")
    if isinstance(error, Invalid):
        return BadInput([_describe_refused(feed, codes, said, error)])
    lost = f"; {kept:,} records had been read, and none of them is kept" if kept else ""
    where = f"page {page} of {feed}{lost}"
    note = "; ".join(filter(None, (where, _DISABLED.get(codes[0]) if codes else None, ", ".join(codes), said)))
    message, hint = error.message.replace("the tenant", "Salesforce"), error.hint
    if isinstance(error, Forbidden):
        message = f"Salesforce does not let this client read {feed.object}"
        hint = "give the client's user the permission `API Enabled`, and let it read the object and its mapped fields"
    elif isinstance(error, BadReply):
        hint = f"is {feed.instance} the organisation's own URL? Nothing is read on a guess"
    elif isinstance(error, QuotaSpent):
        message = "the Salesforce organisation's daily API request quota is exhausted"
        hint = "try again when its quota has room (it counts the last 24 hours), or have it raised"
    elif isinstance(error, NotFound):
        hint = f"is {feed.instance} the organisation's own URL, and has its API a version {feed.version}?"
    elif isinstance(error, TokenRefused):
        hint = f"{error.hint}; the client must be allowed the client-credentials flow"
    return type(error)(
        message,
        method=error.method,
        url=error.url,
        status=error.status,
        request_id=error.request_id,
        attempts=error.attempts,
        note=note,
        hint=hint,
    )


def _describe_refused(feed: SalesforceFeed, codes: tuple[str, ...], said: str, error: WireError) -> Problem:
    code = codes[0] if codes else f"status {error.status}"
    place = feed.condition_at if code == "MALFORMED_QUERY" else feed.where
    for name, where in feed.fields_at:
        if code == "INVALID_FIELD" and name != ID and _is_named(name.rpartition(".")[2], said):
            place = where
            break
    message = f"Salesforce refuses the query for {feed.object}: {code}"
    return Problem(place, "query-refused", message, note=said or None, hint=_HINTS.get(code))


def _is_named(field: str, said: str) -> bool:
    return re.search(rf"'(?:\w+\.)*{re.escape(field)}'", said, re.IGNORECASE) is not None
