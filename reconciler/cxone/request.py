# tested by: tests/cxone/test_transport.py
"""Build the request that every attempt of a call sends."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from reconciler.model.paging import Query
from reconciler.model.secret import Secret
from reconciler.model.tenant import TokenRequest

_IDEMPOTENT = frozenset({"GET", "PUT", "DELETE", "PATCH"})
_PATH = re.compile(r"(/(?!\.{1,2}(/|$))[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+")


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it is sent on every attempt.

    Attributes:
        url: without its query. shown: what people may read of it, where it names a contact.
        query: what goes behind the question mark.
        content: the body's bytes; None sends none.
        content_type: of the body.
        bearer: whether it carries the surface's token; only the token request itself does not.
        idempotent: whether sending it twice has the effect of sending it once.
        scope: what the endpoint needs, for the message of a 403.
        expect_id: the path of the id without which a 2xx reply proves nothing.
        writes: whether it asks to change something.
        attempts: how often it may fail, where that is less often than the surface's calls may.
        within: seconds in which the whole reply must be there, where that is not what the surface says.
        application: the id and secret that go with a token request besides what it says (RFC 6749 section 2.3.1).
    """

    method: str
    url: str
    query: Mapping[str, str]
    content: bytes | None
    content_type: str
    bearer: bool
    idempotent: bool
    scope: str | None = None
    expect_id: str | None = None
    shown: str | None = None
    writes: bool = False
    attempts: int | None = None
    within: float | None = None
    application: tuple[str, Secret] | None = None

    @property
    def json_due(self) -> bool:
        """Whether an empty 2xx reply is a broken one."""
        return self.method == "GET" or self.expect_id is not None or not self.bearer


def make_call(
    base_url: str,
    method: str,
    path: str,
    *,
    query: Query | None,
    body: Any,
    scope: str | None,
    idempotent: bool | None,
    expect_id: str | None,
    shown: str | None = None,
    reads: bool = False,
    attempts: int | None = None,
    within: float | None = None,
) -> Request:
    """A call of an endpoint; see `Transport.call`.

    Raises:
        ValueError: the path would lead elsewhere than it reads: an id in it was not percent-encoded, or is empty.
    """
    # before a query a slash may end it, as in `/query/?q=`; elsewhere an id that is empty would leave one
    if not _PATH.fullmatch(path.removesuffix("/") if query else path):
        raise ValueError("a path starts with / and has no query, no empty or dot segments and no unquoted characters")
    return Request(
        method=method,
        url=base_url.rstrip("/") + path,
        query=_make_texts(query or {}),
        content=None if body is None else orjson.dumps(body),
        content_type="application/json",
        bearer=True,
        idempotent=method in _IDEMPOTENT if idempotent is None else idempotent,
        scope=scope,
        expect_id=expect_id,
        shown=None if shown is None else base_url.rstrip("/") + shown,
        writes=method != "GET" and not reads,
        attempts=attempts,
        within=within,
    )


def make_token_request(request: TokenRequest, fields: Mapping[str, str]) -> Request:
    """A token request. A second token does no harm, so it is idempotent."""
    form = request.body == "form"
    return Request(
        method="POST",
        url=request.url,
        query={},
        content=urlencode(fields).encode() if form else orjson.dumps(dict(fields)),
        content_type="application/x-www-form-urlencoded" if form else "application/json",
        bearer=False,
        idempotent=True,
        application=request.application if request.login.application else None,
    )


def make_question(url: str, query: Mapping[str, str], *, bearer: bool) -> Request:
    """A question on the way to a surface's base URL or token URL, by GET."""
    return Request("GET", url, query, None, "application/json", bearer=bearer, idempotent=True)


def _make_texts(query: Query) -> dict[str, str]:
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in query.items()
        if value is not None
    }
