"""A do-not-call group: its name, its numbers, and the skills that it is scrubbed against, or that add numbers to it.

A group is never made inactive by this tool, and no skill is taken out of it: whom it keeps from being called, would be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from reconciler.model.ownership_mark import TextMark
from reconciler.model.paging import OnePage
from reconciler.model.reply_shape import ID, NAME, TEXT, TRUTH, WHOLE, Rows, Shape, may, needs
from reconciler.model.surface_wire import Call, Members, Numbers, Part, Requests, Wire, WireReference
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, SCOPE, pages
from reconciler.surfaces.nice.endpoints import make_call

GROUP = Shape(
    {
        "dncGroupId": needs(ID),
        "dncGroupName": needs(NAME),
        "dncGroupDescription": may(TEXT),
        "isActive": may(TRUTH),
        "isRemoved": may(TRUTH),
    }
)


def _make_part(field: str, wire: str, told: str, reads: str, adds: str) -> Part:
    """The skills of a group in one role: told as a list, added one by one."""

    def list_ids(answer: Mapping[str, Any]) -> list[str]:
        return [str(each["skillId"]) for each in answer.get(told) or ()]

    def change(group_id: str, fields: Mapping[str, Any], held: Any) -> list[Call]:
        there = set(list_ids(held))
        return [make_call(adds, group_id, each) for each in fields[wire] if each not in there]

    return Part(
        fields=frozenset({field}),
        one=lambda group_id: make_call(reads, group_id, query={"skip": 0, "top": 1000}),
        shape=Shape({told: may(Rows(Shape({"skillId": needs(ID)})))}),
        read=lambda answer: {wire: list_ids(answer)},
        change=change,
    )


def _change(group_id: str, body: Mapping[str, Any], held: Mapping[str, Any]) -> Call:
    """A change is a query, and has no body."""
    return make_call("dnc.change", group_id, query=dict(body))


def write_group(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A group's own fields."""
    named = {"name": "dncGroupName", "description": "dncGroupDescription"}
    return {theirs: fields[ours] for ours, theirs in named.items() if ours in fields}


MOST_NUMBERS = 100
"""Numbers of one request: how many it takes is not published, and a public client sends no more [client]."""

_RESULTS = Shape({"errorCount": needs(WHOLE)})


def _add(group_id: str, numbers: Sequence[str], since: date | None, until: date | None) -> Call:
    """A number is a number here …"""
    return make_call("dnc.numbers.add", group_id, body=[{"phoneNumber": int(each)} for each in numbers])


def _expire(group_id: str, numbers: Sequence[str]) -> Call:
    """… and text there; without a moment it is now [inferred]."""
    return make_call("dnc.numbers.expire", group_id, body=[{"phoneNumber": each} for each in numbers])


def count_refused(answer: Mapping[str, Any]) -> int:
    """How many numbers were not taken, whatever the status: the answer to an addition stands in `resultSet`."""
    return int((answer.get("resultSet") or answer)["errorCount"])


_RECORDS = Members(
    of=lambda group_id: make_call("dnc.numbers", group_id),
    pages=pages("resultSet.dncRecords", total="resultSet.totalRecords"),
    shape=Shape({"recordId": needs(ID), "phoneNumber": needs(TEXT), "expiredDate": may(TEXT)}),
    columns={"contactId": "recordId", "phone": "phoneNumber", "expires": "expiredDate"},
)

NUMBERS = Numbers(
    held=lambda group_id: _RECORDS,
    add=_add,
    expire=_expire,
    most=MOST_NUMBERS,
    added=Shape({"resultSet": needs(_RESULTS)}),
    expired=_RESULTS,
    refused=count_refused,
)

DNC_GROUP = Wire(
    name=NAME_OF_SURFACE,
    path="/dnc-groups",
    pages=OnePage("resultSet.dncGroups", total="resultSet.totalGroups", empty=True),
    read_scope=SCOPE,
    write_scope=SCOPE,
    one=lambda group_id: make_call("dnc.one", group_id),
    body="resultSet.dncGroups.0",
    shape=GROUP,
    id_field="dncGroupId",
    name_field="dncGroupName",
    requests=Requests(
        create=lambda body: make_call("dnc.create", body=dict(body)),
        named="dncGroups.0.dncGroupId",
        change=_change,
    ),
    ownership=TextMark(),
    holds=frozenset({"name", "description", "scrubs", "contributors"}),
    references=(
        WireReference("scrubs", "Campaign", "scrubbedIds", many=True),
        WireReference("contributors", "Campaign", "contributingIds", many=True),
    ),
    numbers={"DncGroup": NUMBERS},
    read=lambda body: {"description": str(body.get("dncGroupDescription") or "")},
    write=write_group,
    gone=lambda body: bool(body.get("isRemoved")) or body.get("isActive") is False,
    parts=(
        _make_part("scrubs", "scrubbedIds", "scrubbedSkills", "dnc.scrubbed", "dnc.scrub"),
        _make_part("contributors", "contributingIds", "contributingSkills", "dnc.contributing", "dnc.contribute"),
    ),
)
