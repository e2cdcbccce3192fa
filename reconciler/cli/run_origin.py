# tested by: tests/model/test_origin.py
"""Read whose change a run is about: from the environment, and the document of the pipeline's event."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.model.origin import Origin, make_origin

LARGEST_EVENT = 32 * 1024 * 1024
"""Bytes; a host sends at most 25 MB (https://docs.github.com/en/webhooks/webhook-events-and-payloads)."""


def read_run_origin(environ: Mapping[str, str]) -> Origin | None:
    """The origin of what this process does; None where nothing says so."""
    return make_origin(environ, read_event(environ))


def read_event(environ: Mapping[str, str]) -> Mapping[str, Any]:
    """The document of the event that set the pipeline off; empty where there is none that can be read."""
    import orjson

    name = environ.get("GITHUB_EVENT_PATH", "")
    if not name or not environ.get("GITHUB_ACTIONS"):
        return {}
    try:
        with Path(name).open("rb") as file:
            found = orjson.loads(file.read(LARGEST_EVENT))
    except (OSError, ValueError):  # an origin is told where it can be; a run does not depend on it
        return {}
    return found if isinstance(found, dict) else {}
