# tested by: tests/cxone/test_bulk.py
"""The surface `bulk`: asynchronous bulk inserts, and events of their jobs. It holds no objects of a kind."""

from __future__ import annotations

from reconciler.model.api_surface import ApiSurface, Preset

SURFACE = ApiSurface(
    "bulk",
    Preset(
        "https://{org}.cxone.com/api/v2",
        "https://{org}.cxone.com/api/v2/oauth2/token",
        "form",
        "outbound:contactlistitem:write outbound:job:read events:subscribe",
        60,
        events="/events",
        # ours: a job has twenty times the rows of a batch, and waits behind those of other workers
        job_limit=1800,
    ),
)
