# tested by: tests/steps/load/test_load.py
"""Define the settings of a workspace: limits, engine, ledger."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from reconciler.model.approval_policy import Policy
from reconciler.model.cache_port import Cache
from reconciler.model.ceiling import Ceiling, merge_ceilings
from reconciler.model.finding import Severity
from reconciler.model.instants import LONGEST, parse_duration
from reconciler.model.selection import Selection
from reconciler.model.what_if import Supposition


@dataclass(frozen=True, slots=True)
class Engine:
    """Where rows are computed.

    Attributes:
        memory_limit: as DuckDB writes it, e.g. `2GB`; to Spark it is that of each process.
        threads: how many; to a cluster, how many cores in all.
        spill_folder: where it spills, absolute; None: in the run's own temporary folder.
        master: Spark's master; None: this process.
    """

    name: Literal["duckdb", "spark"] = "duckdb"
    memory_limit: str = "2GB"
    threads: int = 2
    spill_folder: Path | None = None
    master: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plan may do to one list without being asked. Percentages of the list's live size, 0–100.

    Attributes:
        calendar: updates that follow from the time alone, which do not count among the others. calendar_span: how much
            time that may be.
        removals_24h, updates_24h, removals_7d, updates_7d: what several plans may do together in that time.
    """

    removals: float = 30.0
    updates: float = 50.0
    calendar: float = 100.0
    calendar_span: timedelta = timedelta(days=31)
    removals_24h: float = 30.0
    updates_24h: float = math.inf
    removals_7d: float = math.inf
    updates_7d: float = math.inf

    @classmethod
    def from_manifest(cls, said: Mapping[str, Any], default: Limits) -> Limits:
        """Those that a valid manifest names, and for what it leaves out the default."""
        shares = {name: said[name] for name in ("removals", "updates", "calendar") if name in said}
        span = parse_duration(said["calendarSpan"]) if "calendarSpan" in said else default.calendar_span
        # what one plan may take off a list, several may in a day, unless they are told apart
        sums = {"removals_24h": said["removals"]} if "removals" in said else {}
        for over, suffix in (("per24h", "24h"), ("per7d", "7d")):
            sums |= {f"{name}_{suffix}": share for name, share in said.get(over, {}).items()}
        return replace(default, calendar_span=span, **shares, **sums)

    def tighten(self, other: Limits) -> Limits:
        """The stricter of two, each by itself."""
        return Limits(*(min(getattr(self, each.name), getattr(other, each.name)) for each in fields(self)))


@dataclass(frozen=True, slots=True)
class Override:
    """One rule waived for one object, with the reason, until a date (inclusive, UTC) if there is one.

    `by` is the manifest that says so.
    """

    rule: str
    object: str
    reason: str
    until: date | None = None
    by: str = "the workspace"


@dataclass(frozen=True, slots=True)
class Floor:
    """What no manifest of a workspace makes less strict; what is left out is as the workspace has it.

    Attributes:
        limits: percentages. severities: the least that each rule has.
        ceilings: the highest thresholds, by country, `*` for every other.
        unwaivable: rules that cannot be waived. max_waiver: for how long from today a waiver may hold.
        max_dnc_age: how old do-not-call numbers may be.
    """

    limits: Limits = field(default_factory=lambda: Limits(100.0, 100.0, 100.0, LONGEST, math.inf))
    severities: Mapping[str, Severity] = field(default_factory=dict)
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)
    unwaivable: frozenset[str] = frozenset()
    max_waiver: timedelta | None = None
    max_dnc_age: timedelta | None = None

    def apply(self, settings: Settings) -> Settings:
        """The settings of a workspace on this floor."""
        raised = {name: Severity.REFUSE for name, each in self.severities.items() if each is Severity.REFUSE}
        spans = [each for each in (self.max_waiver, settings.max_waiver) if each is not None]
        ages = [each for each in (self.max_dnc_age, settings.max_dnc_age) if each is not None]
        return replace(
            settings,
            limits=self.limits.tighten(settings.limits),
            severities={**self.severities, **settings.severities, **raised},
            ceilings=merge_ceilings(settings.ceilings, self.ceilings),
            unwaivable=settings.unwaivable | self.unwaivable,
            max_waiver=min(spans, default=None),
            max_dnc_age=min(ages, default=None),
        )


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """When a contact that the tenant would not take is offered again.

    Attributes:
        wait: after the first rejection; twice as long after each other one, up to `max_wait`.
        max_attempts: rejections after which it is in quarantine, and not offered again.
        forget_after: how long a rejection counts.
        by_time: whether a contact of a list is offered again after that wait though its row is the same; else it waits
            until its row changes.
    """

    wait: timedelta = timedelta(hours=1)
    max_wait: timedelta = timedelta(days=1)
    max_attempts: int = 5
    forget_after: timedelta = timedelta(days=30)
    by_time: bool = False


