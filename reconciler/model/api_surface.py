# tested by: tests/surfaces/test_surfaces.py
"""Describe one API surface: hosts, tokens, rate, and the kinds it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from reconciler.model.base_discovery import Discovery
from reconciler.model.row_wire import History, ListMethod, Outcomes
from reconciler.model.surface_wire import Wire
from reconciler.model.tenant import Body, Login, Pace


@dataclass(frozen=True, slots=True)
class Route:
    """Another way of logging in than a preset's own: its URL, how the request is written, what it says."""

    token_url: str
    body: Body
    login: Login


@dataclass(frozen=True, slots=True)
class Preset:
    """Where a surface lives and how it hands out tokens, unless a tenant says otherwise.

    Attributes:
        base_url: with holes such as `{domain}`, filled from the tenant's manifest.
        token_url: likewise.
        body: how the token request is written. login: what it says, and where its answer has the token.
        scope: space-separated.
        early: seconds before its expiry at which a token is renewed.
        events: the path, below the base URL, of a WebSocket that tells of jobs; None where there is none.
        poll_every: seconds between two looks at a job (contract, section contacts: 5).
        job_limit: seconds a job is waited for (contract, section contacts: 300).
        routes: other ways of logging in, by the word that a manifest has for each.
        discovery: how the base URL is found by a token, where the manifest does not say it; then `base_url` is where
            that is asked.
        parameters: values of holes that a manifest need not give.
    """

    base_url: str
    token_url: str
    body: Body
    scope: str
    early: float
    events: str | None = None
    poll_every: float = 5.0
    job_limit: float = 300.0
    login: Login = field(default_factory=Login)
    routes: Mapping[str, Route] = field(default_factory=dict)
    discovery: Discovery | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiSurface:
    """One family of endpoints: a file of `reconciler/surfaces/`.

    Attributes:
        name: as a `Tenant` manifest has it.
        wires: how it holds the objects of kinds, by the kind's name; none for a surface that holds no objects.
        methods: its ways of putting contacts on lists and taking them off.
        history: how the interactions of contacts are asked for; outcomes: how what became of each in a campaign is.
        pace: how fast it is called, unless the manifest says otherwise.
        ids: whose ids its objects and contacts go by: surfaces with the same may serve one tenant together.
    """

    name: str
    preset: Preset
    wires: Mapping[str, Wire] = field(default_factory=dict)
    methods: tuple[ListMethod, ...] = ()
    history: History | None = None
    outcomes: Outcomes | None = None
    pace: Pace = field(default_factory=Pace)
    ids: str = "cxone"


def make_event_url(base_url: str, preset: Preset) -> str | None:
    """Where the events of a surface's jobs are, beside its endpoints; None where there are none."""
    # https becomes wss, http ws
    return None if preset.events is None else base_url.rstrip("/").replace("http", "ws", 1) + preset.events
