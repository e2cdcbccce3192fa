# tested by: tests/cxone/test_bulk.py
"""The surface `bulk`: asynchronous bulk inserts, and events of their jobs. It holds no objects of a kind.

Contract, section bulk: at most 10,000 items, an upsert by `phoneNumber` within the list; `clientReference` is ours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.api_surface import ApiSurface, Preset
from reconciler.model.delivery_method import Way
from reconciler.model.jobs import Job, RowError, parse_job_status, parse_share
from reconciler.model.reply_shape import ID, TEXT, TEXT_OR_NUMBER, WHOLE, Rows, Shape, may, needs, whole
from reconciler.model.row_wire import Jobs, ListMethod, Row, Trace
from reconciler.model.surface_wire import Call, in_path

WRITE_SCOPE = "outbound:contactlistitem:write"
READ_SCOPE = "outbound:job:read"
_JOBS = "/outbound/jobs"
JOB = Shape(
    {
        "id": may(ID),
        "status": needs(TEXT_OR_NUMBER),
        "failed": may(WHOLE),
        "errors": may(Rows(Shape({"index": needs(WHOLE), "code": may(TEXT_OR_NUMBER), "message": may(TEXT)}))),
    }
)
"""How a job gets on, but for its progress, which is only shown. `id` may be left out where it was asked for by it."""


def read_job(job_id: str, told: Mapping[str, Any]) -> Job:
    """A job as the tenant tells of it; it names every row that it did not take."""
    errors = (
        RowError(whole(row["index"]) or 0, str(row.get("code") or ""), str(row.get("message") or ""))
        for row in told.get("errors") or ()
    )
    return Job(
        job_id,
        parse_job_status(told["status"]),
        parse_share(told.get("progress")),
        whole(told.get("failed")),
        (*errors,),
    )


def _item(row: Row) -> Mapping[str, Any]:
    """A contact that is made gets an id of the tenant's own, so the one it was sent under goes with it."""
    custom = {**row["data"], "contactId": row["sent_as"]}
    # what is not sent stays as it is
    named = {part: row[part] for part in ("firstName", "lastName", "email") if row[part]}
    return {"phoneNumber": row["phone"], **named, "customFields": custom}


def _newest(answer: Mapping[str, Any], trace: Trace) -> str | None:
    return str(answer["jobs"][-1]["id"]) if answer["jobs"] else None


BULK_INSERT = ListMethod(
    surface="bulk",
    way=Way(
        name="bulkInsert",
        most=10_000,
        usual=10_000,
        attributes=True,
        phones=True,
        makes_contacts=True,
        looks=1,
        key="phone",
        personal=("firstName", "lastName", "email"),
    ),
    scope=WRITE_SCOPE,
    item=_item,
    put=lambda list_id, items, reference: Call(
        "POST",
        "/outbound/contactlistitems/bulkinsert",
        body={"contactListId": list_id, "items": list(items), "clientReference": reference},
    ),
    jobs=Jobs(
        named="id",
        ask=lambda job_id: Call("GET", f"{_JOBS}/{in_path(job_id)}"),  # ours
        shape=JOB,
        read=read_job,
        scope=READ_SCOPE,
        find=lambda trace: Call("GET", _JOBS, {"clientReference": trace.reference}),  # ours
        listed=Shape({"jobs": needs(Rows(Shape({**JOB.fields, "id": needs(ID)})))}),
        found=_newest,
    ),
    # who is on the list is read, and taken off it, with attributes
    beside=("listContacts",),
)

SURFACE = ApiSurface(
    "bulk",
    Preset(
        "https://{org}.cxone.com/api/v2",
        "https://{org}.cxone.com/api/v2/oauth2/token",
        "form",
        f"{WRITE_SCOPE} {READ_SCOPE} events:subscribe",
        60,
        events="/events",
        # ours: a job has twenty times the rows of a batch, and waits behind those of other workers
        job_limit=1800,
    ),
    methods=(BULK_INSERT,),
)
