"""Campaign: a live campaign: dial type, list, abandonment policy, schedule, staffing, predictive settings, status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from reconciler.kinds import abandonment_policy, contact_list, segment
from reconciler.model import schedule
from reconciler.model.campaign import Campaign, Staffing, parse_told_window
from reconciler.model.campaign_draft import draft_campaign
from reconciler.model.campaign_state import RunState, confirms, needs_no_write, read_state
from reconciler.model.instants import parse_duration
from reconciler.model.kind import (
    Fields,
    ForEach,
    Kind,
    Later,
    Likeness,
    Reference,
    ReplaceBehaviour,
    RunStates,
)
from reconciler.model.live_state import LiveObject
from reconciler.model.ownership_mark import normalise_description
from reconciler.model.problem import Location, Problem
from reconciler.model.reason import Reason
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import MemberPhones, RowQuery
from reconciler.model.safe_harbour import ZONES
from reconciler.model.skill_blocks import check_blocks, pick_blocks
from reconciler.model.vendor_values import find_meaning

Spec = Mapping[str, Any]

_PLAIN = ("name", "description", "dialType", "wrapUpCode", "status")


def make_replacement_fields(fields: Fields) -> dict[str, Any]:
    """The fields of a campaign that is replaced: what only predictive dialling knows is left behind by the others."""
    without = () if fields.get("dialType") == "predictive" else ("predictive",)
    return {name: value for name, value in fields.items() if name not in without}


def find_downtime(before: Fields, after: Fields, later: Mapping[str, Later]) -> Reason:
    """For how long nobody is called while a campaign is replaced."""
    if not read_state(before).may_dial:
        return Reason("no_downtime", (str(before.get("status", "")),))
    if read_state(after) is not RunState.ACTIVE:
        return Reason("stays_stopped", (str(after.get("status")),))
    if "startTime" in later:
        waits = later["startTime"].why.code == "after_creation_within_hours"
        code = "stopped_until_within_hours" if waits else "stopped_until_after_creation"
        return Reason(code, (str(later["startTime"].seconds),))
    if "startTime" in after:
        return Reason("stopped_until", (str(after["startTime"]),))
    return Reason("stopped_until_active")


def make_campaign(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Campaign:
    """The campaign that a valid manifest declares, with its list, threshold and schedule looked up."""
    spec = resource.spec
    policy, band = _parse_policy(spec)
    used = _find_list(spec, catalogue)
    runs = schedule.make_schedule(spec["schedule"], as_of)
    return Campaign(
        address=resource.address,
        name=KIND.live_name(resource),
        list=contact_list.KIND.live_name(used),
        list_address=used.address,
        dial_type=spec["dialType"],
        status=spec["status"],
        threshold=_find_threshold(policy, band, catalogue),
        policy=policy,
        band=band,
        starts=runs.starts,
        ends=runs.ends,
        windows=runs.windows,
        staffing=_parse_staffing(spec),
        predictive=dict(spec.get("predictive", {})),
        starts_in=runs.starts_in,
        lasts=runs.lasts,
        repeats=runs.repeats,
        within_hours=runs.within_hours,
        purpose=spec.get("purpose"),
    )


def make_undeclared_campaign(address: Address, held: LiveObject) -> Campaign:
    """A campaign that no manifest declares, as far as the tenant says what it is."""
    told = held.fields
    starts, ends = parse_told_window(told)
    threshold = told.get("abandonThreshold")
    return Campaign(
        address=address,
        name=held.name,
        list=str(told.get("list", "")),
        list_address=Address(contact_list.KIND.name, str(told.get("list", ""))),
        dial_type=str(told.get("dialType", "")),
        status=str(told.get("status", "")),
        threshold=None if threshold is None else float(threshold),
        policy=None,
        band=None,
        starts=starts,
        ends=ends,
        windows=((starts, ends),) if starts is not None and ends is not None else (),
        staffing=None,
    )


def fields(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Fields:
    """What is declared of the campaign, with its list, threshold and schedule looked up."""
    spec = resource.spec
    declared: dict[str, Any] = {"name": KIND.live_name(resource)}
    declared |= {key: spec[key] for key in _PLAIN if key in spec}
    if "description" in declared:
        declared["description"] = normalise_description(declared["description"])
    declared["list"] = contact_list.KIND.live_name(_find_list(spec, catalogue))
    policy, band = _parse_policy(spec)
    threshold = _find_threshold(policy, band, catalogue)
    if threshold is not None:
        declared["abandonThreshold"] = threshold
    declared |= pick_blocks(spec)
    if policy is not None:
        harbour = catalogue.get(abandonment_policy.KIND.name, policy)
        declared |= abandonment_policy.make_harbour_fields(harbour, declared.get(ZONES, {}))
    declared |= schedule.make_times(spec["schedule"], as_of)
    if "predictive" in spec:
        declared["predictive"] = dict(spec["predictive"])
    return declared


def queries(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Iterable[RowQuery]:
    """The phones of who is on its list now, unless the list's segment knows them all: where they are called counts."""
    used = _find_list(resource.spec, catalogue)
    if not _knows_all_phones(used, catalogue):
        yield MemberPhones(contact_list.KIND.live_name(used), used.where(), needed=False)


