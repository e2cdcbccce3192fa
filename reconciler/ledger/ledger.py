# tested by: tests/ledger/test_json_hmac.py
"""Combine the records of a workspace: runs, lock, audit, caches."""

from __future__ import annotations

import getpass
import hashlib
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson

from reconciler.ledger import audit, interrupted_runs, last_applied, lock
from reconciler.ledger.evidence_key import Signer, open_signer
from reconciler.ledger.heartbeat import renew_lock_meanwhile
from reconciler.ledger.interrupted_runs import InterruptedRun, journal_of, list_foreign, read_interrupted
from reconciler.ledger.journal import Run, now
from reconciler.ledger.owners import Registry
from reconciler.ledger.record_store_interface import Records
from reconciler.ledger.run_evidence import RunEvidence
from reconciler.ledger.run_plans import open_run_plan
from reconciler.ledger.run_reversal import read_reversal
from reconciler.ledger.saved_plans import name_run_plan, save_plan
from reconciler.ledger.sealing import PREVIOUS_VARIABLE, Seal, open_seal
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.audit_anchor import Anchor
from reconciler.model.change_cause import Applied
from reconciler.model.errors import LedgerError
from reconciler.model.lock_state import LockState
from reconciler.model.origin import Origin
from reconciler.model.plan import Plan
from reconciler.model.plan_json import list_audiences, plan_digest
from reconciler.model.report import StepResult
from reconciler.model.resource_address import Address
from reconciler.model.run_reversal import Reversal


