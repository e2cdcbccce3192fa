"""AbandonmentPolicy: the threshold of each band, stricter ceilings, the safe harbour, and what is waived until when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.model.ceiling import Ceiling
from reconciler.model.countries import find_country
from reconciler.model.instants import parse_duration
from reconciler.model.kind import Kind
from reconciler.model.problem import Problem
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.safe_harbour import ZONES, Harbour, make_leg_fields, merge_harbours
from reconciler.model.workspace_settings import Override

DEFAULTS: Mapping[str, float] = {"high": 3, "medium": 5, "low": 8}
"""Percent, by band, of a policy that says none (contract, Scores). One that says some has those and no others: nobody
gets 8 % by leaving a line out."""

_MINUTE = 60
_LENGTHS = (("connect", "within", 1), ("ringing", "atLeast", 1), ("attempts", "within", _MINUTE))
"""Of which legs a length is declared, and how many seconds it has at least."""


def make_thresholds(resource: Resource) -> dict[str, float]:
    """The threshold of each band, in percent of calls."""
    return dict(resource.spec.get("thresholds", DEFAULTS))


def make_ceilings(resource: Resource) -> dict[str, Ceiling]:
    """The ceilings that the policy itself names, by country, `*` for every other."""
    named: Mapping[str, float] = resource.spec.get("ceilings", {})
    source = str(resource.address)
    return {
        find_country(place) or place: Ceiling(float(percent), "of calls", source, internal=True)
        for place, percent in named.items()
    }


def iter_waivers(resource: Resource) -> Iterator[Override]:
    """What the policy sets aside, each for one object until a day."""
    for each in resource.spec.get("waivers", ()):
        until = date.fromisoformat(each["until"])
        yield Override(each["rule"], each["object"], each["reason"], until, str(resource.address))


def make_harbours(resource: Resource) -> dict[str, Harbour]:
    """The safe harbour that the policy declares, by country, `*` for every other."""
    named: Mapping[str, Mapping[str, Any]] = resource.spec.get("safeHarbour", {})
    return {find_country(place) or place: _make_harbour(legs) for place, legs in named.items()}


def _make_harbour(legs: Mapping[str, Any]) -> Harbour:
    """Its legs in the units of `Harbour`."""
    connect, ringing = legs.get("connect"), legs.get("ringing", {})
    hours, window = legs.get("hours", {}), legs.get("attempts")
    return Harbour(
        rate=legs.get("rate"),
        connect=None if connect is None else parse_duration(connect["within"]).total_seconds(),
        message=legs["message"]["path"] if "message" in legs else None,
        ringing=parse_duration(ringing["atLeast"]).total_seconds() if "atLeast" in ringing else None,
        rings=ringing.get("rings"),
        opens=hours.get("from"),
        closes=hours.get("to"),
        most=None if window is None else window["most"],
        minutes=None if window is None else int(parse_duration(window["within"]).total_seconds() // 60),
        do_not_call="doNotCall" in legs,
        holidays="holidays" in legs,
    )


def make_harbour_fields(resource: Resource, zones: Mapping[str, Any]) -> dict[str, Any]:
    """The live fields by which each campaign of the policy keeps all that it declares, as strict as the strictest.

    `zones`: the hours of zones that a campaign declares itself; they stay, and the policy's zones come beside them.
    """
    declared = make_harbours(resource)
    whole = merge_harbours(declared.values())
    fields = make_leg_fields(whole)
    named = {zone for legs in resource.spec.get("safeHarbour", {}).values() for zone in _list_zones(legs)}
    if named:
        hours = {"startTime": whole.opens, "endTime": whole.closes, "timeZoneActiveToCall": True, "overrideTime": True}
        fields[ZONES] = {**zones, **{zone: {**hours, **zones.get(zone, {})} for zone in sorted(named)}}
    return fields


def _list_zones(legs: Mapping[str, Any]) -> list[str]:
    zones: list[str] = legs.get("hours", {}).get("zones", [])
    return zones


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """A campaign can be as strict as every country asks for at once, and no hours end before they begin."""
    where = resource.where("spec", "safeHarbour")
    for place, legs in resource.spec.get("safeHarbour", {}).items():
        hours = legs.get("hours")
        if hours is not None and hours["from"] >= hours["to"]:
            message = f"no time of the day is from {hours['from']} until {hours['to']}"
            yield Problem(resource.where("spec", "safeHarbour", place, "hours"), "hours-empty", message)
        for leg, length, least in (
            ("connect", "within", 1),
            ("ringing", "atLeast", 1),
            ("attempts", "within", _MINUTE),
        ):
            said = legs.get(leg, {}).get(length)
            if said is not None and parse_duration(said).total_seconds() < least:
                message = f"a time of {said} is none: it is at least {'a minute' if least == _MINUTE else 'a second'}"
                at = resource.where("spec", "safeHarbour", place, leg, length)
                yield Problem(at, "out-of-range", message)
    try:
        merged = merge_harbours(make_harbours(resource).values())
    except ValueError as unclear:
        message = f"a campaign has one `{unclear}` for everybody it calls, and none keeps what all countries say"
        yield Problem(where, "harbour-unclear", message, hint="declare a policy for each of them, or the same for both")
        return
    if merged.opens is not None and merged.closes is not None and merged.opens >= merged.closes:
        message = f"no time of the day keeps the hours of all countries: from {merged.opens} until {merged.closes}"
        yield Problem(where, "hours-empty", message, hint="declare a policy for each of them")


KIND = Kind(
    name="AbandonmentPolicy",
    summary="threshold per band, in percent of calls; stricter ceilings; the safe harbour; waivers",
    check=check,
)