def _knows_all_phones(used: Resource, catalogue: Catalogue) -> bool:
    """Whether a segment fills a list and knows all its phones."""
    fillers = (each for each in catalogue.of_kind("Segment") if used.address.name in each.spec["lists"].values())
    return any(segment.knows_all_phones(each, catalogue) for each in fillers)


def make_queries_for_unmanaged(
    declared: Sequence[Resource], others: Mapping[str, Fields], catalogue: Catalogue
) -> Iterator[RowQuery]:
    """The phones of whoever is called by campaigns that nothing declares, and that may be at work.

    People whom this workspace has called may be called by them, too: by a campaign that is declared, or by one that is
    not and dials a list that a segment fills.
    """
    manifests = {contact_list.KIND.live_name(each): each for each in catalogue.of_kind("ContactList")}
    filled = {name for each in catalogue.of_kind("Segment") for name in each.spec["lists"].values()}
    dials = {name: held.get("list") for name, held in others.items() if RUN_STATES.may_run(held)}
    ours = {name for name, each in manifests.items() if each.address.name in filled}
    if not any(RUN_STATES.is_running(each.spec) for each in declared) and not ours & set(dials.values()):
        return
    for name, dialled in dials.items():
        known = dialled in manifests and _knows_all_phones(manifests[dialled], catalogue)
        if dialled is not None and not known:
            yield MemberPhones(dialled, Location(f"Campaign {name!r} in the tenant"), needed=False)


def _find_list(spec: Spec, catalogue: Catalogue) -> Resource:
    """The list's manifest: named, or found by a band of a segment."""
    name = spec.get("list")
    if name is None:
        wanted = spec["segment"]
        name = catalogue.get("Segment", wanted["name"]).spec["lists"][wanted["band"]]
    return catalogue.get("ContactList", name)


def _parse_policy(spec: Spec) -> tuple[str | None, str | None]:
    """The policy's name, and the band: the policy's, else the segment's."""
    named = spec.get("abandonment", {})
    return named.get("policy"), named.get("band", spec.get("segment", {}).get("band"))


def _find_threshold(policy: str | None, band: str | None, catalogue: Catalogue) -> float | None:
    if policy is None or band is None:
        return None
    return abandonment_policy.make_thresholds(catalogue.get("AbandonmentPolicy", policy))[band]


def _parse_staffing(spec: Spec) -> Staffing | None:
    """Who works on it; the answer rate is that of predictive dialling, where none is stated."""
    stated = spec.get("staffing")
    if stated is None:
        return None
    rate = stated.get("answerRate", spec.get("predictive", {}).get("targetAnswerRate"))
    return Staffing(stated["agents"], float(rate), parse_duration(stated["handleTime"]), stated.get("attempts", 1))


