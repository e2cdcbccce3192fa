"""Do-not-call groups: their numbers, and the skills that are scrubbed against them, or add to them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from typing import Any

from reconciler.simulator.body_checks import fields, some_text, text, whole
from reconciler.simulator.error_replies import bad_request, conflict, not_found
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.stored_records import wire_time
from reconciler.simulator.surfaces.nice.conventions import links, page, read, truth, write
from reconciler.simulator.surfaces.nice.skill_store import find_skill, skills_of

_DIGITS = re.compile(r"\d{10,15}", re.ASCII)


@dataclass(slots=True)
class Group:
    """A group: by number, when it expires (empty: never), and the numbers of its skills in each role."""

    number: int
    name: str
    description: str = ""
    active: bool = True
    numbers: dict[str, str] = field(default_factory=dict)
    scrubbed: list[int] = field(default_factory=list)
    contributing: list[int] = field(default_factory=list)


class Groups:
    """The groups of the tenant."""

    def __init__(self) -> None:
        self.held: dict[int, Group] = {}

    def group_named(self, name: str) -> Group:
        """The group of a name; KeyError where there is none."""
        return {each.name: each for each in self.held.values()}[name]


def groups_of(call: Call) -> Groups:
    """The tenant's groups."""
    return call.tenant.store.part(Groups)


def _find(call: Call) -> Group:
    told = call.params["groupId"]
    found = groups_of(call).held.get(int(told)) if told.isdecimal() else None
    if found is None:
        raise not_found("dncGroup: there is none with that id")
    return found


def _to_wire(each: Group) -> dict[str, Any]:
    now = wire_time(datetime.now(UTC))
    return {
        "dncGroupId": each.number,
        "dncGroupName": each.name,
        "dncGroupDescription": each.description,
        "validRecords": len(each.numbers),
        "isActive": each.active,
        "isRemoved": False,
        "createDate": now,
        "lastUpdateTime": now,
    }


def _read_all(call: Call) -> Reply:
    """`GET /dnc-groups`: `resultSet{totalGroups, dncGroups}`."""
    rows = [_to_wire(each) for each in groups_of(call).held.values()]
    return Reply(body={"resultSet": {"totalGroups": len(rows), "dncGroups": rows}}) if rows else Reply(204)


def _read_one(call: Call) -> Reply:
    """`GET /dnc-groups/{groupId}`: a list of one."""
    return Reply(body={"resultSet": {"dncGroups": [_to_wire(_find(call))]}})


def _create(call: Call) -> Reply:
    """`POST /dnc-groups`: the answer has no `resultSet`."""
    told = fields(call.body, required={"dncGroupName": some_text}, optional={"dncGroupDescription": text})
    held = groups_of(call).held
    if any(each.name == told["dncGroupName"] for each in held.values()):
        raise conflict("dncGroupName: is in use")
    made = Group(700 + len(held), told["dncGroupName"], told.get("dncGroupDescription", ""))
    held[made.number] = made
    return Reply(body={"dncGroups": [_to_wire(made)]})


def _change(call: Call) -> Reply:
    """`PUT /dnc-groups/{groupId}?dncGroupName=&dncGroupDescription=&isActive=`: all of it in the query."""
    group = _find(call)
    group.name = call.query.get("dncGroupName", group.name)
    group.description = call.query.get("dncGroupDescription", group.description)
    group.active = truth(call, "isActive", group.active)
    return Reply(body={"dncGroups": [_to_wire(group)]})


def _read_records(call: Call) -> Reply:
    """`GET /dnc-groups/{groupId}/records?skip=&top=`."""
    group = _find(call)
    held = [
        {"recordId": 1000 * group.number + place, "phoneNumber": number, "expiredDate": expires}
        for place, (number, expires) in enumerate(group.numbers.items())
    ]
    rows = page(call, held)
    return Reply(body={"resultSet": {"totalRecords": len(held), "dncRecords": rows}}) if rows else Reply(204)


