"""The outcome of one contact: what an agent's disposition says of a call that is over.

A contact is a call here, by its own number, and not who was called. What can be set is the disposition and its notes:
when it was reached, by whom, and fields of one's own have no place. Whether `dispositionCode` is a disposition's name
is not published: it is taken for that [inferred].
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.disposition import HELD, Standing, make_code
from reconciler.model.reply_shape import ID, TEXT, TRUTH, Shape, may, needs
from reconciler.model.row_wire import Outcomes
from reconciler.model.surface_wire import Call
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, SCOPE
from reconciler.surfaces.nice.endpoints import make_call

OVER = "COMPLETED"


def read_standing(answers: tuple[Mapping[str, Any], Mapping[str, Any] | None]) -> Standing:
    """Where a call stands: only of one that is over is it told that it is not active."""
    contact, disposition = answers[0]["contactId"], answers[1] or {}
    state = OVER if contact.get("isActive") is False else HELD[0]
    return Standing(state, make_code(disposition.get("dispositionName")), disposition.get("lastUpdated"))


def is_of_skill(answers: tuple[Mapping[str, Any], Mapping[str, Any] | None], skill_id: str) -> bool:
    """Whether a call is of a skill; one that does not say is none that is touched."""
    return str(answers[0]["contactId"].get("skillId")) == skill_id


def write_outcome(skill_id: str, contact: str, body: Mapping[str, Any]) -> Call:
    """The request that sets a disposition."""
    notes = {"notes": body["notes"]} if body.get("notes") else {}
    told = {"skill": skill_id, "dispositionCode": body["outcomeCode"], **notes}
    return make_call("contacts.set", contact, body=told)


_CONTACT = Shape({"skillId": may(ID), "isActive": may(TRUTH)})

OUTCOMES = Outcomes(
    surface=NAME_OF_SURFACE,
    read_scope=SCOPE,
    write_scope=SCOPE,
    one=lambda skill_id, contact: make_call("contacts.one", contact),
    shape=Shape({"contactId": needs(_CONTACT)}),
    also=(
        lambda skill_id, contact: make_call("contacts.disposition", contact),
        Shape({"dispositionName": may(TEXT), "lastUpdated": may(TEXT)}),
    ),
    read=read_standing,
    is_of=is_of_skill,
    write=write_outcome,
    unheld=frozenset({"timestamp", "customFields"}),
)
