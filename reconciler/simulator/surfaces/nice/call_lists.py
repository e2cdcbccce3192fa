"""Call lists: a mapping of columns, and the records that uploads bring, over the lists of the tenant's store."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

from reconciler.simulator.body_checks import fields, some_text
from reconciler.simulator.error_replies import bad_request, conflict
from reconciler.simulator.interaction_history import microseconds, start_text
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import ACTIVE, ContactList, wire_time
from reconciler.simulator.surfaces.nice.conventions import (
    NAME,
    find_by_number,
    links,
    moment,
    number_of,
    page,
    read,
    truth,
    write,
)

LOST = "LOST"
"""The code of rows that a fault loses without a word: they count as nothing."""

COLUMNS = frozenset(
    f"{name}Column"
    for name in (
        *("externalId", "score", "customer1", "customer2", "callerId", "priority", "complianceReq", "firstName"),
        *("lastName", "address", "city", "state", "zip", "timeZone", "confirmReq", "overrideFinalization", "agentId"),
        *("callRequestTime", "callRequestStale", "notes", "expirationDate"),
    )
)
"""What a mapping may say of a file's columns, in the query of its creation."""


@dataclass(slots=True)
class Kept:
    """What a list keeps besides its members.

    `columns`: of the fields of a record, the file's column. `phones`: the columns with numbers. `removed`: when those
    that were taken off were, by external id. `written`: when each was last uploaded. `skills`: the numbers of the
    skills that dial it.
    """

    columns: Mapping[str, str]
    phones: tuple[str, ...]
    removed: dict[str, datetime] = field(default_factory=dict)
    written: dict[str, datetime] = field(default_factory=dict)
    skills: list[int] = field(default_factory=list)
    uploaded: datetime | None = None


class Mappings:
    """What each list of the store keeps, by its id; one that was made otherwise has columns of an administrator's.

    Where it does not tell who was removed (`tells_removed`), they are among no records.
    """

    def __init__(self) -> None:
        self._of: dict[str, Kept] = {}
        self.tells_removed = True

    def of(self, list_id: str) -> Kept:
        """What a list keeps."""
        return self._of.setdefault(
            list_id, Kept({"externalId": "contactId", "firstName": "firstName", "lastName": "lastName"}, ("phone",))
        )

    def keep(self, list_id: str, mapping: Kept) -> None:
        """Keep the mapping of a new list."""
        self._of[list_id] = mapping


def mapping_of(call: Call, target: ContactList) -> Kept:
    """What a list keeps besides its members."""
    return call.tenant.store.part(Mappings).of(target.id)


def find_list(call: Call, name: str = "listId") -> ContactList:
    """The list of a path; 404 where there is none."""
    found: ContactList = find_by_number(call.tenant.store.lists, call.params[name], "call list")
    return found


def _describe(call: Call, target: ContactList) -> dict[str, Any]:
    kept = mapping_of(call, target)
    uploaded = wire_time(kept.uploaded or target.modified)
    over = [each for each in call.tenant.jobs.of(NAME) if each.target == target.id and each.is_over]
    invalid = sum(each.failed - sum(row["code"] == LOST for row in each.errors) for each in over)
    return {
        "listName": target.name,
        "prospectiveContactCount": len(target.members),
        "status": "Active",
        "totalRecords": len(target.members) + invalid,
        "invalidRecords": invalid,
        "validRecords": len(target.members),
        "finalizedRecords": 0,
        "createDate": wire_time(target.modified),
        "uploadDate": uploaded,
        "updateDate": wire_time(target.modified),
        "removeDate": "",
    }


def _read_lists(call: Call) -> Reply:
    """`GET /lists/call-lists?skip=&top=`: 204 where there are none from there on."""
    held = list(call.tenant.store.lists.values())
    rows = [{"listId": number_of(each.id), **_describe(call, each)} for each in page(call, held)]
    if not rows:
        return Reply(204)
    return Reply(body={"totalRecords": len(held), "_links": links(call), "callingLists": rows})


def _create_list(call: Call) -> Reply:
    """`POST /lists/call-lists?listName=&externalIdColumn=` `{destinationMappings}`: a mapping, without a record."""
    for name in ("listName", "externalIdColumn"):
        if not call.query.get(name, "").strip():
            raise bad_request(f"{name}: is required")
    told = fields(call.body, required={"destinationMappings": _destinations}, optional={})["destinationMappings"]
    store, name = call.tenant.store, call.query["listName"]
    if store.find_list(name) is not None:
        raise conflict("listName: there is a list of that name")
    made = store.add_list(name)
    columns = {each.removesuffix("Column"): value for each, value in call.query.items() if each in COLUMNS}
    store.part(Mappings).keep(made.id, Kept(columns, tuple(each["fieldValue"] for each in told)))
    return Reply(body={"listId": number_of(made.id)})


def _destinations(value: Any, where: str) -> list[dict[str, str]]:
    if not isinstance(value, list) or not value:
        raise bad_request(f"{where}: must be a list of at least one")
    texts = {"fieldName": some_text, "fieldValue": some_text}
    return [fields(each, f"{where}[{index}]", required=texts, optional={}) for index, each in enumerate(value)]