def _add_records(call: Call) -> Reply:
    """`POST …/records`: a number is a number, and each has a result of its own."""
    return Reply(body={"resultSet": _each(call, whole(1), expires=False)})


def _expire_records(call: Call) -> Reply:
    """`DELETE …/records`: a number is text; it is not removed but expires, and the answer has no `resultSet`."""
    return Reply(body=_each(call, text, expires=True))


def _each(call: Call, check: Any, *, expires: bool) -> dict[str, Any]:
    group = _find(call)
    told = fields(call.body, required={"dncGroupRecords": lambda value, where: value}, optional={})["dncGroupRecords"]
    if not isinstance(told, list) or not told:
        raise bad_request("dncGroupRecords: must be a list of at least one")
    results = []
    for each in told:
        one = fields(each, "dncGroupRecords", required={"phoneNumber": check}, optional={"expiredDate": text})
        number = str(one["phoneNumber"])
        good = _DIGITS.fullmatch(number) is not None and (not expires or number in group.numbers)
        if good:
            group.numbers[number] = wire_time(datetime.now(UTC)) if expires else one.get("expiredDate", "")
        results.append({"success": good, "error": "" if good else "not valid", "formattedPhone": number})
    return {"errorCount": sum(not each["success"] for each in results), "recordResults": results}


def _search(call: Call) -> Reply:
    """`POST /dnc-groups/search?phoneNumber=`: the number is in the query."""
    number = call.query.get("phoneNumber", "")
    found = [each for each in groups_of(call).held.values() if number in each.numbers]
    now = wire_time(call.tenant.store.now())
    rows = [
        {
            "dncGroupId": each.number,
            "dncGroupName": each.name,
            # a number (spec), whatever it may mean
            "dncGroupDescription": 0,
            "formattedPhone": number,
            "expiredDate": each.numbers[number],
            "dateCollected": now,
            "lastUpdateTime": now,
        }
        for each in found
    ]
    return Reply(body={"searchResults": rows})


def _read_skills(call: Call, role: str) -> Reply:
    """`GET …/scrubbed-skills` and `…/contributing-skills`."""
    numbers: list[int] = getattr(_find(call), role)
    names = skills_of(call).held
    rows = [{"skillId": each, "skillName": names[each].name} for each in page(call, numbers)]
    return Reply(body={"totalRecords": len(numbers), "_links": links(call), f"{role}Skills": rows})


def _add_skill(call: Call, role: str) -> Reply:
    """`POST …/{skillId}`: one that is there already stays (ours)."""
    numbers: list[int] = getattr(_find(call), role)
    skill = find_skill(call)
    if skill.number not in numbers:
        numbers.append(skill.number)
    return Reply(204)


def _drop_skill(call: Call, role: str) -> Reply:
    """`DELETE …/{skillId}`."""
    numbers: list[int] = getattr(_find(call), role)
    skill = find_skill(call)
    if skill.number in numbers:
        numbers.remove(skill.number)
    return Reply(204)


_ONE = "/dnc-groups/{groupId}"
ROUTES = (
    read("/dnc-groups", _read_all, "fields", "updatedSince"),
    write("POST", "/dnc-groups", _create),
    write("POST", "/dnc-groups/search", _search, "phoneNumber", body=False),
    read(_ONE, _read_one, "fields"),
    write("PUT", _ONE, _change, "dncGroupName", "dncGroupDescription", "isActive", body=False),
    read(f"{_ONE}/records", _read_records, "fields", "skip", "top", "orderBy"),
    write("POST", f"{_ONE}/records", _add_records),
    write("DELETE", f"{_ONE}/records", _expire_records),
    *(
        route
        for role in ("scrubbed", "contributing")
        for route in (
            read(f"{_ONE}/{role}-skills", partial(_read_skills, role=role), "skip", "top"),
            write("POST", f"{_ONE}/{role}-skills/{{skillId}}", partial(_add_skill, role=role), body=False),
            write("DELETE", f"{_ONE}/{role}-skills/{{skillId}}", partial(_drop_skill, role=role), body=False),
        )
    ),
)
