"""The surface `deskapi` of the tests: another API than the product's, added by this file alone.

Groups are lists, efforts are campaigns. An id is `objId` and a name `title`; a change is a PUT by query with the whole
object; POST answers a list; pages are by `skip` and `top`, but efforts come all at once. Nothing has a description:
whose a group is the ledger keeps, an effort has a field for it. The words of its states and modes are its own. People
are put into a group and out of it a few at once; of whom it does not take it says so in an answer of status 200.
"""

from __future__ import annotations

import base64
import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from reconciler.model.api_surface import ApiSurface, Preset
from reconciler.model.delivery_method import Way
from reconciler.model.disposition import Standing
from reconciler.model.instants import format_instant
from reconciler.model.jobs import ABORTED, COMPLETED, Job, Refusals, RowError
from reconciler.model.ownership_mark import InLedger, OwnerField
from reconciler.model.paging import OffsetPages, OnePage
from reconciler.model.reply_shape import (
    ID,
    NAME,
    NUMBER,
    OBJECT,
    TEXT,
    TEXT_OR_NUMBER,
    TRUTH,
    WHOLE,
    Rows,
    Shape,
    may,
    needs,
)
from reconciler.model.row_wire import History, Jobs, ListMethod, Outcomes, Told, find_member_id, keep_data
from reconciler.model.safe_harbour import OF_POLICY
from reconciler.model.surface_wire import Call, Members, Requests, Wire, WireReference
from reconciler.model.tenant import Login

PAGES = OffsetPages("page.items", size="top", start="skip", total="page.count", most=2, empty=True)
STATES = {"draft": "NEW", "active": "ON", "paused": "OFF"}
MODES = {"predictive": "P", "progressive": "G", "preview": "V"}
_TUNING = {"targetAnswerRate": "rate", "maxCallsInProgress": "lines", "agentAvailabilityFactor": "factor"}
_EFFORT = {
    "name": "title",
    "abandonThreshold": "cap",
    "startTime": "from",
    "endTime": "until",
    "wrapUpCode": "code",
    "groupRef": "groupRef",
    "keeper": "keeper",
}


