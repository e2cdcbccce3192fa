# tested by: tests/surfaces/nice/test_foreign_clients.py
"""Teams and agents: a small world of its own, as the store has neither; nobody of them ever spoke to anybody."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from reconciler.simulator.error_replies import not_found
from reconciler.simulator.routing import Call, Reply, Route
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.surfaces.nice.campaigns import campaigns_of
from reconciler.simulator.surfaces.nice.conventions import (
    BUSINESS_UNIT,
    DOCUMENTED,
    NAME,
    PERMISSION,
    choose_fields,
    find_version,
    links,
    moment,
    number_or_none,
    page,
    read,
    span,
    truth,
)
from reconciler.simulator.surfaces.nice.skill_store import skills_of

CREATED = "2026-01-01T00:00:00.000Z"


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent, and in which state he or she is since `CREATED`: available, or logged out."""

    number: int
    first: str
    last: str
    active: bool = True
    available: bool = False

    @property
    def state(self) -> tuple[int, str]:
        """Number (ours) and name of the state."""
        return (1, "Available") if self.available else (0, "LoggedOut")


class Workforce:
    """The team, and its agents. Names and numbers are ours."""

    def __init__(self) -> None:
        self.team = {"teamId": 301, "teamName": "Embedded team"}
        self.agents: list[Agent] = [
            Agent(4001, "Ann", "Example", available=True),
            Agent(4002, "Ben", "Example"),
            Agent(4003, "Cleo", "Example", active=False),
        ]

    @property
    def active(self) -> list[Agent]:
        """Those who are active."""
        return [each for each in self.agents if each.active]


def workforce_of(call: Call) -> Workforce:
    """The tenant's."""
    return call.tenant.store.part(Workforce)


def _is_documented(call: Call) -> bool:
    return find_version(call) >= DOCUMENTED


def _read_agents(call: Call) -> Reply:
    """`GET /agents?isActive=&searchString=&skip=&top=` (client)."""
    force = workforce_of(call)
    rows = [
        {
            "agentId": each.number,
            "userId": f"11eb0000-0000-4000-8000-00000000{each.number}",
            "userName": f"{each.first.lower()}@example.com",
            "firstName": each.first,
            "lastName": each.last,
            "isActive": each.active,
            **force.team,
        }
        for each in force.agents
        if "isActive" not in call.query or each.active is truth(call, "isActive")
    ]
    shown = choose_fields(call, page(call, rows))
    told = {**BUSINESS_UNIT, "totalRecords": len(rows), "_links": links(call), "agents": shown}
    return Reply(body=told) if shown else Reply(204)


def _read_assignments(call: Call) -> Reply:
    """`GET /agents/skills?mediaTypeId=&skip=`: `_links.next` is null at the end (client). All have all skills."""
    force, campaigns, media = workforce_of(call), campaigns_of(call).held, number_or_none(call, "mediaTypeId")
    rows = [
        {
            "agentId": agent.number,
            "agentName": f"{agent.first} {agent.last}",
            "teamId": force.team["teamId"],
            "skillId": skill.number,
            "skillName": skill.name,
            "campaignName": campaigns.get(str(skill.fields.get("campaignId")), {"name": ""})["name"],
            "isActive": skill.fields["isActive"],
            "isOutbound": skill.fields["isOutbound"],
        }
        for agent in force.agents
        for skill in skills_of(call).held.values()
        if media in (None, skill.fields["mediaTypeId"])
    ]
    shown = page(call, rows)
    if not shown:
        return Reply(204)
    told = {"next": None, **links(call, following=_following(call, rows, shown))}
    return Reply(body={"totalRecords": len(rows), "_links": told, "agentSkillAssignments": choose_fields(call, shown)})


def _following(call: Call, rows: Sequence[Any], shown: Sequence[Any]) -> int | None:
    """After how many rows the next page begins; None: this is the last."""
    after = int(call.query.get("skip", 0)) + len(shown)
    return after if after < len(rows) else None


def _read_states(call: Call) -> Reply:
    """`GET /agents/states?updatedSince=&fields=&skip=&top=`."""
    force = workforce_of(call)
    moment(call, "updatedSince")
    rows = [
        {
            "agentId": each.number,
            "agentStateId": each.state[0],
            "agentStateName": each.state[1],
            "businessUnitId": BUSINESS_UNIT["businessUnitId"],
            "firstName": each.first,
            "lastName": each.last,
            "isActive": each.active,
            "startDate": CREATED,
            **force.team,
        }
        for each in force.active
    ]
    shown = choose_fields(call, page(call, rows))
    told = {"totalRecords": len(rows), "_links": links(call), "lastPollTime": wire_time(call.tenant.store.now())}
    return Reply(body={**told, "agentStates": shown}) if shown else Reply(204)


