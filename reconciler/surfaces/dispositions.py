# tested by: tests/surfaces/test_surfaces.py
"""The surface `dispositions`: the outcome of one contact in one campaign. It holds no objects of a kind."""

from __future__ import annotations

from reconciler.model.api_surface import ApiSurface, Preset
from reconciler.model.tenant import Pace

SURFACE = ApiSurface(
    "dispositions",
    Preset(
        "https://{instance}.niceincontact.com/api/v1/outbound",
        "https://{instance}.niceincontact.com/api/v1/oauth2/token",
        "form",
        "outbound:campaign:write outbound:contact:write outbound:disposition:write",
        60,
    ),
    # at most 50 at once, and the limit is each campaign's (contract)
    pace=Pace(rate=500, burst=50, workers=50),
)
