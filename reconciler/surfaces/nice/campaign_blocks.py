"""The blocks of a campaign's skill: the legs of the safe harbour, each in units of ours, and what else is in them.

A leg lies in fields of a block whose units, and the number of one mode, are not published: the manifest of the surface
says them (`timeoutUnit`, `ringingUnit`, `messageMode`), and without that the leg has no place. That these fields are
those of the legs is our inference from their names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.reply_shape import ID, NUMBER, TEXT, TRUTH, Rows, Shape, may, needs, number
from reconciler.model.safe_harbour import ZONES
from reconciler.model.surface_wire import Part
from reconciler.surfaces.nice.endpoints import make_call
from reconciler.surfaces.nice.skill_blocks import BLOCKS, PARAMETERS, Block, lay_over, pick_block

Fields = Mapping[str, Any]

TIMEOUT, RINGING, MODE = "timeoutUnit", "ringingUnit", "messageMode"
"""Parameters of the surface, none of which is published: what is counted in, and by which mode a message is played."""

UNITS: Mapping[str, float] = {"seconds": 1, "milliseconds": 0.001}
"""Seconds of one; rings are counted."""
RINGS = "rings"

SCHEDULE = "scheduleSettings"
"""The block that the window of a campaign is: nothing else of it is declared."""

_RATES = ("abandonRateCutoff", "abandonRateThreshold")
"""The two settings of the rate of abandoned calls; their units and ranges are not published. Both are set to the
percent that is declared [inferred]."""
_OWN_RATE = "overrideBusinessUnitAbandonRate"
_HOLIDAYS = ("deliverCallbacksOnDNCHolidays", "deliverPrioritiesOnDNCHolidays")
_WINDOW = {"most": "restrictedCallingMaxAttempts", "minutes": "restrictedCallingMinutes"}


@dataclass(frozen=True, slots=True)
class Setting:
    """A live field that lies in fields of a block.

    Attributes:
        field: the live field. block: the block. owns: its fields, which nothing else says.
        read: the block → the live value; None: it says none. write: the way back, as fields of the block.
    """

    field: str
    block: str
    owns: tuple[str, ...]
    read: Callable[[Fields], Any]
    write: Callable[[Any], dict[str, Any]]


def read_threshold(general: Fields) -> float | None:
    """The percent of calls that may be abandoned: the higher of the two rates; none where the tenant's own counts."""
    rates = [rate for rate in (number(general.get(name)) for name in _RATES) if rate is not None]
    return max(rates) if general.get(_OWN_RATE) and len(rates) == len(_RATES) else None


def write_threshold(percent: Any) -> dict[str, Any]:
    """Both rates, and the skill's own before the tenant's."""
    return {**dict.fromkeys(_RATES, percent), _OWN_RATE: True}


def read_holidays(general: Fields) -> bool | None:
    """Whether anybody is called on the tenant's do-not-call holidays; None: it does not say of all."""
    told = [general[name] for name in _HOLIDAYS if isinstance(general.get(name), bool)]
    return True if any(told) else False if len(told) == len(_HOLIDAYS) else None


def read_window(retries: Fields) -> dict[str, Any] | None:
    """How many attempts there are at most in how many minutes."""
    told = {ours: number(retries.get(theirs)) for ours, theirs in _WINDOW.items()}
    return None if None in told.values() else told


def _make_length(field: str, block: str, name: str, unit: str) -> Setting:
    """A length in a unit that is stated."""
    factor = 1 if unit == RINGS else UNITS[unit]

    def read(held: Fields) -> float | None:
        told = number(held.get(name))
        return None if told is None else round(told * factor, 3)

    return Setting(field, block, (name,), read, lambda value: {name: _shorten(round(value / factor, 3))})


def _shorten(value: float) -> float:
    """A whole number as one."""
    return int(value) if float(value).is_integer() else value


def _make_message(mode: int) -> Setting:
    """What is played, by the mode that plays something."""
    path, how = "abandonMessagePath", "abandonMsgMode"

    def read(held: Fields) -> str | None:
        # in another mode it is not what is played
        return str(held[path]) if held.get(path) and number(held.get(how)) == mode else None

    return Setting("abandonMessage", "cpaSettings", (path, how), read, lambda value: {path: value, how: mode})


