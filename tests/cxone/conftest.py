"""What the tests of the wire stand on: a scripted tenant, a clock that only moves when somebody sleeps."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from reconciler.cxone.transport import Transport
from reconciler.model.secret import Secret
from reconciler.model.tenant import Pace, SurfaceAccess, TokenRequest
from tests.cxone.scripted import TOKEN_PATH, ScriptedTenant

CLIENT_SECRET = "hush+hush/42"


class FakeTime:
    """Seconds that pass when somebody sleeps, and at no other moment."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.sleeps: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sleeps.append(seconds)
            self.now += seconds


@pytest.fixture
def time() -> FakeTime:
    return FakeTime()


@pytest.fixture
def tenant() -> Iterator[ScriptedTenant]:
    tenant = ScriptedTenant()
    yield tenant
    tenant.close()


def access_to(url: str, **settings: Any) -> SurfaceAccess:
    """A surface at `url`, as fast as tests like it."""
    token = TokenRequest(
        url=url + TOKEN_PATH,
        body=settings.pop("token_body", "form"),
        scope=settings.pop("scope", "lists:read lists:write"),
        client_id="client-7",
        client_secret=Secret(CLIENT_SECRET),
        early=60,
    )
    settings.setdefault("pace", Pace(rate=1e6, burst=1000, workers=4))
    settings.setdefault("attempts", 3)
    settings.setdefault("read_timeout", 5.0)
    return SurfaceAccess("lists", settings.pop("base_url", url + "/api/v1"), token, **settings)


Connect = Callable[..., Transport]


@pytest.fixture
def connect(tenant: ScriptedTenant, time: FakeTime) -> Iterator[Connect]:
    """Makes transports to the scripted tenant, on fake time and with the full jitter drawn; closes them in the end."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Transport:
            ours = {"stop", "retry_after_max", "credentials", "now"} & settings.keys()
            extra = {name: settings.pop(name) for name in ours}
            access = access_to(settings.pop("url", tenant.url), **settings)
            transport = Transport(access, clock=time.clock, sleep=time.sleep, jitter=lambda: 1.0, **extra)
            return stack.enter_context(transport)

        yield make


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever works behind a proxy reaches the scripted tenant all the same."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
