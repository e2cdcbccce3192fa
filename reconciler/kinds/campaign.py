"""Campaign: a live campaign: dial type, list, abandonment policy, schedule, predictive settings, status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from reconciler.kinds import contact_list
from reconciler.model.kind import Activity, Fields, Kind, Later, Reference, Surface, WireReference
from reconciler.model.moment import format_instant, parse_duration, parse_instant
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource

_PLAIN = ("name", "description", "dialType", "wrapUpCode", "status")
_ON_WIRE = (*_PLAIN, "abandonThreshold", "startTime", "endTime", "listId")


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """A campaign as the tenant sends it, without what the tenant owns; instants as this tool writes them."""
    fields = {key: body[key] for key in _ON_WIRE if body.get(key) is not None}
    for key in ("startTime", "endTime"):
        if key in fields:
            fields[key] = format_instant(parse_instant(fields[key]))
    if body.get("predictiveDialingSettings"):
        fields["predictive"] = dict(body["predictiveDialingSettings"])
    return fields


def write(fields: Fields) -> dict[str, Any]:
    """Live fields as `POST` and `PATCH /campaigns` take them."""
    body = dict(fields)
    if "predictive" in body:
        body["predictiveDialingSettings"] = body.pop("predictive")
    return body


def fields(resource: Resource, catalogue: Catalogue) -> Fields:
    """What is declared of the campaign, with its list and threshold looked up."""
    spec = resource.spec
    policy = catalogue.get("AbandonmentPolicy", spec["abandonment"]["policy"])
    declared: dict[str, Any] = {"name": KIND.live_name(resource)}
    declared |= {key: spec[key] for key in _PLAIN if key in spec}
    declared["list"] = contact_list.KIND.live_name(catalogue.get("ContactList", spec["list"]))
    declared["abandonThreshold"] = policy.spec["thresholds"][spec["abandonment"]["band"]]
    declared |= _schedule(spec["schedule"])
    if "predictive" in spec:
        declared["predictive"] = dict(spec["predictive"])
    return declared


def _schedule(schedule: Mapping[str, str]) -> dict[str, Any]:
    lasts = parse_duration(schedule["lasts"]) if "lasts" in schedule else None
    times: dict[str, Any] = {}
    if "start" in schedule:
        start = parse_instant(schedule["start"])
        times["startTime"] = format_instant(start)
        if lasts is not None:
            times["endTime"] = format_instant(start + lasts)
    else:
        after = parse_duration(schedule["startsIn"])
        times["startTime"] = Later(int(after.total_seconds()), f"{schedule['startsIn']} after it is created")
        if lasts is not None:
            words = f"{schedule['lasts']} after its start"
            times["endTime"] = Later(int((after + lasts).total_seconds()), words)
    if "end" in schedule:
        times["endTime"] = format_instant(parse_instant(schedule["end"]))
    return times


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """The policy has the band, the schedule is clear and not empty, the settings fit the dial type."""
    spec = resource.spec
    policy, band = spec["abandonment"]["policy"], spec["abandonment"]["band"]
    thresholds = catalogue.get("AbandonmentPolicy", policy).spec["thresholds"]
    if band not in thresholds:
        yield Problem(
            resource.where("spec", "abandonment", "band"),
            "unknown-band",
            f"AbandonmentPolicy {policy!r} has no threshold for band {band!r}",
            hint=f"its bands are {', '.join(thresholds)}",
        )
    yield from _check_schedule(resource, spec["schedule"])
    if spec["dialType"] != "predictive" and "predictive" in spec:
        yield Problem(
            resource.where("spec", "predictive"),
            "settings-not-used",
            f"`predictive` settings mean nothing to a {spec['dialType']} campaign",
            hint="leave them out, or set `dialType: predictive`",
        )


def _check_schedule(resource: Resource, schedule: Mapping[str, str]) -> Iterable[Problem]:
    for one, other in (("start", "startsIn"), ("end", "lasts")):
        if (one in schedule) == (other in schedule):
            given = "both are" if one in schedule else "neither is"
            message = f"a schedule has either `{one}` or `{other}`; {given} given"
            yield Problem(resource.where("spec", "schedule"), "schedule-unclear", message)
            return
    if "lasts" in schedule and not parse_duration(schedule["lasts"]):
        yield Problem(
            resource.where("spec", "schedule", "lasts"), "schedule-empty", "the campaign lasts no time at all"
        )
    if "start" in schedule and "end" in schedule and parse_instant(schedule["end"]) <= parse_instant(schedule["start"]):
        message = f"the campaign ends at {schedule['end']}, not after its start at {schedule['start']}"
        yield Problem(resource.where("spec", "schedule", "end"), "schedule-empty", message)


KIND = Kind(
    name="Campaign",
    says="a live campaign: who is dialled, how, when, and with which abandonment threshold",
    references=(Reference(("list",), "ContactList"), Reference(("abandonment", "policy"), "AbandonmentPolicy")),
    surfaces=(
        Surface(
            name="lists",
            path="campaigns",
            rows="data",
            read_scope="campaigns:read",
            write_scope="campaigns:write",
            writable=True,
            references=(WireReference("list", "ContactList", "listId"),),
            read=read,
            write=write,
        ),
    ),
    fields=fields,
    check=check,
    activity=Activity("status", "active", "paused", "draft", calm=frozenset({"description", "wrapUpCode"})),
)
