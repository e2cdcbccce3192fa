"""On what terms is a plan applied: what the workspace says today, and who is told and who may stop it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Event

from reconciler.model.ports import Progress
from reconciler.model.settings import Engine, Settings


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of one apply.

    Attributes:
        manifests, tenant, surfaces: what the workspace says now, to be compared with what the plan was made from.
        reviewed: the digest that was reviewed, where the person named it.
        settings: the workspace's: its limits and ceilings are held against what the plan says of itself, and a waiver
            that has run out since the plan was made holds no more.
        now: the moment of the apply.
        scratch: an empty folder for the rows of this run.
        progress: who is told. stop: set when a person asks to stop.
        resume: the run to go on with, if any.
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

    @property
    def engine(self) -> Engine:
        """Where rows are computed."""
        return self.settings.engine
