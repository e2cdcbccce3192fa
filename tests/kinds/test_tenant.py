"""What does a Tenant manifest say of how jobs are watched?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds.tenant import make_surfaces
from reconciler.model.resource import Resource
from reconciler.model.resource_address import Address

ENVIRON = {"ID": "client", "SECRET": "not-a-secret"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({}, (None, False, None, None)),
        ({"watch": "events"}, (None, False, None, None)),
        ({"watch": "poll", "pollEvery": "10s", "jobTimeout": "1h30m"}, (None, True, 10.0, 5400.0)),
        ({"eventsUrl": "wss://events.example.com/"}, ("wss://events.example.com/", False, None, None)),
    ],
)
def test_what_is_left_out_is_left_to_the_preset(
    said: dict[str, Any], expected: tuple[Any, ...], tmp_path: Path
) -> None:
    credentials = {"clientId": {"env": "ID"}, "clientSecret": {"env": "SECRET"}}
    spec = {"credentials": credentials, "surfaces": {"bulk": {"org": "acme", **said}}}
    (surface,) = make_surfaces(Resource(Address("Tenant", "production"), spec), ENVIRON, tmp_path)
    assert surface.parameters == {"org": "acme"}
    assert (surface.events_url, surface.poll_only, surface.poll_every, surface.job_limit) == expected
