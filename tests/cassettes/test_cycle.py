"""The cycle of each kind, heard again: the tenant's words come from a cassette, and nothing else is asked.

`pytest tests/cassettes --record` records anew, from the embedded tenant.
"""

from __future__ import annotations

import socket
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

import pytest

from reconciler.kinds import load_kinds
from reconciler.simulator import Options, Simulator
from tests.cassettes.recorder import CASSETTES, LARGEST, ORIGINS, forbidden, recorder, texts
from tests.kinds.cycle import STATE, Case, cases, command_line, fill, walk

RECORDED = [case for case in cases() if case.expected.get("recorded")]
TOLD = {case.kind for case in cases() if case.expected.get("told")}
"""Kinds that are told and never asked: a callback goes to an address that was judged, on a connection of its own that
no cassette stands in for."""
RECORDED_AT = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)


def cassette_of(case: Case) -> Path:
    return CASSETTES / case.kind / f"{case.folder.name}.yaml"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A workspace's folder, and the credentials of the embedded tenant in the environment."""
    for name, value in Simulator(Options()).environment().items():
        monkeypatch.setenv(name, value)
    return tmp_path / "workspace"


@pytest.mark.thin(3)
@pytest.mark.parametrize("case", RECORDED, ids=str)
def test_a_cycle_is_the_same_when_it_is_heard_again_without_a_network(
    case: Case,
    root: Path,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cassette = cassette_of(case)
    if request.config.getoption("record"):
        _record(case, cassette, root, capsys, monkeypatch)
        return
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _refuse)
    with recorder({}).use_cassette(str(cassette), record_mode="none") as heard:
        walk(case, root, command_line(root, capsys, *ORIGINS))
        assert heard.play_count == len(heard)
        assert heard.all_played


def _refuse(*arguments: Any) -> NoReturn:
    raise AssertionError(f"a cassette was being replayed, and {arguments[1:]} was connected to")


def _record(
    case: Case, cassette: Path, root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cassette.unlink(missing_ok=True)
    with ExitStack() as stack:
        tenants = [stack.enter_context(Simulator()) for _ in ORIGINS]
        for tenant in tenants:
            monkeypatch.setattr(tenant.store, "now", lambda: RECORDED_AT)
            fill(tenant.store, STATE)
        urls = [tenant.url for tenant in tenants]
        stack.enter_context(
            recorder(dict(zip(urls, ORIGINS, strict=True))).use_cassette(str(cassette), record_mode="all")
        )
        walk(case, root, command_line(root, capsys, *urls), *tenants)


@pytest.mark.parametrize("kind", sorted(set(load_kinds()) - TOLD))
def test_every_kind_has_a_cassette(kind: str) -> None:
    of_kind = [case for case in RECORDED if case.kind == kind and case.changes]
    assert of_kind, f"write `recorded: true` in one of tests/cases/kinds/{kind}/*/expected.yaml"
    assert all(cassette_of(case).exists() for case in of_kind), "run: make record"


def test_no_cassette_is_left_over() -> None:
    assert sorted(CASSETTES.rglob("*.yaml")) == sorted(map(cassette_of, RECORDED))


@pytest.mark.parametrize("cassette", [cassette_of(case) for case in RECORDED], ids=[str(case) for case in RECORDED])
def test_a_cassette_is_small_and_holds_nothing_that_is_secret_or_somebodys(cassette: Path) -> None:
    assert cassette.stat().st_size < LARGEST
    assert [words for text in texts(cassette) for words in forbidden(text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Basic eA==",
        "Bearer abc.def",
        '{"client_secret": "x"}',
        "client_id=demo-client&client_secret=not-a-secret",
        '{"access_token": "PxQ", "expires_in": 3600}',
        "Set-Cookie: a=b",
        '{"phoneNumber": "+442071838750"}',
        '{"phoneNumber": "+12025551234"}',
        "(call 2025551234)",
        "+1 (202) 555-1234",
    ],
)
def test_what_may_not_be_published_is_found(text: str) -> None:
    assert forbidden(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"access_token": "filtered", "expires_in": 3600}',
        '{"phoneNumber": "+12025550108"}',
        "+1 (202) 555-0108",
        "2026-07-01T09:30:00.000Z",
        "sha256:12345678901234567890",
        "req-00000012",
    ],
)
def test_what_may_be_published_is_let_through(text: str) -> None:
    assert forbidden(text) == []
