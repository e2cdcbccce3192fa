"""Obtain and renew bearer tokens.

Surfaces ask for tokens in ways that differ in data alone: `surfaces/`. `TokenSource` knows no
HTTP: the transport hands it a function that posts.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.api_surface import Preset, make_event_url
from reconciler.model.errors import ReconcilerError
from reconciler.model.paging import make_answer_shape, pick
from reconciler.model.reply_shape import Rows, Shape, Value, may, needs, number
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Login, SurfaceAccess, TokenRequest
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
    token = TokenRequest(
        url=declared.token_url or _fill_template(preset.token_url, declared),
        body=preset.body,
        scope=preset.scope if declared.scope is None else declared.scope,
        client_id=declared.client_id,
        client_secret=declared.client_secret,
        early=preset.early,
        login=preset.login,
    )
    base_url = declared.base_url or _fill_template(preset.base_url, declared)
    return SurfaceAccess(
        name=declared.name,
        base_url=base_url,
        token=token,
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
    )


def _make_events_url(declared: DeclaredSurface, preset: Preset, base_url: str) -> str | None:
    """Beside the endpoints, wherever these are, unless the manifest says where else."""
    if preset.events is None or declared.poll_only:
        return None
    if declared.events_url is not None:
        return declared.events_url
    return make_event_url(base_url, preset)


def _fill_template(template: str, declared: DeclaredSurface) -> str:
    try:
        return template.format_map(declared.parameters)
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

    def invalidate(self, token: Secret) -> None:
        """Forget `token` after a 401, unless another thread has renewed it already."""
        with self._lock:
            if self._granted is not None and self._granted.token == token:
                self._granted = None

    def _find_fresh(self) -> Secret | None:
        granted = self._granted
        if granted is None or self._clock() >= granted.renew_at:
            return None
        return granted.token

    def _renew(self) -> Secret:
        # The time to live counts from before the request: the tenant's clock started somewhere in between.
        asked = self._clock()
        try:
            granted = self._read(self._post(self._request, self._make_fields()), asked)
        except ReconcilerError as failure:
            self._failure = failure
            raise
        finally:
            self._rounds += 1
        self._failure = None
        self._granted = granted
        return granted.token

    def _make_fields(self) -> Mapping[str, str]:
        asked = self._request
        fields: Mapping[str, str] = asked.login.ask(asked.client_id, asked.client_secret.reveal(), asked.scope)
        return fields

    def _read(self, reply: Any, asked: float) -> _Granted:
        told = number(pick(reply, self._request.login.lives))
        lives = (self._request.lifetime or UNTOLD) if told is None else min(told, LONGEST)
        # A token that lives no longer than `early` would be renewed before every single call.
        early = self._request.early if self._request.early < lives else lives / 2
        return _Granted(Secret(pick(reply, self._request.login.token)), asked + lives - early)
