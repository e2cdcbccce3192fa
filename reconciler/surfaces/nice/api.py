"""What is true of all of NICE's published API: logins, where a tenant's API is, its version, pages.

Weights are those of `endpoints.Weight`: the access-key route of UserHub is read in public clients, the OpenID route and
the discovery of the API's base stand in the vendor's documents.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.api_surface import Preset, Route
from reconciler.model.base_discovery import Discovery, Question
from reconciler.model.paging import OffsetPages
from reconciler.model.reply_shape import NAME, NUMBER, TEXT, Rows, Shape, may, needs, number
from reconciler.model.tenant import Login, Renewal
from reconciler.model.well_known_names import load_vendor_domains

NAME_OF_SURFACE = "nice"
SCOPE = "the permission of the key's user"
"""There are no fine scopes [client]: what a key may do is its user's security profile."""

OLDEST, NEWEST = 33, 34
"""The versions of the API that are spoken: from 33 on a campaign is flat [spec], and what follows 34 is not known."""

DOMAINS = load_vendor_domains()
"""Below which the hosts of the API are."""

EARLY = 300
"""Seconds before its end at which a token is renewed [client]."""


def pages(rows: str, *, most: int = 1000, total: str | None = "totalRecords") -> OffsetPages:
    """Pages by `skip` and `top` [spec], of which an empty one may be status 204 [client].

    How many rows the largest page has is not published: what comes is counted, and the next page begins after it.
    """
    return OffsetPages(rows, size="top", start="skip", total=total, most=most, empty=True)


USER_HUB = Login(
    ask=lambda key, secret, scope: {"accessKeyId": key, "accessKeySecret": secret},
    renewal=Renewal(
        kept="refresh_token",
        again="refreshToken",
        ask=lambda key, by: {"token": by},
        token="token",  # noqa: S106 - a name
        lives="tokenExpirationTimeSec",
        body="json",
        url="https://{area}.nice-incontact.com/public/user/refresh",
    ),
    claims=("id_token", "access_token"),
)
"""An access key, at UserHub [client]."""

OPEN_ID = Login(
    ask=lambda key, secret, scope: {"grant_type": "password", "username": key, "password": secret},
    renewal=Renewal(
        kept="refresh_token",
        again="refresh_token",
        ask=lambda key, by: {"grant_type": "refresh_token", "refresh_token": by},
        token="access_token",  # noqa: S106 - a name
        lives="expires_in",
        body="form",
    ),
    claims=("id_token", "access_token"),
    named_at="token_endpoint",
    application=True,
)
"""An access key as a user's name and password, with an application's id and secret [spec]."""

_SERVICES = "/incontactAPI/services/v{version}.0"
_ASKED = f"/incontactAPI/services/v{OLDEST}.0"


def _read_business_unit(answer: Any) -> Mapping[str, str]:
    units = answer.get("businessUnits") or [{}]
    return {"tenantId": units[0].get("tenantId")}


def _read_version(answer: Any) -> Mapping[str, str]:
    told = [number(each.get("version")) or 0 for each in answer.get("apiInfo") or ()]
    highest = int(max(told, default=0))
    return {"version": str(min(highest, NEWEST))} if highest else {}


def _read_configuration(answer: Any) -> Mapping[str, str]:
    told = {ours: answer.get(ours) for ours in ("area", "cluster")}
    return {**told, "api": str(answer["api_endpoint"]).rstrip("/")}


def check_version(known: Mapping[str, str]) -> str | None:
    """Why nothing can be done with a tenant of a version; None: something can."""
    version = number(known.get("version"))
    if version is not None and version < OLDEST:
        return (
            f"the tenant's API has version {version:g} at most, and this tool speaks {OLDEST} and {NEWEST}: before, "
            "campaigns have another shape"
        )
    return None


DISCOVERY = Discovery(
    # claims by which a tenant is told [spec]
    claims={"tenantId": "tenantId", "area": "area", "icClusterId": "cluster"},
    questions=(
        Question(
            "https://{area}.nice-incontact.com" + _ASKED + "/business-unit",
            Shape({"businessUnits": may(Rows(Shape({"tenantId": may(TEXT)})))}),
            _read_business_unit,
            finds=frozenset({"tenantId"}),
            query={"fields": "tenantId"},
        ),
        Question(
            "{issuer}/.well-known/cxone-configuration",
            Shape({"api_endpoint": needs(NAME), "area": may(TEXT), "cluster": may(TEXT)}),
            _read_configuration,
            finds=frozenset({"api"}),
            query={"tenantId": "{tenantId}"},
            open=True,
        ),
        # without its tenant's id an area's host answers, too [client]
        Question(
            "https://{area}.nice-incontact.com/.well-known/cxone-configuration",
            Shape({"api_endpoint": needs(NAME), "area": may(TEXT), "cluster": may(TEXT)}),
            _read_configuration,
            finds=frozenset({"api"}),
            open=True,
        ),
        Question(
            "{api}" + _ASKED + "/apiversion",
            Shape({"apiInfo": may(Rows(Shape({"uri": may(TEXT), "version": may(NUMBER)})))}),
            _read_version,
            finds=frozenset({"version"}),
        ),
    ),
    # the last one is a client's way where nothing else is told [client]
    bases=(
        "{api}" + _SERVICES,
        "{api}" + _ASKED,
        "https://api-{cluster}.nice-incontact.com" + _SERVICES,
        "https://api-{cluster}.nice-incontact.com" + _ASKED,
    ),
    domains=DOMAINS,
    check=check_version,
)

PRESET = Preset(
    base_url="{issuer}",
    token_url="https://{area}.nice-incontact.com/authentication/v1/token/access-key",  # noqa: S106 - a URL
    body="json",
    scope="",
    early=EARLY,
    # ours: what an upload of half a million rows takes is not published
    job_limit=3600.0,
    login=USER_HUB,
    routes={"openId": Route("{issuer}/.well-known/openid-configuration", "form", OPEN_ID)},
    discovery=DISCOVERY,
    parameters={"issuer": "https://cxone.niceincontact.com"},
)
