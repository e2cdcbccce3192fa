# tested by: tests/surfaces/test_surfaces.py
"""The surface `lists`: lists with attributes, and campaigns (contract, section lists).

Reads answer `{"data": […], "pagination": {…}}`; `PATCH` changes only the fields sent. `name=` finds by name (ours).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.model.api_surface import ApiSurface, Preset
from reconciler.model.campaign import UNKNOWN, parse_told_instant
from reconciler.model.delivery_method import Way
from reconciler.model.dialling_forecast import Statistics
from reconciler.model.instants import format_instant, parse_instant
from reconciler.model.paging import TokenPages
from reconciler.model.reply_shape import (
    ID,
    INSTANT,
    NUMBER,
    OBJECT,
    SCALAR,
    TEXT,
    TEXT_OR_NUMBER,
    WHOLE,
    Shape,
    may,
    needs,
    number,
    whole,
)
from reconciler.model.row_queries import InteractionsOf
from reconciler.model.row_wire import History, ListMethod, find_member_id, keep_data
from reconciler.model.safe_harbour import OF_POLICY
from reconciler.model.surface_wire import (
    Call,
    CallStatistics,
    Members,
    Wire,
    WireReference,
    in_path,
    make_object_shape,
    rest,
)
from reconciler.model.vendor_values import translate_or_keep

PAGES = TokenPages()
MEMBER = Shape({"contactId": needs(ID), "data": may(OBJECT)})
MEMBERS = Members(
    of=lambda list_id: Call("GET", f"/lists/{in_path(list_id)}/contacts"),
    pages=PAGES,
    shape=MEMBER,
    columns={"contactId": "contactId"},
    data="data",
)
LIST_CONTACTS = ListMethod(
    surface="lists",
    way=Way(
        name="listContacts", most=1000, usual=500, attributes=True, phones=False, makes_contacts=False, key="contact"
    ),
    scope="lists:write",
    item=lambda row: {"contactId": find_member_id(row), "data": keep_data(row)},
    put=lambda list_id, items, reference: Call("POST", MEMBERS.of(list_id).path, body=list(items)),
    blames_rows=True,
    # ours; absent contacts are fine
    remove=lambda list_id, ids: Call("DELETE", MEMBERS.of(list_id).path, body={"contactIds": list(ids)}),
)
"""An upsert by `contactId` of at most 1000 (contract): the attributes of a chunk replace those on the list."""


def _search(query: InteractionsOf, ids: Sequence[str]) -> Call:
    filters = {
        "contactIds": list(ids),
        "startTime": format_instant(query.start),
        "endTime": format_instant(query.end),
        "interactionType": list(query.types),
    }
    return Call("POST", "/interactions/search", body={"filters": filters})


HISTORY = History(
    surface="lists",
    scope="interactions:read",
    of=_search,
    pages=TokenPages(most=500, in_body=True),
    shape=Shape({"id": needs(ID), "contactId": needs(ID), "startTime": needs(TEXT), "type": may(TEXT)}),
    columns={name: name for name in ("id", "contactId", "startTime", "type")},
)
_LIST_FIELDS = ("name", "description", "type")
_SETTINGS = ("targetAnswerRate", "maxCallsInProgress", "agentAvailabilityFactor")
CAMPAIGN = make_object_shape(
    dialType=may(TEXT),
    wrapUpCode=may(TEXT),
    status=may(TEXT),
    abandonThreshold=may(NUMBER),
    startTime=may(TEXT_OR_NUMBER),
    endTime=may(TEXT_OR_NUMBER),
    listId=may(TEXT_OR_NUMBER),
    predictiveDialingSettings=may(Shape({name: may(NUMBER) for name in _SETTINGS})),
)
COUNTED = Shape(
    {name: needs(WHOLE) for name in ("attempts", "liveAnswered", "abandoned")}
    | {name: needs(INSTANT) for name in ("startTime", "endTime")}
)
"""What the tenant counted of a campaign's calls (ours)."""
_PLAIN = ("name", "description", "dialType", "wrapUpCode", "status")
_ON_WIRE = (*_PLAIN, "abandonThreshold", "startTime", "endTime", "listId")


