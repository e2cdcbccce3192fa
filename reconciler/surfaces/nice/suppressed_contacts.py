"""Suppressed contacts: numbers that are not called for some skills, from one day until another.

What each field means is not published but for its name and type. The skills of a record are told as numbers, one by
one, and written as one text: with commas between them [inferred]. A day is ISO 8601 [inferred].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from reconciler.model.paging import OnePage
from reconciler.model.reply_shape import ID, TEXT, Rows, Shape, may, needs
from reconciler.model.surface_wire import Call, Members, Numbers
from reconciler.surfaces.nice.endpoints import make_call

FOR_EVER = date(2099, 12, 31)
"""An end must be given, as far as is known: where none is declared, ours is far away [inferred]."""

_RECORD = Shape(
    {
        "suppressedContactId": needs(ID),
        "value": needs(TEXT),
        "startDate": may(TEXT),
        "endDate": may(TEXT),
        "suppressedContactMappings": may(Rows(Shape({"skill_No": needs(ID)}))),
    }
)


def list_skills(record: Mapping[str, Any]) -> str:
    """The skills of a record, as one text in their order."""
    return ",".join(sorted({str(each["skill_No"]) for each in record.get("suppressedContactMappings") or ()}))


def _make_records(skill_ids: str) -> Members:
    """The records of exactly these skills: one of others is none of theirs."""
    wanted = ",".join(sorted(set(skill_ids.split(","))))
    return Members(
        of=lambda ids: make_call("suppressed.read"),
        pages=OnePage("suppressedContacts", empty=True),
        shape=_RECORD,
        columns={"contactId": "suppressedContactId", "phone": "value", "starts": "startDate", "expires": "endDate"},
        read=lambda row: row if list_skills(row) == wanted else None,
    )


def _add(skill_ids: str, numbers: Sequence[str], since: date | None, until: date | None) -> Call:
    (number,) = numbers
    told = {
        "startDate": (since or datetime.now(UTC).date()).isoformat(),
        "endDate": (until or FOR_EVER).isoformat(),
        "value": number,
        "skills": skill_ids,
    }
    return make_call("suppressed.create", body=told)


SUPPRESSED_CONTACTS = Numbers(held=_make_records, add=_add, most=1)
