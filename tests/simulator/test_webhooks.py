"""Do the receivers of callbacks keep what came, and fail as they are told?"""

from __future__ import annotations

import pytest
import requests

from reconciler.simulator import Simulator
from tests.simulator.conftest import Client, refused


def _call_back(client: Client, name: str = "crm", **options: object) -> requests.Response:
    headers = {"Idempotency-Key": "k1", "Authorization": ""}
    url = client.tenant.webhook_url(name)
    return client.session.post(url, json={"all_completed": True}, headers=headers, **options)  # type: ignore[arg-type]


def test_a_callback_is_kept_with_its_headers_and_its_bytes(tenant: Simulator, bulk: Client) -> None:
    assert _call_back(bulk).status_code == 204
    (delivery,) = tenant.webhooks("crm")
    assert (delivery.method, delivery.headers["idempotency-key"]) == ("POST", "k1")
    assert (delivery.body, delivery.raw) == ({"all_completed": True}, b'{"all_completed": true}')
    assert tenant.webhooks("another") == []
    assert tenant.requests().writes() == []


def test_callbacks_are_shown_and_cleared_by_the_control_surface(tenant: Simulator, bulk: Client) -> None:
    _call_back(bulk)
    _call_back(bulk, "audit")
    control = f"{tenant.url}/_control/webhooks"
    assert [row["name"] for row in bulk.session.get(control).json()["deliveries"]] == ["crm", "audit"]
    (row,) = bulk.session.get(control, params={"name": "audit"}).json()["deliveries"]
    assert (row["body"], row["text"]) == ({"all_completed": True}, '{"all_completed": true}')
    assert bulk.session.delete(control).status_code == 204
    assert tenant.webhooks() == []


def test_a_receiver_may_get_a_callback_whose_sender_hears_nothing(tenant: Simulator, bulk: Client) -> None:
    tenant.faults.add("reset-after", path="/_webhooks/crm$")
    with pytest.raises(requests.ConnectionError):
        _call_back(bulk)
    assert _call_back(bulk).status_code == 204
    assert [each.headers["idempotency-key"] for each in tenant.webhooks("crm")] == ["k1", "k1"]


def test_a_receiver_may_be_out_of_order(tenant: Simulator, bulk: Client) -> None:
    tenant.faults.add("status", path="/_webhooks/", status=503)
    refused(_call_back(bulk), 503)
    assert tenant.webhooks() == []
    refused(_call_back(bulk, "a/b"), 404, "/_webhooks/{name}")
