"""The method `listUpload`: new and changed records of a list as a file, and removals by their external ids.

A file takes half a million records or 256 MB [vendor's help]. A job names no record that it did not take: the list's
counts are held against what was sent, and who of it is not there is read back by the moment of the upload.
"""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from reconciler.model.delivery_method import Way
from reconciler.model.errors import ChunkTooLarge
from reconciler.model.instants import format_instant
from reconciler.model.jobs import ABORTED, COMPLETED, Job, Refusals, RowError
from reconciler.model.paging import Query
from reconciler.model.reply_shape import ID, TEXT, TRUTH, WHOLE, Rows, Shape, may, needs, whole
from reconciler.model.row_wire import (
    Before,
    Counts,
    Jobs,
    ListMethod,
    Row,
    Tally,
    Told,
    Trace,
    find_member_id,
    keep_data,
)
from reconciler.model.surface_wire import Call
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, SCOPE, pages
from reconciler.surfaces.nice.call_lists import EXTERNAL_ID, PHONE, RECORD, list_changed, read_record, write_cell
from reconciler.surfaces.nice.endpoints import make_call

MOST_RECORDS = 500_000
MOST_BYTES = 256 * 1024 * 1024
EXPIRES = "2099-12-31"
"""When records expire: a date must be given [spec]. What takes them off is a plan, so ours is far away [inferred]."""

_OWN = (EXTERNAL_ID, PHONE, "firstName", "lastName")
_SLACK = timedelta(minutes=5)
"""How long before its sending and after now, by the tenant's clock, the job of an upload is looked for [inferred]."""


def _item(row: Row) -> Mapping[str, Any]:
    own = (find_member_id(row), row["phone"], row["firstName"], row["lastName"])
    return {**dict(zip(_OWN, own, strict=True)), "data": keep_data(row)}


def write_file(items: Sequence[Mapping[str, Any]]) -> bytes:
    """A file of records: CSV in UTF-8 with CRLF [client], the columns of the mapping first, then the other attributes.

    Raises:
        ChunkTooLarge: it is larger than a file may be.
    """
    named = dict.fromkeys(name for each in items for name in each.get("data") or {})
    columns = [*dict.fromkeys([*_OWN, "score", "priority", *named])]
    text = io.StringIO(newline="")
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(columns)
    for each in items:
        told = {name: write_cell(value) for name, value in (each.get("data") or {}).items()}
        rows.writerow([each.get(name) or "" if name in _OWN else told.get(name, "") for name in columns])
    content = text.getvalue().encode()
    if len(content) > MOST_BYTES:
        raise ChunkTooLarge(f"a file of {len(items):,} records has more than 256 MB")
    return content


def _put(list_id: str, items: Sequence[Any], reference: str) -> Call:
    return _upload(list_id, items, fileName=f"{reference}.csv")


def attach_by_empty_file(list_id: str, skill_id: int) -> Call:
    """An upload of no record, by which a skill dials the list [inferred]."""
    return _upload(list_id, (), fileName="attach.csv", skillId=skill_id)


def _upload(list_id: str, items: Sequence[Any], **more: Any) -> Call:
    return make_call(
        "lists.upload",
        list_id,
        body={
            "listFile": base64.b64encode(write_file(items)).decode(),
            # what it means is not published: false is what it is called [inferred]
            "forceOverwrite": False,
            "expirationDate": EXPIRES,
            "startSkill": False,
            "sendEmail": False,
            **more,
        },
    )


def _attach(call: Call, told: Mapping[str, Any]) -> Call:
    """An upload for the skill that dials the list, where there is one: new records are its, too [inferred]."""
    skills = told["resultSet"].get("skills") or ()
    if not skills:
        return call
    return Call(call.method, call.path, call.query, {**call.body, "skillId": int(skills[0]["skillId"])})


def read_job(job_id: str, told: Mapping[str, Any]) -> Job:
    """An upload as it gets on: two truths, and no status."""
    one = told["uploadJobs"][0]
    status = ABORTED if one.get("isCancelled") else COMPLETED if one.get("isComplete") else "RUNNING"
    return Job(job_id, status)


def _find(trace: Trace) -> Call:
    since, until = trace.since - _SLACK, trace.now + _SLACK
    query: Query = {"startDate": format_instant(since), "endDate": format_instant(until), "top": 1000, "skip": 0}
    return make_call("jobs.read", query=query)


