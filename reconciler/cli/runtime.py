# tested by: tests/cli/test_environments.py
"""Wire up the program: tenant, ledger, secrets, tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from reconciler.audience.engines.compiled_queries import keep_between_runs, write_kept
from reconciler.cli.run_origin import read_run_origin
from reconciler.cxone.campaign_rate_limit import CampaignLimiters
from reconciler.cxone.campaign_reader import CampaignReader
from reconciler.cxone.tenant_connection import TenantConnection
from reconciler.kinds import collect_earlier_names, collect_names, contact_list, load_kinds
from reconciler.kinds.tenant import fetch_secret, identify_tenant, make_surfaces
from reconciler.kinds.webhook import make_receiver, refuse_receiver
from reconciler.ledger import last_written, retry_queue, score_dates
from reconciler.ledger.compiled_queries_file import CompiledFile
from reconciler.ledger.evidence_key import VARIABLE as EVIDENCE_VARIABLE
from reconciler.ledger.folder_records import open_store
from reconciler.ledger.interaction_cache_files import CacheFolder, folder_of
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.recent_runs import read_recent
from reconciler.ledger.record_store_interface import KEY_VARIABLE, TOKENS, Records
from reconciler.ledger.sealing import PREVIOUS_VARIABLE
from reconciler.ledger.sealing import VARIABLE as SEAL_VARIABLE
from reconciler.model.callback_hosts import make_allowance
from reconciler.model.change_cause import Applied
from reconciler.model.contact_tokens import Tokens
from reconciler.model.desired_state import Desired
from reconciler.model.ledger_state import LedgerState
from reconciler.model.phase import Phase
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.recent_changes import RecentRun
from reconciler.model.score_basis import Scored
from reconciler.model.secret import Secret
from reconciler.model.webhook import Receiver, Webhook
from reconciler.model.workspace_settings import Workspace

if TYPE_CHECKING:
    from reconciler.cxone.webhook_client import WebhookClient
    from reconciler.cxone.writer import TenantWriter
    from reconciler.ledger.outbox import Outbox
    from reconciler.views.plan_progress import ReadingProgress


class LocalRuntime:
    """The real tenant and the real ledger of a workspace; what it opens is closed at its end."""

    reader_type: type[CampaignReader] = CampaignReader
    """What reads the tenant."""

    def __init__(
        self,
        workspace: Workspace,
        stop: threading.Event | None = None,
        reading: ReadingProgress | None = None,
    ) -> None:
        self._workspace = workspace
        self.ledger_state: LedgerState | None = None
        self.origin = read_run_origin(workspace.environ)
        self._stop = stop
        self._reading = reading
        self._stack = ExitStack()
        self._lanes = CampaignLimiters()  # what a plan has just asked counts for the apply that follows

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def reader(self, desired: Desired) -> CampaignReader:
        """The tenant that is meant, to be read only."""
        return self._stack.enter_context(self.reader_type(self._connect(desired)))

    def reader_of_all(self, desired: Desired) -> CampaignReader:
        """The same, for every object whole: those that nothing declares as well."""
        return self._stack.enter_context(self.reader_type(replace(self._connect(desired), declared=None)))

    def writer(self, desired: Desired) -> TenantWriter:
        """The tenant that is meant, to be written."""
        from reconciler.cxone.writer import TenantWriter

        return self._stack.enter_context(TenantWriter(self._connect(desired)))

    def _connect(self, desired: Desired) -> TenantConnection:
        return TenantConnection(
            make_surfaces(desired.tenant, self._workspace.environ, desired.root, desired.bounds),
            load_kinds(),
            self._stop,
            self._lanes,
            earlier=collect_earlier_names(desired.catalogue),
            declared=collect_names(desired.catalogue),
            owner=desired.settings.name,
            owners=lambda: self.ledger(desired).owners(),
        )

    def secret(self, desired: Desired, reference: str, where: Location) -> Secret:
        """What a reference in a manifest leads to: an environment variable, or a file of the workspace."""
        kept, _, name = reference.partition(" ")
        found = fetch_secret({kept: name}, where, self._workspace.environ, desired.root, desired.bounds)
        if isinstance(found, Problem):
            raise BadInput([found])
        return found

    def receivers(self, desired: Desired) -> Callable[[Webhook], Receiver]:
        """Fetches what is secret of a webhook, for the tenant that is meant."""
        allowed = make_allowance(desired.tenant.spec.get("webhooks", {}))
        fetched = partial(make_receiver, allowed=allowed, fetch=partial(self.secret, desired))

        def within_bounds(webhook: Webhook) -> Receiver:
            found = fetched(webhook)
            # a URL that is kept in a file may be another than when the manifests were loaded
            refuse_receiver(webhook, found, desired.bounds)
            return found

        return within_bounds

    def courier(self, stop: threading.Event) -> WebhookClient:
        """Who carries callbacks."""
        from reconciler.cxone.webhook_client import WebhookClient

        return WebhookClient(stop)

    def outbox(self, desired: Desired) -> Outbox:
        """The callbacks that are not delivered yet."""
        from reconciler.ledger.outbox import Outbox

        return Outbox(self.ledger(desired).records)

    def tokens(self, desired: Desired) -> Tokens:
        """The workspace's tokens: by the key in the environment, else by the one in the ledger."""
        return Tokens(self.ledger(desired).store.read_or_create_token_key(self._workspace.environ.get(KEY_VARIABLE)))

    def ledger(self, desired: Desired) -> Ledger:
        """The workspace's ledger."""
        key, previous = (self._workspace.environ.get(name) for name in (SEAL_VARIABLE, PREVIOUS_VARIABLE))
        store = open_store(desired.settings.ledger, desired.root)
        if self.ledger_state is None:
            self.ledger_state = self._inspect_ledger(store, desired)
        signing = self._workspace.environ.get(EVIDENCE_VARIABLE)
        tenant = identify_tenant(desired.tenant)
        return Ledger(store, tenant, key, desired.environment, previous, self.origin, signing)

    def _inspect_ledger(self, store: Records, desired: Desired) -> LedgerState:
        """What the ledger is before this command leaves anything in it."""
        given = bool(self._workspace.environ.get(KEY_VARIABLE))
        made_key = not given and store.read(TOKENS) is None
        new = not store.shared and (made_key or given) and not store.list_runs()
        return LedgerState(desired.settings.ledger, new, made_key)

    def copy_pending_retries(self, desired: Desired) -> Path | None:
        """A copy of the ledger's lines of contacts that lists of the tenant would not take."""
        ledger = self.ledger(desired)
        names = collect_earlier_names(desired.catalogue).get(contact_list.KIND.name, {})
        to_be = {old: name for name, olds in names.items() for old in olds}
        return retry_queue.copy_pending(ledger.records, ledger.tenant, desired.scratch / "owed.jsonl", to_be)

    def find_written(self, desired: Desired) -> Callable[[str], Path | None]:
        """What the ledger says was written of a list's contacts."""
        ledger = self.ledger(desired)
        into = desired.scratch / "written"

        def fetch_one(name: str) -> Path | None:
            names, kept = _list_names(desired, name), ledger.records
            found = (last_written.fetch_written(kept, ledger.tenant, each, into) for each in names)
            return next((each for each in found if each is not None), None)

        return fetch_one

    def find_scored(self, desired: Desired) -> Callable[[str], Scored | None]:
        """As of which moment the ledger says that a list's scores are."""
        ledger = self.ledger(desired)

        def fetch_one(name: str) -> Scored | None:
            found = (score_dates.fetch(ledger.store, ledger.tenant, each) for each in _list_names(desired, name))
            return next((each for each in found if each is not None), None)

        return fetch_one

    def find_applied(self, desired: Desired) -> Applied | None:
        """How the ledger says that the last apply left the tenant."""
        return self.ledger(desired).fetch_applied(desired.settings.name)

    def find_recent(self, desired: Desired) -> tuple[RecentRun, ...]:
        """What the ledger says that runs have written of lists in the last days."""
        ledger = self.ledger(desired)
        return read_recent(ledger.records, ledger.tenant, datetime.now(UTC))

    def open_cache(self, desired: Desired) -> CacheFolder | None:
        """The workspace's cache of interactions; one that is no longer wanted is emptied."""
        folder, seal = folder_of(desired.settings.ledger, desired.root), self.ledger(desired).seal
        keeps = desired.settings.cache.keep
        keep_between_runs(CompiledFile(folder.with_name("compiled"), seal) if keeps else None)
        self._stack.callback(write_kept)
        cache = CacheFolder(folder, seal)
        if keeps:
            return cache
        cache.sweep(timedelta(0))
        return None

    def report_reading(self, what: str, done: int, total: int) -> None:
        """Tell whoever waits how far a read is."""
        if self._reading is not None:
            self._reading.report_reading(what, done, total)

    def start_phase(self, phase: Phase) -> None:
        """Tell whoever waits which part of the work begins."""
        if self._reading is not None:
            self._reading.start_phase(phase)


def _list_names(desired: Desired, name: str) -> tuple[str, ...]:
    """The names that the ledger may have a list under: its own first."""
    return (name, *collect_earlier_names(desired.catalogue).get(contact_list.KIND.name, {}).get(name, ()))
