"""A call list: a mapping of columns, made once, and the records that uploads bring.

Our columns are always the same: what is declared of a contact beyond them stands in columns of its own, which are not
mapped and are told as other fields [inferred]. Nothing of a list has a place for a mark or a description.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from reconciler.model.instants import format_instant
from reconciler.model.ownership_mark import InLedger
from reconciler.model.reply_shape import ID, NAME, TEXT, TEXT_OR_NUMBER, TRUTH, WHOLE, Rows, Shape, may, needs, number
from reconciler.model.surface_wire import Call, Members, Requests, Wire
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, SCOPE, pages
from reconciler.surfaces.nice.endpoints import make_call

PHONE, EXTERNAL_ID = "phone", "contactId"
MAPPED = {
    "externalIdColumn": EXTERNAL_ID,
    "firstNameColumn": "firstName",
    "lastNameColumn": "lastName",
    "scoreColumn": "score",
    "priorityColumn": "priority",
}
"""The columns of a file that mean something to the tenant, by the query field that says so."""

APART = timedelta(minutes=1)
"""How far the clocks of a tenant's own machines may be apart [inferred]."""

_NATIVE = {"score": "score", "priority": "priority"}
"""Attributes that have a field of their own in a record."""

LIST = Shape(
    {
        "listId": needs(ID),
        "listName": needs(NAME),
        "status": may(TEXT),
        "totalRecords": may(WHOLE),
        "validRecords": may(WHOLE),
        "invalidRecords": may(WHOLE),
    }
)
RECORD = Shape(
    {
        "externalId": needs(ID),
        "score": may(TEXT_OR_NUMBER),
        "priority": may(TEXT_OR_NUMBER),
        "firstName": may(TEXT),
        "lastName": may(TEXT),
        "icSourceActive": may(TRUTH),
        "icSourceRemoved": may(TRUTH),
        "destinations": may(Rows(Shape({"formattedDestination": may(TEXT_OR_NUMBER)}))),
        "otherFields": may(Rows(Shape({"fieldName": may(TEXT), "fieldValue": may(TEXT)}))),
    }
)


def write_cell(value: Any) -> str:
    """An attribute as it stands in a file: a text as it is, unless it would be read as something else."""
    if value is None:
        return ""
    if isinstance(value, str) and value and read_cell(value) == value:
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def read_cell(text: Any) -> Any:
    """An attribute of what stands in a file: a number, true, a list where it is one, else a text; None where empty."""
    if not isinstance(text, str):
        return text
    if not text:
        return None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except ValueError:
        return text


def _refuse_constant(word: str) -> Any:
    raise ValueError(word)  # `NaN` is a word, and no number of JSON


def make_e164(told: Any) -> str | None:
    """A destination as E.164: ten digits alone are a number of the North American plan [client]."""
    text = str(told or "").strip()
    digits = "".join(each for each in text if each in "0123456789")
    if not digits:
        return None
    if text.startswith("+"):
        return f"+{digits}"
    return f"+1{digits}" if len(digits) == 10 else f"+{digits}"


def read_record(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """A record of a list as one of its members; None for one that was taken off."""
    if record.get("icSourceRemoved"):
        return None
    told = {ours: read_cell(record.get(theirs)) for ours, theirs in _NATIVE.items()}
    others = {each.get("fieldName"): read_cell(each.get("fieldValue")) for each in record.get("otherFields") or ()}
    first: Mapping[str, Any] = next(iter(record.get("destinations") or ()), {})
    return {
        "contactId": str(record["externalId"]),
        "phone": make_e164(first.get("formattedDestination")),
        "status": "INACTIVE" if record.get("icSourceActive") is False else "ACTIVE",
        "engagementScore": number(record.get("score")),
        "firstName": record.get("firstName"),
        "lastName": record.get("lastName"),
        "data": {name: value for name, value in {**others, **told}.items() if value is not None},
    }


def _create(body: Mapping[str, Any]) -> Call:
    return make_call(
        "lists.create",
        query={"listName": body["listName"], **MAPPED},
        body={"destinationMappings": [{"fieldName": "PhoneNumber", "fieldValue": PHONE}]},
    )


def list_changed(list_id: str, since: datetime) -> Call:
    """The records that were written or taken off since a moment of the tenant's clock, and a little before."""
    return make_call(
        "lists.one", list_id, query={"includeRecords": True, "updatedSince": format_instant(since - APART)}
    )


MEMBERS = Members(
    of=lambda list_id: make_call("lists.one", list_id, query={"includeRecords": True}),
    # the list's own count has those that were taken off and those that are not valid among it [inferred]
    pages=pages("resultSet.contactRecords", total=None),
    shape=RECORD,
    key="externalId",
    read=read_record,
    columns={"contactId": "contactId", "phone": "phone", "status": "status", "engagementScore": "engagementScore"},
    named={"firstName": "firstName", "lastName": "lastName"},
    data="data",
    since=list_changed,
)

CALL_LIST = Wire(
    name=NAME_OF_SURFACE,
    path="/lists/call-lists",
    pages=pages("callingLists"),
    read_scope=SCOPE,
    write_scope=SCOPE,
    one=lambda list_id: make_call("lists.one", list_id),
    shape=LIST,
    id_field="listId",
    name_field="listName",
    requests=Requests(
        create=_create,
        named="listId",
        delete=lambda list_id: make_call("lists.delete", list_id, query={"forceInactive": True, "forceDelete": True}),
    ),
    ownership=InLedger(),
    holds=frozenset({"name", "type"}),
    fixed=frozenset({"name", "type"}),
    unheld=frozenset({"description"}),
    size="validRecords",
    members=MEMBERS,
    read=lambda body: {"type": "outbound"},
    write=lambda fields: {"listName": fields["name"]},
)