_KNOWN = (
    Setting("abandonThreshold", "generalSettings", (*_RATES, _OWN_RATE), read_threshold, write_threshold),
    Setting("holidayCalls", "generalSettings", _HOLIDAYS, read_holidays, lambda calls: dict.fromkeys(_HOLIDAYS, calls)),
    Setting(
        "attemptWindow",
        "retrySettings",
        tuple(_WINDOW.values()),
        read_window,
        lambda window: {theirs: window[ours] for ours, theirs in _WINDOW.items()},
    ),
)
"""Those whose units their names say [inferred]."""


def make_settings(known: Mapping[str, str]) -> tuple[Setting, ...]:
    """The settings that have a place on a surface with these parameters."""
    found = list(_KNOWN)
    if TIMEOUT in known:
        found.append(_make_length("connectWithin", "cpaSettings", "abandonTimeout", known[TIMEOUT]))
    if RINGING in known:
        field = "ringCount" if known[RINGING] == RINGS else "ringAtLeast"
        found.append(_make_length(field, "generalSettings", "maximumRingingDuration", known[RINGING]))
    if MODE in known:
        found.append(_make_message(int(known[MODE])))
    return tuple(found)


EVERY = (
    *make_settings({TIMEOUT: "seconds", RINGING: "seconds", MODE: "0"}),
    *(each for each in make_settings({RINGING: RINGS}) if each.field == "ringCount"),
)
"""All that there can be, whatever the manifest of the surface says."""


def list_unpublished(known: Mapping[str, str]) -> dict[str, str]:
    """The live fields that have no place while a parameter is not stated, and which that is."""
    asked = {"connectWithin": TIMEOUT, "abandonMessage": MODE, "ringAtLeast": RINGING, "ringCount": RINGING}
    return {field: parameter for field, parameter in asked.items() if parameter not in known}


OWNED: Mapping[str, frozenset[str]] = {
    block.field: frozenset(name for each in EVERY if each.block == block.field for name in each.owns)
    for block in BLOCKS
}
"""Of each block the fields that only a leg or the threshold says."""

DECLARED = tuple(block for block in BLOCKS if block.field != SCHEDULE)
"""The blocks that a Campaign may declare."""

TOLD = Shape(
    {
        "callingLists": may(Rows(Shape({"id": needs(ID)}))),
        "scheduleSettings": may(PARAMETERS),
        "cpaSettings": may(
            Shape({"abandonTimeout": may(NUMBER), "abandonMsgMode": may(NUMBER), "abandonMessagePath": may(TEXT)})
        ),
        "retrySettings": may(Shape({name: may(NUMBER) for name in _WINDOW.values()})),
        ZONES: may(
            Rows(Shape({name: may(TEXT) for name in ("name", "standardName", "startTime", "endTime")})),
        ),
    }
)
"""What all blocks of a campaign's skill look like; by one shape, as all parts are told by one answer."""

_GENERAL = Shape(
    {name: may(NUMBER) for name in (*_RATES, "maximumRingingDuration")}
    | {name: may(TRUTH) for name in (_OWN_RATE, *_HOLIDAYS)}
)


def make_part(block: Block, settings: tuple[Setting, ...]) -> Part:
    """A block of a campaign's skill as one part: the settings that lie in it, and all else that it has."""
    mine = tuple(each for each in settings if each.block == block.field)
    owned = OWNED[block.field]

    def read(answer: Any) -> dict[str, Any]:
        held = pick_block(block, answer)
        told = {each.field: each.read(held) for each in mine}
        rest = {name: value for name, value in held.items() if name not in owned}
        return {**{name: value for name, value in told.items() if value is not None}, block.field: rest}

    def change(skill_id: str, fields: Fields, held: Any) -> Any:
        whole = lay_over(pick_block(block, held), fields.get(block.field, {}))
        for each in mine:
            if each.field in fields:
                whole |= each.write(fields[each.field])
        # what is not set stays so
        known = {name: value for name, value in whole.items() if value is not None}
        return make_call(block.writes, skill_id, body=block.write(known))

    return Part(
        fields=frozenset({block.field, *(each.field for each in mine)}),
        one=lambda skill_id: make_call(block.reads, skill_id),
        shape=TOLD if block.told else _GENERAL,
        read=read,
        change=change,
        also=(lambda skill_id: make_call(block.also, skill_id), PARAMETERS) if block.also else None,
    )


def make_parts(settings: tuple[Setting, ...]) -> tuple[Part, ...]:
    """Every block that a Campaign may declare."""
    return tuple(make_part(block, settings) for block in DECLARED)
