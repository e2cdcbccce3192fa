"""Can a program run a tenant of its own, and be rid of it?"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from reconciler.simulator import Options, Simulator, Store, embedded_tenant
from reconciler.simulator.surfaces import discover
from tests.simulator.conftest import Client


def test_it_starts_at_once_and_stops_leaving_no_thread() -> None:
    began = time.perf_counter()
    with Simulator() as tenant:
        assert time.perf_counter() - began < 0.3
        assert tenant.url.startswith("http://127.0.0.1:")
    assert "simulator" not in {thread.name for thread in threading.enumerate()}
    tenant.stop()


def test_it_starts_again_with_what_it_held() -> None:
    tenant = Simulator()
    tenant.store.add_list("Kept")
    for _ in range(2):
        with tenant, pytest.raises(RuntimeError, match="running"):
            tenant.start()
    assert tenant.store.list_named("Kept")


def test_a_port_that_is_taken_is_an_error(tenant: Simulator) -> None:
    port = int(tenant.url.rpartition(":")[2])
    with pytest.raises(OSError, match="address already in use"):
        Simulator(Options(port=port)).start()


@pytest.mark.parametrize("is_up", [False, True])
def test_an_interruption_of_its_start_leaves_no_thread(monkeypatch: pytest.MonkeyPatch, is_up: bool) -> None:
    class Interrupted(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            if is_up:
                super().result(timeout)
            raise KeyboardInterrupt

    monkeypatch.setattr(embedded_tenant, "Future", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        Simulator().start()
    assert not any(each.name == "simulator" for each in threading.enumerate() if each.is_alive())


def test_a_held_reply_does_not_hold_up_the_end(tenant: Simulator, outbound: Client) -> None:
    tenant.faults.add("hold-after", seconds=60)
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(outbound.get, "/outbound/contactlists")
        while not tenant.requests().to("/contactlists$"):
            time.sleep(0.005)
        began = time.perf_counter()
        tenant.stop()
        assert time.perf_counter() - began < 1
        assert pending.exception() is not None


def test_many_clients_are_served_at_once(tenant: Simulator, outbound: Client) -> None:
    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: outbound.get("/outbound/contactlists"), range(200)))
    assert {reply.status_code for reply in replies} == {200}
    assert len({reply.headers["X-Request-Id"] for reply in replies}) == 200


def test_a_client_is_told_all_it_needs(tenant: Simulator) -> None:
    assert tenant.base_url("outbound") == f"{tenant.url}/outbound/api/v2"
    assert tenant.token_url("lists") == f"{tenant.url}/lists/oauth/token"
    assert tenant.environment() == {
        "CXONE_URL": tenant.url,
        "CXONE_CLIENT_ID": "demo-client",
        "CXONE_CLIENT_SECRET": "not-a-secret",
    }


def test_every_endpoint_is_of_a_surface_there_is() -> None:
    surfaces, routes = discover()
    names = {surface.name for surface in surfaces}
    scopes = {surface.name: surface.scopes for surface in surfaces}
    assert {"outbound", "lists"} <= names
    assert all(route.scope in scopes[route.surface] for route in routes if route.scope)


def test_a_surface_may_keep_state_of_its_own_until_the_reset() -> None:
    class Jobs:
        def __init__(self) -> None:
            self.pending: list[str] = []

    store = Store()
    store.part(Jobs).pending.append("J1")
    assert store.part(Jobs).pending == ["J1"]
    store.reset()
    assert store.part(Jobs).pending == []


def test_a_long_history_is_searched_quickly() -> None:
    store = Store()
    for n in range(100_000):
        store.history.add(f"C{n % 5000}", f"I{n}", n * 1_000_000)
    began = time.perf_counter()
    found = store.history.search([f"C{n}" for n in range(1000)], 0, 2**60, ["voice"])
    assert (found.total, time.perf_counter() - began < 0.5) == (20_000, True)


def test_an_interaction_can_be_taken_out_again() -> None:
    store = Store()
    store.history.add("C1", "I1", 5)
    assert store.history.remove("C1", "I1")
    assert not store.history.remove("C1", "I1")
    assert len(store.history) == 0


def test_what_is_referred_to_must_exist() -> None:
    store = Store()
    with pytest.raises(KeyError, match="C9"):
        store.add_list("All", ["C9"])
    with pytest.raises(KeyError, match="Nope"):
        store.list_named("Nope")
    with pytest.raises(KeyError, match="Nope"):
        store.campaign_named("Nope")
