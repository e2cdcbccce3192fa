"""Our Campaign is an outbound skill, and the campaign of its name that only counts.

What a manifest says of dialling lies in the skill's blocks: the threshold and the legs of the safe harbour in several
(`campaign_blocks.py`), the window in the schedule. A schedule is a week without dates, in a zone that is not published:
the manifest of the surface says it (`scheduleZone`), and the dates stand in the skill's notes. Such a week comes again
until the skill is stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import cache
from typing import Any

from reconciler.model.campaign import UNKNOWN
from reconciler.model.instants import format_instant, parse_instant
from reconciler.model.ownership_mark import TextMark
from reconciler.model.surface_wire import Call, Part, Wire, WireReference
from reconciler.model.weekly_calendar import load_zone
from reconciler.surfaces.nice.api import NAME_OF_SURFACE, SCOPE
from reconciler.surfaces.nice.campaign_blocks import (
    DECLARED,
    EVERY,
    MODE,
    RINGING,
    TIMEOUT,
    TOLD,
    list_unpublished,
    make_parts,
    make_settings,
)
from reconciler.surfaces.nice.endpoints import make_call
from reconciler.surfaces.nice.skill_blocks import DAYS, read_schedule
from reconciler.surfaces.nice.skills import (
    CAMPAIGN_OF,
    ONE,
    PAGES,
    PHONE_CALL,
    REQUESTS,
    SKILL,
    STRATEGIES,
    change_tag,
    is_another,
    pick_skill,
    read_notes,
    read_strategy,
)
from reconciler.surfaces.nice.suppressed_contacts import SUPPRESSED_CONTACTS
from reconciler.surfaces.nice.uploads import attach_by_empty_file

Fields = Mapping[str, Any]
ZONE = "scheduleZone"
_PARAMETERS = (ZONE, TIMEOUT, RINGING, MODE)
_WHOLE_DAY = ("00:00", "23:59")


def make_week(starts: datetime, ends: datetime, zone: str) -> dict[str, Any]:
    """A window as a week without dates: each day of it, from its first minute to its last, in a zone."""
    place = load_zone(zone)
    first, last = starts.astimezone(place), ends.astimezone(place)
    found: dict[str, Any] = {"isScheduled": True} | {f"{day}IsActive": False for day in DAYS}
    day, count = first.date(), 0
    while day <= last.date() and count < len(DAYS):
        opens = first.strftime("%H:%M") if day == first.date() else _WHOLE_DAY[0]
        closes = last.strftime("%H:%M") if day == last.date() else _WHOLE_DAY[1]
        if datetime.combine(day, time(), place) < last:
            name = DAYS[day.isoweekday() % 7]
            found |= {f"{name}IsActive": True, f"{name}StartTime": opens, f"{name}EndTime": closes}
        day, count = day + timedelta(days=1), count + 1
    return found


def _is_week(told: Fields, week: Fields) -> bool:
    """Whether a schedule is as a window makes it: a day that is not active may have whatever hours."""
    held = {name: value[:5] if isinstance(value, str) else value for name, value in told.items()}
    return all(held.get(name) == value or (value is False and not held.get(name)) for name, value in week.items())


def tell_state(skill: Fields) -> dict[str, Any]:
    """Whether a skill works, as its body says it; nothing where it does not."""
    if not isinstance(skill.get("isRunning"), bool):
        return {}
    _, tag = read_notes(skill)
    resting = "draft" if tag is not None and tag.draft else "paused"
    return {"status": "active" if skill["isRunning"] else resting}


def read_work(answers: Any, zone: str) -> dict[str, Any]:
    """Whether a skill works, and its window, where its schedule is that of it."""
    skill, parameters = pick_skill(answers[0]), answers[1]
    _, tag = read_notes(skill)
    found: dict[str, Any] = tell_state(skill) or {"status": UNKNOWN}
    if tag is None or not (tag.starts and tag.ends):
        return found
    schedule = read_schedule(parameters.get("scheduleSettings") or {})
    try:
        week = make_week(parse_instant(tag.starts), parse_instant(tag.ends), zone)
    except ValueError:
        return found | {"startTime": UNKNOWN, "endTime": UNKNOWN}
    if not _is_week(schedule, week):
        return found | {"startTime": UNKNOWN, "endTime": UNKNOWN}
    return found | {"startTime": tag.starts, "endTime": tag.ends}


def change_work(skill_id: str, fields: Fields, answers: Any, zone: str) -> Sequence[Call]:
    """Stop first, then change the window, then start: nobody is called by half a change."""
    skill = pick_skill(answers[0])
    _, tag = read_notes(skill)
    status, calls = fields.get("status"), list[Call]()
    if status is not None and status != "active" and skill.get("isRunning"):
        calls.append(make_call("skills.stop", skill_id, query={"force": False}))
    changed: dict[str, Any] = {}
    if fields.keys() & {"startTime", "endTime"}:
        starts = str(fields.get("startTime") or (tag.starts if tag else ""))
        ends = str(fields.get("endTime") or (tag.ends if tag else ""))
        starts = starts or format_instant(datetime.now(UTC))
        week = make_week(parse_instant(starts), parse_instant(ends or starts), zone)
        held = read_schedule(answers[1].get("scheduleSettings") or {})
        calls.append(make_call("skills.schedule", skill_id, body={**held, **week}))
        changed |= {"starts": starts, "ends": ends or starts}
    if status is not None:
        changed["draft"] = status == "draft"
    calls += change_tag(skill_id, skill, "campaign", **changed)
    if status == "active":
        calls.append(make_call("skills.start", skill_id))
    return calls


def read_list(told: Any) -> dict[str, Any]:
    """The list that a skill dials; several are none that a manifest can mean."""
    held = [str(each["id"]) for each in told.get("callingLists") or ()]
    return {"listId": held[0] if len(held) == 1 else " and ".join(held)} if held else {}


def change_list(skill_id: str, fields: Fields, held: Any) -> Call:
    """A list is dialled by the skill that an upload to it names: an empty file is one [inferred]."""
    return attach_by_empty_file(str(fields["listId"]), int(skill_id))


def read_campaign(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a skill's own fields say of a campaign."""
    description, _ = read_notes(body)
    dial_type = read_strategy(body)
    return {"description": description} | ({} if dial_type is None else {"dialType": dial_type})


