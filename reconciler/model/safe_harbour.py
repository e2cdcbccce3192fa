"""Define the legs of the abandonment safe harbour: what is declared of each, what a tenant holds, which is weaker.

The live fields of the legs are in words and units of ours; each surface says how it holds them, or that it has no
place for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import ceil
from typing import Any

from reconciler.model.campaign import UNKNOWN
from reconciler.model.surface_wire import Wire


class Leg(StrEnum):
    """One of the conditions of the safe harbour, or of what goes with it."""

    RATE = "rate"
    CONNECT = "connect"
    MESSAGE = "message"
    RINGING = "ringing"
    HOURS = "hours"
    ATTEMPTS = "attempts"
    DO_NOT_CALL = "do_not_call"
    HOLIDAYS = "holidays"


class LegState(StrEnum):
    """What a plan says of a leg of a campaign, as it would be after the apply."""

    SET = "set"
    UNSET = "unset"
    NOT_SETTABLE = "not_settable_here"
    UNPUBLISHED = "range_not_published"


FIELDS: Mapping[Leg, tuple[str, ...]] = {
    Leg.RATE: ("abandonThreshold",),
    Leg.CONNECT: ("connectWithin",),
    Leg.MESSAGE: ("abandonMessage",),
    Leg.RINGING: ("ringAtLeast", "ringCount"),
    Leg.HOURS: ("startTime", "endTime"),
    Leg.ATTEMPTS: ("attemptWindow",),
    Leg.HOLIDAYS: ("holidayCalls",),
}
"""The live fields of a campaign that hold each leg; whether a do-not-call group scrubs it the group says."""

ZONES = "timeZoneSettings"
"""The live field of a campaign that has the hours of each zone, by the zone's name in the tenant."""

OF_POLICY = frozenset({*(each for leg in FIELDS for each in FIELDS[leg]), ZONES}) - {
    "abandonThreshold",
    "startTime",
    "endTime",
}
"""Those that a policy declares for its campaigns: where a surface has no place for one it is left out aloud."""


@dataclass(frozen=True, slots=True)
class Harbour:
    """What each leg is, or is to be; None, or false: nothing is said of it.

    Attributes:
        rate: percent of calls that may be abandoned. connect: seconds until a call that is answered is connected.
        message: the path of the recording that is played then; empty: any.
        ringing: seconds that it rings at least; rings: how often; either is enough.
        opens, closes: from when until when people are called, `HH:MM` where they are; of several zones the widest.
        most, minutes: how many attempts there are at most in so many minutes.
        do_not_call: whether a do-not-call group scrubs it. holidays: whether nobody is called on holidays.
        sources: who says so, by leg.
    """

    rate: float | None = None
    connect: float | None = None
    message: str | None = None
    ringing: float | None = None
    rings: int | None = None
    opens: str | None = None
    closes: str | None = None
    most: int | None = None
    minutes: int | None = None
    do_not_call: bool = False
    holidays: bool = False
    sources: Mapping[str, str] = field(default_factory=dict)

    def says(self, leg: Leg) -> bool:
        """Whether anything is said of a leg."""
        return bool(self.tell(leg))

    def tell(self, leg: Leg) -> dict[str, Any]:
        """What is said of a leg, as JSON; empty where nothing is."""
        told: Mapping[Leg, Mapping[str, Any]] = {
            Leg.RATE: {"percent": self.rate},
            Leg.CONNECT: {"seconds": self.connect},
            Leg.MESSAGE: {"path": self.message},
            Leg.RINGING: {"seconds": self.ringing, "rings": self.rings},
            Leg.HOURS: {"opens": self.opens, "closes": self.closes},
            Leg.ATTEMPTS: {"most": self.most, "minutes": self.minutes},
            Leg.DO_NOT_CALL: {"scrubbed": self.do_not_call or None},
            Leg.HOLIDAYS: {"calls": False if self.holidays else None},
        }
        return {name: value for name, value in told[leg].items() if value is not None}


@dataclass(frozen=True, slots=True)
class CampaignLeg:
    """A leg of one campaign, as it would be after the apply.

    Attributes:
        value: what the tenant would hold, as `Harbour.tell` says it; empty where it is not set.
        declared: what its policy asks for, by place, likewise.
        needs: the setting of the surface that would say the unit or number which is not published; None: no such.
    """

    leg: Leg
    state: LegState
    value: Mapping[str, Any] = field(default_factory=dict)
    declared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    needs: str | None = None


def keeps_window(most: int, minutes: int, other_most: int, other_minutes: int) -> bool:
    """Whether at most so many attempts in some minutes are at most `other_most` in any `other_minutes`."""
    return most * ceil(other_minutes / minutes) <= other_most


def is_weaker(leg: Leg, held: Harbour, wanted: Harbour) -> bool:
    """Whether a leg that is held lets through what is wanted not to be; both say something of it."""
    match leg:
        case Leg.RATE | Leg.CONNECT:
            return bool(getattr(held, leg.value) > getattr(wanted, leg.value))
        case Leg.MESSAGE:
            return not held.message or wanted.message not in ("", held.message)
        case Leg.RINGING:
            long = held.ringing is not None and wanted.ringing is not None and held.ringing >= wanted.ringing
            often = held.rings is not None and wanted.rings is not None and held.rings >= wanted.rings
            return not (long or often)
        case Leg.HOURS:
            return str(held.opens) < str(wanted.opens) or str(held.closes) > str(wanted.closes)
        case Leg.ATTEMPTS:
            return not keeps_window(held.most or 0, held.minutes or 1, wanted.most or 0, wanted.minutes or 1)
    return not held.says(leg)