def read_list(body: Mapping[str, Any]) -> dict[str, Any]:
    """A list as the tenant sends it, without what the tenant owns (its id, counts and dates).

    A type there always is: one that is not told is `unknown`.
    """
    fields = {field: body[field] for field in _LIST_FIELDS if body.get(field) is not None}
    return fields | {"type": translate_or_keep("list_type", body.get("type"))}


def read_campaign(body: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign as the tenant sends it, without what the tenant owns; instants and words as this tool writes them.

    A word that is not known stays as it is. A status there always is: one that is not told is not known. A time that
    nobody can read is `unknown`, and an id that is none names no list.
    """
    fields = {key: body[key] for key in _ON_WIRE if body.get(key) is not None}
    if "listId" in fields and not ID.takes(fields["listId"]):
        del fields["listId"]  # it names none
    fields["status"] = translate_or_keep("run_state", body.get("status"))
    if "dialType" in fields:
        fields["dialType"] = translate_or_keep("dial_type", fields["dialType"])
    for key in ("startTime", "endTime"):
        if key in fields:
            at = parse_told_instant(fields[key])
            fields[key] = UNKNOWN if at is None else format_instant(at)
    if "abandonThreshold" in fields:
        fields["abandonThreshold"] = number(fields["abandonThreshold"])
    if body.get("predictiveDialingSettings"):
        # a tenant may add settings of its own (contract, clarified since): what is none is not looked at
        held = body["predictiveDialingSettings"]
        fields["predictive"] = {name: _as_number(name, each) for name, each in held.items() if SCALAR.takes(each)}
    return fields


def _as_number(name: str, value: Any) -> Any:
    """A setting of ours as the number that it is, though it be written as text."""
    return number(value) if name in _SETTINGS and isinstance(value, str) else value


def write_campaign(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Live fields as `POST` and `PATCH /campaigns` take them."""
    body = dict(fields)
    if "predictive" in body:
        body["predictiveDialingSettings"] = body.pop("predictive")
    return body


def read_statistics(body: Mapping[str, Any]) -> Statistics:
    """What the tenant counted of a campaign's calls: `GET /campaigns/{id}/statistics` (ours), as `COUNTED`.

    Raises:
        ValueError: the counts do not add up.
    """
    attempts, answered, abandoned = (whole(body[name]) or 0 for name in ("attempts", "liveAnswered", "abandoned"))
    if not 0 <= abandoned <= answered <= attempts:
        raise ValueError(f"{abandoned} abandoned of {answered} answered of {attempts} attempts do not add up")
    since, until = (parse_instant(body[name]).replace(microsecond=0) for name in ("startTime", "endTime"))
    return Statistics(attempts, answered, abandoned, since, until)


SURFACE = ApiSurface(
    "lists",
    Preset(
        "https://{tenant}/api/v1",
        "https://{tenant}/oauth/token",
        "form",
        "interactions:read lists:read lists:write campaigns:read campaigns:write",
        300,
    ),
    wires={
        "ContactList": Wire(
            name="lists",
            path="/lists",
            pages=PAGES,
            read_scope="lists:read",
            write_scope="lists:write",
            one=lambda list_id: Call("GET", f"/lists/{in_path(list_id)}"),
            find=lambda name: {"name": name},
            requests=rest("/lists", unique=True),
            shape=make_object_shape(type=may(TEXT), contactCount=may(WHOLE)),
            size="contactCount",
            members=MEMBERS,
            read=read_list,
        ),
        "Campaign": Wire(
            name="lists",
            path="/campaigns",
            pages=PAGES,
            read_scope="campaigns:read",
            write_scope="campaigns:write",
            one=lambda campaign_id: Call("GET", f"/campaigns/{in_path(campaign_id)}"),
            find=lambda name: {"name": name},
            requests=rest("/campaigns"),
            references=(WireReference("list", "ContactList", "listId"),),
            shape=CAMPAIGN,
            holds=frozenset({*_ON_WIRE, "list", "predictive"}),
            unheld=OF_POLICY,
            read=read_campaign,
            write=write_campaign,
            statistics=CallStatistics(
                one=lambda campaign_id: Call("GET", f"/campaigns/{in_path(campaign_id)}/statistics"),
                read=read_statistics,
                shape=COUNTED,
            ),
            paced=True,
        ),
    },
    methods=(LIST_CONTACTS,),
    history=HISTORY,
)
