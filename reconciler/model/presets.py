"""Where is each of the vendor's API surfaces, and how does it hand out tokens, unless a tenant says otherwise?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a surface lives and how it hands out tokens, unless a tenant says otherwise.

    Attributes:
        base_url: with holes such as `{domain}`, filled from the tenant's manifest.
        token_url: likewise.
        body: how the token request is written.
        scope: space-separated.
        early: seconds before its expiry at which a token is renewed.
        events: the path, below the base URL, of a WebSocket that tells of jobs; None where there is none.
        poll_every: seconds between two looks at a job (contract, section contacts: 5).
        job_limit: seconds a job is waited for (contract, section contacts: 300).
    """

    base_url: str
    token_url: str
    body: Literal["json", "form"]
    scope: str
    early: float
    events: str | None = None
    poll_every: float = 5.0
    job_limit: float = 300.0


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "outbound": Preset(
            "https://{domain}/api/v2",
            "https://{domain}/oauth/token",
            "json",
            "outboundapi",
            60,
        ),
        "lists": Preset(
            "https://{tenant}/api/v1",
            "https://{tenant}/oauth/token",
            "form",
            "interactions:read lists:read lists:write campaigns:read campaigns:write",
            300,
        ),
        "bulk": Preset(
            "https://{org}.cxone.com/api/v2",
            "https://{org}.cxone.com/api/v2/oauth2/token",
            "form",
            "outbound:contactlistitem:write outbound:job:read events:subscribe",
            60,
            events="/events",
            # ours: a job has twenty times the rows of a batch, and waits behind those of other workers
            job_limit=1800,
        ),
        "contacts": Preset(
            "https://api.nicecxone.com/v2/contact-center",
            "https://login.nicecxone.com/oauth2/token",
            "form",
            "contact-center:contacts:write contact-center:contacts:read contact-center:lists:write",
            30,
        ),
        "dispositions": Preset(
            "https://{instance}.niceincontact.com/api/v1/outbound",
            "https://{instance}.niceincontact.com/api/v1/oauth2/token",
            "form",
            "outbound:campaign:write outbound:contact:write outbound:disposition:write",
            60,
        ),
    }
)


def event_url(base_url: str, preset: Preset) -> str | None:
    """Where the events of a surface's jobs are, beside its endpoints; None where there are none."""
    # https becomes wss, http ws
    return None if preset.events is None else base_url.rstrip("/").replace("http", "ws", 1) + preset.events