def _read_list(call: Call) -> Reply:
    """`GET /lists/call-lists/{listId}?includeRecords=&updatedSince=&skip=&top=`."""
    target, since = find_list(call), moment(call, "updatedSince")
    kept, body = mapping_of(call, target), _describe(call, target)
    body["skills"] = [{"skillId": each} for each in kept.skills]
    if truth(call, "includeRecords"):
        gone = kept.removed if call.tenant.store.part(Mappings).tells_removed else ()
        ids = [*target.order(), *(each for each in gone if each not in target.members)]
        if since is not None:
            changed = {**kept.written, **kept.removed}
            ids = [each for each in ids if changed.get(each, target.modified) >= since]
        body["contactRecords"] = [_record(call, target, each) for each in page(call, ids)]
        if not body["contactRecords"] and "skip" in call.query:
            return Reply(204)
    return Reply(body={"resultSet": body})


def _record(call: Call, target: ContactList, contact_id: str) -> dict[str, Any]:
    """A record: what the mapping knows in fields of their own, whatever else a file brought as other fields."""
    contact, kept = call.tenant.store.contacts.get(contact_id), mapping_of(call, target)
    data = target.members.get(contact_id, {})
    more = (contact.more if contact else None) or {}
    native = {
        "score": data.get("score", contact.engagement_score if contact else None),
        "priority": data.get("priority"),
    }
    others = {name: value for name, value in data.items() if name not in native}
    phone = contact.phone_number if contact else None
    return {
        "externalId": contact_id,
        **{name: "" if value is None else _text(value) for name, value in native.items()},
        "firstName": more.get("firstName", ""),
        "lastName": more.get("lastName", ""),
        "icSourceActive": contact is not None and contact.status == ACTIVE,
        "icSourceRemoved": contact_id in kept.removed,
        "icModifiedDate": wire_time(kept.removed.get(contact_id) or kept.written.get(contact_id, target.modified)),
        "destinations": [] if phone is None else [{"formattedDestination": phone, "description": "PhoneNumber"}],
        "otherFields": [
            {"fieldName": name, "fieldMapping": "", "fieldValue": _text(value)} for name, value in others.items()
        ],
    }


def _read_attempts(call: Call) -> Reply:
    """`GET /lists/call-lists/{listId}/attempts?updatedSince=&skip=&top=`: the calls of its members."""
    target, since = find_list(call), moment(call, "updatedSince")
    first = None if since is None else microseconds(since)
    told = [
        (start, contact_id, interaction)
        for contact_id in target.order()
        for start, interaction, kind in call.tenant.store.history.of(contact_id)
        if kind == "voice" and (first is None or start >= first)
    ]
    rows = [
        {
            "contactId": crc32(interaction.encode()),
            "externalId": contact_id,
            "dateOfCall": start_text(start),
            "lastDuration": "0",
            "deliveryType": "Predictive",
        }
        for start, contact_id, interaction in page(call, told)
    ]
    if not rows:
        return Reply(204)
    return Reply(body={"resultSet": {**_describe(call, target), "contactAttempts": rows}})


def _text(value: Any) -> str:
    """A value as a file has it: a text as it is, all else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _delete_list(call: Call) -> Reply:
    """`DELETE /lists/call-lists/{listId}?forceInactive=&forceDelete=`; 409 while a skill dials it (ours)."""
    target = find_list(call)
    truth(call, "forceInactive")
    truth(call, "forceDelete")
    if mapping_of(call, target).skills:
        raise conflict("the list is dialled by a skill")
    call.tenant.store.remove_list(target)
    return Reply(204)


def _remove(call: Call) -> Reply:
    """`DELETE /lists/call-lists/{sourceName}/removeProspects`: by external ids; who is not on it failed (ours)."""
    target = find_list(call, "sourceName")
    told = fields(call.body, required={"prospectsToRemove": _prospects}, optional={})["prospectsToRemove"]
    kept, store = mapping_of(call, target), call.tenant.store
    failed = [{"externalId": each, "resultCode": "NotFound"} for each in told if each not in target.members]
    done = [{"externalId": each, "resultCode": "Success"} for each in told if each in target.members]
    for each in told:
        if each in target.members:
            kept.removed[each] = store.now()
    store.drop_members(target, told)
    return Reply(body={"successfulRecords": [*done], "failedRecords": [*failed]})


def _prospects(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not value:
        raise bad_request(f"{where}: must be a list of at least one")
    found = []
    for index, each in enumerate(value):
        told = each.get("externalId") if isinstance(each, dict) and set(each) == {"externalId"} else None
        if type(told) not in (str, int):
            raise bad_request(f"{where}[{index}]: must have an externalId and nothing else")
        found.append(str(told))
    return found


_LIST = "/lists/call-lists/{listId}"
ROUTES = (
    read("/lists/call-lists", _read_lists, "skip", "top"),
    write("POST", "/lists/call-lists", _create_list, "listName", "listExpirationDate", *sorted(COLUMNS)),
    read(_LIST, _read_list, "finalized", "includeRecords", "updatedSince", "fields", "skip", "top", "orderBy"),
    read(f"{_LIST}/attempts", _read_attempts, "finalized", "updatedSince", "fields", "skip", "top", "orderBy"),
    write("DELETE", _LIST, _delete_list, "forceInactive", "forceDelete", body=False),
    write("DELETE", "/lists/call-lists/{sourceName}/removeProspects", _remove),
)
