# tested by: tests/steps/apply/test_fault_matrix.py
"""Define how a tenant behaves."""

from __future__ import annotations

from dataclasses import dataclass, field

DEMO_CLIENT_ID = "demo-client"
DEMO_CLIENT_SECRET = "not-a-secret"  # noqa: S105 - the simulator's own, worth nothing elsewhere


@dataclass(frozen=True, slots=True)
class JobPace:
    """How asynchronous jobs get on; by default they are done before their 202 is sent.

    Attributes:
        seconds: from the first step to the end.
        steps: so many times a job makes progress, the last of them its end.
        polls: it takes so many GETs of the job, the last of which shows its end; then no time moves it.
        held: only `jobs.advance` and the control surface move it.
        gradually: rows take effect step by step, and not all at the end.
    """

    seconds: float = 0.0
    steps: int = 4
    polls: int | None = None
    held: bool = False
    gradually: bool = False

    def __post_init__(self) -> None:
        """ValueError for a pace that nothing can keep."""
        if self.seconds < 0 or self.steps < 1 or (self.polls is not None and self.polls < 1):
            raise ValueError("a job takes no negative time, and at least one step and one poll")

    @property
    def stages(self) -> int:
        """How many steps lead from the beginning to the end."""
        return self.polls or self.steps


@dataclass(frozen=True, slots=True)
class DispositionLimits:
    """How much the surface `dispositions` takes; by default what the contract says. None is no limit.

    Attributes:
        rate: requests a second about each campaign.
        burst: requests a campaign takes at once before `rate` holds; None is as many as it takes in a second.
        counts_reads: reads count as writes do; else writes alone.
        at_once: calls under way at the same time, of all campaigns together.
    """

    rate: float | None = 10.0
    burst: int | None = None
    counts_reads: bool = True
    at_once: int | None = 50

    def __post_init__(self) -> None:
        """ValueError for limits that let nothing through."""
        if (self.rate is not None and not self.rate > 0) or (self.burst is not None and self.burst < 1):
            raise ValueError("rate: must be more than 0, and burst at least 1")
        if self.at_once is not None and self.at_once < 1:
            raise ValueError("at_once: must be at least 1")


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
        jobs: how asynchronous jobs get on.
        dispositions: how much the surface `dispositions` takes.
        forget_rows: bulk rows are counted and digested, and not kept: for millions of them.
        new_contacts: what the ids of contacts begin with that a bulk insert makes.
        port: on 127.0.0.1; 0 picks a free one.
        seed: of the jitter and of page tokens.
        surfaces: the names of those that answer; empty: all.
        as_host: serve them as their vendor's hosts as well, over TLS behind a proxy.
        proxy_port: of that proxy on 127.0.0.1; 0 picks a free one.
    """

    latency_ms: float = 0.0
    jitter_ms: float = 0.0
    rate: float | None = None
    burst: int = 10
    token_lifetime: float = 3600.0
    client_id: str = DEMO_CLIENT_ID
    client_secret: str = field(default=DEMO_CLIENT_SECRET, repr=False)
    denied_scopes: frozenset[str] = frozenset()
    jobs: JobPace = field(default_factory=JobPace)
    dispositions: DispositionLimits = field(default_factory=DispositionLimits)
    forget_rows: bool = False
    new_contacts: str = "BULK"
    port: int = 0
    seed: int = 0
    surfaces: frozenset[str] = frozenset()
    as_host: bool = False
    proxy_port: int = 0
