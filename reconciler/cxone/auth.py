"""Obtain and renew bearer tokens.

Surfaces ask for tokens in ways that differ in data alone: `surfaces/`. `TokenSource` knows no
HTTP: the transport hands it a function that posts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from reconciler.cxone.errors import TokenRefused
from reconciler.model.api_surface import Preset, make_event_url
from reconciler.model.base_discovery import read_claims
from reconciler.model.errors import ReconcilerError
from reconciler.model.paging import make_answer_shape, pick
from reconciler.model.reply_shape import Rows, Shape, Value, may, needs, number
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Login, Renewal, SurfaceAccess, TokenRequest
from reconciler.surfaces import load_surfaces

UNTOLD = 300.0
"""Seconds that a token is used where its reply does not say how long it lives: one that ends sooner is renewed after
the first 401, as ever."""

LONGEST = 86_400.0
"""Seconds after which a token is renewed, however long it says it lives."""

_MOST = 16 * 1024

TOKEN = Value(
    "a token of visible ASCII characters",
    frozenset(),
    frozenset({str}),
    lambda value: 0 < len(value) <= _MOST and value.isascii() and value.isprintable() and not value.isspace(),
)
SECONDS = Value(
    "a number of seconds above 0",
    frozenset(),
    frozenset({int, float, str}),
    lambda value: (number(value) or 0) > 0,
)


def make_access(declared: DeclaredSurface) -> SurfaceAccess:
    """The access to a declared surface: what the manifest leaves open comes from the surface's preset.

    Raises:
        ReconcilerError: there is no such surface, or a URL needs a parameter that is not declared.
    """
    known = load_surfaces()
    preset = known[declared.name].preset if declared.name in known else None
    if preset is None:
        raise ReconcilerError(f"there is no surface {declared.name}", hint=f"there are {', '.join(known)}")
    found = None if declared.base_url is not None else preset.discovery
    base_url = declared.base_url or ("" if found else _fill_template(preset.base_url, preset, declared))
    return SurfaceAccess(
        name=declared.name,
        base_url=base_url,
        token=_make_token_request(declared, preset),
        pace=declared.pace,
        connect_timeout=declared.connect_timeout,
        read_timeout=declared.read_timeout,
        reply_timeout=2 * declared.read_timeout if declared.reply_timeout is None else declared.reply_timeout,
        reply_size=declared.reply_size,
        attempts=declared.attempts,
        events_url=_make_events_url(declared, preset, base_url),
        poll_every=preset.poll_every if declared.poll_every is None else declared.poll_every,
        job_limit=preset.job_limit if declared.job_limit is None else declared.job_limit,
        campaign_rate=declared.campaign_rate,
        counts_reads=declared.counts_reads,
        discovery=found,
        known={**preset.parameters, **declared.parameters},
    )


def _make_token_request(declared: DeclaredSurface, preset: Preset) -> TokenRequest:
    route = None if declared.login is None else preset.routes.get(declared.login)
    url, body, login = (
        (preset.token_url, preset.body, preset.login) if route is None else (route.token_url, route.body, route.login)
    )
    renewal = None if login.renewal is None else login.renewal.url
    beside = declared.token_url is not None and renewal is not None
    renews_at = _find_beside(str(declared.token_url), url, str(renewal)) if beside else None
    if renewal is not None and not beside:
        renews_at = _fill_template(renewal, preset, declared)
    return TokenRequest(
        url=declared.token_url or _fill_template(url, preset, declared),
        body=body,
        scope=preset.scope if declared.scope is None else declared.scope,
        client_id=declared.client_id,
        client_secret=declared.client_secret,
        early=preset.early,
        login=login,
        application=declared.application,
        renews_at=renews_at,
        domains=preset.discovery.domains if preset.discovery else (),
    )


def _find_beside(said: str, usual: str, other: str) -> str:
    """The URL that is to the one that a manifest says as another of the preset's is to the usual one."""
    parts = urlsplit(said)
    below = said.removesuffix(urlsplit(usual).path)
    return (below if below != said else f"{parts.scheme}://{parts.netloc}") + urlsplit(other).path


def _make_events_url(declared: DeclaredSurface, preset: Preset, base_url: str) -> str | None:
    """Beside the endpoints, wherever these are, unless the manifest says where else."""
    if preset.events is None or declared.poll_only:
        return None
    if declared.events_url is not None:
        return declared.events_url
    return make_event_url(base_url, preset)


def _fill_template(template: str, preset: Preset, declared: DeclaredSurface) -> str:
    try:
        return template.format_map({**preset.parameters, **declared.parameters})
    except KeyError as missing:
        name = missing.args[0]
    raise ReconcilerError(f"the surface {declared.name} declares no {name}", note=f"its URL is {template}")


