# tested by: tests/model/test_dialling_forecast.py
"""Describe a declared campaign: list, schedule, staffing, threshold.

Made by the kind's own file; rules, forecasts and exposure judge it. Instants are aware and UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from reconciler.model.campaign_state import RunState
from reconciler.model.instants import is_reckonable, parse_instant
from reconciler.model.resource_address import Address

Window = tuple[datetime, datetime]
"""From an instant, which is in it, to another, which is not."""


UNKNOWN = "unknown"
"""What stands for a time of the tenant's that nobody can read: it may be any."""


def parse_told_instant(value: object) -> datetime | None:
    """An instant as a tenant tells it; None where it tells none, or one that cannot be read or computed with."""
    try:
        at = parse_instant(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return at if at is not None and is_reckonable(at) else None


def parse_told_window(fields: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """From when until when a campaign of the tenant runs; none of either where it ends before it starts.

    No dialler runs so: which of the two is wrong nobody knows.
    """
    starts, ends = (parse_told_instant(fields.get(name)) for name in ("startTime", "endTime"))
    return (None, None) if starts is not None and ends is not None and ends <= starts else (starts, ends)


def may_dial(status: object) -> bool:
    """Whether a campaign with this status may be calling people: whatever is not known to rest may."""
    return RunState.of(status).may_dial


@dataclass(frozen=True, slots=True)
class Staffing:
    """Who works on a campaign, as the manifest states it; nothing of it is sent to the tenant.

    Attributes:
        agents: how many at once.
        answer_rate: the share of dial attempts that a person answers, above 0, at most 1.
        handle_time: how long an agent is busy with an answered call, wrap-up included.
        attempts: how often a contact who does not answer is dialled, at most.
    """

    agents: int
    answer_rate: float
    handle_time: timedelta
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as declared, with everything it refers to looked up.

    Attributes:
        address: the manifest's, with the band as its part where one manifest stands for several campaigns.
        name: in the tenant. list: the live name of the list it dials; list_address: the list's manifest.
        dial_type: predictive, progressive or preview. status: draft, active or paused.
        threshold: abandoned calls allowed, in percent; None where no policy is named. policy: its name; band: which
            of its thresholds, and the segment's band where the list is found by one.
        starts, ends: None where they are not known before the campaign is created, or not declared.
        windows: when it dials, between `starts` and `ends`; empty while either is unknown.
        starts_in, lasts: of a schedule that is counted from the campaign's creation. within_hours: whether it starts in
            the first minute after that from which all its contacts may be called until its end.
        repeats: whether a weekly calendar gives another window after this one.
        staffing: who works on it, where stated. predictive: its settings as declared; empty where there are none.
        purpose: what it is for, `sales` or `debt-collection`, where stated: other laws hold for each.
    """

    address: Address
    name: str
    list: str
    list_address: Address
    dial_type: str
    status: str
    threshold: float | None
    policy: str | None
    band: str | None
    starts: datetime | None
    ends: datetime | None
    windows: tuple[Window, ...]
    staffing: Staffing | None
    predictive: Mapping[str, Any] = field(default_factory=dict)
    starts_in: timedelta | None = None
    lasts: timedelta | None = None
    repeats: bool = False
    within_hours: bool = False
    purpose: str | None = None

    def dials_at_any_hour(self, moment: datetime) -> bool:
        """Whether it may dial whenever it likes from a moment on, as far as is known: start and end are not both."""
        over = self.ends is not None and self.ends <= moment
        return not over and (self.starts is None or self.ends is None)

    @property
    def active(self) -> bool:
        """Whether it may be calling people, once it is as declared."""
        return may_dial(self.status)

    def as_held(self, fields: Mapping[str, Any]) -> Campaign:
        """As the tenant holds it: a relative schedule was fixed when the campaign was created."""
        if self.starts_in is None:
            return self
        return self.with_window(*parse_told_window(fields))

    def as_created(self, moment: datetime) -> Campaign:
        """As it would be if it were created at a moment: a relative schedule is counted from it."""
        if self.starts_in is None:
            return self
        starts = moment + self.starts_in
        return self.with_window(starts, self.ends if self.lasts is None else starts + self.lasts)

    def with_window(self, starts: datetime | None, ends: datetime | None) -> Campaign:
        """With another start and end."""
        windows = ((starts, ends),) if starts is not None and ends is not None else ()
        return replace(self, starts=starts, ends=ends, windows=windows)