def write_campaign(fields: Fields) -> dict[str, Any]:
    """A campaign as a skill's own fields; what is only said when it is made is not sent afterwards."""
    body: dict[str, Any] = {"mediaTypeId": PHONE_CALL, "isOutbound": True}
    if "name" in fields:
        body["skillName"] = fields["name"]
    if "description" in fields:
        body["notes"] = fields["description"]
    if "dialType" in fields:
        body["outboundStrategy"] = STRATEGIES.get(fields["dialType"], fields["dialType"])
    return body


def _make_work(zone: str) -> Part:
    return Part(
        fields=frozenset({"status", "startTime", "endTime"}),
        one=lambda skill_id: make_call("skills.one", skill_id),
        shape=ONE,
        also=(lambda skill_id: make_call("skills.parameters", skill_id), TOLD),
        read=lambda answers: read_work(answers, zone),
        change=lambda skill_id, fields, answers: change_work(skill_id, fields, answers, zone),
    )


_LIST = Part(
    fields=frozenset({"list"}),
    one=lambda skill_id: make_call("skills.parameters", skill_id),
    shape=TOLD,
    read=read_list,
    change=change_list,
)
_UNHELD = frozenset({"wrapUpCode", "predictive"})
_OWN = frozenset({"name", "description", "dialType", "status", "list", "startTime", "endTime"})


@cache
def _bind(stated: frozenset[tuple[str, str]]) -> Wire:
    known = dict(stated)
    settings, unpublished = make_settings(known), list_unpublished(known)
    placed = {each.field for each in settings}
    homeless = {each.field for each in EVERY} - placed
    # what a skill dials, and how hard, before it is set to work
    parts = (*make_parts(settings), _LIST, _make_work(known.get(ZONE, "UTC")))
    return replace(CAMPAIGN, parts=parts, unheld=_UNHELD | homeless, unpublished=unpublished)


CAMPAIGN = Wire(
    name=NAME_OF_SURFACE,
    path="/skills",
    pages=PAGES,
    read_scope=SCOPE,
    write_scope=SCOPE,
    one=lambda skill_id: make_call("skills.one", skill_id),
    find=lambda name: {"searchString": name},
    query={"mediaTypeId": PHONE_CALL},
    shape=SKILL,
    id_field="skillId",
    name_field="skillName",
    requests=REQUESTS,
    ownership=TextMark(),
    companions=(CAMPAIGN_OF,),
    holds=_OWN | {each.field for each in EVERY} | {each.field for each in DECLARED},
    unheld=_UNHELD,
    numbers={"SuppressedContact": SUPPRESSED_CONTACTS},
    takes={"dialType": frozenset(STRATEGIES)},
    asks={"startTime": ZONE},
    fixed=frozenset({"list"}),
    references=(WireReference("list", "ContactList", "listId"),),
    read=read_campaign,
    write=write_campaign,
    gone=is_another("campaign"),
    tell_state=tell_state,
    parts=(*make_parts(EVERY), _LIST, _make_work("UTC")),
    bind=lambda known: _bind(frozenset((name, known[name]) for name in _PARAMETERS if name in known)),
)