def make_grant_shape(login: Login) -> Shape | Rows:
    """The reply to a token request (RFC 6749 section 5.1: `expires_in` is recommended, not required)."""
    return make_answer_shape({login.token: needs(TOKEN), login.lives: may(SECONDS)})


Post = Callable[[TokenRequest, Mapping[str, str]], Any]
"""Posts the fields to the request's URL in the request's form, and gives a reply with a token where its login says."""


@dataclass(frozen=True, slots=True)
class _Granted:
    token: Secret
    renew_at: float


class TokenSource:
    """The current token of one surface, shared by all its threads and renewed by one of them.

    Args:
        request: how the surface hands out tokens.
        post: sends the request; it retries what is transient and raises what is not.
        clock: seconds that never run backwards.
    """

    def __init__(self, request: TokenRequest, post: Post, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._request = request
        self._post = post
        self._clock = clock
        self._lock = threading.Lock()
        self._granted: _Granted | None = None
        self._renew_by: Secret | None = None
        self._claims: Mapping[str, Any] = {}
        self._failure: ReconcilerError | None = None
        self._rounds = 0

    def obtain_token(self) -> Secret:
        """A token that is good for at least `early` more seconds.

        Raises:
            TokenRefused: the tenant refused the client.
            RateLimited, Unavailable: no token could be had in time.
            BadReply: the reply held no token, or no time to live that makes sense.
            Interrupted: the person asked to stop.
        """
        fresh = self._find_fresh()
        if fresh is not None:
            return fresh
        seen = self._rounds
        with self._lock:
            fresh = self._find_fresh()
            if fresh is not None:
                return fresh
            # Whoever waited for a round that failed shares its failure: sixteen threads that each try a wrong
            # secret again can lock the client out.
            if self._rounds != seen and self._failure is not None:
                raise self._failure
            return self._renew()

    @property
    def claims(self) -> Mapping[str, Any]:
        """What the tokens of the last login say of the tenant; nothing before there was one."""
        return self._claims

    def invalidate(self, token: Secret) -> None:
        """Forget `token` after a 401, unless another thread has renewed it already; what renews it as well."""
        with self._lock:
            if self._granted is not None and self._granted.token == token:
                self._granted = self._renew_by = None

    def _find_fresh(self) -> Secret | None:
        granted = self._granted
        if granted is None or self._clock() >= granted.renew_at:
            return None
        return granted.token

    def _renew(self) -> Secret:
        # The time to live counts from before the request: the tenant's clock started somewhere in between.
        asked = self._clock()
        try:
            granted = self._renew_by_last(asked) or self._log_in(asked)
        except ReconcilerError as failure:
            self._failure = failure
            raise
        finally:
            self._rounds += 1
        self._failure = None
        self._granted = granted
        return granted.token

    def _log_in(self, asked: float) -> _Granted:
        request = self._request
        fields = request.login.ask(request.client_id, request.client_secret.reveal(), request.scope)
        reply = self._post(request, fields)
        told = (pick(reply, path) for path in request.login.claims)
        claims = (read_claims(each) for each in told if isinstance(each, str))
        self._claims = next((each for each in claims if each), {})
        renewal = request.login.renewal
        return self._read(reply, request.login, asked, None if renewal is None else renewal.kept)

    def _renew_by_last(self, asked: float) -> _Granted | None:
        """A token by what the last one left for it; None where there is no such, or the tenant takes it no more."""
        renewal, kept = self._request.login.renewal, self._renew_by
        if renewal is None or kept is None:
            return None
        self._renew_by = None  # it is good for one renewal
        request = _make_renewal_request(self._request, renewal)
        try:
            reply = self._post(request, renewal.ask(request.client_id, kept.reveal()))
        except TokenRefused:
            return None
        return self._read(reply, request.login, asked, renewal.again)

    def _read(self, reply: Any, login: Login, asked: float, kept: str | None) -> _Granted:
        told = number(pick(reply, login.lives))
        lives = (self._request.lifetime or UNTOLD) if told is None else min(told, LONGEST)
        # A token that lives no longer than `early` would be renewed before every single call.
        early = self._request.early if self._request.early < lives else lives / 2
        by = pick(reply, kept)
        self._renew_by = Secret(by) if isinstance(by, str) and TOKEN.takes(by) else None
        return _Granted(Secret(pick(reply, login.token)), asked + lives - early)


def _make_renewal_request(request: TokenRequest, renewal: Renewal) -> TokenRequest:
    """How a token is renewed, as a request of its own."""
    login = request.login
    said = Login(
        token=renewal.token,
        lives=renewal.lives,
        named_at=login.named_at if request.renews_at is None else None,
        application=login.application,
    )
    return replace(request, url=request.renews_at or request.url, body=renewal.body, login=said)