def find_upload(told: Mapping[str, Any] | None, trace: Trace) -> str | None:
    """The newest job of a list that none of the uploads is known to have made: a job does not say what it is of."""
    jobs = (told or {}).get("uploadJobs") or ()
    ids = [str(each["jobId"]) for each in jobs if str(each.get("listId")) == trace.list_id]
    return next((each for each in sorted(ids, key=_order, reverse=True) if each not in trace.known), None)


def _order(job_id: str) -> tuple[int, str]:
    return (int(job_id), "") if job_id.isdecimal() else (-1, job_id)


def read_removed(told: Mapping[str, Any]) -> Refusals:
    """Whom the tenant did not take off a list: by their external ids."""
    failed = told.get("failedRecords") or ()
    errors = (
        RowError(-1, str(each.get("resultCode") or "failed"), "", of=str(each.get("externalId") or ""))
        for each in failed
    )
    return Refusals(len(failed), tuple(errors))


def _remove(list_id: str, ids: Sequence[str]) -> Call:
    told = [{"externalId": int(each) if _is_number(each) else each} for each in ids]
    return make_call("lists.remove", list_id, body={"prospectsToRemove": told})


def _is_number(contact_id: str) -> bool:
    """Whether an id is a number that is written in one way alone."""
    return contact_id.isascii() and contact_id.isdecimal() and str(int(contact_id)) == contact_id


def read_tally(told: Mapping[str, Any]) -> Counts:
    """How many records of a list are valid, and how many are not, where it is told."""
    counted = told["resultSet"]
    return Counts(whole(counted.get("validRecords")), whole(counted.get("invalidRecords")))


def is_as_sent(row: Row, record: Mapping[str, Any]) -> bool:
    """Whether a record of a list is as a file had it; what a file does not say of a contact is left alone."""
    held, sent = read_record(record), _item(row)
    if held is None or held["phone"] != sent["phone"]:
        return False
    said = {name: value for name, value in sent["data"].items() if value is not None}
    return all(not sent[name] or held[name] == sent[name] for name in ("firstName", "lastName")) and all(
        held["data"].get(name) == value for name, value in said.items()
    )


JOB = Shape({"jobId": may(ID), "listId": may(ID), "isComplete": may(TRUTH), "isCancelled": may(TRUTH)})
JOBS = Shape({"uploadJobs": needs(Rows(JOB))})
_COUNTS = {name: may(WHOLE) for name in ("validRecords", "invalidRecords")}
COUNTED = Shape({"resultSet": needs(Shape({**_COUNTS, "skills": may(Rows(Shape({"skillId": needs(ID)})))}))})
_RECORDS = Rows(Shape({"externalId": may(ID), "resultCode": may(TEXT)}))

LIST_UPLOAD = ListMethod(
    surface=NAME_OF_SURFACE,
    way=Way(
        name="listUpload",
        most=MOST_RECORDS,
        # ours: a file of so many is some megabytes, and what fails of it is sent again in halves
        usual=50_000,
        attributes=True,
        phones=True,
        makes_contacts=True,
        looks=3,
        key="contact",
        personal=("e164", "firstName", "lastName"),
    ),
    scope=SCOPE,
    item=_item,
    put=_put,
    before=Before(of=lambda list_id: make_call("lists.one", list_id), shape=COUNTED, apply=_attach),
    jobs=Jobs(
        named="jobId",
        ask=lambda job_id: make_call("jobs.one", job_id),
        shape=JOBS,
        read=read_job,
        scope=SCOPE,
        find=_find,
        listed=JOBS,
        found=find_upload,
        tally=Tally(
            of=lambda list_id: make_call("lists.one", list_id),
            shape=COUNTED,
            read=read_tally,
            arrived=list_changed,
            pages=pages("resultSet.contactRecords", total=None),
            row=RECORD,
            key="externalId",
            is_as_sent=is_as_sent,
        ),
    ),
    remove=_remove,
    removed=Told(
        Shape({"successfulRecords": may(_RECORDS), "failedRecords": may(_RECORDS)}),
        read_removed,
        # what is said of one that is not on the list is not published
        looks=True,
    ),
)
