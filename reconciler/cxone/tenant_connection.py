# tested by: tests/cxone/test_object_writer.py
"""Define what a reader or a writer of a tenant is opened with."""

from __future__ import annotations

import threading
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from reconciler.cxone.campaign_rate_limit import CampaignLimiters
from reconciler.cxone.http_attempt import Carrier, Sender
from reconciler.model.kind import Kind
from reconciler.model.ownership_registry import NoOwners, Owners
from reconciler.model.rename_lookup import Earlier
from reconciler.model.tenant import DeclaredSurface, SurfaceAccess


@dataclass(frozen=True, slots=True)
class TenantConnection:
    """One tenant, and for whom it is read.

    Attributes:
        surfaces: those that its manifest declares. kinds: every kind, by its name.
        stop: set when the person does not want to wait any longer. lanes: how often campaigns may be asked, shared by
            all that ask them.
        declared: by kind, the names that are declared: of other objects that do nothing by themselves and are not ours,
            what has endpoints of its own is not asked for; None: it is of all.
        earlier: by kind, names that objects of the workspace `owner` may have had before (`model.rename_lookup`).
        owners: opens the registry of whose objects are that cannot say it themselves.
        carrier: opens what carries the requests of a surface.
    """

    surfaces: Iterable[DeclaredSurface]
    kinds: Mapping[str, Kind]
    stop: threading.Event | None = None
    lanes: CampaignLimiters | None = None
    earlier: Mapping[str, Earlier] = field(default_factory=dict)
    declared: Mapping[str, Container[str]] | None = None
    owner: str = ""
    owners: Callable[[], Owners] = NoOwners
    carrier: Callable[[SurfaceAccess], Carrier] = Sender
