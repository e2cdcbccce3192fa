"""Which bearer token does a call carry, and how is one obtained?"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from reconciler.cxone.auth import TokenSource, make_access
from reconciler.cxone.errors import BadReply, TokenRefused, WireError
from reconciler.model.errors import ReconcilerError
from reconciler.model.secret import Secret
from reconciler.model.tenant import DeclaredSurface, Pace, TokenRequest
from reconciler.simulator import Simulator
from reconciler.surfaces import load_surfaces
from tests.cxone.conftest import CLIENT_SECRET, Connect, FakeTime
from tests.cxone.scripted import Answer, ScriptedTenant
from tests.cxone.test_rate_limit import in_threads


class TokenDesk:
    """Hands out `t1`, `t2`, … for `lives` seconds each, and counts."""

    def __init__(self, lives: float = 3600) -> None:
        self.lives = lives
        self.fields: list[Mapping[str, str]] = []

    def __call__(self, request: TokenRequest, fields: Mapping[str, str]) -> Any:
        self.fields.append(fields)
        return {"access_token": f"t{len(self.fields)}", "token_type": "Bearer", "expires_in": self.lives}


def request(early: float = 60, scope: str = "a b") -> TokenRequest:
    return TokenRequest("https://tenant.example/oauth/token", "form", scope, "id", Secret(CLIENT_SECRET), early)


def test_a_token_is_kept_until_early_before_its_expiry() -> None:
    time, desk = FakeTime(), TokenDesk()
    source = TokenSource(request(early=60), desk, clock=time.clock)
    assert source.obtain_token().reveal() == "t1"
    time.now += 3539
    assert source.obtain_token().reveal() == "t1"
    time.now += 1
    assert source.obtain_token().reveal() == "t2"


def test_the_life_of_a_token_counts_from_before_it_was_asked_for() -> None:
    time, desk = FakeTime(), TokenDesk(lives=100)

    def slowly(request: TokenRequest, fields: Mapping[str, str]) -> Any:
        time.now += 30
        return desk(request, fields)

    source = TokenSource(request(early=60), slowly, clock=time.clock)
    source.obtain_token()
    time.now += 10
    assert source.obtain_token().reveal() == "t2"


def test_a_token_that_lives_shorter_than_early_still_serves_half_its_life() -> None:
    time, desk = FakeTime(), TokenDesk(lives=40)
    source = TokenSource(request(early=300), desk, clock=time.clock)
    source.obtain_token()
    time.now += 19
    assert source.obtain_token().reveal() == "t1"
    time.now += 1
    assert source.obtain_token().reveal() == "t2"


def test_the_request_is_client_credentials_with_its_scope() -> None:
    desk = TokenDesk()
    TokenSource(request(), desk).obtain_token()
    assert desk.fields == [
        {
            "grant_type": "client_credentials",
            "client_id": "id",
            "client_secret": CLIENT_SECRET,
            "scope": "a b",
        }
    ]


def test_an_empty_scope_is_not_sent() -> None:
    desk = TokenDesk()
    TokenSource(request(scope=""), desk).obtain_token()
    assert "scope" not in desk.fields[0]


def test_sixteen_threads_that_find_it_expired_ask_once() -> None:
    time, desk = FakeTime(), TokenDesk()
    source = TokenSource(request(), desk, clock=time.clock)
    source.obtain_token()
    time.now += 3600
    got: list[str] = []
    in_threads(16, lambda _: got.append(source.obtain_token().reveal()))
    assert got == ["t2"] * 16
    assert len(desk.fields) == 2


def test_ten_threads_that_are_refused_the_same_token_ask_once() -> None:
    desk = TokenDesk()
    source = TokenSource(request(), desk)
    refused = source.obtain_token()
    got: list[str] = []

    def work(_: int) -> None:
        source.invalidate(refused)
        got.append(source.obtain_token().reveal())

    in_threads(10, work)
    assert got == ["t2"] * 10


def test_a_late_401_does_not_throw_away_the_new_token() -> None:
    source = TokenSource(request(), TokenDesk())
    old = source.obtain_token()
    source.invalidate(old)
    source.invalidate(old)
    new = source.obtain_token()
    source.invalidate(old)
    assert source.obtain_token() == new


class CountingLock:
    """Tells when so many threads have come to it."""

    def __init__(self, expected: int) -> None:
        self.all_here = threading.Event()
        self._expected = expected
        self._arrived = 0
        self._count = threading.Lock()
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        with self._count:
            self._arrived += 1
            if self._arrived == self._expected:
                self.all_here.set()
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def test_threads_that_wait_for_a_refused_request_do_not_try_the_wrong_secret_again() -> None:
    asked: list[int] = []
    lock = CountingLock(16)

    def refuse(request: TokenRequest, fields: Mapping[str, str]) -> Any:
        asked.append(1)
        lock.all_here.wait()
        raise TokenRefused("no", method="POST", url=request.url)

    source = TokenSource(request(), refuse)
    source._lock = lock  # type: ignore[assignment]
    failures: list[WireError] = []

    def work(_: int) -> None:
        with pytest.raises(TokenRefused) as caught:
            source.obtain_token()
        failures.append(caught.value)

    in_threads(16, work)
    assert len(asked) == 1
    assert len(failures) == 16


def test_a_later_call_may_try_again_after_a_failure() -> None:
    desk = TokenDesk()
    broken = [True]

    def flaky(request: TokenRequest, fields: Mapping[str, str]) -> Any:
        if broken.pop() if broken else False:
            raise TokenRefused("no", method="POST", url=request.url)
        return desk(request, fields)

    source = TokenSource(request(), flaky)
    with pytest.raises(TokenRefused):
        source.obtain_token()
    assert source.obtain_token().reveal() == "t1"


@pytest.mark.parametrize(
    ("reply", "lives"),
    [
        ({}, 300),
        ({"expires_in": None}, 300),
        ({"expires_in": "3600"}, 3600),
        ({"expires_in": 3600.0}, 3600),
        ({"expires_in": "90.5"}, 90.5),
        ({"expires_in": 10**18}, 86_400),
    ],
)
def test_a_time_to_live_may_be_text_or_missing_and_is_never_longer_than_a_day(
    reply: dict[str, Any], lives: float
) -> None:
    time = FakeTime()
    asked: list[int] = []

    def post(*_: Any) -> Any:
        asked.append(1)
        return {"access_token": f"t{len(asked)}", **reply}

    source = TokenSource(request(early=0), post, clock=time.clock)
    source.obtain_token()
    time.now += lives - 1
    source.obtain_token()
    assert len(asked) == 1
    time.now += 1
    source.obtain_token()
    assert len(asked) == 2


ODD_GRANTS: list[tuple[Any, str, str]] = [
    (None, "$", "null"),
    ([], "$", "a list"),
    ("token", "$", "text"),
    ({}, "$.access_token", "not there"),
    ({"access_token": None}, "$.access_token", "null"),
    ({"access_token": ""}, "$.access_token", "blank"),
    ({"access_token": 7}, "$.access_token", "a whole number"),
    ({"access_token": {"t": "x"}}, "$.access_token", "an object"),
    ({"access_token": "line\r\nbreak"}, "$.access_token", "text that is none"),
    ({"access_token": "Zoë"}, "$.access_token", "text that is none"),
    ({"access_token": "t" * 20_000}, "$.access_token", "text that is none"),
    ({"access_token": "t", "expires_in": True}, "$.expires_in", "true or false"),
    ({"access_token": "t", "expires_in": 0}, "$.expires_in", "a whole number that is none"),
    ({"access_token": "t", "expires_in": -1}, "$.expires_in", "a whole number that is none"),
    ({"access_token": "t", "expires_in": "soon"}, "$.expires_in", "text that is none"),
    ({"access_token": "t", "expires_in": [3600]}, "$.expires_in", "a list"),
]


@pytest.mark.parametrize(("reply", "path", "found"), ODD_GRANTS)
def test_a_reply_without_a_usable_token_is_a_bad_reply_that_names_the_field(
    tenant: ScriptedTenant, connect: Connect, reply: Any, path: str, found: str
) -> None:
    tenant.token_answers.append(Answer(200, orjson.dumps(reply), {"X-Request-Id": "r1"}))
    with pytest.raises(BadReply) as caught:
        connect().call("GET", "/lists")
    assert caught.value.odd is not None
    assert (caught.value.odd.path, caught.value.odd.found) == (path, found)
    assert caught.value.where == f"POST {tenant.url}/oauth/token (status 200, request id r1)"
    assert not tenant.calls


def declared(name: str, **parameters: str) -> DeclaredSurface:
    return DeclaredSurface(name, "id", Secret(CLIENT_SECRET), "env SECRET", parameters)


@pytest.mark.parametrize(
    ("surface", "parameters", "expected"),
    [
        (
            "outbound",
            {"domain": "acme.example"},
            ("https://acme.example/api/v2", "https://acme.example/oauth/token", "json", 60),
        ),
        (
            "lists",
            {"tenant": "acme.example"},
            ("https://acme.example/api/v1", "https://acme.example/oauth/token", "form", 300),
        ),
        (
            "bulk",
            {"org": "acme"},
            ("https://acme.cxone.com/api/v2", "https://acme.cxone.com/api/v2/oauth2/token", "form", 60),
        ),
        (
            "contacts",
            {},
            (
                "https://api.nicecxone.com/v2/contact-center",
                "https://login.nicecxone.com/oauth2/token",
                "form",
                30,
            ),
        ),
        (
            "dispositions",
            {"instance": "c7"},
            (
                "https://c7.niceincontact.com/api/v1/outbound",
                "https://c7.niceincontact.com/api/v1/oauth2/token",
                "form",
                60,
            ),
        ),
    ],
)
def test_a_surface_is_where_its_preset_says(
    surface: str, parameters: dict[str, str], expected: tuple[str, str, str, float]
) -> None:
    access = make_access(declared(surface, **parameters))
    token = access.token
    assert (access.base_url, token.url, token.body, token.early) == expected
    assert token.scope == load_surfaces()[surface].preset.scope
    assert token.client_secret.reveal() == CLIENT_SECRET


def test_what_the_manifest_says_wins_over_the_preset() -> None:
    surface = DeclaredSurface(
        "bulk",
        "id",
        Secret(CLIENT_SECRET),
        "env SECRET",
        base_url="http://127.0.0.1:1/api",
        token_url="http://127.0.0.1:1/token",
        scope="",
        pace=Pace(rate=1),
        connect_timeout=1,
        read_timeout=2,
        attempts=3,
    )
    access = make_access(surface)
    assert (access.base_url, access.token.url) == ("http://127.0.0.1:1/api", "http://127.0.0.1:1/token")
    assert (access.token.scope, access.pace.rate) == ("", 1)
    assert (access.connect_timeout, access.read_timeout, access.attempts) == (1, 2, 3)


@pytest.mark.parametrize(
    ("surface", "parameters", "expected"),
    [
        ("bulk", {"org": "acme"}, ("wss://acme.cxone.com/api/v2/events", 5, 1800)),
        ("contacts", {}, (None, 5, 300)),
        ("lists", {"tenant": "acme.example"}, (None, 5, 300)),
    ],
)
def test_how_the_jobs_of_a_surface_are_watched(
    surface: str, parameters: dict[str, str], expected: tuple[str | None, float, float]
) -> None:
    access = make_access(declared(surface, **parameters))
    assert (access.events_url, access.poll_every, access.job_limit) == expected


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"base_url": "https://proxy.example/cxone/"}, "wss://proxy.example/cxone/events"),
        ({"base_url": "http://127.0.0.1:1/http"}, "ws://127.0.0.1:1/http/events"),
        ({"events_url": "wss://events.example/"}, "wss://events.example/"),
        ({"events_url": "wss://events.example/", "poll_only": True}, None),
    ],
)
def test_events_are_beside_the_endpoints_unless_the_manifest_says_otherwise(
    settings: dict[str, Any], expected: str | None
) -> None:
    surface = replace(declared("bulk", org="acme"), poll_every=1.0, job_limit=2.0, **settings)
    access = make_access(surface)
    assert (access.events_url, access.poll_every, access.job_limit) == (expected, 1.0, 2.0)


def test_a_url_with_a_hole_that_nobody_fills_is_an_error() -> None:
    with pytest.raises(ReconcilerError, match="bulk declares no org"):
        make_access(declared("bulk"))


FOUND = sorted(name for name, each in load_surfaces().items() if each.preset.discovery)


@pytest.mark.parametrize("name", FOUND)
def test_where_a_base_is_found_the_preset_says_what_the_embedded_tenants_token_is_asked_for_with(name: str) -> None:
    preset, served = load_surfaces()[name].preset, Simulator().surfaces[name]
    assert (preset.body, urlsplit(preset.token_url).path) == (served.token_body, served.token_path)
    assert make_access(declared(name, area="na1")).base_url == ""


@pytest.mark.parametrize("name", sorted({*load_surfaces()} - {*FOUND}))
def test_a_preset_is_what_the_embedded_tenant_asks_for(name: str) -> None:
    preset, served = load_surfaces()[name].preset, Simulator().surfaces[name]
    assert (preset.body, frozenset(preset.scope.split())) == (served.token_body, served.scopes)
    assert [urlsplit(url).path for url in (preset.base_url, preset.token_url)] == [served.base, served.token_path]


def test_a_surface_nobody_knows_is_an_error_that_names_the_others() -> None:
    with pytest.raises(ReconcilerError, match="no surface telepathy") as caught:
        make_access(declared("telepathy"))
    assert "dispositions" in str(caught.value.hint)
