"""Completed contacts: the interactions of the tenant's store, and what is told of each one."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from secrets import token_urlsafe
from typing import Any
from zlib import crc32

from aiohttp import web

from reconciler.simulator.error_replies import bad_request, not_found
from reconciler.simulator.routing import Call, Reply, Route
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.surfaces.nice.call_lists import Mappings
from reconciler.simulator.surfaces.nice.campaigns import campaigns_of
from reconciler.simulator.surfaces.nice.conventions import (
    BUSINESS_UNIT,
    NAME,
    PERMISSION,
    choose_fields,
    links,
    moment,
    number_or_none,
    page,
    read,
    truth,
)
from reconciler.simulator.surfaces.nice.skill_store import skills_of

MEDIA = {"email": (1, "E-Mail"), "chat": (3, "Chat"), "voice": (4, "Phone Call"), "sms": (7, "SMS")}
"""The type of an interaction of the store, as media are numbered [client]."""
OTHER_MEDIA = (9, "Digital")
_NUMBERS = ("mediaTypeId", "mediaSubTypeId", "skillId", "campaignId", "agentId", "teamId")
_TRUTHS = ("isLogged", "isRefused", "isTakeover", "analyticsProcessed")
_TEXTS = ("toAddress", "fromAddress", "mediaSubTypeName")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Recordings:
    """Of each address of a recording the contact that it is of. An address is good for who has it."""

    def __init__(self) -> None:
        self.of: dict[str, int] = {}


def number_contact(interaction: str) -> int:
    """The id of a contact: a number, of an interaction of the store."""
    return crc32(interaction.encode())


def list_completed(call: Call) -> list[dict[str, Any]]:
    """Every interaction as a completed contact, the oldest first. How long they took, and who took part, the store
    does not say: they ended as they began, and no agent is told."""
    store = call.tenant.store
    skills, campaigns = skills_of(call).held, campaigns_of(call).held
    dialled: dict[str, int] = {}
    for each in store.lists.values():
        for number in store.part(Mappings).of(each.id).skills[:1]:
            dialled.update((member, number) for member in each.members if member not in dialled)
    rows = []
    everything = store.history.all()
    for row in everything.page(0, everything.total):
        media, called = MEDIA.get(row["type"], OTHER_MEDIA)
        at = wire_time(datetime.fromisoformat(row["startTime"]))
        number = number_contact(row["id"])
        told = {
            "contactId": number,
            "masterContactId": number,
            "contactStartDate": at,
            "lastUpdateTime": at,
            "totalDurationSeconds": 0,
            "mediaTypeId": media,
            "mediaTypeName": called,
            "isOutbound": row["contactId"] in dialled,
            "abandoned": False,
        }
        if skill := skills.get(dialled.get(row["contactId"], 0)):
            told |= {"skillId": skill.number, "skillName": skill.name}
            if campaign := campaigns.get(str(skill.fields.get("campaignId"))):
                told |= {"campaignId": campaign["id"], "campaignName": campaign["name"]}
        rows.append(told)
    return sorted(rows, key=lambda each: (each["lastUpdateTime"], each["contactId"]))


def _read_completed(call: Call) -> Reply:
    """`GET /contacts/completed?startDate=&endDate=&updatedSince=&skip=&top=`: 204 where there are none (client)."""
    since = [each for each in (moment(call, "startDate"), moment(call, "updatedSince")) if each is not None]
    first, until = wire_time(max(since, default=_EPOCH)), moment(call, "endDate")
    last = wire_time(until or datetime.max.replace(tzinfo=UTC) - timedelta(days=1))
    if call.query.get("orderBy", "lastUpdateTime asc") not in ("lastUpdateTime", "lastUpdateTime asc"):
        raise bad_request("orderBy: only lastUpdateTime asc is known here")
    truth(call, "tags")
    wanted: dict[str, Any] = {name: number_or_none(call, name) for name in _NUMBERS if name in call.query}
    wanted |= {name: truth(call, name) for name in _TRUTHS if name in call.query}
    wanted |= {name: call.query[name] for name in _TEXTS if name in call.query}
    # who took part, and by which number, the store does not say: nobody is told who is looked for by that
    found = [
        each
        for each in list_completed(call)
        if first <= each["lastUpdateTime"] < last
        and all(each.get(name, False if name in _TRUTHS else None) == value for name, value in wanted.items())
    ]
    rows = page(call, found)
    if not rows:
        return Reply(204)
    told = {"completedContacts": choose_fields(call, rows), "totalRecords": len(found), "_links": links(call)}
    return Reply(body={**told, "businessUnitId": BUSINESS_UNIT["businessUnitId"], "lastPollTime": _now(call)})


def _now(call: Call) -> str:
    return wire_time(call.tenant.store.now())


def find_contact(call: Call, told: str) -> dict[str, Any]:
    """The contact of a number; 404 where there is none."""
    found = next((each for each in list_completed(call) if str(each["contactId"]) == told), None)
    if found is None:
        raise not_found("contact: there is none with that id")
    return found


def _read_contact(call: Call) -> Reply:
    """`GET /contacts/{contactId}?fields=`: what is told stands in `contactId`, as an object (spec, client)."""
    told = {**find_contact(call, call.params["contactId"]), "isActive": False, "stateName": "Released"}
    (shown,) = choose_fields(call, [told])
    unit = BUSINESS_UNIT["businessUnitId"]
    return Reply(body={"businessUnitId": unit, "lastPollTime": _now(call), "contactId": shown})


def _read_states(call: Call) -> Reply:
    """`GET /contacts/{contactId}/state-history` (spec), and `/statehistory` (client): it began, and was released.

    The numbers of states are ours.
    """
    found = find_contact(call, call.params["contactId"])
    rows = [
        {
            "stateIndex": index,
            "contactId": str(found["contactId"]),
            "contactStateId": number,
            "contactStateName": name,
            "startDate": found["contactStartDate"],
            "isWarehoused": True,
            "duration": "PT0S",
        }
        for index, (number, name) in enumerate(((3, "Active"), (4, "Released")))
    ]
    return Reply(body={"contactStateHistory": rows})


def _read_active(call: Call) -> Reply:
    """`GET /contacts/active`: nobody calls here, so there is none; 204 (ours)."""
    moment(call, "updatedSince")
    return Reply(204)


def _read_playback(call: Call) -> Reply:
    """`GET /media-playback/v1/contacts?acd-call-id=&media-type=`: where its recording is; else a `message` (client)."""
    asked = call.query.get("acd-call-id", "")
    if call.query.get("media-type") not in ("voice-only", "voice-and-screen", "email", "chat", "all"):
        raise bad_request("media-type: is none of those that there are")
    if not any(str(each["contactId"]) == asked for each in list_completed(call)):
        return Reply(404, {"message": "there is no such contact"})
    address = token_urlsafe(24)
    call.tenant.store.part(Recordings).of[address] = int(asked)
    here = call.origin + call.path.removeprefix(call.root).removesuffix("contacts")
    return Reply(body={"interactions": [{"data": {"fileToPlayUrl": f"{here}files/{address}"}}]})


def _read_recording(call: Call) -> Reply:
    """`GET /media-playback/v1/files/{address}`: an MP4 file without a track, for nobody spoke."""
    if call.params["address"] not in call.tenant.store.part(Recordings).of:
        raise not_found("no such recording")

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(body=SILENCE, content_type="video/mp4")

    return Reply(raw=answer)


def _box(kind: bytes, content: bytes) -> bytes:
    """A box of ISO/IEC 14496-12."""
    return struct.pack(">I", 8 + len(content)) + kind + content


_MOVIE = struct.pack(
    ">IIIIIiHxx8x9i24xI", 0, 0, 0, 1000, 0, 1 << 16, 1 << 8, 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30, 1
)
SILENCE = _box(b"ftyp", b"isom" + struct.pack(">I", 512) + b"isom") + _box(b"moov", _box(b"mvhd", _MOVIE))

_PAGED = ("updatedSince", "fields", "top", "skip", "orderBy")
_PLAYED = frozenset({"acd-call-id", "media-type", "exclude-waveforms", "isDownload"})
ROUTES = (
    read("/contacts/completed", _read_completed, "startDate", "endDate", *_PAGED, *_NUMBERS, *_TRUTHS, *_TEXTS, "tags"),
    read(
        "/contacts/active",
        _read_active,
        *(*_PAGED, "contactId", "mediaSubTypeId", "mediaTypeId", "skillId", "campaignId", "agentId", "teamId"),
        *("toAddress", "fromAddress", "digitalContactStateId", "stateId"),
    ),
    read("/contacts/{contactId}", _read_contact, "fields"),
    read("/contacts/{contactId}/state-history", _read_states),
    read("/contacts/{contactId}/statehistory", _read_states),
    Route(
        NAME,
        "GET",
        "/media-playback/v1/contacts",
        PERMISSION,
        _read_playback,
        _PLAYED,
        is_read=True,
        # a client gives it twice
        repeats=frozenset({"media-type"}),
    ),
    Route(NAME, "GET", "/media-playback/v1/files/{address}", "", _read_recording, is_read=True),
)
