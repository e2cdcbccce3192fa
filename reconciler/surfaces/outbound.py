# tested by: tests/surfaces/test_surfaces.py
"""The surface `outbound`: contact lists, to be read (contract, section outbound)."""

from __future__ import annotations

from reconciler.model.api_surface import ApiSurface, Preset
from reconciler.model.delivery_method import Way
from reconciler.model.paging import OffsetPages
from reconciler.model.reply_shape import ID, NUMBER, TEXT, TEXT_OR_NUMBER, WHOLE, Shape, may, needs
from reconciler.model.row_wire import ListMethod, find_member_id
from reconciler.model.surface_wire import Call, Members, Wire, in_path, make_object_shape
from reconciler.surfaces.lists import read_list

SCOPE = "outboundapi"
_LISTS = "/outbound/contactlists"
CONTACT = Shape(
    {
        "id": needs(ID),
        "engagementScore": may(NUMBER),
        "status": may(TEXT),
        "phoneNumber": may(TEXT_OR_NUMBER),
    }
)
MEMBER_PAGES = OffsetPages("contacts")
MEMBERS = Members(
    of=lambda list_id: Call("GET", f"{_LISTS}/{in_path(list_id)}/contacts"),
    pages=MEMBER_PAGES,
    shape=CONTACT,
    columns={"contactId": "id", "engagementScore": "engagementScore", "status": "status", "phone": "phoneNumber"},
    # of a row the contract names the first four alone
    named={name: name for name in ("name", "firstName", "lastName", "email")},
)
CONTACT_IDS = ListMethod(
    surface="outbound",
    way=Way(
        name="contactIds", most=1000, usual=500, attributes=False, phones=False, makes_contacts=False, key="contact"
    ),
    scope=SCOPE,
    item=find_member_id,
    put=lambda list_id, items, reference: Call("POST", MEMBERS.of(list_id).path, body={"contactIds": list(items)}),
    blames_rows=True,
    # ours; absent contacts are fine
    remove=lambda list_id, ids: Call("DELETE", MEMBERS.of(list_id).path, body={"contactIds": list(ids)}),
)
"""An idempotent upsert of at most 1000 ids (contract). An archived, deleted or unknown one makes the tenant refuse the
whole chunk with 404."""

SURFACE = ApiSurface(
    "outbound",
    Preset("https://{domain}/api/v2", "https://{domain}/oauth/token", "json", SCOPE, 60),
    wires={
        "ContactList": Wire(
            name="outbound",
            path=_LISTS,
            pages=OffsetPages("contactLists"),
            read_scope=SCOPE,
            write_scope=SCOPE,
            one=lambda list_id: Call("GET", f"{_LISTS}/{in_path(list_id)}"),
            find=lambda name: {"name": name},
            shape=make_object_shape(type=may(TEXT), contactCount=may(WHOLE)),
            size="contactCount",
            members=MEMBERS,
            read=read_list,
        ),
    },
    methods=(CONTACT_IDS,),
)
