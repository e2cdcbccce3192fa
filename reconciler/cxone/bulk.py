"""The `bulk` surface: ten thousand rows onto a list in one request, as a job.

Contract, section bulk: at most 10,000 items, an upsert by `phoneNumber` within the list; `clientReference` is ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from reconciler.cxone.blame import clean
from reconciler.cxone.faults import Unexpected
from reconciler.cxone.identity import id_in
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job, RowError, job_status

MOST_ITEMS = 10_000
WRITE_SCOPE = "outbound:contactlistitem:write"
READ_SCOPE = "outbound:job:read"
_INSERT = "/outbound/contactlistitems/bulkinsert"
_JOBS = "/outbound/jobs"
_LONGEST = 300


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
    reply = transport.call("GET", path, scope=READ_SCOPE)
    if isinstance(reply, Mapping) and "id" not in reply:
        reply = {**reply, "id": job_id}
    return replace(_understood(transport, path, reply), id=job_id)


def find(transport: Transport, reference: str) -> Job | None:
    """`GET /outbound/jobs?clientReference=` (ours): the job that carries a reference, the newest if several do."""
    reply = transport.call("GET", _JOBS, query={"clientReference": reference}, scope=READ_SCOPE)
    found = reply.get("jobs") if isinstance(reply, Mapping) else None
    if not isinstance(found, list):
        raise _strange(transport, _JOBS, "jobs")
    return _understood(transport, _JOBS, found[-1]) if found else None


def _understood(transport: Transport, path: str, reply: Any) -> Job:
    job_id = id_in(reply, "id", transport.access.base_url + path)
    if reply.get("status") is None:
        raise _strange(transport, path, "status")
    failed, errors = reply.get("failed"), reply.get("errors")
    return Job(
        job_id,
        job_status(reply.get("status")),
        share(reply.get("progress")),
        failed if isinstance(failed, int) else None,
        tuple(map(_error, filter(_is_error, errors if isinstance(errors, list) else ()))),
    )


def share(percent: object) -> float | None:
    """0 to 1 for 0 to 100 percent; None for what is no number."""
    if isinstance(percent, bool) or not isinstance(percent, int | float) or math.isnan(percent):
        return None
    return min(max(percent / 100, 0.0), 1.0)


def _is_error(row: Any) -> bool:
    return isinstance(row, Mapping) and isinstance(row.get("index"), int)


def _error(row: Mapping[str, Any]) -> RowError:
    # A tenant may quote the row it refuses.
    return RowError(row["index"], _said(row.get("code")), _said(row.get("message")))


def _said(text: object) -> str:
    return clean(str(text or ""))[:_LONGEST]


def _strange(transport: Transport, path: str, missing: str) -> Unexpected:
    url = transport.access.base_url + path
    return Unexpected(f"the reply about a job has no {missing}", method="GET", url=url)