class Ledger:
    """The ledger of a workspace; `tenant` says which one the runs are of, `environment` with whose values.

    `key` is what plans and records are sealed with, where somebody gives it; None: the ledger's own. `previous` are
    keys that were in use before, one a line. `origin`: whose change the runs are about, which the audit record tells.
    `evidence_key`: what evidence is signed with, as PEM; None: the ledger's own.
    """

    def __init__(
        self,
        store: Records,
        tenant: str = "",
        key: str | None = None,
        environment: str | None = None,
        previous: str | None = None,
        origin: Origin | None = None,
        evidence_key: str | None = None,
    ) -> None:
        self.store, self.tenant, self.environment, self.origin = store, tenant, environment, origin
        self._key, self._previous, self._evidence_key = key, previous, evidence_key

    @cached_property
    def seal(self) -> Seal:
        """What plans and records are sealed with; raises as `open_seal`."""
        return open_seal(self.store, self._key, self._previous)

    @property
    def records(self) -> ProvenRecords:
        """The store, the lines of which are written and read under the seal; anew each time, as it counts lines."""
        return ProvenRecords(self.store, self.seal)

    @cached_property
    def signer(self) -> Signer:
        """What evidence is signed with; raises as `open_signer`."""
        return open_signer(self.store, self._evidence_key)

    @property
    def evidence(self) -> RunEvidence:
        """What runs keep for auditors; anew each time, as `records`."""
        return RunEvidence(self.records, lambda: self.signer)

    def owners(self) -> Registry:
        """Whose the tenant's objects are that cannot say it themselves; written under the workspace's lock alone."""
        return Registry(lambda: self.records, now)

    def read_anchor(self) -> Anchor:
        """Where the audit record ends.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        return audit.read_head(self.store)

    def refuse_lost(self, anchor: Anchor) -> None:
        """Refuse to go on where the audit record does not hold what it held when a plan was saved with its own key.

        With a key of the environment the plan may have been made beside another ledger: then nothing can be said.

        Raises:
            LedgerError: the record was cut off, or written anew.
        """
        if self._key or not anchor.entries:
            return
        line = self.store.read_line(audit.FILE, anchor.entries)
        if line is None or hashlib.sha256(line).hexdigest() != anchor.head:
            raise LedgerError(
                f"the audit record does not hold entry {anchor.entries} as it was when the plan was saved",
                where=self.store.locate(audit.FILE, anchor.entries),
                note="since then it was truncated, rewritten, or swapped",
                hint="see: reconciler audit verify; then plan again",
            )

    @contextmanager
    def run(
        self,
        plan: Plan,
        name: str | None = None,
        told_beside: Mapping[str, Any] = MappingProxyType({}),
        keep: Callable[[str], Mapping[str, Any]] = lambda name: {},
    ) -> Iterator[Run]:
        """A new run of a plan, or the one named to be resumed; under the workspace's lock.

        `told_beside`: what the audit record tells of how it came to be run. `keep` is asked once, before the record
        tells of a new run by its name: it keeps what is to be proved later, and returns what the record tells of that.

        Raises:
            LedgerError: another run is under way.
        """
        with lock.hold_lock(self.store) as held:
            chain, records, fresh = audit.Chain(self.store, self.seal), self.records, name is None
            name = name or f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{secrets.token_hex(3)}"
            who, digest = getpass.getuser(), plan_digest(plan)
            of = {"workspace": plan.workspace, "tenant": self.tenant, "environment": self.environment}
            if fresh:
                interrupted_runs.add(records, _describe_run(name, of, digest, who, held.fence))
                with self.store.write_file(f"runs/{name}/plan.zip") as path:
                    save_plan(replace(plan, decided=()), path, self.seal, name_run_plan(name), chain.anchor)
                told_beside = {**told_beside, **keep(name)}
                held.check()  # a large plan may take longer to keep than a lock lives
            event = "started" if fresh else "resumed"
            entry = {"event": event, "run": name, "at": now(), "by": who, "plan": digest}
            told = {
                "tenant": plan.tenant,
                "environment": plan.environment,
                "tool": plan.tool_version,
                "audiences": list_audiences(plan),
                **told_beside,
                **self._describe_origin(),
                **({} if plan.origin is None else {"planned": plan.origin.document()}),
            }
            chain.record({**entry, **told, "lock": held.fence})
            records.append(journal_of(name), orjson.dumps({**entry, **of, "key": "", "fence": held.fence}))
            run = Run(records, name, held, chain, self.tenant)
            try:
                with renew_lock_meanwhile(run):
                    yield run
            finally:
                if run.over:
                    interrupted_runs.remove(records, name)
            if run.complete:
                # what a part of all did not look at may still be left to do; what is rolled back is not gone on with
                only = plan.rolls_back if plan.partial else None
                if only is not None or not plan.partial:
                    of_these = (plan.workspace, self.tenant, self.environment)
                    interrupted_runs.supersede(records, *of_these, name, only=only)

    def _describe_origin(self) -> dict[str, Any]:
        return {} if self.origin is None else {"origin": self.origin.document()}

    def fetch_applied(self, workspace: str) -> Applied | None:
        """How the last apply of a workspace left this tenant in this environment; None where nobody knows.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        return last_applied.fetch_applied(self.store, (workspace, self.tenant, self.environment))

    def strike_out_applied(self, plan: Plan) -> None:
        """Claim no more to know how the last apply left what a plan changes; under the workspace's lock.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        known = self.fetch_applied(plan.workspace)
        if known is not None and plan.steps:
            self._keep_applied(plan, last_applied.strike_out(known, plan))

    def note_applied(self, plan: Plan, run: str, ended: Mapping[Address, StepResult]) -> None:
        """Keep how a run of a plan has left the tenant; under the workspace's lock.

        Raises:
            LedgerError: the ledger cannot be written.
        """
        earlier = self.fetch_applied(plan.workspace)
        self._keep_applied(plan, last_applied.note_applied(plan, run, ended, datetime.now(UTC), earlier))

    def note_protected(self, plan: Plan) -> None:
        """Keep which objects are protected, where a plan changes nothing else; raises as `note_applied`."""
        of = (plan.workspace, self.tenant, self.environment)
        if last_applied.note_protected(plan, self.fetch_applied(plan.workspace)) is not None:
            with lock.hold_lock(self.store):
                last_applied.keep_protected(self.store, of, plan)

    def _keep_applied(self, plan: Plan, known: Applied) -> None:
        last_applied.keep_applied(self.store, (plan.workspace, self.tenant, self.environment), known)

    def list_interrupted(self, workspace: str) -> list[InterruptedRun]:
        """The runs of a workspace in this environment, against this tenant, that have not ended, the latest first.

        Raises:
            LedgerError: the ledger cannot be read.
        """
        return [each for each in read_interrupted(self.records) if self._has(each, workspace)]

    def _has(self, run: InterruptedRun, workspace: str) -> bool:
        return run.is_of(workspace, self.tenant, self.environment)

    def refuse_foreign(self) -> None:
        """Refuse to say that nothing is interrupted where runs have not ended, and nobody here can read them.

        Raises:
            LedgerError: they were begun under another key, or by an older version.
        """
        names = list_foreign(self.records, self.store)
        if names:
            raise LedgerError(
                f"{len(names)} runs that have not ended were begun under another key, or by an older version",
                where=self.store.locate(journal_of(names[-1])),
                note="they cannot be resumed without that key",
                hint=f"give the key of that time in {PREVIOUS_VARIABLE}, or plan again and apply the new plan",
            )

    def find_run(self, name: str, workspace: str) -> InterruptedRun:
        """One of those by its name.

        Raises:
            LedgerError: there is no such run, it has ended, or it is another workspace's or tenant's.
        """
        every = read_interrupted(self.records)
        found = next((each for each in every if each.name == name), None)
        if found is not None and self._has(found, workspace):
            return found
        names = [each.name for each in every if self._has(each, workspace)]
        hint = f"interrupted are {', '.join(names)}" if names else "no run of this workspace is interrupted"
        if found is not None:
            raise LedgerError(f"run {name} is of {found.whose}", where=self.store.locate(journal_of(name)), hint=hint)
        ended = self.records.read_last(journal_of(name))[0]
        raise LedgerError(f"run {name} {'has ended' if ended else 'is not in the ledger'}", hint=hint)

    def supersede(self, workspace: str) -> None:
        """Close what was interrupted: the tenant matches the manifests, whatever was left to do.

        Raises:
            LedgerError: another run is under way.
        """
        with lock.hold_lock(self.store) as held:
            chain = audit.Chain(self.store, self.seal)
            closed = interrupted_runs.supersede(self.records, workspace, self.tenant, self.environment, "")
            told = {"event": "superseded", "at": now(), "by": getpass.getuser(), "runs": closed}
            told |= self._describe_origin()
            chain.record({**told, "lock": held.fence})

    def break_lock(self, reason: str, by: str) -> LockState:
        """Take the lock from its owner; raises as `lock.break_lock`."""
        return lock.break_lock(self.store, self.seal, reason, by, now())

    def adopt(self, reason: str, by: str) -> audit.Reading:
        """Answer for the audit record as it is: what an older edition or another key wrote, or what is broken.

        Raises:
            LedgerError: another run is under way.
        """
        with lock.hold_lock(self.store) as held:
            told = {"at": now(), "by": by, "reason": reason, "lock": held.fence, **self._describe_origin()}
            return audit.adopt(self.store, self.seal, told)

    def read_reversal(self, run: str, workspace: str, into: Path) -> Reversal:
        """What a run of a workspace changed, and what runs after it changed again; raises as `run_reversal`'s."""
        return read_reversal(self.records, (workspace, self.tenant, self.environment), run, into)

    def open_plan_of(self, run: str, into: Path) -> Plan:
        """The plan that a run applies: the one that its journal names.

        Raises:
            LedgerError: the ledger no longer holds it, or holds another in its place.
        """
        return open_run_plan(self.records, self.tenant, run, into)


def _describe_run(name: str, of: Mapping[str, str | None], plan: str, by: str, fence: int) -> InterruptedRun:
    return InterruptedRun(name, of["workspace"] or "", of["tenant"] or "", plan, now(), by, fence, of["environment"])
