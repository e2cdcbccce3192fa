"""The `contacts` surface: batches of contacts into the tenant's directory, as jobs.

Contract, section contacts: at most 500 contacts, an upsert by `external_id`. Which row failed is never said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from reconciler.cxone.transport import Transport
from reconciler.model.jobs import Job, parse_job_status
from reconciler.model.shape import TEXT_OR_NUMBER, WHOLE, Shape, may, needs, whole

MOST_CONTACTS = 500
WRITE_SCOPE = "contact-center:contacts:write"
READ_SCOPE = "contact-center:contacts:read"
_BATCH = "/contacts/batch"
JOB = Shape(
    {
        "status": needs(TEXT_OR_NUMBER),
        "failed_records": may(WHOLE),
    }
)
"""How a batch gets on, but for its progress, which is only shown."""


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
    told = transport.call("GET", path, scope=READ_SCOPE, shape=JOB)
    done, total, failed = (whole(told.get(f"{part}_records")) for part in ("processed", "total", "failed"))
    progress = None if done is None or not total else min(done / total, 1.0)
    return Job(job_id, parse_job_status(told["status"]), progress, failed)
