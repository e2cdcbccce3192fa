"""Logins by an access key, and what tells where a tenant's API is, and which versions it has."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from reconciler.simulator.body_checks import fields, some_text
from reconciler.simulator.error_replies import Refusal, bad_request, not_found, unauthorized
from reconciler.simulator.routing import Call, Reply, Route, Surface
from reconciler.simulator.surfaces.nice.conventions import (
    BUSINESS_UNIT,
    NAME,
    NEWEST,
    PERMISSION,
    check_accepted,
    choose_fields,
    find_inner,
    read,
    refuse,
)

TENANT_ID = "11eb0000-0000-4000-8000-000000000001"
AREA, CLUSTER = "na1", "c32"
ISSUER = "https://cxone.niceincontact.com"
"""Where logins by OpenID begin, at the vendor's own host [spec]."""
API = f"https://api-{AREA}.niceincontact.com"
"""Where the API is at the vendor's own host: the default of the document's `servers` [spec]."""
HOSTS = ("*.nice-incontact.com", "*.niceincontact.com")
"""Below which all of the vendor's hosts are that are known [client], [spec]; the tenant does not tell them apart."""
APPLICATION = ("demo-application", "not-a-secret-either")
"""The id and secret of the application of the OpenID route."""


class Renewals:
    """Refresh tokens that are good for one renewal each, and what a tenant tells of itself.

    `tells`: whether its tokens say which tenant they are of. `newest`: the highest version that it tells of.
    """

    def __init__(self) -> None:
        self.held: set[str] = set()
        self.tells = True
        self.newest = NEWEST


