"""Skills: they dial. Made with a result each, changed whole, started, stopped, and never deleted."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from reconciler.simulator.body_checks import fields, text, whole
from reconciler.simulator.error_replies import Refusal, bad_request, conflict
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.surfaces.nice.call_lists import Mappings
from reconciler.simulator.surfaces.nice.campaigns import campaigns_of
from reconciler.simulator.surfaces.nice.conventions import number_of, page, read, unwrap, write
from reconciler.simulator.surfaces.nice.conventions import truth as query_truth
from reconciler.simulator.surfaces.nice.skill_fields import CHANGED, NEW, spell, tell
from reconciler.simulator.surfaces.nice.skill_store import (
    CADENCE,
    CPA,
    DELIVERY,
    DISPLAY,
    GENERAL,
    RETRY,
    SCHEDULE,
    XS,
    ZONES,
    Check,
    Skill,
    find_skill,
    skills_of,
    tell_block,
)


def _to_wire(skill: Skill) -> dict[str, Any]:
    return {"skillId": skill.number, "isRunning": skill.running, "notes": "", **tell(skill.fields)}


def _read_all(call: Call) -> Reply:
    """`GET /skills?searchString=&mediaTypeId=&isActive=`: a new skill is told only after a while."""
    wanted, media = call.query.get("searchString", "").casefold(), call.query.get("mediaTypeId")
    found = []
    for each in skills_of(call).held.values():
        if each.hidden:
            each.hidden -= 1
        elif wanted in each.name.casefold() and media in (None, str(each.fields["mediaTypeId"])):
            found.append(each)
    if "isActive" in call.query:
        found = [each for each in found if each.fields["isActive"] is query_truth(call, "isActive")]
    rows = [_to_wire(each) for each in page(call, found)]
    return Reply(body={"totalRecords": len(found), "businessUnitId": 4711, "skills": rows}) if rows else Reply(204)


def _create(call: Call) -> Reply:
    """`POST /skills` `{skills: [{…}]}`: 200 with a result each, and no id."""
    told = fields(call.body, required={"skills": lambda value, where: value}, optional={})["skills"]
    if not isinstance(told, list) or not told:
        raise bad_request("skills: must be a list of at least one")
    results = [_make(call, each) for each in told]
    errors = sum(not each["success"] for each in results)
    return Reply(body={"errorCount": errors, "skillsResults": results})


def _make(call: Call, told: Any) -> dict[str, Any]:
    held = skills_of(call)
    try:
        wanted = spell(fields(told, required={"skillName": text, "mediaTypeId": whole(1)}, optional=NEW))
        if str(wanted.get("campaignId")) not in campaigns_of(call).held:
            raise bad_request("campaignId: there is no such campaign")
        if any(each.name == wanted["skillName"] for each in held.held.values()):
            raise bad_request("skillName: is in use")
    except Refusal as refusal:
        return {"success": False, "error": refusal.message}
    made = held.add(wanted.pop("skillName"), **wanted)
    made.hidden = held.lag
    return {"success": True, "error": ""}


def _read_one(call: Call) -> Reply:
    """`GET /skills/{skillId}`: in a list with an odd number, flat with an even one (ours: both are known)."""
    skill = find_skill(call)
    told = _to_wire(skill)
    return Reply(body={"skills": [told]} if skill.number % 2 else told)


def _change(call: Call) -> Reply:
    """`PUT /skills/{skillId}` `{skill: {…}}`."""
    skill, told = find_skill(call), unwrap(call, "skill")
    changed = spell(fields(told, "skill", required={}, optional=CHANGED))
    if any(each.name == changed.get("skillName") and each is not skill for each in skills_of(call).held.values()):
        raise conflict("skillName: is in use")
    if changed.get("isActive") is False and skill.running:
        raise conflict("the skill is running; stop it first")
    skill.fields |= changed
    return Reply(body={"success": True, "skillId": skill.number})


def _start(call: Call) -> Reply:
    """`POST /skills/{skillId}/start`; 409 for one that is not active (ours)."""
    skill = find_skill(call)
    if not skill.fields["isActive"]:
        raise conflict("the skill is not active")
    skill.running = True
    return Reply(204)


def _stop(call: Call) -> Reply:
    """`POST /skills/{skillId}/stop?force=`."""
    query_truth(call, "force")
    find_skill(call).running = False
    return Reply(204)


def list_dialled(call: Call, skill: Skill) -> list[dict[str, Any]]:
    """The lists that a skill dials."""
    store = call.tenant.store
    kept = store.part(Mappings)
    return [
        {"id": number_of(each.id), "name": each.name}
        for each in store.lists.values()
        if skill.number in kept.of(each.id).skills
    ]


_TOLD = (
    *("generalSettings", "cpaSettings", "xsSettings", "retrySettings", "deliveryPreferences", "scheduleSettings"),
    *("cadenceSettings", "listManagementSettings"),
)


def _read_parameters(call: Call) -> Reply:
    """`GET /skills/{skillId}/parameters`: every block, and the lists that it dials."""
    skill = find_skill(call)
    told = {name: tell_block(name, skill.blocks.get(name, {})) for name in _TOLD}
    zones = [
        {("name" if key == "standardName" else key): value for key, value in each.items()}
        for each in skill.blocks.get("timeZoneSettings", [])
    ]
    return Reply(
        body={
            "skillName": skill.name,
            "skillNo": skill.number,
            **told,
            "timeZoneSettings": zones,
            "callingLists": list_dialled(call, skill),
        }
    )


def _read_general(call: Call) -> Reply:
    """`GET …/general-settings`: no wrapper, the aggressiveness as text."""
    held = find_skill(call).blocks.get("generalSettings", {})
    return Reply(body={"aggressiveness": "3", **{name: value for name, value in held.items() if value is not None}})


def _read_call_progress(call: Call) -> Reply:
    """`GET …/cpa-management`: one field, which `/parameters` does not tell, and with a capital (spec)."""
    told = find_skill(call).blocks.get("cpaSettings", {}).get("ansMachineOverrideSeconds")
    return Reply(body={} if told is None else {"AnsMachineOverrideSeconds": told})


def _put_wrapped(call: Call, name: str, known: Mapping[str, Check]) -> Reply:
    """A block with its wrapper; a part of it is taken."""
    held = find_skill(call).blocks.setdefault(name, {})
    held |= fields(unwrap(call, name), name, required={}, optional=known)
    return Reply(204)


def _put_bare(call: Call, name: str, known: Mapping[str, Check]) -> Reply:
    """A block without a wrapper."""
    held = find_skill(call).blocks.setdefault(name, {})
    held |= fields(call.body, required={}, optional=known)
    return Reply(204)


def _put_zones(call: Call) -> Reply:
    """`PUT …/time-zones` `{timeZoneSettings: [{standardName, …}]}`: those that are named."""
    skill = find_skill(call)
    told = fields(call.body, required={"timeZoneSettings": lambda value, where: value}, optional={})
    if not isinstance(told["timeZoneSettings"], list):
        raise bad_request("timeZoneSettings: must be a list")
    rows = [fields(each, "timeZoneSettings", required={}, optional=ZONES) for each in told["timeZoneSettings"]]
    held = {each["standardName"]: each for each in skill.blocks.get("timeZoneSettings", [])}
    skill.blocks["timeZoneSettings"] = [*({**held, **{each["standardName"]: each for each in rows}}).values()]
    return Reply(204)


_ONE = "/skills/{skillId}"
_BLOCK = f"{_ONE}/parameters"
_QUERY = (
    "updatedSince",
    "mediaTypeId",
    "outboundStrategy",
    "isActive",
    "searchString",
    "fields",
    "skip",
    "top",
    "orderBy",
)
_WRAPPED = (
    ("general-settings", "generalSettings", GENERAL),
    ("cpa-management", "cpaSettings", CPA),
    ("xs-settings", "xsSettings", XS),
    ("retry-settings", "retrySettings", RETRY),
    ("delivery-preferences", "deliveryPreferences", DELIVERY),
    ("schedule-settings", "scheduleSettings", SCHEDULE),
)
_BARE = (
    ("cadence-settings", "cadenceSettings", CADENCE),
    ("list-management", "listManagementSettings", DISPLAY),
)
ROUTES = (
    read("/skills", _read_all, *_QUERY),
    write("POST", "/skills", _create),
    read(_ONE, _read_one, "fields"),
    write("PUT", _ONE, _change),
    write("POST", f"{_ONE}/start", _start, body=False),
    write("POST", f"{_ONE}/stop", _stop, "force", body=False),
    read(_BLOCK, _read_parameters, "fields"),
    read(f"{_BLOCK}/general-settings", _read_general, "fields"),
    read(f"{_BLOCK}/cpa-management", _read_call_progress, "fields"),
    *(
        write("PUT", f"{_BLOCK}/{path}", partial(_put_wrapped, name=name, known=known))
        for path, name, known in _WRAPPED
    ),
    *(write("PUT", f"{_BLOCK}/{path}", partial(_put_bare, name=name, known=known)) for path, name, known in _BARE),
    write("PUT", f"{_BLOCK}/time-zones", _put_zones),
)