def check(resource: Resource, catalogue: Catalogue) -> Iterable[Problem]:
    """There is one list and a threshold, the schedule is clear and not empty, the settings fit the dial type."""
    spec = resource.spec
    yield from _check_list(resource, catalogue)
    yield from _check_band(resource, catalogue)
    yield from schedule.check(resource)
    if spec["dialType"] != "predictive" and "predictive" in spec:
        yield Problem(
            resource.where("spec", "predictive"),
            "settings-not-used",
            f"`predictive` settings mean nothing to a {spec['dialType']} campaign",
            hint="leave them out, or set `dialType: predictive`",
        )
    yield from _check_staffing(resource)
    yield from check_blocks(resource)


def _check_list(resource: Resource, catalogue: Catalogue) -> Iterator[Problem]:
    spec = resource.spec
    if ("list" in spec) == ("segment" in spec):
        given = "both are" if "list" in spec else "neither is"
        message = f"a campaign dials either a `list` or the list of a `segment`; {given} given"
        yield Problem(resource.where("spec", "segment"), "list-unclear", message)
    elif "segment" in spec:
        name, band = spec["segment"]["name"], spec["segment"]["band"]
        lists = catalogue.get("Segment", name).spec["lists"]
        if band not in lists:
            yield Problem(
                resource.where("spec", "segment", "band"),
                "unknown-band",
                f"Segment {name!r} fills no list for band {band!r}",
                hint=f"its bands are {', '.join(lists)}",
            )


def _check_band(resource: Resource, catalogue: Catalogue) -> Iterator[Problem]:
    policy, band = _parse_policy(resource.spec)
    if policy is None:
        return
    thresholds = abandonment_policy.make_thresholds(catalogue.get("AbandonmentPolicy", policy))
    hint = f"its bands are {', '.join(thresholds)}"
    if band is None:
        message = f"which threshold of AbandonmentPolicy {policy!r} is meant? `band` is not given"
        yield Problem(resource.where("spec", "abandonment"), "missing-field", message, hint=hint)
    elif band not in thresholds:
        place = ("abandonment",) if "band" in resource.spec["abandonment"] else ("segment",)
        message = f"AbandonmentPolicy {policy!r} has no threshold for band {band!r}"
        yield Problem(resource.where("spec", *place, "band"), "unknown-band", message, hint=hint)


def _check_staffing(resource: Resource) -> Iterator[Problem]:
    spec = resource.spec
    stated = spec.get("staffing")
    if stated is None:
        return
    if "answerRate" not in stated and "targetAnswerRate" not in spec.get("predictive", {}):
        message = "the staffing has no `answerRate`, and there is no `targetAnswerRate` to take in its place"
        yield Problem(resource.where("spec", "staffing"), "missing-field", message, hint="add `answerRate:`")
    if not parse_duration(stated["handleTime"]):
        message = "an answered call takes no time at all"
        yield Problem(resource.where("spec", "staffing", "handleTime"), "out-of-range", message)


def _is_same_dial_type(live: Any, declared: Any) -> bool:
    """Whether a live dial type is no known difference: by a word that nobody knows no campaign is replaced."""
    return find_meaning("dial_type", live) in (None, declared)


RUN_STATES = RunStates(
    "status", "active", "paused", "draft", changeable_while_running=frozenset({"description", "wrapUpCode"})
)

KIND = Kind(
    name="Campaign",
    summary="a live campaign: who is dialled, how, when, and with which abandonment threshold",
    references=(
        Reference(("list",), "ContactList"),
        Reference(("segment", "name"), "Segment"),
        Reference(("abandonment", "policy"), "AbandonmentPolicy"),
    ),
    fields=fields,
    queries=queries,
    queries_for_unmanaged=make_queries_for_unmanaged,
    check=check,
    draft=partial(draft_campaign, lists=contact_list.KIND.name, policies=abandonment_policy.KIND.name),
    spec_paths={"startTime": ("schedule", "start"), "endTime": ("schedule", "end")},
    immutable=frozenset({"dialType"}),
    replacement=ReplaceBehaviour(make_replacement_fields, find_downtime),
    needed=frozenset({"abandonThreshold"}),
    for_each=ForEach("perBand", "band", whole=frozenset({"schedule"})),
    run_states=RUN_STATES,
    likeness={
        "status": Likeness(needs_no_write, confirms),
        "dialType": Likeness(_is_same_dial_type, lambda live, written: bool(live == written)),
    },
)
