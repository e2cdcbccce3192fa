"""Suppressed contacts: numbers that are not called for some skills, from a day until another.

Of the writes neither an answer nor a rule is published: they answer 204, and what is odd is refused (ours).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from reconciler.simulator.body_checks import fields, some_text
from reconciler.simulator.error_replies import bad_request, not_found
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.surfaces.nice.conventions import read, write
from reconciler.simulator.surfaces.nice.skill_store import skills_of

_DIGITS = re.compile(r"\d{10,15}", re.ASCII)


@dataclass(slots=True)
class Suppressed:
    """A suppressed contact: its number, and the first and the last day on which it is not called for its skills."""

    number: int
    value: str
    skills: tuple[int, ...]
    begins: str
    ends: str


class SuppressedContacts:
    """Those of the tenant, by their ids."""

    def __init__(self) -> None:
        self.held: dict[int, Suppressed] = {}


def suppressed_of(call: Call) -> SuppressedContacts:
    """The tenant's suppressed contacts."""
    return call.tenant.store.part(SuppressedContacts)


def _find(call: Call) -> Suppressed:
    told = call.params["suppressedContactId"]
    found = suppressed_of(call).held.get(int(told)) if told.isdecimal() else None
    if found is None:
        raise not_found("suppressedContact: there is none with that id")
    return found


def _to_wire(call: Call, each: Suppressed) -> dict[str, Any]:
    made = {"createDate": wire_time(call.tenant.store.now()), "createdBy": 1}
    mappings = [{"suppressedContactId": each.number, "skill_No": skill, **made} for skill in each.skills]
    days = {"startDate": each.begins, "endDate": each.ends}
    told = {"suppressedContactId": each.number, "value": each.value, **days, **made}
    return {**told, "suppressedContactMappings": mappings}


def _read_all(call: Call) -> Reply:
    """`GET /suppressed-contact`: all of them at once."""
    rows = [_to_wire(call, each) for each in suppressed_of(call).held.values()]
    return Reply(body={"suppressedContacts": rows}) if rows else Reply(204)


def _read_one(call: Call) -> Reply:
    """`GET /suppressed-contact/{suppressedContactId}`."""
    return Reply(body=_to_wire(call, _find(call)))


def _check_day(value: Any, where: str) -> str:
    try:
        return date.fromisoformat(some_text(value, where)).isoformat()
    except ValueError:
        raise bad_request(f"{where}: must be a day") from None


def _check_number(value: Any, where: str) -> str:
    if not _DIGITS.fullmatch(some_text(value, where)):
        raise bad_request(f"{where}: must be a number of ten to fifteen digits")
    return str(value)


def _understand(call: Call) -> tuple[str, tuple[int, ...], str, str]:
    """What a body says: all of it, and of skills that there are."""
    needed = {"value": _check_number, "skills": some_text, "startDate": _check_day, "endDate": _check_day}
    told = fields(call.body, required={"suppressedContactData": lambda value, where: value}, optional={})
    one = fields(told["suppressedContactData"], "suppressedContactData", required=needed, optional={})
    named: Sequence[str] = one["skills"].split(",")
    held = skills_of(call).held
    if not all(each.isdecimal() and int(each) in held for each in named):
        raise bad_request("skills: must be the ids of skills, with commas between them")
    if one["endDate"] < one["startDate"]:
        raise bad_request("endDate: is before startDate")
    return one["value"], tuple(map(int, named)), one["startDate"], one["endDate"]


def _create(call: Call) -> Reply:
    """`POST /suppressed-contact`: the same once more is a second one."""
    held = suppressed_of(call).held
    number = 1 + max(held, default=8000)
    held[number] = Suppressed(number, *_understand(call))
    return Reply(204)


def _change(call: Call) -> Reply:
    """`PUT /suppressed-contact/{suppressedContactId}`."""
    each = _find(call)
    each.value, each.skills, each.begins, each.ends = _understand(call)
    return Reply(204)


def _delete(call: Call) -> Reply:
    """`DELETE /suppressed-contact/{suppressedContactId}`."""
    del suppressed_of(call).held[_find(call).number]
    return Reply(204)


_ONE = "/suppressed-contact/{suppressedContactId}"
ROUTES = (
    read("/suppressed-contact", _read_all),
    write("POST", "/suppressed-contact", _create),
    read(_ONE, _read_one),
    write("PUT", _ONE, _change),
    write("DELETE", _ONE, _delete, body=False),
)
