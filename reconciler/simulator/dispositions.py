"""Keep the dispositions of each contact in each campaign."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from threading import RLock
from typing import Any, Literal

from reconciler.simulator.contact_outcome import Disposition, Written
from reconciler.simulator.dialler import Course, Script, Stage
from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.rate_limiter import Pace
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.tenant_options import DispositionLimits

OUTCOMES = ("INTERESTED", "NOT_INTERESTED", "CALLBACK_LATER", "DO_NOT_CALL", "NO_ANSWER", "BUSY")
"""The contract's matrix (section dispositions)."""


class Dispositions:
    """The dispositions of all campaigns. Its methods may be called from any thread; campaigns are meant by their id.

    Attributes:
        outcomes: the tenant's matrix.
        answers: what a PATCH is answered with: 200 and the disposition, or 204.
        clock: seconds that never run backwards; the dialler's stages are measured by it.
        now: the wall clock, aware; no disposition is later than that.
    """

    def __init__(self) -> None:
        self.outcomes: frozenset[str] = frozenset(OUTCOMES)
        self.answers: Literal[200, 204] = 200
        self.clock: Callable[[], float] = time.monotonic
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        self._lock = RLock()
        self._records: dict[str, dict[str, Disposition]] = {}
        self._scripts: dict[tuple[str, str], Script] = {}
        self._of_campaigns: dict[str, list[Script]] = {}
        self._limits: DispositionLimits | None = None
        self._pace = Pace(None, 1)

    # -- limits -----------------------------------------------------------------------------------------

    @property
    def is_limited(self) -> bool:
        """Whether the limits have been set."""
        return self._limits is not None

    @property
    def limits(self) -> DispositionLimits:
        """How much may be asked; to set it begins the count anew."""
        return self._limits or DispositionLimits()

    @limits.setter
    def limits(self, limits: DispositionLimits) -> None:
        self._limits = limits
        self._pace = Pace(limits.rate, limits.burst or math.ceil(limits.rate or 1))

    def admit(self, campaign_id: str, in_flight: int, *, is_read: bool) -> None:
        """Count a call; 429 for one too many at once, or too early for its campaign."""
        limits = self.limits
        if limits.at_once is not None and in_flight > limits.at_once:
            message = f"{in_flight} calls at once, and at most {limits.at_once} are taken"
            raise Refusal(429, "too_many_requests", message, {"Retry-After": "1"})
        self.admit_campaign(campaign_id, is_read=is_read)

    def admit_campaign(self, campaign_id: str, *, is_read: bool) -> None:
        """Count a call about a campaign, on whatever surface; 429 for one too early."""
        if self.limits.counts_reads or not is_read:
            self._pace.admit(campaign_id)

    # -- what there is ----------------------------------------------------------------------------------

    def of(self, campaign_id: str, contact_id: str) -> Disposition:
        """The disposition of a contact, its state as it is now. Nothing is counted as a read."""
        with self._lock:
            held = self._records.setdefault(campaign_id, {})
            found = held.get(contact_id) or held.setdefault(contact_id, Disposition(campaign_id, contact_id))
            self._move(found)
            return found

    def read(self, campaign_id: str, contact_id: str) -> dict[str, Any]:
        """What a client is told of a contact; counts as a read of its state."""
        with self._lock:
            found = self.of(campaign_id, contact_id)
            told = found.to_wire()
            if found.course:
                found.course.read(self.clock())
                self._enter(found)
            return told

    def all(self, campaign_id: str | None = None) -> list[Disposition]:
        """Those that were ever asked for or set, of one campaign or of all."""
        with self._lock:
            return [self.of(key, contact) for key, contact in self._iter_known(campaign_id)]

    def history(self, campaign_id: str, contact_id: str) -> list[Written]:
        """The outcomes that were set, the oldest first."""
        with self._lock:
            return list(self.of(campaign_id, contact_id).history)

    def list_repeated(self, campaign_id: str | None = None) -> list[tuple[str, str]]:
        """Campaign and contact of each write by a client that set the outcome which was there already."""
        return [
            (found.campaign_id, found.contact_id)
            for found in self.all(campaign_id)
            for written in found.history
            if written.is_repeated
        ]

    def list_refused(self, campaign_id: str | None = None) -> list[tuple[str, str]]:
        """Campaign and contact of each write that came while the dialler held the contact."""
        return [(each.campaign_id, each.contact_id) for each in self.all(campaign_id) for _ in range(each.refused)]

    # -- changes ----------------------------------------------------------------------------------------

    def write(
        self,
        campaign_id: str,
        contact_id: str,
        outcome: str,
        *,
        agent_id: str,
        notes: str | None = None,
        timestamp: str | None = None,
        custom_fields: Mapping[str, Any] | None = None,
        request_id: str | None = None,
    ) -> Disposition:
        """Set an outcome, whoever holds the contact; what is None stays as it is, and custom fields are merged."""
        with self._lock:
            found = self.of(campaign_id, contact_id)
            now = self.now()
            found.modified, found.agent_id = now, agent_id
            found.timestamp = timestamp or wire_time(now)
            found.notes = found.notes if notes is None else notes
            found.custom_fields = {**found.custom_fields, **(custom_fields or {})}
            before, found.outcome = found.outcome, outcome
            found.history.append(
                Written(outcome, before, agent_id, found.timestamp, wire_time(now), request_id),
            )
            return found

    def script(
        self,
        campaign_id: str,
        *stages: Stage,
        contacts: Iterable[str] | None = None,
        repeats: bool = False,
        spread: bool = False,
        share: float = 1.0,
        seed: int = 0,
    ) -> None:
        """Have these contacts, or all of the campaign, go through stages from now on (see `Script`).

        One for contacts by name goes before one for all; the later goes before the earlier.
        """
        with self._lock:
            made = Script(stages, repeats, spread, share, seed, self.clock())
            if contacts is None:
                self._of_campaigns.setdefault(campaign_id, []).insert(0, made)
            for contact_id in contacts or ():
                if made.takes(contact_id):
                    self._scripts[campaign_id, contact_id] = made

    def hold(self, campaign_id: str, contact_id: str, state: str) -> None:
        """Have the dialler put a contact in a state and leave it there."""
        self.script(campaign_id, Stage(state), contacts=[contact_id])

    def advance(self, campaign_id: str, contacts: Iterable[str] | None = None) -> None:
        """Move these contacts, or all of the campaign, on to their next stage, however theirs ends."""
        with self._lock:
            now = self.clock()
            if contacts is None:
                named = {id(made): made for (key, _), made in self._scripts.items() if key == campaign_id}
                for script in (*named.values(), *self._of_campaigns.get(campaign_id, ())):
                    script.moved.append(now)
            for contact_id in contacts or ():
                found = self.of(campaign_id, contact_id)
                if found.course:
                    found.course.step(now)
                    self._enter(found)

    def forget(self) -> None:
        """No outcomes and no scripts; the matrix and the limits stay."""
        with self._lock:
            self._records.clear()
            self._scripts.clear()
            self._of_campaigns.clear()

    # -- within -----------------------------------------------------------------------------------------

    def _iter_known(self, campaign_id: str | None) -> Iterator[tuple[str, str]]:
        for key in [campaign_id] if campaign_id is not None else list(self._records):
            yield from ((key, contact) for contact in list(self._records.get(key, ())))

    def _script_of(self, found: Disposition) -> Script | None:
        named = self._scripts.get((found.campaign_id, found.contact_id))
        general = self._of_campaigns.get(found.campaign_id, ())
        return named or next((script for script in general if script.takes(found.contact_id)), None)

    def _move(self, found: Disposition) -> None:
        script = self._script_of(found)
        if script is None:
            return
        if found.course is None or found.course.script is not script:
            found.course = Course(script, found.contact_id)
        found.course.move(self.clock())
        self._enter(found)

    def _enter(self, found: Disposition) -> None:
        """Set what the stages that were come into say."""
        if found.course is None:
            return
        entered, found.course.entered = found.course.entered, []
        for stage in entered:
            if stage.outcome is not None:
                self.write(found.campaign_id, found.contact_id, stage.outcome, agent_id=stage.agent)