def merge_harbours(several: Iterable[Harbour]) -> Harbour:
    """One that is as strict as each of several, as far as a campaign can have one of each leg.

    Raises:
        ValueError: of the leg that it names no one is as strict as all: two messages, or two windows of attempts.
    """
    every = list(several)

    def pick(name: str, choose: Any) -> Any:
        return choose((value for each in every if (value := getattr(each, name)) is not None), default=None)

    messages = {each.message for each in every if each.message is not None}
    if len(messages) > 1:
        raise ValueError(Leg.MESSAGE.value)
    windows = [each for each in every if each.says(Leg.ATTEMPTS)]
    strict = [each for each in windows if not any(is_weaker(Leg.ATTEMPTS, each, other) for other in windows)]
    if windows and not strict:
        raise ValueError(Leg.ATTEMPTS.value)
    return Harbour(
        rate=pick("rate", min),
        connect=pick("connect", min),
        message=next(iter(messages), None),
        ringing=pick("ringing", max),
        rings=pick("rings", max),
        opens=pick("opens", max),
        closes=pick("closes", min),
        most=strict[0].most if strict else None,
        minutes=strict[0].minutes if strict else None,
        do_not_call=any(each.do_not_call for each in every),
        holidays=any(each.holidays for each in every),
    )


def make_leg_fields(wanted: Harbour) -> dict[str, Any]:
    """The live fields of a campaign that hold what is wanted; hours, rate and do-not-call have places of their own."""
    fields: dict[str, Any] = {}
    if wanted.connect is not None:
        fields["connectWithin"] = wanted.connect
    if wanted.message is not None:
        fields["abandonMessage"] = wanted.message
    if wanted.ringing is not None:
        fields["ringAtLeast"] = wanted.ringing
    if wanted.rings is not None:
        fields["ringCount"] = wanted.rings
    if wanted.most is not None:
        fields["attemptWindow"] = {"most": wanted.most, "minutes": wanted.minutes}
    if wanted.holidays:
        fields["holidayCalls"] = False
    return fields


def read_harbour(fields: Mapping[str, Any], scrubbed: bool) -> Harbour:
    """What the live fields of a campaign say of each leg; a value that is no number says nothing."""
    window = fields.get("attemptWindow") or {}
    hours = list(_iter_hours(fields.get(ZONES) or {}))
    # 0 may stand for none at all: what it means is not published, and it is taken for nothing
    most, minutes = _as_number(window.get("most")), _as_number(window.get("minutes"))
    bounded, rings = most and minutes, _as_number(fields.get("ringCount"))
    return Harbour(
        rate=_as_number(fields.get("abandonThreshold")),
        connect=_as_number(fields.get("connectWithin")) or None,
        message=fields.get("abandonMessage") or None,
        ringing=_as_number(fields.get("ringAtLeast")),
        rings=None if rings is None else int(rings),
        opens=min((opens for opens, _ in hours), default=None),
        closes=max((closes for _, closes in hours), default=None),
        most=int(most) if most and bounded else None,
        minutes=int(minutes) if minutes and bounded else None,
        do_not_call=scrubbed,
        holidays=fields.get("holidayCalls") is False,
    )


def _iter_hours(zones: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The hours of each zone that is called."""
    for each in zones.values():
        if each.get("timeZoneActiveToCall") is not False and each.get("startTime") and each.get("endTime"):
            yield str(each["startTime"])[:5], str(each["endTime"])[:5]


def _as_number(value: Any) -> float | None:
    return None if value is None or isinstance(value, str | bool) else float(value)


def list_legs(
    fields: Mapping[str, Any],
    later: Iterable[str],
    wire: Wire,
    groups: bool,
    scrubbed: bool,
    declared: Mapping[str, Harbour],
) -> tuple[CampaignLeg, ...]:
    """Every leg of a campaign with these live fields after the apply, on a surface that holds it so.

    `later`: fields that are fixed when it is created; `groups`: whether the tenant has do-not-call groups.
    """
    held = read_harbour(fields, scrubbed)
    found = []
    for leg in Leg:
        wanted = {place: each.tell(leg) for place, each in declared.items() if each.says(leg)}
        state, needs = _find_state(leg, held, fields, frozenset(later), wire, groups)
        value = held.tell(leg) if state is LegState.SET else {}
        if leg is Leg.HOURS and state is LegState.SET:
            value |= {name: str(fields[name]) for name in FIELDS[leg] if name in fields}
        found.append(CampaignLeg(leg, state, value, wanted, needs))
    return tuple(found)


def _find_state(
    leg: Leg, held: Harbour, fields: Mapping[str, Any], later: frozenset[str], wire: Wire, groups: bool
) -> tuple[LegState, str | None]:
    if leg is Leg.DO_NOT_CALL:
        if not groups:
            return LegState.NOT_SETTABLE, None
        return (LegState.SET if held.do_not_call else LegState.UNSET), None
    places = [each for each in FIELDS[leg] if wire.has_place(each)]
    if not places:
        needs = next((wire.unpublished[each] for each in FIELDS[leg] if each in wire.unpublished), None)
        return (LegState.NOT_SETTABLE if needs is None else LegState.UNPUBLISHED), needs
    if leg is Leg.HOURS:
        known = all(name in later or fields.get(name) not in (None, UNKNOWN) for name in FIELDS[leg])
        return (LegState.SET if known else LegState.UNSET), None
    return (LegState.SET if held.says(leg) else LegState.UNSET), None
