"""Does the tenant know who calls, and let nobody do what they may not?"""

from __future__ import annotations

import time
from typing import Any

import pytest
import requests

from reconciler.simulator import Simulator
from tests.simulator.conftest import CREDENTIALS, LISTS_SCOPE, Client, Connect, Serve, refused


def _ask(url: str, **how: Any) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(url, **how)


def test_a_token_reply_says_what_was_granted_and_for_how_long(tenant: Simulator) -> None:
    reply = _ask(tenant.token_url("lists"), data={**CREDENTIALS, "scope": "lists:read nonsense"}).json()
    assert (reply["token_type"], reply["expires_in"], reply["scope"]) == ("Bearer", 3600, "lists:read")


def test_tokens_are_never_alike(tenant: Simulator) -> None:
    replies = [_ask(tenant.token_url("outbound"), json=CREDENTIALS).json() for _ in range(2)]
    assert replies[0]["access_token"] != replies[1]["access_token"]


@pytest.mark.parametrize("wrong", [{"client_id": "somebody"}, {"client_secret": "guess"}])
def test_wrong_credentials_are_refused(tenant: Simulator, wrong: dict[str, str]) -> None:
    refused(_ask(tenant.token_url("outbound"), json={**CREDENTIALS, **wrong}), 401)
    refused(_ask(tenant.token_url("lists"), data={**CREDENTIALS, "scope": LISTS_SCOPE, **wrong}), 401)


@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({}, "grant_type"),
        ({**CREDENTIALS, "grant_type": "password"}, "grant_type"),
        ({**CREDENTIALS, "color": "red"}, "color"),
        ({**CREDENTIALS, "client_id": 7}, "client_id"),
        ([], "body"),
    ],
)
def test_a_token_request_that_is_wrong_is_refused_by_the_field(tenant: Simulator, body: Any, word: str) -> None:
    refused(_ask(tenant.token_url("outbound"), json=body), 400, word)


def test_each_surface_takes_its_own_form_of_token_request(tenant: Simulator) -> None:
    refused(_ask(tenant.token_url("outbound"), data=CREDENTIALS), 400, "application/json")
    refused(_ask(tenant.token_url("lists"), json=CREDENTIALS), 400, "x-www-form-urlencoded")
    headers = {"Content-Type": "application/json"}
    refused(_ask(tenant.token_url("outbound"), data="{nonsense", headers=headers), 400, "body")


def test_a_form_request_without_scope_is_refused(tenant: Simulator) -> None:
    refused(_ask(tenant.token_url("lists"), data=CREDENTIALS), 400, "scope")


def test_tokens_are_asked_for_by_post_only(lists: Client) -> None:
    reply = lists.session.get(lists.tenant.token_url("lists"))
    refused(reply, 405)
    assert reply.headers["Allow"] == "POST"


def test_no_call_is_answered_without_a_token(outbound: Client) -> None:
    for header in ("", "Basic abc", "Bearer", "Bearer made-up"):
        outbound.session.headers["Authorization"] = header
        refused(outbound.get("/outbound/contactlists"), 401)


def test_a_token_of_one_surface_is_worth_nothing_on_another(outbound: Client, lists: Client) -> None:
    lists.session.headers["Authorization"] = outbound.session.headers["Authorization"]
    refused(lists.get("/lists"), 401, "outbound")


def test_a_token_expires(serve: Serve, connect: Connect) -> None:
    client = connect(serve(token_lifetime=0.05), "lists")
    assert client.get("/lists").status_code == 200
    time.sleep(0.06)
    refused(client.get("/lists"), 401, "expired")


def test_a_fraction_of_a_second_is_said_as_one(serve: Serve) -> None:
    tenant = serve(token_lifetime=0.5)
    assert _ask(tenant.token_url("outbound"), json=CREDENTIALS).json()["expires_in"] == 0.5


def test_all_tokens_can_be_revoked(tenant: Simulator, lists: Client, outbound: Client) -> None:
    assert tenant.revoke_tokens() == 2
    refused(lists.get("/lists"), 401)
    refused(outbound.get("/outbound/contactlists"), 401)
    lists.log_in()
    assert lists.get("/lists").status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("POST", "/interactions/search", "interactions:read"),
        ("GET", "/lists", "lists:read"),
        ("GET", "/lists/CL-1001", "lists:read"),
        ("GET", "/lists/CL-1001/contacts", "lists:read"),
        ("POST", "/lists", "lists:write"),
        ("PATCH", "/lists/CL-1001", "lists:write"),
        ("DELETE", "/lists/CL-1001", "lists:write"),
        ("POST", "/lists/CL-1001/contacts", "lists:write"),
        ("DELETE", "/lists/CL-1001/contacts", "lists:write"),
        ("GET", "/campaigns", "campaigns:read"),
        ("GET", "/campaigns/CA-1001", "campaigns:read"),
        ("POST", "/campaigns", "campaigns:write"),
        ("PATCH", "/campaigns/CA-1001", "campaigns:write"),
        ("DELETE", "/campaigns/CA-1001", "campaigns:write"),
    ],
)
def test_every_endpoint_names_the_scope_it_misses(
    tenant: Simulator, connect: Connect, method: str, path: str, scope: str
) -> None:
    others = " ".join(item for item in LISTS_SCOPE.split() if item != scope)
    refused(connect(tenant, "lists", others).send(method, path), 403, scope)


def test_a_client_may_be_denied_a_scope_it_asks_for(serve: Serve, connect: Connect) -> None:
    tenant = serve(denied_scopes=frozenset({"outboundapi", "lists:write"}))
    refused(connect(tenant, "outbound").get("/outbound/contactlists"), 403, "outboundapi")
    refused(connect(tenant, "lists").post("/lists", {}), 403, "lists:write")


def test_the_secret_is_kept_out_of_the_request_log(tenant: Simulator, outbound: Client) -> None:
    assert "not-a-secret" not in repr(tenant.requests())
    assert "not-a-secret" not in repr(tenant.options)
