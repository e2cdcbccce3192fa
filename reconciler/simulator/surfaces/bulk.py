# tested by: tests/simulator/test_bulk.py
"""The surface `bulk`: how are ten thousand rows put on a list at once, and what became of them?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

import orjson

from reconciler.simulator.body_checks import anything_in_object, e164, fields, rows, some_text, text
from reconciler.simulator.error_replies import bad_request, not_found, too_many_items
from reconciler.simulator.job_results import RowNames, RowRefused
from reconciler.simulator.jobs import Job, Work, advance_by_poll, start
from reconciler.simulator.routing import Call, Reply, Route, Surface, read_route, write_route
from reconciler.simulator.store import Store
from reconciler.simulator.stored_records import ACTIVE, Contact, ContactList

_WRITE, _READ = "outbound:contactlistitem:write", "outbound:job:read"
SURFACE = Surface(
    "bulk",
    "/api/v2",
    "/api/v2/oauth2/token",
    "form",
    frozenset({_WRITE, _READ, "events:subscribe"}),
    logs_rows=False,
)
MOST_ITEMS = 10_000

_OF_THE_CONTACT = ("firstName", "lastName", "email")
_REQUIRED = {"phoneNumber": e164}
_OPTIONAL = {**dict.fromkeys(_OF_THE_CONTACT, text), "customFields": anything_in_object}


def _item(value: Any, where: str) -> dict[str, Any]:
    return fields(value, where, required=_REQUIRED, optional=_OPTIONAL)


def _insert(call: Call) -> Reply:
    """`POST /outbound/contactlistitems/bulkinsert`: 202 with the job; 400 over 10,000 items."""
    asked = fields(
        call.body,
        required={"contactListId": some_text, "items": rows(_item, MOST_ITEMS, too_many_items)},
        optional={"clientReference": some_text},
    )
    store, list_id = call.tenant.store, asked["contactListId"]
    target = store.lists.get(list_id)
    if target is None:
        raise not_found(f"contactListId: no contact list {list_id}")
    forgets = call.tenant.options.forget_rows
    work = Work(
        surface="bulk",
        target=list_id,
        rows=asked["items"],
        names=_names,
        write=partial(_count if forgets else _write, call, target),
        reference=asked.get("clientReference"),
        digest=row_digest if forgets else None,
    )
    return Reply(202, {"id": start(call, work, "JOB").id})


def row_digest(item: Any) -> int:
    """A number for an item, whatever the order of its fields: 64 bits of BLAKE2b of its JSON with sorted keys."""
    content = orjson.dumps(item, option=orjson.OPT_SORT_KEYS)
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "big")


def _names(item: Any) -> RowNames:
    custom = item.get("customFields", {})
    known = [custom[name] for name in ("contactId", "external_id") if isinstance(custom.get(name), str)]
    return {"phone": [item["phoneNumber"]], "external_id": known}


def _count(call: Call, target: ContactList, items: Iterable[Any]) -> Iterator[str | RowRefused]:
    for _ in items:
        target.forgotten += 1
        yield ""
    target.touch(call.tenant.store.now())


def _write(call: Call, target: ContactList, items: Iterable[Any]) -> Iterator[str | RowRefused]:
    store = call.tenant.store
    if store.lists.get(target.id) is not target:
        yield from (RowRefused("LIST_NOT_FOUND", "the list was deleted meanwhile") for _ in items)
        return
    changed = False
    for item in items:
        contact = _contact_for(call, target, item["phoneNumber"])
        if contact.status != ACTIVE:
            yield RowRefused("CONTACT_NOT_ACTIVE", "the contact with this number is archived")
            continue
        _describe(store, contact, item)
        held = target.members.get(contact.id)
        wanted = item.get("customFields", held or {})
        if held != wanted:
            target.members[contact.id] = wanted
            changed = True
        yield contact.id
    if changed:
        target.touch(store.now())


def _contact_for(call: Call, target: ContactList, phone_number: str) -> Contact:
    """The member with this number; else the one contact of the directory that has it; else a new contact."""
    store = call.tenant.store
    known = store.with_phone(phone_number)
    on_list = [contact_id for contact_id in known if contact_id in target.members]
    if on_list or len(known) == 1:
        return store.contacts[(on_list or known)[0]]
    jobs = call.tenant.jobs
    while True:
        jobs.made_contacts += 1
        contact_id = f"{call.tenant.options.new_contacts}-{jobs.made_contacts:07d}"
        if contact_id not in store.contacts:
            return Contact(contact_id, phone_number=phone_number)


def _describe(store: Store, contact: Contact, item: dict[str, Any]) -> None:
    """What the item says of the contact itself; what it does not say stays."""
    said = {name: item[name] for name in _OF_THE_CONTACT if name in item}
    if said:
        contact.more = {**(contact.more or {}), **said}
    if contact.id not in store.contacts:
        store.keep(contact)


def _to_wire(job: Job) -> dict[str, Any]:
    return {
        "id": job.id,
        "status": job.status,
        "progress": job.progress,
        "total": job.total,
        "succeeded": job.succeeded,
        "failed": job.failed,
        "errors": job.errors,
        **({} if job.reference is None else {"clientReference": job.reference}),
    }


def _read_job(call: Call) -> Reply:
    """`GET /outbound/jobs/{jobId}`."""
    job = call.tenant.jobs.all.get(call.params["jobId"])
    if job is None or job.surface != "bulk":
        raise not_found(f"no job {call.params['jobId']}")
    return Reply(body=_to_wire(advance_by_poll(call, job)))


def _find_jobs(call: Call) -> Reply:
    """`GET /outbound/jobs?clientReference=`: every job that carries it, the oldest first."""
    reference = call.query.get("clientReference")
    if not reference:
        raise bad_request("clientReference: is required")
    return Reply(body={"jobs": [_to_wire(job) for job in call.tenant.jobs.of("bulk", reference)]})


ROUTES: tuple[Route, ...] = (
    write_route("bulk", "POST", "/outbound/contactlistitems/bulkinsert", _WRITE, _insert),
    read_route("bulk", "/outbound/jobs", _READ, _find_jobs, "clientReference"),
    read_route("bulk", "/outbound/jobs/{jobId}", _READ, _read_job),
)
