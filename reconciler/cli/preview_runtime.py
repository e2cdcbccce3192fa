# tested by: tests/cli/test_preview.py
"""Wire up a preview: the live tenant to be read, and the embedded one to be written, each with a ledger of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler.cli.preview_tenant import Filling, embed_surfaces
from reconciler.cli.runtime import LocalRuntime
from reconciler.cxone.member_recording import RecordingReader
from reconciler.cxone.stand_in_writer import Original, StandInWriter
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.kinds import collect_earlier_names, collect_names, load_kinds
from reconciler.kinds.tenant import identify_tenant, make_surfaces
from reconciler.ledger import last_written, retry_queue, score_dates
from reconciler.ledger.folder_records import open_store
from reconciler.ledger.ledger import Ledger
from reconciler.model.change_cause import Applied
from reconciler.model.contact_tokens import Tokens
from reconciler.model.desired_state import Desired
from reconciler.model.live_state import Live
from reconciler.model.phase import Phase
from reconciler.model.problem import Location
from reconciler.model.recent_changes import RecentRun
from reconciler.model.score_basis import Scored
from reconciler.model.secret import Secret
from reconciler.model.workspace_settings import Workspace

if TYPE_CHECKING:
    from reconciler.cxone.campaign_reader import CampaignReader
    from reconciler.model.cache_port import CachePort


class RecordingRuntime(LocalRuntime):
    """The real tenant, to be read: what is read of its people is kept."""

    reader_type = RecordingReader
    opened: RecordingReader | None = None

    def reader(self, desired: Desired) -> CampaignReader:
        """The tenant that is meant."""
        found = super().reader(desired)
        if isinstance(found, RecordingReader):
            self.opened = found
        return found


class PreviewRuntime:
    """The embedded tenant in place of the real one, and a ledger that ends with it; all else is the real one's.

    Nothing of it can write to the live tenant: the only writer there is has the embedded tenant's addresses.
    """

    def __init__(self, workspace: Workspace, live: LocalRuntime, filling: Filling, first: Live, scratch: Path) -> None:
        self._workspace, self._live, self._filling, self._scratch = workspace, live, filling, scratch
        statistics = {
            (found.kind, found.name): found.statistics
            for held in first.objects.values()
            for found in held.values()
            if found.statistics is not None
        }
        self._original = Original(first.surfaces, first.campaign_rate, statistics)
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def reader(self, desired: Desired) -> StandInWriter:
        """The embedded tenant, to be read."""
        return self.writer(desired)

    def writer(self, desired: Desired) -> StandInWriter:
        """The embedded tenant, to be written."""
        declared = make_surfaces(desired.tenant, self._workspace.environ, desired.root, desired.bounds)
        tenant = TenantConnection(
            embed_surfaces(declared, self._filling.tenant),
            load_kinds(),
            earlier=collect_earlier_names(desired.catalogue),
            declared=collect_names(desired.catalogue),
            owner=desired.settings.name,
            owners=self.ledger(desired).owners,
        )
        made = StandInWriter(tenant)
        made.stand_ins, made.original, made.introduce = self._filling.stand_ins, self._original, self._filling.introduce
        return self._stack.enter_context(made)

    def ledger(self, desired: Desired) -> Ledger:
        """One of its own; it begins with what lists would not take before."""
        folder = self._scratch / "ledger"
        new = not folder.exists()
        ledger = Ledger(
            open_store(f"file://{folder}", desired.root), identify_tenant(desired.tenant), None, desired.environment
        )
        if new:
            pending = self._live.copy_pending_retries(desired)
            if pending is not None:
                retry_queue.take_over(ledger.records, pending)
        return ledger

    def secret(self, desired: Desired, reference: str, where: Location) -> Secret:
        """The same as for the live tenant: sources are the same."""
        return self._live.secret(desired, reference, where)

    def tokens(self, desired: Desired) -> Tokens:
        """The workspace's."""
        return self._live.tokens(desired)

    def copy_pending_retries(self, desired: Desired) -> Path | None:
        """As an apply to the embedded tenant left them."""
        ledger = self.ledger(desired)
        return retry_queue.copy_pending(ledger.records, ledger.tenant, desired.scratch / "owed.jsonl")

    def find_written(self, desired: Desired) -> Callable[[str], Path | None]:
        """What was written of a list here, else what the live ledger says was written of it."""
        ledger, before = self.ledger(desired), self._live.find_written(desired)
        into = desired.scratch / "written"

        def fetch_one(name: str) -> Path | None:
            return last_written.fetch_written(ledger.records, ledger.tenant, name, into) or before(name)

        return fetch_one

    def find_scored(self, desired: Desired) -> Callable[[str], Scored | None]:
        """As of which moment the scores of a list are that was written here, else those that the live ledger says."""
        ledger, before = self.ledger(desired), self._live.find_scored(desired)
        return lambda name: score_dates.fetch(ledger.store, ledger.tenant, name) or before(name)

    def find_recent(self, desired: Desired) -> tuple[RecentRun, ...]:
        """What runs have done to the live lists is not what they would do to those of the preview."""
        return ()

    def find_applied(self, desired: Desired) -> Applied | None:
        """How the apply here left the embedded tenant."""
        return self.ledger(desired).fetch_applied(desired.settings.name)

    def open_cache(self, desired: Desired) -> CachePort | None:
        """None: no interaction is read twice."""
        return None

    def report_reading(self, what: str, done: int, total: int) -> None:
        """Tell whoever waits how far a read is."""
        self._live.report_reading(what, done, total)

    def start_phase(self, phase: Phase) -> None:
        """Tell whoever waits which part of the work begins."""
        self._live.start_phase(phase)
