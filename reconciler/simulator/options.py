"""How should this tenant behave?"""

from __future__ import annotations

from dataclasses import dataclass, field

DEMO_CLIENT_ID = "demo-client"
DEMO_CLIENT_SECRET = "not-a-secret"  # noqa: S105 - the simulator's own, worth nothing elsewhere


@dataclass(frozen=True, slots=True)
class Options:
    """The tenant's settings; the defaults are a fast, faultless tenant.

    Attributes:
        latency_ms: milliseconds every call waits before it takes effect.
        jitter_ms: up to this many milliseconds more or less, at random.
        rate: calls a second each surface takes (token requests not counted); None is no limit.
        burst: calls a surface takes at once before `rate` holds.
        token_lifetime: seconds a token is valid; fractions are allowed.
        client_id: the only client there is.
        client_secret: its secret.
        denied_scopes: scopes this client is not given, though it asks for them.
        port: on 127.0.0.1; 0 takes a free one.
        seed: of the jitter and of page tokens.
    """

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    rate: float | None = None
    burst: int = 10
    token_lifetime: float = 3600.0
    client_id: str = DEMO_CLIENT_ID
    client_secret: str = field(default=DEMO_CLIENT_SECRET, repr=False)
    denied_scopes: frozenset[str] = frozenset()
    port: int = 0
    seed: int = 0