def _encode(part: Mapping[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


def _grant(call: Call) -> tuple[str, str]:
    """A new token, with claims, and what renews it."""
    renewals = call.tenant.store.part(Renewals)
    claims = {"tenantId": TENANT_ID, "area": AREA, "icClusterId": CLUSTER, "icBUId": 4711} if renewals.tells else {}
    token = ".".join([_encode({"alg": "none"}), _encode({**claims, "jti": secrets.token_hex(8)}), "c2ltdWxhdGVk"])
    call.tenant.tokens.take(token, NAME, frozenset({PERMISSION}))
    by = secrets.token_urlsafe(16)
    renewals.held.add(by)
    return token, by


def _lifetime(call: Call) -> float:
    return call.tenant.options.token_lifetime


def issue_by_access_key(call: Call) -> Mapping[str, Any]:
    """`POST /authentication/v1/token/access-key` `{accessKeyId, accessKeySecret}`."""
    if call.content_type != "application/json":
        raise bad_request("Content-Type: must be application/json")
    texts = {"accessKeyId": some_text, "accessKeySecret": some_text}
    told = fields(call.parse_body(), required=texts, optional={})
    if not call.tenant.tokens.check_client(told["accessKeyId"], told["accessKeySecret"]):
        raise unauthorized("wrong access key", "invalid_client")
    token, by = _grant(call)
    return {"access_token": token, "refresh_token": by, "id_token": token, "expires_in": _lifetime(call)}


def _spend(call: Call, by: Any) -> None:
    held = call.tenant.store.part(Renewals).held
    if by not in held:
        raise Refusal(400, "invalid_grant", "the refresh token is not good, or was used before")
    held.discard(by)


def _renew(call: Call) -> Reply:
    """`POST /public/user/refresh` `{token}`."""
    _spend(call, fields(call.body, required={"token": some_text}, optional={})["token"])
    token, by = _grant(call)
    told = {"tokenExpirationTimeSec": _lifetime(call), "refreshTokenExpirationTimeSec": 10 * _lifetime(call)}
    return Reply(body={"token": token, "refreshToken": by, **told})


def _tell_openid(call: Call) -> Reply:
    """`GET /.well-known/openid-configuration`."""
    methods = ["client_secret_basic"]
    return Reply(
        body={
            "issuer": ISSUER,
            "token_endpoint": f"{ISSUER if call.root else f'{call.origin}/nice'}/auth/token",
            "token_endpoint_auth_methods_supported": methods,
        }
    )


def _issue_by_password(call: Call) -> Reply:
    """`POST /auth/token`: an access key as name and password of an application's user, or a renewal."""
    pair = base64.b64encode(":".join(APPLICATION).encode()).decode()
    if call.authorization != f"Basic {pair}":
        raise unauthorized("the application is not known", "invalid_client")
    if call.content_type != "application/x-www-form-urlencoded":
        raise bad_request("Content-Type: must be application/x-www-form-urlencoded")
    told = dict(parse_qsl(call.raw.decode(), strict_parsing=True))
    if told.get("grant_type") == "refresh_token":
        _spend(call, told.get("refresh_token"))
    elif told.get("grant_type") != "password":
        raise Refusal(400, "unsupported_grant_type", "grant_type: must be password or refresh_token")
    elif not call.tenant.tokens.check_client(told.get("username"), told.get("password")):
        raise Refusal(400, "invalid_grant", "wrong access key")
    token, by = _grant(call)
    body = {"access_token": token, "token_type": "Bearer", "refresh_token": by, "id_token": token}
    return Reply(body={**body, "expires_in": _lifetime(call)})


def _tell_configuration(call: Call) -> Reply:
    """`GET /.well-known/cxone-configuration?tenantId=`; without it an area's host answers, too."""
    if call.query.get("tenantId", TENANT_ID) != TENANT_ID:
        raise not_found("tenantId: no such tenant")
    here = f"{call.origin}/nice"
    ui, auth, api = (f"https://{AREA}.nice-incontact.com", ISSUER, API) if call.root else (here, here, here)
    return Reply(
        body={
            "private": False,
            "ui_endpoint": ui,
            "auth_endpoint": auth,
            "api_endpoint": api,
            "area": AREA,
            "cluster": CLUSTER,
            "domain": "niceincontact.com" if call.root else "127.0.0.1",
            "tenantId": TENANT_ID,
        }
    )


def _tell_versions(call: Call) -> Reply:
    """`GET /apiversion`: the highest version of each endpoint."""
    newest = call.tenant.store.part(Renewals).newest
    uris = (("/lists/call-lists", "GET"), ("/skills", "GET"), ("/campaigns", "POST"))
    return Reply(body={"apiInfo": [{"uri": uri, "version": newest, "verb": verb} for uri, verb in uris]})


def _tell_business_unit(call: Call) -> Reply:
    """`GET /business-unit`."""
    unit = {**BUSINESS_UNIT, "tenantId": TENANT_ID, "defaultTimeZone": "UTC", "allowPredictiveDialing": True}
    return Reply(body={"businessUnits": choose_fields(call, [unit])})


ROUTES = (
    Route(NAME, "POST", "/public/user/refresh", "", _renew, takes_body=True, is_read=True),
    Route(NAME, "GET", "/.well-known/openid-configuration", "", _tell_openid, is_read=True),
    Route(NAME, "POST", "/auth/token", "", _issue_by_password, takes_body=True, is_read=True, takes_form=True),
    Route(
        NAME,
        "GET",
        "/.well-known/cxone-configuration",
        "",
        _tell_configuration,
        frozenset({"tenantId"}),
        is_read=True,
    ),
    read("/apiversion", _tell_versions, "searchUriText", "verb"),
    read("/business-unit", _tell_business_unit, "fields", "includeTrustedBusinessUnits"),
)

SURFACE = Surface(
    NAME,
    f"/incontactAPI/services/v{NEWEST}.0",
    "/authentication/v1/token/access-key",
    "json",
    frozenset({PERMISSION}),
    logs_rows=False,
    refuse=refuse,
    issue=issue_by_access_key,
    check=check_accepted,
    find_inner=find_inner,
    hosts=HOSTS,
)
