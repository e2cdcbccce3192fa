# tested by: tests/cxone/test_contacts.py
"""The surface `contacts`: the tenant's directory of contacts, by batches. It holds no objects of a kind."""

from __future__ import annotations

from reconciler.model.api_surface import ApiSurface, Preset

SURFACE = ApiSurface(
    "contacts",
    Preset(
        "https://api.nicecxone.com/v2/contact-center",
        "https://login.nicecxone.com/oauth2/token",
        "form",
        "contact-center:contacts:write contact-center:contacts:read contact-center:lists:write",
        30,
    ),
)
