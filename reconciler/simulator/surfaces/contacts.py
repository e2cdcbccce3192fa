# tested by: tests/simulator/test_contacts.py
"""The surface `contacts`: how does the tenant's directory come by its contacts?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from reconciler.simulator.body_checks import anything_in_object, boolean, e164, fields, rows, some_rows, some_text, text
from reconciler.simulator.error_replies import bad_request, not_found, too_many_items
from reconciler.simulator.job_results import COMPLETED, TERMINAL, RowNames, RowRefused
from reconciler.simulator.jobs import DIRECTORY, Job, Work, advance_by_poll, start
from reconciler.simulator.routing import Call, Reply, Route, Surface, read_route, write_route
from reconciler.simulator.store import Store
from reconciler.simulator.stored_records import Contact, wire_time

_WRITE, _READ = "contact-center:contacts:write", "contact-center:contacts:read"
SURFACE = Surface(
    "contacts",
    "/v2/contact-center",
    "/oauth2/token",
    "form",
    frozenset({_WRITE, _READ, "contact-center:lists:write"}),
    logs_rows=False,
)
MOST_CONTACTS = 500
_MOST_ADDRESSES = 20


def _phone(value: Any, where: str) -> dict[str, Any]:
    return fields(value, where, required={"number": e164}, optional={"type": some_text, "primary": boolean})


def _email(value: Any, where: str) -> dict[str, Any]:
    return fields(value, where, required={"email": some_text}, optional={"primary": boolean})


def _contact(value: Any, where: str) -> dict[str, Any]:
    return fields(
        value,
        where,
        required={"external_id": some_text},
        optional={
            "name": text,
            "phone_numbers": some_rows(_phone, _MOST_ADDRESSES, too_many_items),
            "email_addresses": some_rows(_email, _MOST_ADDRESSES, too_many_items),
            "custom_attributes": anything_in_object,
        },
    )


def _send(call: Call) -> Reply:
    """`POST /contacts/batch`; 400 over 500 contacts, and for an `external_id` that comes twice."""
    asked = fields(call.body, required={"contacts": rows(_contact, MOST_CONTACTS, too_many_items)}, optional={})
    first: dict[str, int] = {}
    for index, row in enumerate(asked["contacts"]):
        before = first.setdefault(row["external_id"], index)
        if before != index:
            raise bad_request(f"contacts[{index}].external_id: is that of contacts[{before}] as well")
    store = call.tenant.store
    job = start(call, Work("contacts", DIRECTORY, asked["contacts"], _names, partial(_write, store)), "BATCH")
    began = {"job_id": job.id, "status": "PROCESSING", "created_time": wire_time(job.created)}
    return Reply(202, {**began, "total_records": job.total, "processed_records": 0})


def _names(row: Any) -> RowNames:
    return {"phone": [each["number"] for each in row.get("phone_numbers", ())], "external_id": [row["external_id"]]}


def _primary(rows_of_one: Sequence[Mapping[str, Any]], name: str) -> Any:
    """The value of the row that is primary, else of the first; None of none."""
    primary = next((row for row in rows_of_one if row.get("primary")), None)
    chosen = primary or next(iter(rows_of_one), None)
    return None if chosen is None else chosen[name]


def _write(store: Store, contacts: Iterable[Any]) -> Iterator[str | RowRefused]:
    """An upsert by `external_id`: what is not sent stays; a contact that is archived stays archived."""
    for row in contacts:
        held = store.contacts.get(row["external_id"]) or Contact(row["external_id"])
        more = dict(held.more or {})
        phone_number = held.phone_number
        if "name" in row:
            more["name"] = row["name"]
        if "custom_attributes" in row:
            more["customAttributes"] = row["custom_attributes"]
        if "email_addresses" in row:
            more["email"] = _primary(row["email_addresses"], "email")
        if "phone_numbers" in row:
            phone_number = _primary(row["phone_numbers"], "number")
        store.keep(Contact(held.id, held.engagement_score, held.status, phone_number, more or None))
        yield held.id


def _read(call: Call) -> Reply:
    """`GET /contacts/batch/{job_id}`: `failed_records` are among the `processed_records`, unless the batch FAILED."""
    job = call.tenant.jobs.all.get(call.params["jobId"])
    if job is None or job.surface != "contacts":
        raise not_found(f"no job {call.params['jobId']}")
    return Reply(body=_to_wire(advance_by_poll(call, job)))


def _to_wire(job: Job) -> dict[str, Any]:
    status = "PROCESSING" if job.status not in TERMINAL else "COMPLETED" if job.status == COMPLETED else "FAILED"
    return {
        "job_id": job.id,
        "status": status,
        "created_time": wire_time(job.created),
        "completed_time": wire_time(job.ended) if job.ended else None,
        "total_records": job.total,
        "processed_records": job.done,
        "failed_records": job.failed,
    }


ROUTES: tuple[Route, ...] = (
    write_route("contacts", "POST", "/contacts/batch", _WRITE, _send),
    read_route("contacts", "/contacts/batch/{jobId}", _READ, _read),
)