def _requests(collection: str, wrapper: str, read_only: frozenset[str]) -> Requests:
    def whole(body: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
        """What the object has of which we know nothing goes back as it came, inside its settings, too."""
        kept = {name: value for name, value in held.items() if name not in read_only}
        nested = {
            name: {**held[name], **value} for name, value in body.items() if isinstance(value, dict) and held.get(name)
        }
        return {**kept, **body, **nested}

    return Requests(
        create=lambda body: Call("POST", collection, body={wrapper: body}),
        named="0.objId",
        change=lambda object_id, body, held: Call(
            "PUT", collection, {"objId": object_id}, {wrapper: whole(body, held)}
        ),
        whole=True,
        delete=lambda object_id: Call("DELETE", collection, {"objId": object_id}),
    )


def read_group(body: Mapping[str, Any]) -> dict[str, Any]:
    """A group as a list."""
    return {"name": body["title"], "type": {"OUT": "outbound"}.get(body["sort"], body["sort"])}


def write_group(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A list as a group."""
    return {"title": fields["name"], "sort": {"outbound": "OUT"}.get(fields["type"], fields["type"])}


def read_effort(body: Mapping[str, Any]) -> dict[str, Any]:
    """An effort as a campaign; a word that is not known stays as it is."""
    fields = {ours: body[theirs] for ours, theirs in _EFFORT.items() if body.get(theirs) is not None}
    fields["status"] = {theirs: ours for ours, theirs in STATES.items()}.get(body["state"], body["state"])
    fields["dialType"] = {theirs: ours for ours, theirs in MODES.items()}.get(body["mode"], body["mode"])
    if body.get("tuning"):
        fields["predictive"] = {
            ours: body["tuning"][theirs] for ours, theirs in _TUNING.items() if theirs in body["tuning"]
        }
    return fields


def write_effort(fields: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign as an effort."""
    body = {theirs: fields[ours] for ours, theirs in _EFFORT.items() if ours in fields}
    body |= {
        "state": STATES.get(fields["status"], fields["status"]),
        "mode": MODES.get(fields["dialType"], fields["dialType"]),
    }
    if "predictive" in fields:
        body["tuning"] = {
            theirs: fields["predictive"][ours] for ours, theirs in _TUNING.items() if ours in fields["predictive"]
        }
    return body


def _people(method: str, list_id: str, people: Sequence[Any]) -> Call:
    return Call(method, "/groups/people", {"objId": list_id}, {"people": list(people)})


def read_faults(answer: Mapping[str, Any]) -> Refusals:
    """Who was not taken."""
    errors = tuple(RowError(each["at"], each["code"], each["why"]) for each in answer["faults"])
    return Refusals(len(errors), errors)


_FAULT = Shape({"at": needs(WHOLE), "code": needs(TEXT), "why": needs(TEXT)})
FAULTS = Told(Shape({"faults": needs(Rows(_FAULT))}), read_faults, gone=frozenset({"ABSENT"}))
GROUP_PEOPLE = ListMethod(
    surface="deskapi",
    way=Way(
        name="groupPeople",
        most=4,
        usual=4,
        attributes=True,
        phones=True,
        makes_contacts=True,
        key="contact",
        personal=("e164",),
    ),
    scope="manage",
    item=lambda row: {"person": find_member_id(row), "tel": row["phone"], "more": keep_data(row)},
    put=lambda list_id, items, reference: _people("PUT", list_id, items),
    told=FAULTS,
    remove=lambda list_id, ids: _people("DELETE", list_id, ids),
    removed=FAULTS,
)


def _csv(people: Sequence[Mapping[str, Any]]) -> str:
    """A file of people, in base64: CSV with CRLF, each attribute a column with its value as JSON."""
    names = list(dict.fromkeys(name for each in people for name in each["more"]))
    written = io.StringIO(newline="")
    rows = csv.writer(written)
    rows.writerow(["person", "tel", *names])
    rows.writerows(
        [each["person"], each["tel"], *(json.dumps(each["more"].get(name)) for name in names)] for each in people
    )
    return base64.b64encode(written.getvalue().encode()).decode()


def read_upload(job_id: str, told: Sequence[Mapping[str, Any]]) -> Job:
    """An upload: two truths, and no status."""
    one = told[0]
    return Job(job_id, ABORTED if one["isCancelled"] else COMPLETED if one["isComplete"] else "RUNNING")


UPLOADS = Rows(Shape({"job": needs(ID), "isComplete": needs(TRUTH), "isCancelled": needs(TRUTH)}))
UPLOAD = ListMethod(
    surface="deskapi",
    way=replace(GROUP_PEOPLE.way, name="upload", most=50_000, usual=50_000, looks=1),
    scope="manage",
    item=GROUP_PEOPLE.item,
    put=lambda list_id, items, reference: Call(
        "POST", "/uploads", {"group": list_id}, {"file": _csv(items), "name": reference}
    ),
    jobs=Jobs(
        named="job",
        ask=lambda job_id: Call("GET", "/uploads", {"job": job_id}),
        shape=UPLOADS,
        read=read_upload,
        scope="manage",
        find=lambda trace: Call("GET", "/uploads", {"name": trace.reference}),
        listed=UPLOADS,
        found=lambda told, trace: str(told[-1]["job"]) if told else None,
    ),
    beside=("groupPeople",),
)

TALKS = History(
    surface="deskapi",
    scope="manage",
    of=lambda query, ids: Call(
        "GET",
        "/talks",
        {"who": ",".join(ids), "since": format_instant(query.start), "until": format_instant(query.end)},
    ),
    pages=PAGES,
    shape=Shape({"talk": needs(ID), "who": needs(ID), "at": needs(TEXT), "kind": may(TEXT)}),
    columns={"id": "talk", "contactId": "who", "startTime": "at", "type": "kind"},
)
RESULTS = Outcomes(
    surface="deskapi",
    read_scope="manage",
    write_scope="manage",
    one=lambda effort, person: Call("GET", "/efforts/person", {"objId": effort, "person": person}),
    shape=Shape({"stage": needs(NAME), "result": may(TEXT)}),
    read=lambda told: Standing({"W": "READY", "T": "CONNECTED"}[told["stage"]], told.get("result"), None),
    write=lambda effort, person, set_: Call(
        "PUT",
        "/efforts/person",
        {"objId": effort, "person": person},
        {"result": set_["outcomeCode"], "by": set_["agentId"]},
    ),
)

SURFACE = ApiSurface(
    "deskapi",
    Preset(
        "https://{tenant}/rest",
        "https://{tenant}/rest/token",
        "json",
        "manage",
        60,
        poll_every=0.05,
        login=Login(
            ask=lambda key, secret, scope: {"accessKeyId": key, "accessKeySecret": secret},
            token="session.bearer",
            lives="session.seconds",
        ),
    ),
    ids="deskapi",
    methods=(GROUP_PEOPLE, UPLOAD),
    history=TALKS,
    outcomes=RESULTS,
    wires={
        "ContactList": Wire(
            name="deskapi",
            path="/groups",
            pages=PAGES,
            read_scope="manage",
            write_scope="manage",
            one=lambda object_id: Call("GET", "/groups/one", {"objId": object_id}),
            shape=Shape({"objId": needs(ID), "title": needs(NAME), "sort": needs(TEXT), "people": may(WHOLE)}),
            id_field="objId",
            name_field="title",
            find=lambda name: {"titled": name},
            requests=_requests("/groups", "group", frozenset({"objId", "people"})),
            ownership=InLedger(),
            holds=frozenset({"name", "type"}),
            size="people",
            members=Members(
                of=lambda object_id: Call("GET", "/groups/people", {"objId": object_id}),
                pages=PAGES,
                shape=Shape({"person": needs(ID), "tel": may(TEXT_OR_NUMBER), "state": may(TEXT), "more": may(OBJECT)}),
                columns={"contactId": "person", "phone": "tel", "status": "state"},
                data="more",
            ),
            read=read_group,
            write=write_group,
        ),
        "Campaign": Wire(
            name="deskapi",
            path="/efforts",
            pages=OnePage("", empty=True),
            read_scope="manage",
            write_scope="manage",
            one=lambda object_id: Call("GET", "/efforts/one", {"objId": object_id}),
            shape=Shape(
                {
                    "objId": needs(ID),
                    "title": needs(NAME),
                    "mode": needs(TEXT),
                    "state": needs(TEXT),
                    "keeper": may(TEXT),
                    "cap": may(NUMBER),
                    "groupRef": may(TEXT_OR_NUMBER),
                    "tuning": may(Shape({name: may(NUMBER) for name in _TUNING.values()})),
                }
            ),
            id_field="objId",
            name_field="title",
            body="found.0",
            requests=_requests("/efforts", "effort", frozenset({"objId"})),
            ownership=OwnerField("keeper"),
            holds=frozenset(
                {
                    *("name", "dialType", "wrapUpCode", "status", "list", "abandonThreshold"),
                    *("startTime", "endTime", "predictive"),
                }
            ),
            unheld=OF_POLICY,
            references=(WireReference("list", "ContactList", "groupRef"),),
            read=read_effort,
            write=write_effort,
        ),
    },
)
