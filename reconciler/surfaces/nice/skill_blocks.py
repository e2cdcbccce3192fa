"""The parameter blocks of a skill: how each is read and written, where the two disagree.

All are told by one request, but for the general settings, of which only their own endpoint tells what is done on
holidays. Live fields have the spelling that is written. A block is written whole: what was read right before, with what
is declared over it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.reply_shape import OBJECT, Shape, may
from reconciler.model.surface_wire import Part
from reconciler.surfaces.nice.endpoints import make_call

Fields = Mapping[str, Any]
DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
PARAMETERS = Shape({})
"""All blocks; which of them there are is the tenant's."""


def _same(told: Any) -> Any:
    return dict(told)


def read_general(told: Any) -> dict[str, Any]:
    """General settings: told with a wrapper or without one, the aggressiveness as a number or as text."""
    found = dict(told.get("generalSettings") or told)
    if isinstance(found.get("aggressiveness"), int | float):
        found["aggressiveness"] = f"{found['aggressiveness']:g}"
    if isinstance(found.get("waitTimeFactor"), bool):
        found["waitTimeFactor"] = int(found["waitTimeFactor"])
    return found


def read_call_progress(told: Any) -> dict[str, Any]:
    """Call progress analysis: `attemptNo` is written `attempt_No`, and whether it is logged is told as text."""
    found = dict(told)
    if found.get("exceptions") is not None:
        found["exceptions"] = [_rename(each, {"attemptNo": "attempt_No"}) for each in found["exceptions"]]
    if isinstance(found.get("enableCPALogging"), str):
        found["enableCPALogging"] = found["enableCPALogging"].strip().casefold() in ("true", "1")
    return found


def read_personal_connection(told: Any) -> dict[str, Any]:
    """Settings of scripts: `…Id` is written `…ID`."""
    return _rename(told, {"xsScriptId": "xsScriptID", "xsCheckinScriptId": "xsCheckinScriptID"})


def read_schedule(told: Any) -> dict[str, Any]:
    """A week: told flat, or as a list of days."""
    found = {name: value for name, value in told.items() if name != "schedules"}
    for each in told.get("schedules") or ():
        day = str(each.get("day", "")).casefold()
        found |= {f"{day}IsActive": each.get("active")}
        found |= {f"{day}StartTime": each.get("startTime"), f"{day}EndTime": each.get("endTime")}
    return found


def read_time_zones(told: Any) -> dict[str, Any]:
    """Hours by zone: a list with `name`, written with `standardName`; here by that name."""
    rows = told if isinstance(told, list) else told.get("timeZoneSettings") or ()
    known = ("startTime", "endTime", "timeZoneActiveToCall", "overrideTime")
    return {
        str(each.get("standardName") or each.get("name")): {name: each[name] for name in known if name in each}
        for each in rows
    }


def write_time_zones(fields: Fields) -> Any:
    """The way back."""
    return [{"standardName": name, **each} for name, each in fields.items()]


def read_cadence(told: Any) -> dict[str, Any]:
    """The cadence: attempts by `label`, written by `fieldName`; here by that name.

    Its modes are told as numbers and written as words, and which is which is not published: they are left alone.
    """
    attempts = {str(each.get("label")): each.get("maxAttempts") for each in told.get("cadenceMaximumAttempts") or ()}
    found: dict[str, Any] = {"maximumAttempts": attempts}
    if told.get("destinationRetryRestMinutes") is not None:
        found["destinationRetryRestMinutes"] = told["destinationRetryRestMinutes"]
    return found


def write_cadence(fields: Fields) -> Any:
    """The way back."""
    attempts = fields.get("maximumAttempts") or {}
    told = [{"fieldName": name, "attempts": count} for name, count in attempts.items()]
    return {**fields, "maximumAttempts": told}


def read_list_management(told: Any) -> dict[str, Any]:
    """What agents see of a list: `displayField2NAme` is written `displayField2Name`."""
    found = _rename(told, {"displayField2NAme": "displayField2Name"})
    return {name: value for name, value in found.items() if not name.endswith("Id")}


def _rename(told: Fields, names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in told.items()}


@dataclass(frozen=True, slots=True)
class Block:
    """One block.

    Attributes:
        field: its live field. told: where `/parameters` has it; empty: it has an endpoint of its own, `reads`.
        writes: the entry of its request. read: what is told → the live field; write: the way back.
        also: the entry of a request that tells a field which the block lacks; empty: there is none.
    """

    field: str
    told: str
    writes: str
    read: Callable[[Any], dict[str, Any]] = _same
    write: Callable[[Fields], Any] = _same
    reads: str = "skills.parameters"
    also: str = ""


BLOCKS = (
    Block("generalSettings", "", "skills.general", read_general, reads="skills.general.read"),
    Block("cpaSettings", "cpaSettings", "skills.cpa", read_call_progress, also="skills.cpa.read"),
    Block("xsSettings", "xsSettings", "skills.xs", read_personal_connection),
    Block("retrySettings", "retrySettings", "skills.retry"),
    Block("deliveryPreferences", "deliveryPreferences", "skills.delivery"),
    Block("scheduleSettings", "scheduleSettings", "skills.schedule", read_schedule),
    Block("timeZoneSettings", "timeZoneSettings", "skills.zones", read_time_zones, write_time_zones),
    Block("cadenceSettings", "cadenceSettings", "skills.cadence", read_cadence, write_cadence),
    Block("listManagementSettings", "listManagementSettings", "skills.display", read_list_management),
)


_APART = {"AnsMachineOverrideSeconds": "ansMachineOverrideSeconds"}
"""Of call progress analysis one field is told by its own endpoint alone, and with a capital [spec]."""


def pick_block(block: Block, answer: Any) -> dict[str, Any]:
    """A block of the answer that tells it, or of both answers that do; empty where it is not told."""
    first, more = answer if block.also else (answer, {})
    told = first.get(block.told) if block.told else first
    apart = {ours: more[theirs] for theirs, ours in _APART.items() if more.get(theirs) is not None}
    return {**(block.read(told) if told else {}), **apart}


def lay_over(held: Any, declared: Any) -> Any:
    """What is declared over what was read: inside a mapping, too, only declared keys count."""
    if isinstance(held, Mapping) and isinstance(declared, Mapping):
        return {**held, **{name: lay_over(held.get(name), value) for name, value in declared.items()}}
    return declared


def make_part(block: Block) -> Part:
    """A block as a part of its skill."""

    def change(skill_id: str, fields: Fields, held: Any) -> Any:
        whole = lay_over(pick_block(block, held), fields[block.field])
        # what is not set stays so
        known = {name: value for name, value in whole.items() if value is not None}
        return make_call(block.writes, skill_id, body=block.write(known))

    return Part(
        fields=frozenset({block.field}),
        one=lambda skill_id: make_call(block.reads, skill_id),
        shape=Shape({block.told: may(OBJECT)}) if block.told and block.told != "timeZoneSettings" else PARAMETERS,
        read=lambda answer: {block.field: pick_block(block, answer)},
        change=change,
        also=(lambda skill_id: make_call(block.also, skill_id), PARAMETERS) if block.also else None,
    )


PARTS = {each.field: make_part(each) for each in BLOCKS}
