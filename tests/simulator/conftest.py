"""What the tests of the embedded tenant stand on: a tenant with a few contacts, and a client that hides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests

from reconciler.simulator import Options, Simulator

CREDENTIALS = {
    "grant_type": "client_credentials",
    "client_id": "demo-client",
    "client_secret": "not-a-secret",
}
LISTS_SCOPE = "interactions:read lists:read lists:write campaigns:read campaigns:write"
SCOPES = {
    "lists": LISTS_SCOPE,
    "bulk": "outbound:contactlistitem:write outbound:job:read events:subscribe",
    "contacts": "contact-center:contacts:write contact-center:contacts:read contact-center:lists:write",
    "dispositions": "outbound:campaign:write outbound:contact:write outbound:disposition:write",
}


class Client:
    """Sends one request at a time on one surface, and gives the reply as it is."""

    def __init__(self, tenant: Simulator, surface: str, scope: str | None = None) -> None:
        self.tenant = tenant
        self.surface = surface
        self.scope = SCOPES.get(surface, "") if scope is None else scope
        self.session = requests.Session()
        self.session.trust_env = False
        self.log_in()

    def log_in(self) -> None:
        url = self.tenant.token_url(self.surface)
        if self.surface == "outbound":
            reply = self.session.post(url, json=CREDENTIALS)
        else:
            reply = self.session.post(url, data={**CREDENTIALS, "scope": self.scope})
        assert reply.status_code == 200, reply.text
        self.session.headers["Authorization"] = f"Bearer {reply.json()['access_token']}"

    def send(self, method: str, path: str, body: Any = None, **options: Any) -> requests.Response:
        if body is not None:
            options["json"] = body
        return self.session.request(method, self.tenant.base_url(self.surface) + path, **options)

    def get(self, path: str, **query: Any) -> requests.Response:
        return self.send("GET", path, params=query)

    def post(self, path: str, body: Any) -> requests.Response:
        return self.send("POST", path, body)

    def patch(self, path: str, body: Any) -> requests.Response:
        return self.send("PATCH", path, body)

    def delete(self, path: str, body: Any = None) -> requests.Response:
        return self.send("DELETE", path, body)

    def control(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, f"{self.tenant.url}/_control{path}", json=body)


def refused(reply: requests.Response, status: int, *words: str) -> None:
    """The reply is a refusal of this status whose message holds these words."""
    assert reply.status_code == status, reply.text
    body = reply.json()
    assert body.keys() == {"error", "requestId"}
    assert body["requestId"] == reply.headers["X-Request-Id"]
    for word in words:
        assert word in body["error"]["message"]


Serve = Callable[..., Simulator]
Connect = Callable[..., Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Makes tenants with five contacts, C4 of them archived, on the list "All"; stops them in the end."""
    with ExitStack() as stack:

        def make(**options: Any) -> Simulator:
            tenant = stack.enter_context(Simulator(Options(**options)))
            tenant.store.add_contacts([{"id": f"C{n}", "engagementScore": 10.0 * n} for n in range(1, 6)])
            tenant.store.change_contact("C4", status="ARCHIVED", phoneNumber="+12025550104")
            tenant.store.add_list("All", [f"C{n}" for n in range(1, 6)], description="Everybody")
            return tenant

        yield make


@pytest.fixture
def tenant(serve: Serve) -> Simulator:
    return serve()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients; closes them in the end."""
    with ExitStack() as stack:

        def make(*args: Any, **options: Any) -> Client:
            client = Client(*args, **options)
            stack.enter_context(client.session)
            return client

        yield make


@pytest.fixture
def outbound(tenant: Simulator, connect: Connect) -> Client:
    return connect(tenant, "outbound")


@pytest.fixture
def bulk(tenant: Simulator, connect: Connect) -> Client:
    return connect(tenant, "bulk")


@pytest.fixture
def contacts(tenant: Simulator, connect: Connect) -> Client:
    return connect(tenant, "contacts")


@pytest.fixture
def lists(tenant: Simulator, connect: Connect) -> Client:
    return connect(tenant, "lists")
