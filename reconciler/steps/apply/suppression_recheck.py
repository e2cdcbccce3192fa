"""Check do-not-call lists and consent again whenever people are about to be put on a list.

Whoever is found stays out of the whole run, and is written down before anything is done about it: a run that is killed
goes on without them, whatever the sources say by then.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.audience.delivery import dnc_consent_recheck
from reconciler.audience.relations import engine
from reconciler.audience.staging import consistent_read
from reconciler.ledger.journal import Run
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import ChunkTooLarge, ReconcilerError
from reconciler.model.json_digest import compute_digest
from reconciler.model.list_change import RowChange
from reconciler.model.plan import Plan
from reconciler.model.ports import Writer
from reconciler.model.problem import Location
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, LiveList, RowQuery, Rows
from reconciler.model.segment import Segment
from reconciler.steps.apply.suppression_rereads import DoNotCallUnknown, Readings
from reconciler.surfaces import tells_phones


class StillThere(ReconcilerError):
    """Somebody who may not be called any more could not be taken off a list."""

    code = "suppressed-on-list"


class Fresh:
    """Holds the lists of one plan against do-not-call sources as they are now. Used from several threads."""

    def __init__(self, plan: Plan, writer: Writer, run: Run, terms: ApplyOptions) -> None:
        self._writer, self._run, self._terms = writer, run, terms
        self._readings = Readings(plan, writer, terms)
        self._guard, self._reading = threading.Lock(), threading.Lock()
        self._lists: dict[Address, threading.RLock] = {}
        self._looked: dict[Address, datetime] = {}
        self._read: dict[Address, Mapping[RowQuery, Rows]] = {}
        self._by_tenant: dict[Address, dict[str, str]] = {}

    def applies(self, change: RowChange) -> bool:
        """Whether the list's segment has do-not-call lists, or asks for consent, at all."""
        return self._find_segment(change).asks_again

    def list_out(self, change: RowChange) -> Mapping[str, str]:
        """Contacts who may not be called since the plan, each with the do-not-call list, or that consent is wanting."""
        return self._run.list_suppressed(change.address)

    def list_by_tenant(self, change: RowChange) -> Mapping[str, str]:
        """Of those who were taken off it: whom the tenant would dial by such a number, which nobody knew before."""
        return dict(self._by_tenant.get(change.address, {}))

    def look(self, change: RowChange) -> None:
        """Read the sources of a list's segment, and take those off the list who may not be on it any more.

        Raises:
            DoNotCallUnknown: a source cannot be known now.
            ReconcilerError: the tenant will not let them be taken off.
        """
        if not self.applies(change):
            return
        with self._lock_look(change):
            began, segment = self._terms.clock(), self._find_segment(change)
            with self._reading:
                read = self._read[change.address] = self._readings.read_sources(segment)
                with engine.open_engine(self._terms.engine, self._terms.scratch) as backend:
                    found = dict(dnc_consent_recheck.recheck_planned(backend, change, segment, read))
                    if segment.asks_consent:
                        contacts = self._readings.read_contacts(segment)
                        found = dict(dnc_consent_recheck.recheck_consent(backend, change, segment, contacts)) | found
            if self._keep(change, found):
                self.take_off(change)
            self._looked[change.address] = began

    def look_if_due(self, change: RowChange) -> None:
        """The same, where the last look is too long ago; whoever else is about to write waits for it.

        Whoever was put on the list by an id since is dialled by the number that the tenant has: it is looked at too.
        """
        if not self.applies(change):
            return
        if self._is_due(change):
            with self._lock_look(change):
                if self._is_due(change):
                    before = change.address in self._looked
                    self.look(change)
                    if before and not change.data:
                        self.take_off(change)

    def _is_due(self, change: RowChange) -> bool:
        looked = self._looked.get(change.address)
        # a clock that was put back says nothing of how long ago it is
        age = None if looked is None else self._terms.clock() - looked
        return age is None or not timedelta(0) <= age < self._terms.settings.reread_after

    def _lock_look(self, change: RowChange) -> threading.RLock:
        """One look at a list at a time; of several lists only the reading of sources is one at a time."""
        with self._guard:
            return self._lists.setdefault(change.address, threading.RLock())

    def take_off(self, change: RowChange) -> Rows:
        """Take off the list whoever is on it and may not be, by the source's numbers or by the tenant's.

        What the last look has read is what counts.

        Returns:
            Who is on the list afterwards.

        Raises:
            StillThere: somebody is on it all the same.
            ReconcilerError: the tenant cannot be read, or will not let them be taken off.
        """
        with self._lock_look(change):
            members, wrong = self._read_list(change)
            if not wrong:
                return members
            self._remove(change, wrong)
            members, wrong = self._read_list(change)
            if wrong:
                raise StillThere(
                    f"{len(wrong):,} contacts of list {change.list!r} may not be called by now, and are still on it"
                    " after they were taken off",
                    where=str(change.address),
                    hint="remove them from the list in the tenant, then resume",
                )
            return members

    def _find_segment(self, change: RowChange) -> Segment:
        try:
            return self._terms.segments[change.address.resource]
        except KeyError:
            raise DoNotCallUnknown(
                f"no manifest says which do-not-call lists hold for {change.address.resource}",
                where=str(change.address),
                hint="plan again, have the new plan reviewed, and apply that",
            ) from None

    def _keep(self, change: RowChange, found: Mapping[str, str]) -> bool:
        before = self.list_out(change)
        new = {contact: by for contact, by in found.items() if contact not in before}
        if new:
            self._run.record_suppressed(change.address, change.list, new, self._terms.tokens)
        return bool(new)

    def _read_list(self, change: RowChange) -> tuple[Rows, Sequence[str]]:
        """Who is on the list, and the ids there of those who may not be; the others' numbers in the tenant are new."""
        into = self._terms.scratch / "taken-off" / compute_digest(str(change.address)).rpartition(":")[2][:16]
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        segment = self._find_segment(change)
        with engine.open_engine(self._terms.engine, into) as backend:
            members = consistent_read.read_consistently(
                backend, partial(self._writer.read_members, change.members, into)
            )
            if not segment.asks_again:
                return members, ()
            phones = self._read_phones(backend, change, members, into) if segment.suppress else None
        with self._reading, engine.open_engine(self._terms.engine, self._terms.scratch) as backend:
            read = self._read[change.address]
            by_tenant = {} if phones is None else dict(dnc_consent_recheck.recheck_live(backend, phones, segment, read))
            wrong = dnc_consent_recheck.recheck_members(
                backend, change, members, list(self.list_out(change)), list(by_tenant), into
            )
        mine = {contact: by_tenant[member] for contact, member in wrong if member in by_tenant}
        self._by_tenant.setdefault(change.address, {}).update(mine)
        self._keep(change, mine)
        return members, [member for _, member in wrong]

    def _read_phones(self, backend: Any, change: RowChange, members: Rows, into: Path) -> Rows | None:
        """The members with the numbers that the tenant has, where a surface offers them."""
        if not tells_phones(self._writer.surfaces):
            return None
        if not (change.attributes or change.data):
            return members  # they were read through that surface
        query = ContactsOf(LiveList(name=change.list), Location(str(change.address)))
        return consistent_read.read_consistently(backend, partial(self._writer.read_contacts, query, into))

    def _remove(self, change: RowChange, ids: Sequence[str]) -> None:
        """Take members off, a chunk at a time; less at once where the tenant will not take so many."""
        waiting = [ids[n : n + change.chunk_size] for n in range(0, len(ids), change.chunk_size)]
        while waiting:
            part = waiting.pop(0)
            try:
                with self._run.record_write_op(change.address, "suppressed since the plan"):
                    self._writer.remove(change, part)
            except ChunkTooLarge:
                if len(part) == 1:
                    raise
                half = (len(part) + 1) // 2
                waiting[:0] = [part[:half], part[half:]]
