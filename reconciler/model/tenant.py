# tested by: tests/cxone/test_auth.py
"""Describe a tenant: its surfaces and their limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from reconciler.model.base_discovery import Discovery
from reconciler.model.secret import Secret


def ask_by_client_credentials(client_id: str, client_secret: str, scope: str) -> dict[str, str]:
    """What a token request says (OAuth 2.0 client credentials, RFC 6749 section 4.4); an empty scope is not sent."""
    fields = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return {**fields, "scope": scope} if scope else fields


Body = Literal["json", "form"]


@dataclass(frozen=True, slots=True)
class Renewal:
    """How a token is had by what the answer before gave for it, without the secret.

    Attributes:
        url: where, with holes as a preset's token URL has; None: where the login is. body: how it is written.
        kept: where the login's answer has what it is renewed by, and `again` where the renewal's own answer has it.
        ask: the client's id, and what it is renewed by → what the request says.
        token, lives: as a login has them, of the renewal's answer.
    """

    kept: str
    again: str
    ask: Callable[[str, str], Mapping[str, str]]
    token: str
    lives: str
    body: Body
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """What a surface is told for a token, and where its answer has it.

    Attributes:
        ask: the client's id, its secret, the scope → what the request says.
        token, lives: the paths of the token and of the seconds that it lives (RFC 6749 section 5.1), where it tells.
        renewal: how it is renewed; None, or where that fails: as at first.
        claims: the paths of tokens in its answer that say where the tenant is, the first that does counts.
        named_at: where a document at the token URL names the URL that tokens are asked for at; None: it is that itself.
        application: whether the client is an application's user, and the application's own id and secret go with the
            request (`Authorization: Basic`, RFC 6749 section 2.3.1).
    """

    ask: Callable[[str, str, str], Mapping[str, str]] = ask_by_client_credentials
    token: str = "access_token"  # noqa: S105 - a name
    lives: str = "expires_in"
    renewal: Renewal | None = None
    claims: tuple[str, ...] = ()
    named_at: str | None = None
    application: bool = False


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """How a surface hands out bearer tokens.

    Attributes:
        url: where the token is asked for, or where it is said where that is.
        body: how the request is written.
        scope: space-separated; an empty text sends none.
        early: seconds before its expiry at which a token is renewed.
        lifetime: seconds that a token is taken to live where its reply does not say; None: some minutes.
        login: what is said, and where the answer has the token.
        application: the id and secret of the application that the client belongs to, where a login needs one.
        renews_at: where it is renewed, where that is not where it is asked for.
        domains: those below which the token URL may be that a document names.
    """

    url: str
    body: Body
    scope: str
    client_id: str
    client_secret: Secret
    early: float
    lifetime: float | None = None
    login: Login = field(default_factory=Login)
    application: tuple[str, Secret] | None = None
    renews_at: str | None = None
    domains: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a surface may be called: `rate` calls a second, up to `burst` at once, `workers` in parallel."""

    rate: float = 50.0
    burst: int = 10
    workers: int = 8


REPLY_SIZE = 16 * 1024 * 1024
"""Bytes of a reply, unpacked: a page of a thousand contacts with all that may be kept with each has a tenth of it."""


@dataclass(frozen=True, slots=True)
class SurfaceAccess:
    """One family of endpoints of a tenant. Times in seconds.

    Attributes:
        reply_timeout: from sending a request until the whole reply is there. reply_size: bytes of it, unpacked.
        events_url: where the events of its jobs are listened to; None where jobs are polled alone.
        poll_every: how often a job is asked for while no event socket is open.
        job_limit: how long a job is waited for.
        campaign_rate: requests a second about one campaign, where the surface counts them (contract, section
            dispositions). counts_reads: whether reads are among them.
    """

    name: str
    base_url: str
    token: TokenRequest
    pace: Pace = field(default_factory=Pace)
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    reply_timeout: float = 60.0
    reply_size: int = REPLY_SIZE
    attempts: int = 6
    retry_cap: float = 30.0
    events_url: str | None = None
    poll_every: float = 5.0
    job_limit: float = 300.0
    campaign_rate: int = 10
    counts_reads: bool = True
    discovery: Discovery | None = None
    known: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tenant:
    """A tenant as declared, with its credentials fetched from where they are kept."""

    name: str
    surfaces: Mapping[str, SurfaceAccess]


@dataclass(frozen=True, slots=True)
class DeclaredSurface:
    """A surface as a `Tenant` manifest declares it; what is None comes from the surface's preset.

    Attributes:
        parameters: values for the preset's URLs: `domain`, `tenant`, `org` or `instance`.
        credential_source: where the client's id came from, for messages; never its value.
        poll_only: whether jobs are polled though the surface has events.
        login: the route by which tokens are asked for, where the surface has others; None: its usual one.
        application: as a `TokenRequest` has it.
    """

    name: str
    client_id: str
    client_secret: Secret
    credential_source: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    base_url: str | None = None
    token_url: str | None = None
    scope: str | None = None
    pace: Pace = field(default_factory=Pace)
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    reply_timeout: float | None = None
    reply_size: int = REPLY_SIZE
    attempts: int = 6
    events_url: str | None = None
    poll_only: bool = False
    poll_every: float | None = None
    job_limit: float | None = None
    campaign_rate: int = 10
    counts_reads: bool = True
    login: str | None = None
    application: tuple[str, Secret] | None = None
