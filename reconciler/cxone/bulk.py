"""The `bulk` surface: ten thousand rows onto a list in one request, as a job.

Contract, section bulk: at most 10,000 items, an upsert by `phoneNumber` within the list; `clientReference` is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from reconciler.cxone.error_mapping import clean_text
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job, RowError, parse_job_status
from reconciler.model.shape import ID, TEXT, TEXT_OR_NUMBER, WHOLE, Rows, Shape, may, needs, number, whole

MOST_ITEMS = 10_000
WRITE_SCOPE = "outbound:contactlistitem:write"
READ_SCOPE = "outbound:job:read"
_INSERT = "/outbound/contactlistitems/bulkinsert"
_JOBS = "/outbound/jobs"
_LONGEST = 300
JOB = Shape(
    {
        "id": may(ID),
        "status": needs(TEXT_OR_NUMBER),
        "failed": may(WHOLE),
        "errors": may(Rows(Shape({"index": needs(WHOLE), "code": may(TEXT_OR_NUMBER), "message": may(TEXT)}))),
    }
)
"""How a job gets on, but for its progress, which is only shown. `id` may be left out where it was asked for by it."""
_FOUND = Shape({"jobs": needs(Rows(Shape({**JOB.fields, "id": needs(ID)})))})


def insert(transport: Transport, list_id: str, items: Sequence[Mapping[str, Any]], reference: str) -> str:
    """`POST /outbound/contactlistitems/bulkinsert`: the id of the job that puts these items on a list.

    It is sent again only where it certainly did not take effect: a second job would do all the work once more.

    Args:
        items: `{phoneNumber, firstName, lastName, email, customFields}`, at most `MOST_ITEMS`.
        reference: what the job can be found by when its 202 is lost.

    Raises:
        Unknown: there may be a job; `find` says so.
        NotFound: there is no such list.
        Invalid: the tenant refuses the items as a whole.
    """
    body = {"contactListId": list_id, "items": list(items), "clientReference": reference}
    reply = transport.call("POST", _INSERT, body=body, scope=WRITE_SCOPE, idempotent=False, expect_id="id")
    return str(reply["id"])


def job(transport: Transport, job_id: str) -> Job:
    """`GET /outbound/jobs/{jobId}` (ours); raises NotFound."""
    path = f"{_JOBS}/{quote(job_id, safe='')}"
    return _understood(transport.call("GET", path, scope=READ_SCOPE, shape=JOB), job_id)


def find(transport: Transport, reference: str) -> Job | None:
    """`GET /outbound/jobs?clientReference=` (ours): the job that carries a reference, the newest if several do."""
    query = {"clientReference": reference}
    found = transport.call("GET", _JOBS, query=query, scope=READ_SCOPE, shape=_FOUND)["jobs"]
    return _understood(found[-1], str(found[-1]["id"])) if found else None


def _understood(reply: Mapping[str, Any], job_id: str) -> Job:
    return Job(
        job_id,
        parse_job_status(reply["status"]),
        share(reply.get("progress")),
        whole(reply.get("failed")),
        tuple(map(_error, reply.get("errors") or ())),
    )


def share(percent: object) -> float | None:
    """0 to 1 for 0 to 100 percent; None for what is no number."""
    told = number(percent)
    return None if told is None else min(max(told / 100, 0.0), 1.0)


def _error(row: Mapping[str, Any]) -> RowError:
    # A tenant may quote the row it refuses.
    return RowError(whole(row["index"]) or 0, _said(row.get("code")), _said(row.get("message")))


def _said(text: object) -> str:
    return clean_text(str(text or ""))[:_LONGEST]
