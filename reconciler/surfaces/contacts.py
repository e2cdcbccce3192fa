# tested by: tests/cxone/test_contacts.py
"""The surface `contacts`: the tenant's directory of contacts, by batches, as jobs. It holds no objects of a kind.

Contract, section contacts: at most 500 contacts, an upsert by `external_id`, which is the contact's id on every other
surface. Which row failed is never said. A batch whose reply was lost cannot be looked up: it is sent again, which
writes the same once more.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.api_surface import ApiSurface, Preset
from reconciler.model.delivery_method import Way
from reconciler.model.jobs import Job, parse_job_status
from reconciler.model.reply_shape import TEXT_OR_NUMBER, WHOLE, Shape, may, needs, whole
from reconciler.model.row_wire import Jobs, ListMethod, Row, find_member_id
from reconciler.model.surface_wire import Call, in_path

WRITE_SCOPE = "contact-center:contacts:write"
READ_SCOPE = "contact-center:contacts:read"
_BATCH = "/contacts/batch"
JOB = Shape({"status": needs(TEXT_OR_NUMBER), "failed_records": may(WHOLE)})
"""How a batch gets on, but for its progress, which is only shown."""


def read_job(job_id: str, told: Mapping[str, Any]) -> Job:
    """A batch as the tenant tells of it: how many rows it did not take, and not which."""
    done, total, failed = (whole(told.get(f"{part}_records")) for part in ("processed", "total", "failed"))
    progress = None if done is None or not total else min(done / total, 1.0)
    return Job(job_id, parse_job_status(told["status"]), progress, failed)


def _contact(row: Row) -> Mapping[str, Any]:
    told: dict[str, Any] = {
        "external_id": find_member_id(row),
        "phone_numbers": [{"number": row["phone"], "type": "MOBILE", "primary": True}],
    }
    if row["name"]:
        told["name"] = row["name"]
    if row["email"]:
        told["email_addresses"] = [{"email": row["email"], "primary": True}]
    if row["data"]:
        told["custom_attributes"] = dict(row["data"])
    return told


CONTACT_BATCH = ListMethod(
    surface="contacts",
    way=Way(
        name="contactBatch",
        most=500,
        usual=500,
        attributes=True,
        phones=True,
        makes_contacts=True,
        key="contact",
        writes=2,
        looks=1,
        personal=("e164", "name", "email"),
    ),
    scope=WRITE_SCOPE,
    item=_contact,
    put=lambda list_id, items, reference: Call("POST", _BATCH, body={"contacts": list(items)}),
    jobs=Jobs(
        named="job_id",
        ask=lambda job_id: Call("GET", f"{_BATCH}/{in_path(job_id)}"),
        shape=JOB,
        read=read_job,
        scope=READ_SCOPE,
    ),
    # attributes on the list need the first of these
    beside=("listContacts", "contactIds"),
    onto=True,
)

SURFACE = ApiSurface(
    "contacts",
    Preset(
        "https://api.nicecxone.com/v2/contact-center",
        "https://login.nicecxone.com/oauth2/token",
        "form",
        f"{WRITE_SCOPE} {READ_SCOPE} contact-center:lists:write",
        30,
    ),
    methods=(CONTACT_BATCH,),
)
