"""Issue OAuth 2.0 tokens for client credentials (RFC 6749, section 4.4)."""

from __future__ import annotations

import hmac
import math
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

import orjson

from reconciler.simulator.error_replies import Refusal, bad_request, forbidden, unauthorized
from reconciler.simulator.routing import Surface
from reconciler.simulator.tenant_options import Options

_FIELDS = frozenset({"grant_type", "client_id", "client_secret", "scope"})
_CONTENT_TYPES = {"json": "application/json", "form": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token stands for; `expires` on the monotonic clock, in seconds."""

    surface: str
    scopes: frozenset[str]
    expires: float


class TokenOffice:
    """Hands out bearer tokens and tells good ones from bad. `watchers` are called when tokens were revoked."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._grants: dict[str, Grant] = {}
        self.watchers: list[Callable[[], None]] = []

    def issue(self, surface: Surface, content_type: str, raw: bytes) -> dict[str, Any]:
        """The reply to a token request of `surface`.

        Refusal: 400 for a wrong content type, body or grant or a missing scope, 401 for wrong credentials.
        """
        asked = self._parse_request(surface, content_type, raw)
        if asked.get("grant_type") != "client_credentials":
            raise Refusal(400, "unsupported_grant_type", "grant_type: must be client_credentials")
        right_id = hmac.compare_digest(asked.get("client_id", "").encode(), self._options.client_id.encode())
        right_secret = hmac.compare_digest(
            asked.get("client_secret", "").encode(), self._options.client_secret.encode()
        )
        if not (right_id and right_secret):
            raise unauthorized("wrong client_id or client_secret", "invalid_client")
        if "scope" not in asked and surface.token_body == "form" and surface.grant is None:  # noqa: S105 - a word, not a password
            raise Refusal(400, "invalid_scope", "scope: is required")
        wanted = set(asked["scope"].split()) if "scope" in asked else surface.scopes
        scopes = frozenset(wanted & surface.scopes) - self._options.denied_scopes
        lifetime = self._options.token_lifetime
        token = secrets.token_urlsafe(32)
        self.take(token, surface.name, scopes)
        return {
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": int(lifetime) if lifetime == int(lifetime) else lifetime,
            "scope": " ".join(sorted(scopes)),
        }

    def take(self, token: str, surface: str, scopes: frozenset[str]) -> None:
        """Know a token that is handed out in another way; what the client is denied it does not carry."""
        expires = time.monotonic() + self._options.token_lifetime
        self._grants[token] = Grant(surface, scopes - self._options.denied_scopes, expires)

    def check_client(self, client_id: Any, client_secret: Any) -> bool:
        """Whether these are the client's id and secret."""
        told = ((client_id, self._options.client_id), (client_secret, self._options.client_secret))
        return all(hmac.compare_digest(str(given).encode(), right.encode()) for given, right in told)

    def check(self, surface: str, authorization: str | None, scope: str) -> None:
        """Refuse (401, 403) a call whose Authorization header does not allow `scope` on `surface`."""
        grant = self._grants.get(bearer(authorization) or "")
        if grant is None:
            raise unauthorized("no valid bearer token")
        if grant.surface != surface:
            raise unauthorized(f"this token is of the surface {grant.surface}, not of {surface}")
        if time.monotonic() >= grant.expires:
            raise unauthorized("the token has expired", "token_expired")
        if scope not in grant.scopes:
            raise forbidden(scope)

    def revoke(self, token: str | None = None) -> int:
        """Make one token, or all of them, invalid at once; how many there were."""
        gone = [key for key in list(self._grants) if token in (None, key)]
        for key in gone:
            self._grants.pop(key, None)
        for watcher in list(self.watchers):
            watcher()
        return len(gone)

    def expires(self, authorization: str | None) -> float:
        """When the token of this header ends, on the monotonic clock; it has always ended if it is none of ours."""
        grant = self._grants.get(bearer(authorization) or "")
        return grant.expires if grant else -math.inf

    def _parse_request(self, surface: Surface, content_type: str, raw: bytes) -> Mapping[str, str]:
        expected = _CONTENT_TYPES[surface.token_body]
        if content_type != expected:
            raise bad_request(f"Content-Type: a token request here must be {expected}")
        try:
            asked: Any = (
                orjson.loads(raw)
                if surface.token_body == "json"  # noqa: S105 - a word, not a password
                else dict(parse_qsl(raw.decode(), strict_parsing=True))
            )
        except ValueError:
            raise bad_request(f"body: is not {expected}") from None
        if not isinstance(asked, dict):
            raise bad_request("body: must be an object")
        for name, value in asked.items():
            if name not in _FIELDS:
                raise bad_request(f"{name}: unknown field")
            if not isinstance(value, str):
                raise bad_request(f"{name}: must be a string")
        return asked


def bearer(authorization: str | None) -> str | None:
    """The token of an Authorization header, or None."""
    scheme, _, token = (authorization or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and token else None
