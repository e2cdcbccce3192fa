# tested by: tests/steps/apply/test_hours_at_apply.py
"""Define the options of an apply."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from threading import Event

from reconciler.model.approval import Approvals
from reconciler.model.contact_tokens import Tokens
from reconciler.model.instants import read_clock
from reconciler.model.ports import Notifier, Progress
from reconciler.model.problem import Location
from reconciler.model.recent_changes import RecentRun
from reconciler.model.resource_address import Address
from reconciler.model.secret import Secret
from reconciler.model.segment import Segment
from reconciler.model.workspace_settings import Engine, Settings


@dataclass(frozen=True, slots=True)
class ApplyOptions:
    """The terms of one apply.

    Attributes:
        manifests, tenant, environment, surfaces: what the workspace says now, to be compared with what the plan was
            made from.
        reviewed: the digest that was reviewed, where the person named it.
        settings: the workspace's: its limits and ceilings are held against what the plan says of itself, and a waiver
            that has run out since the plan was made holds no more.
        now: the moment of the apply.
        scratch: an empty folder for the rows of this run.
        progress: who is told. stop: set when a person asks to stop.
        resume: the run to go on with, if any.
        root: the workspace's folder. stores: where each do-not-call list keeps numbers that are added, by its address.
        tokens: what contacts are called in the audit record.
        teller: who tells webhooks of what happens meanwhile; None: nobody wants to know.
        segments: what fills lists, by address: whose do-not-call sources are read again.
        secret: fetches what a manifest only refers to.
        clock: what time it is, as the run goes on.
        earlier: of a list, the names that the ledger may have it under besides its own.
        shown: whether the plan has just been shown with its findings, which are not told a second time then.
        approvals: who has approved the plan, checked at this moment; nobody, where nobody says otherwise.
        recent: what runs have written of lists in the last days.
        stamp: has the time of some bytes confirmed: a time-stamp of RFC 3161, or None where none was to be had.
        places: where the manifests say the schedule of a campaign, or of which moment a do-not-call list is.
    """

    manifests: str
    tenant: str
    surfaces: Mapping[str, str]
    settings: Settings
    now: datetime
    scratch: Path
    progress: Progress
    stop: Event
    resume: str | None = None
    reviewed: str | None = None
    root: Path = Path()
    stores: Mapping[str, str] = field(default_factory=dict)
    tokens: Tokens | None = None
    teller: Notifier | None = None
    segments: Mapping[Address, Segment] = field(default_factory=dict)
    secret: Callable[[str, Location], Secret] | None = None
    clock: Callable[[], datetime] = read_clock
    environment: str | None = None
    places: Mapping[Address, Location] = field(default_factory=dict)
    earlier: Mapping[str, Sequence[str]] = field(default_factory=dict)
    shown: bool = False
    approvals: Approvals = field(default_factory=Approvals)
    recent: tuple[RecentRun, ...] = ()
    stamp: Callable[[bytes], bytes | None] | None = None

    @property
    def engine(self) -> Engine:
        """Where rows are computed."""
        return self.settings.engine
