"""Uploads of files to call lists, as jobs that tell two truths and no row's fault."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import partial
from typing import Any

from reconciler.simulator.body_checks import fields, some_text, text, truth, whole
from reconciler.simulator.error_replies import Refusal, bad_request, not_found
from reconciler.simulator.job_results import COMPLETED, RowNames, RowRefused
from reconciler.simulator.jobs import Job, Work, advance_by_poll, start
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import Contact, ContactList, wire_time
from reconciler.simulator.surfaces.nice.call_lists import Kept, find_list, mapping_of
from reconciler.simulator.surfaces.nice.conventions import NAME, links, moment, number_of, page, read, write
from reconciler.simulator.surfaces.nice.skill_store import skills_of

MOST_RECORDS = 500_000
MOST_BYTES = 256 * 1024 * 1024
_PHONE = re.compile(r"\+[1-9]\d{6,14}|\d{10}", re.ASCII)
_NUMBER = re.compile(r"-?\d+(\.\d+)?", re.ASCII)


def _upload(call: Call) -> Reply:
    """`POST /lists/call-lists/{listId}/upload`: `{jobId}`; the file is CSV in base64."""
    target = find_list(call)
    asked = fields(
        call.body,
        required={
            "listFile": some_text,
            "forceOverwrite": truth,
            "expirationDate": _day,
            "startSkill": truth,
            "sendEmail": truth,
        },
        optional={"fileName": text, "skillId": whole(1), "defaultTimeZone": text},
    )
    rows = _parse(asked["listFile"], mapping_of(call, target))
    if "skillId" in asked:
        if asked["skillId"] not in skills_of(call).held:
            raise bad_request("skillId: there is no such skill")
        attach(call, target, asked["skillId"])
    work = Work(NAME, target.id, rows, _names, partial(_write, call, target), reference=asked.get("fileName"))
    return Reply(body={"jobId": number_of(start(call, work, "UP").id)})


def attach(call: Call, target: ContactList, skill: int) -> None:
    """Let a skill dial a list (ours: an upload that names it does)."""
    kept = mapping_of(call, target)
    if skill not in kept.skills:
        kept.skills.append(skill)


def _day(value: Any, where: str) -> str:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        raise bad_request(f"{where}: must be a day, YYYY-MM-DD") from None
    return str(value)


def _parse(file: str, mapping: Kept) -> list[dict[str, str]]:
    """The rows of a file; 400 where it is none, or lacks a column of the mapping."""
    try:
        content = base64.b64decode(file, validate=True)
        written = content.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        raise bad_request("listFile: must be CSV in UTF-8, in base64") from None
    if len(content) > MOST_BYTES:
        raise Refusal(413, "too_large", "listFile: at most 256 MB are taken")
    if written.replace("\r\n", "").count("\n") and '"' not in written:
        raise bad_request("listFile: lines end with CR and LF")
    reader = csv.DictReader(io.StringIO(written, newline=""))
    rows = list(reader)
    needed = {mapping.columns.get("externalId", ""), *mapping.phones}
    if not needed <= set(reader.fieldnames or ()):
        raise bad_request("listFile: a column of the list's mapping is not there")
    if len(rows) > MOST_RECORDS:
        raise Refusal(413, "too_many_records", f"listFile: at most {MOST_RECORDS} records are taken")
    return rows


def _names(row: Mapping[str, str]) -> RowNames:
    return {"phone": [row.get("phone", "")], "external_id": [row.get("contactId", "")]}


def _write(call: Call, target: ContactList, rows: Iterable[Mapping[str, str]]) -> Iterator[str | RowRefused]:
    """Write rows: a record with a known external id is changed; one without a good number is not valid."""
    store, kept = call.tenant.store, mapping_of(call, target)
    columns = kept.columns
    own = {name: columns[name] for name in ("externalId", "firstName", "lastName") if name in columns}
    apart = {*own.values(), *kept.phones}
    kept.uploaded = now = store.now()
    for row in rows:
        contact_id, phone = row[columns["externalId"]].strip(), row[kept.phones[0]].strip()
        if not contact_id or not _PHONE.fullmatch(phone):
            yield RowRefused("INVALID", "the record is not valid")
            continue
        _describe(call, contact_id, phone, {name: row[own[name]] for name in ("firstName", "lastName") if name in own})
        data = {name: _value(name, value) for name, value in row.items() if name not in apart and value}
        store.put_members(target, {contact_id: data})
        kept.removed.pop(contact_id, None)
        kept.written[contact_id] = now
        yield contact_id


def _value(column: str, cell: str) -> Any:
    """What a cell means in the store: `priority` and `score` are numbers there."""
    if column in ("priority", "score") and _NUMBER.fullmatch(cell):
        return float(cell) if "." in cell else int(cell)
    return cell


def _describe(call: Call, contact_id: str, phone: str, names: Mapping[str, str]) -> None:
    """Know a contact by what its record says; ten digits are a number of the North American plan."""
    store = call.tenant.store
    held = store.contacts.get(contact_id) or Contact(contact_id)
    number = phone if phone.startswith("+") else f"+1{phone}"
    more = {**(held.more or {}), **{name: value for name, value in names.items() if value}}
    store.keep(Contact(contact_id, held.engagement_score, held.status, number, more or None))


def _to_wire(call: Call, job: Job) -> dict[str, Any]:
    target = call.tenant.store.lists.get(job.target)
    return {
        "jobId": number_of(job.id),
        "listId": number_of(job.target),
        "listName": target.name if target else "",
        "startDate": wire_time(job.created + call.tenant.store.ahead),
        "submitDate": wire_time(job.created + call.tenant.store.ahead),
        "isComplete": job.status == COMPLETED,
        "isCancelled": job.is_over and job.status != COMPLETED,
        "completedDate": wire_time(job.ended + call.tenant.store.ahead) if job.ended else "",
    }


def _read_jobs(call: Call) -> Reply:
    """`GET /lists/call-lists/jobs?startDate=&endDate=`: both must be given; 204 where there are none."""
    since, until = moment(call, "startDate"), moment(call, "endDate")
    if since is None or until is None:
        raise bad_request("startDate, endDate: are required")
    found = [each for each in call.tenant.jobs.of(NAME) if since <= each.created + call.tenant.store.ahead <= until]
    rows = [_to_wire(call, each) for each in page(call, found)]
    if not rows:
        return Reply(204)
    return Reply(body={"businessUnitId": 4711, "totalRecords": len(found), "_links": links(call), "uploadJobs": rows})


def _find_job(call: Call) -> Job:
    told = call.params["jobId"]
    jobs = call.tenant.jobs.of(NAME)
    found = next((each for each in jobs if told.isdecimal() and number_of(each.id) == int(told)), None)
    if found is None:
        raise not_found("no such job")
    return found


def _read_job(call: Call) -> Reply:
    """`GET /lists/call-lists/jobs/{jobId}`: an array of one."""
    return Reply(body={"uploadJobs": [_to_wire(call, advance_by_poll(call, _find_job(call)))]})


ROUTES = (
    write("POST", "/lists/call-lists/{listId}/upload", _upload),
    read("/lists/call-lists/jobs", _read_jobs, "fields", "top", "skip", "orderBy", "startDate", "endDate"),
    read("/lists/call-lists/jobs/{jobId}", _read_job, "fields"),
)
