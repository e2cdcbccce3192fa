"""The `contacts` surface: batches of contacts into the tenant's directory, as jobs.

Contract, section contacts: at most 500 contacts, an upsert by `external_id`. Which row failed is never said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from reconciler.cxone.faults import Unexpected
from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job, job_status

MOST_CONTACTS = 500
WRITE_SCOPE = "contact-center:contacts:write"
READ_SCOPE = "contact-center:contacts:read"
_BATCH = "/contacts/batch"


def batch(transport: Transport, contacts: Sequence[Mapping[str, Any]]) -> str:
    """`POST /contacts/batch`: the id of the job that writes these contacts.

    It is sent again only where it certainly did not take effect.

    Args:
        contacts: `{external_id, name, phone_numbers, email_addresses, custom_attributes}`, at most `MOST_CONTACTS`,
            no `external_id` twice.

    Raises:
        Unknown: there may be a job, and nothing to find it by; what was sent may be sent again, as it is an upsert.
        Invalid: the tenant refuses the batch as a whole.
    """
    body = {"contacts": list(contacts)}
    reply = transport.call("POST", _BATCH, body=body, scope=WRITE_SCOPE, idempotent=False, expect_id="job_id")
    return str(reply["job_id"])


def job(transport: Transport, job_id: str) -> Job:
    """`GET /contacts/batch/{job_id}`; raises NotFound."""
    path = f"{_BATCH}/{quote(job_id, safe='')}"
    reply = transport.call("GET", path, scope=READ_SCOPE)
    if not isinstance(reply, Mapping) or reply.get("status") is None:
        raise Unexpected("the reply about a job has no status", method="GET", url=transport.access.base_url + path)
    told, failed = reply, reply.get("failed_records")
    progress = _share(told.get("processed_records"), told.get("total_records"))
    return Job(job_id, job_status(told.get("status")), progress, failed if isinstance(failed, int) else None)


def _share(done: object, total: object) -> float | None:
    if not isinstance(done, int) or not isinstance(total, int) or total < 1:
        return None
    return min(max(done / total, 0.0), 1.0)
