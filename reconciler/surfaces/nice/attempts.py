"""Attempts: the calls that were made of a list's records. They are the interactions of those who are on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.instants import format_instant
from reconciler.model.reply_shape import ID, TEXT, Shape, may, needs
from reconciler.model.row_wire import History
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, SCOPE, pages
from reconciler.surfaces.nice.endpoints import make_call

VOICE = "voice"
"""What an attempt is: of the skills of calls there are no others."""


def read_attempt(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """An attempt as an interaction."""
    return {
        "id": str(row["contactId"]),
        "contactId": str(row["externalId"]),
        "startTime": row["dateOfCall"],
        "type": VOICE,
    }


ATTEMPTS = History(
    surface=NAME_OF_SURFACE,
    scope=SCOPE,
    of=None,
    # an attempt is changed when it is made, or later: whatever was made since is among what was changed since
    of_list=lambda query, list_id: make_call(
        "lists.attempts", list_id, query={"updatedSince": format_instant(query.start)}
    ),
    pages=pages("resultSet.contactAttempts", total=None),
    shape=Shape(
        {"contactId": needs(ID), "externalId": needs(ID), "dateOfCall": needs(TEXT), "deliveryType": may(TEXT)}
    ),
    columns={name: name for name in ("id", "contactId", "startTime", "type")},
    read=read_attempt,
    key="contactId",
)
