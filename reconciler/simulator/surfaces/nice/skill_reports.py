"""What skills did: their calls as the tenant counted them, and the interactions of who is on their lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from reconciler.simulator.body_checks import fields, truth, whole
from reconciler.simulator.call_statistics import Calls
from reconciler.simulator.error_replies import bad_request, not_found
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.surfaces.nice.campaigns import campaigns_of
from reconciler.simulator.surfaces.nice.completed_contacts import MEDIA, OTHER_MEDIA, list_completed
from reconciler.simulator.surfaces.nice.conventions import (
    BUSINESS_UNIT,
    DOCUMENTED,
    choose_fields,
    find_by_number,
    find_version,
    links,
    number_or_none,
    page,
    read,
    span,
    write,
)
from reconciler.simulator.surfaces.nice.conventions import truth as query_truth
from reconciler.simulator.surfaces.nice.skill_store import Skill, find_skill, skills_of
from reconciler.simulator.surfaces.nice.workforce import workforce_of

CALLS = 4
"""The medium of calls [client]."""


def _is_documented(call: Call) -> bool:
    return find_version(call) >= DOCUMENTED


def _count_calls(call: Call, since: datetime, until: datetime) -> Mapping[int, Mapping[str, int]]:
    """Of each skill that is a campaign of the store the calls that were counted up to a moment of this span."""
    store, found = call.tenant.store, {}
    for campaign, skill in skills_of(call).of_campaigns.items():
        told = store.part(Calls).to_wire(campaign, store.now())
        if since <= datetime.fromisoformat(told["endTime"]) < until:
            found[skill] = {name: told[name] for name in ("attempts", "liveAnswered", "abandoned")}
    return found


def _count_contacts(call: Call, since: datetime, until: datetime) -> Counter[int]:
    """How many contacts of each skill are completed in a span."""
    first, last = wire_time(since), wire_time(until)
    return Counter(
        each["skillId"] for each in list_completed(call) if first <= each["lastUpdateTime"] < last and "skillId" in each
    )


_ZEROS = (
    *("agentsAcw", "agentsAvailable", "agentsIdle", "agentsLoggedIn", "agentsUnavailable", "agentsWorking"),
    *("contactsActive", "contactsQueued", "contactsOutOfSLA", "queueCount", "serviceLevel", "serviceLevelGoal"),
    *("serviceLevelThreshold", "rightPartyConnects"),
)
_SECONDS = (
    *("averageHandleTime", "averageInqueueTime", "averageSpeedToAnswer", "averageTalkTime", "averageWrapTime"),
    *("holdTime", "longestQueueDur", "totalContactTime", "connectsAHT", "rightPartyConnectsAHT"),
)


def _list_skills(call: Call, *, one: bool) -> list[Skill]:
    return [find_skill(call)] if one else [*skills_of(call).held.values()]


def _read_summary(call: Call, *, one: bool) -> Reply:
    """`GET /skills/summary?startDate=&endDate=`, and of one skill: seconds are texts of digits (spec)."""
    calls, contacts = _count_calls(call, *span(call)), _count_contacts(call, *span(call))
    media = number_or_none(call, "mediaTypeId")
    outbound = query_truth(call, "isOutbound") if "isOutbound" in call.query else None
    rows = []
    for skill in _list_skills(call, one=one):
        if media not in (None, skill.fields["mediaTypeId"]) or outbound not in (None, skill.fields["isOutbound"]):
            continue
        counted = calls.get(skill.number, dict.fromkeys(("attempts", "liveAnswered", "abandoned"), 0))
        lost = counted["abandoned"]
        campaign = campaigns_of(call).held.get(str(skill.fields.get("campaignId")), {"id": 0, "name": ""})
        rows.append(
            {
                **BUSINESS_UNIT,
                **dict.fromkeys(_ZEROS, 0),
                **dict.fromkeys(_SECONDS, "0"),
                "skillId": skill.number,
                "skillName": skill.name,
                "campaignId": campaign["id"],
                "campaignName": campaign["name"],
                "isOutbound": skill.fields["isOutbound"],
                "mediaTypeId": skill.fields["mediaTypeId"],
                "mediaTypeName": "Phone Call" if skill.fields["mediaTypeId"] == CALLS else "",
                "dials": counted["attempts"],
                "connects": counted["liveAnswered"],
                "abandonCount": lost,
                "abandonRate": round(100 * lost / counted["liveAnswered"], 2) if lost else 0,
                "contactsHandled": contacts[skill.number],
                "contactsOffered": contacts[skill.number],
                "contactsWithinSLA": contacts[skill.number],
            }
        )
    return Reply(body={"skillSummaries": choose_fields(call, rows)})


def _read_service_level(call: Call, *, one: bool) -> Reply:
    """`GET /skills/sla-summary?startDate=&endDate=&skip=&top=`, and of one skill.

    Names begin with capitals (spec), before with small letters (client). Nobody waits here: all are within it.
    """
    contacts = _count_contacts(call, *span(call))
    rows = [
        {
            "businessUnitId": BUSINESS_UNIT["businessUnitId"],
            "skillId": each.number,
            "skillName": each.name,
            "contactsWithinSLA": contacts[each.number],
            "contactsOutOfSLA": 0,
            "totalContacts": contacts[each.number],
            "serviceLevel": 100 if contacts[each.number] else 0,
        }
        for each in _list_skills(call, one=one)
    ]
    if _is_documented(call):
        rows = [{name[0].upper() + name[1:]: value for name, value in row.items()} for row in rows]
    if one:
        return Reply(body={"serviceLevelSummaries": rows})
    shown = page(call, rows)
    after = int(call.query.get("skip", 0)) + len(shown)
    where = links(call, following=after if shown and after < len(rows) else None)
    return Reply(body={"totalRecords": len(rows), "_links": where, "serviceLevelSummaries": [*shown]})


def _begin_rows(call: Call, since: datetime) -> list[tuple[Skill, dict[str, Any]]]:
    """Of each skill of the medium that is asked for what every row of it begins with.

    The medium must be said (spec); a client of earlier versions says none.
    """
    media = number_or_none(call, "mediaTypeId")
    if media is None and _is_documented(call):
        raise bad_request("mediaTypeId: is required")
    return [
        (
            each,
            {
                **BUSINESS_UNIT,
                "intervalStartDate": wire_time(since),
                "skillId": each.number,
                "skillName": each.name,
                "mediaTypeId": each.fields["mediaTypeId"],
            },
        )
        for each in skills_of(call).held.values()
        if media in (None, each.fields["mediaTypeId"])
    ]


def _read_dialled(call: Call) -> Reply:
    """`GET /wfm-data/skills/dialer-contacts?startDate=&endDate=&mediaTypeId=`.

    In `wfM_OB_StatsV9` (spec), before in `outboundStats` (client).
    """
    since, until = span(call)
    calls, rows = _count_calls(call, since, until), []
    for skill, begun in _begin_rows(call, since):
        counted = calls.get(skill.number, dict.fromkeys(("attempts", "liveAnswered", "abandoned"), 0))
        rows.append(
            {
                **begun,
                "dials": counted["attempts"],
                "connects": counted["liveAnswered"],
                "connectsAHT": 0,
                "rightPartyConnects": 0,
                "rightPartyConnectsAHT": 0,
                "abandons": counted["abandoned"],
            }
        )
    return Reply(body={"wfM_OB_StatsV9" if _is_documented(call) else "outboundStats": choose_fields(call, rows)})


def _refuse_unknown(call: Call) -> None:
    """404 where the document tells many rows as one object: how they are told is not known."""
    if _is_documented(call):
        raise not_found(f"what is told here from version {DOCUMENTED} on is not known")


def _read_contacts(call: Call) -> Reply:
    """`GET /wfm-data/skills/contacts?startDate=&endDate=`: `contactStats`, before version 33 (client)."""
    _refuse_unknown(call)
    since, until = span(call)
    contacts = _count_contacts(call, since, until)
    rows = [
        {
            **begun,
            "isOutbound": skill.fields["isOutbound"],
            "serviceLevel": 100 if contacts[skill.number] else 0,
            "totalContacts": contacts[skill.number],
            "totalHandled": contacts[skill.number],
            **dict.fromkeys(("averageHandleTime", "abandonCount", "averageSpeedOfAnswer", "totalContactTime"), 0),
        }
        for skill, begun in _begin_rows(call, since)
    ]
    return Reply(body={"contactStats": choose_fields(call, rows)})


def _read_agents(call: Call) -> Reply:
    """`GET /wfm-data/skills/agent-performance?startDate=&endDate=`: `skillsPerformance`, before version 33 (client)."""
    _refuse_unknown(call)
    since, _ = span(call)
    rows = [
        {
            **BUSINESS_UNIT,
            "skillId": skill.number,
            "skillName": skill.name,
            "agentId": agent.number,
            "firstName": agent.first,
            "lastName": agent.last,
            "halfHour": wire_time(since),
            **dict.fromkeys(("totalHandled", "totalHandledTime", "totalACWTime"), 0),
        }
        for skill in skills_of(call).held.values()
        for agent in workforce_of(call).active
    ]
    return Reply(body={"skillsPerformance": choose_fields(call, rows)})


def _read_of_campaign(call: Call) -> Reply:
    """`GET /campaigns/{campaignId}/skills?searchString=&skip=&top=`."""
    campaign = find_by_number(campaigns_of(call).held, call.params["campaignId"], "campaign")["id"]
    rows = [
        {"mediaType": each.fields["mediaTypeId"], "skillId": each.number, "skillName": each.name}
        for each in skills_of(call).held.values()
        if each.fields.get("campaignId") == campaign
        and call.query.get("searchString", "").casefold() in each.name.casefold()
    ]
    shown = choose_fields(call, page(call, rows))
    told = {"businessUnitId": BUSINESS_UNIT["businessUnitId"], "totalRecords": len(rows), "skills": shown}
    return Reply(body=told) if shown else Reply(204)


def _assign(call: Call) -> Reply:
    """`POST /campaigns/{campaignId}/skills` `{skills: […]}`: numbers (spec), before version 33 objects (client).

    What is not told of is `addAll`: whom it would add is not known.
    """
    campaign = find_by_number(campaigns_of(call).held, call.params["campaignId"], "campaign")["id"]
    told = fields(call.body, required={"skills": lambda value, where: value}, optional={"addAll": truth})
    if told.get("addAll"):
        raise bad_request("addAll: what it adds is not known")
    rows = told["skills"]
    if not _is_documented(call) and isinstance(rows, list):
        rows = [fields(each, "skills", required={"skillId": whole(1)}, optional={})["skillId"] for each in rows]
    if not isinstance(rows, list) or any(type(each) is not int for each in rows):
        raise bad_request("skills: must be a list of ids")
    held = skills_of(call).held
    for each in rows:
        if each in held:
            held[each].fields["campaignId"] = campaign
    good = [each for each in rows if each in held]
    return Reply(body={"assignedSkills": good, "invalidSkills": [each for each in rows if each not in held]})


def _read_media(call: Call) -> Reply:
    """`GET /media-types`."""
    rows = sorted({*MEDIA.values(), OTHER_MEDIA})
    told = [{"mediaTypeId": number, "mediaTypeName": name, "subTypes": []} for number, name in rows]
    return Reply(body={"mediaTypes": told})


_SPAN = ("startDate", "endDate", "fields")
ROUTES = (
    read("/media-types", _read_media),
    read("/campaigns/{campaignId}/skills", _read_of_campaign, "searchString", "fields", "skip", "top", "orderBy"),
    write("POST", "/campaigns/{campaignId}/skills", _assign),
    read("/skills/summary", partial(_read_summary, one=False), *_SPAN, "mediaTypeId", "isOutbound"),
    read("/skills/sla-summary", partial(_read_service_level, one=False), "startDate", "endDate", "skip", "top"),
    read("/skills/{skillId}/summary", partial(_read_summary, one=True), *_SPAN),
    read("/skills/{skillId}/sla-summary", partial(_read_service_level, one=True), "startDate", "endDate"),
    read("/wfm-data/skills/contacts", _read_contacts, *_SPAN, "mediaTypeId"),
    read("/wfm-data/skills/dialer-contacts", _read_dialled, *_SPAN, "mediaTypeId"),
    read("/wfm-data/skills/agent-performance", _read_agents, *_SPAN),
)