@dataclass(frozen=True, slots=True)
class Settings:
    """A workspace's settings; every default serves.

    Attributes:
        limits, severities: as the workspace has them, or the floor where that is stricter.
        overrides: those of the workspace, and the waivers of its abandonment policies.
        reread_after: how old what an apply knows of do-not-call sources may get while it puts contacts on lists.
        ceilings: those of the floor, by country, `*` for every other.
        unwaivable: rules that cannot be waived. max_waiver: for how long from today a waiver may hold.
        max_dnc_age: how old do-not-call numbers may be. All three by the floor.
        approvals: who must approve which plans, by each floor that says so.
    """

    name: str = "default"
    tenant: str | None = None
    ledger: str = "file://.reconciler"
    engine: Engine = field(default_factory=Engine)
    as_of: datetime | None = None
    limits: Limits = field(default_factory=Limits)
    severities: Mapping[str, Severity] = field(default_factory=dict)
    overrides: tuple[Override, ...] = ()
    ceilings: Mapping[str, Ceiling] = field(default_factory=dict)
    unwaivable: frozenset[str] = frozenset()
    max_waiver: timedelta | None = None
    max_dnc_age: timedelta | None = None
    cache: Cache = field(default_factory=Cache)
    rejected: RetryPolicy = field(default_factory=RetryPolicy)
    reread_after: timedelta = timedelta(minutes=15)
    approvals: tuple[Policy, ...] = ()


@dataclass(frozen=True, slots=True)
class Workspace:
    """What one run starts from: a folder of manifests, and what a person said on the command line.

    Attributes:
        root: the folder; nothing outside it is read as a manifest.
        scratch: an empty folder for the rows of this run.
        variables: values for templates from `--var`.
        variable_files: values for templates from `--vars`, later files win; `--var` wins over all.
        environment: the name of the environment's file (`environments/NAME.yaml`), if one was chosen.
        floors: files of floors, named by whoever runs it; they may be anywhere.
        environ: where references to the environment are looked up.
        now: an aware instant.
        tenant: the tenant chosen on the command line.
        as_of: the moment chosen on the command line.
        supposition: a number that is supposed to be another, for a question.
        prune: whether objects that carry this workspace's mark and are declared no longer are to be deleted.
        release: names in the tenant, as `NAME` or `Kind/NAME`, of marked objects that are declared no longer and are to
            be released; `all`: every one.
        refresh: whether interactions are read again that are kept from an earlier plan.
        selection: what is asked for of what is declared.
    """

    root: Path
    scratch: Path
    now: datetime
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    variables: Mapping[str, str] = field(default_factory=dict)
    variable_files: tuple[Path, ...] = ()
    environment: str | None = None
    floors: tuple[Path, ...] = ()
    tenant: str | None = None
    as_of: datetime | None = None
    prune: bool = False
    release: tuple[str, ...] = ()
    supposition: Supposition | None = None
    refresh: bool = False
    selection: Selection = field(default_factory=Selection)