def _read_wfm_agents(call: Call) -> Reply:
    """`GET /wfm-data/agents?startDate=&endDate=`: `wfM_Data_Agents` (spec), before `wfoAgentSpecificStats` (client)."""
    span(call)
    force, now = workforce_of(call), _is_documented(call)
    agent, team = ("agentNo", "teamNo") if now else ("agentId", "teamId")
    rows = [
        {
            **BUSINESS_UNIT,
            agent: each.number,
            team: force.team["teamId"],
            "teamName": force.team["teamName"],
            "firstName": each.first,
            "lastName": each.last,
            "status": "Active" if each.active else "Inactive",
            "createDate": CREATED,
            "modDateTime": CREATED,
        }
        for each in force.agents
    ]
    return Reply(body={"wfM_Data_Agents" if now else "wfoAgentSpecificStats": choose_fields(call, rows)})


def _list_states(call: Call) -> list[dict[str, Any]]:
    return [
        {
            **BUSINESS_UNIT,
            "agentId": each.number,
            "stateIndex": 0,
            "startDate": CREATED,
            "agentStateId": each.state[0],
            "agentSessionId": 0,
            "duration": 0,
        }
        for each in workforce_of(call).active
    ]


def _read_adherence(call: Call) -> Reply:
    """`GET /wfm-data/agents/schedule-adherence?startDate=&endDate=`."""
    span(call)
    return Reply(body={"agentStateHistory": choose_fields(call, _list_states(call))})


def _read_scorecards(call: Call) -> Reply:
    """`GET /wfm-data/agents/scorecards`: as `schedule-adherence` (spec), before `wfmScorecardStats` (client)."""
    since, _ = span(call)
    if _is_documented(call):
        return _read_adherence(call)
    times = dict.fromkeys(("totalTime", "talkTime", "acwTime", "holdTime", "auxTime", "idleTime"), 0.0)
    counts = dict.fromkeys(("totalCalls", "abandonedCalls", "auxInTime", "auxOutTime", "actualCalls"), 0)
    whose = {"businessUnitId": BUSINESS_UNIT["businessUnitId"], "startDate": wire_time(since), **times, **counts}
    rows = [{"agentId": each.number, **whose} for each in workforce_of(call).active]
    return Reply(body={"wfmScorecardStats": choose_fields(call, rows)})


_TIMES = (
    *(
        "inboundTime",
        "inboundTalkTime",
        "inboundAvgTalkTime",
        "outboundTime",
        "outboundTalkTime",
        "outboundAvgTalkTime",
    ),
    *("totalTalkTime", "totalAvgTalkTime", "totalAvgHandleTime", "consultTime", "availableTime", "unavailableTime"),
    *("avgAvailableTime", "avgUnavailableTime", "acwTime", "loginTime"),
)
_COUNTS = (
    *("agentOffered", "inboundHandled", "outboundHandled", "totalHandled", "totalAvgHandled", "refused"),
    *("percentRefused", "workingRate", "occupancy"),
)


def _read_performance(call: Call, *, one: bool) -> Reply:
    """`GET /teams/performance-total?startDate=&endDate=`, and of one team: durations are ISO 8601 texts.

    Numbers are numbers (spec), before texts as well (client).
    """
    span(call)
    team = workforce_of(call).team["teamId"]
    if one and call.params["teamId"] != str(team):
        raise not_found("team: there is none with that id")
    numbers: Mapping[str, Any] = {"teamId": team, **dict.fromkeys(_COUNTS, 0)}
    if not _is_documented(call):
        numbers = {name: str(value) for name, value in numbers.items()}
    rows = [{**numbers, **dict.fromkeys(_TIMES, "PT0S")}]
    return Reply(body={"teamPerformanceTotal": choose_fields(call, rows)})


def _read_adherence_now(call: Call) -> Reply:
    """`GET /rta/?since=`: who keeps to a schedule, below the host of an area (client). Nobody has one here."""
    unset = dict.fromkeys(
        (
            *("eventStartDateTime", "expectedActivityStartTime", "expectedActivityEndTime", "ooaStartTime"),
            *("expectedActivityStartTimeOffsetDateTime", "expectedActivityEndTimeOffsetDateTime", "lastUpdateTime"),
        ),
        CREATED,
    )
    told = {
        str(each.number): {"acdEventId": each.state[1], "inAdherence": each.available, **unset}
        for each in workforce_of(call).active
    }
    return Reply(body={"snapshot": told})


_SPAN = ("startDate", "endDate", "fields")
ROUTES = (
    read("/agents", _read_agents, "fields", "isActive", "skip", "top", "orderBy"),
    read("/agents/skills", _read_assignments, "fields", "mediaTypeId", "skip", "top", "orderBy"),
    read("/agents/states", _read_states, "updatedSince", "reqBUIds", "fields", "skip", "top", "orderBy"),
    read("/teams/performance-total", partial(_read_performance, one=False), *_SPAN),
    read("/teams/{teamId}/performance-total", partial(_read_performance, one=True), *_SPAN),
    read("/wfm-data/agents", _read_wfm_agents, *_SPAN),
    read("/wfm-data/agents/schedule-adherence", _read_adherence, *_SPAN),
    read("/wfm-data/agents/scorecards", _read_scorecards, *_SPAN),
    Route(NAME, "GET", "/rta/", PERMISSION, _read_adherence_now, frozenset({"since"}), is_read=True),
)
