# tested by: tests/simulator/test_salesforce.py
"""The surface `salesforce`: not CXone, but where its contacts may come from. Which records does a query find?

It stands at the tenant's own origin, as an organisation's instance does: `/services/oauth2/token`,
`/services/data/v58.0/query/?q=`. Errors are `[{"message", "errorCode"}]`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.oauth import bearer
from reconciler.simulator.routing import Call, Reply, Route, Surface, read_route
from reconciler.simulator.salesforce_org import Locator, Organisation

SCOPE = "api"
_VERSION = "/data/v58.0"
_SAID = {
    401: ("INVALID_SESSION_ID", "Session expired or invalid"),
    403: ("API_DISABLED_FOR_ORG", "The REST API is not enabled for this Organization."),
    404: ("NOT_FOUND", "The requested resource does not exist"),
}


def _grant(call: Call, granted: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reply to a token request: it does not say how long the token lives."""
    return {
        "access_token": granted["access_token"],
        "signature": "c2ltdWxhdGVk",
        "scope": granted["scope"],
        "instance_url": call.origin,
        "id": f"{call.origin}/id/00D000000000001EAA/005000000000001AAA",
        "token_type": "Bearer",
        "issued_at": str(int(time.time() * 1000)),
    }


def _refuse(call: Call, refusal: Refusal) -> Reply:
    """A refusal as Salesforce writes it; those of the tenant's own rules in its words."""
    if call.path == SURFACE.full_token_path:
        status, code = (400, "invalid_client") if refusal.status == 401 else (refusal.status, refusal.code)
        return Reply(status, {"error": code, "error_description": refusal.message}, refusal.headers)
    code, message = refusal.code, refusal.message
    if not code.isupper():
        code, message = _SAID.get(refusal.status, (code.upper(), message))
    return Reply(refusal.status, [{"message": message, "errorCode": code}], refusal.headers)


def _query(call: Call) -> Reply:
    """`GET /query/?q={SOQL}`: the first page."""
    organisation = call.tenant.store.part(Organisation)
    organisation.count()
    if not call.query.get("q"):
        raise Refusal(400, "MALFORMED_QUERY", "A query string has to be specified")
    found, key = organisation.query(call.query["q"], bearer(call.authorization))
    return _page(found, key, 0)


def _more(call: Call) -> Reply:
    """`GET /query/{locator}-{position}`: a later page."""
    organisation = call.tenant.store.part(Organisation)
    organisation.count()
    key, _, position = call.params["locator"].rpartition("-")
    found = organisation.find_locator(key, bearer(call.authorization))
    starts = [sum(len(page) for page in found.pages[:number]) for number in range(len(found.pages))]
    if not position.isdecimal() or int(position) not in starts:
        raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
    return _page(found, key, starts.index(int(position)))


def _page(found: Locator, key: str, number: int) -> Reply:
    body: dict[str, Any] = {"totalSize": found.total, "done": number + 1 == len(found.pages)}
    if not body["done"]:
        position = sum(len(page) for page in found.pages[: number + 1])
        body["nextRecordsUrl"] = f"/services{_VERSION}/query/{key}-{position}"
    return Reply(body={**body, "records": found.pages[number]})


SURFACE = Surface(
    "salesforce", _VERSION, "/oauth2/token", "form", frozenset({SCOPE}), root="services", grant=_grant, refuse=_refuse
)
ROUTES: tuple[Route, ...] = (
    read_route("salesforce", "/query/", SCOPE, _query, "q"),
    read_route("salesforce", "/query", SCOPE, _query, "q"),
    read_route("salesforce", "/query/{locator}", SCOPE, _more),
)
