"""The skills of the tenant: what each holds, and how its blocks are told and written, where the two disagree."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.simulator.body_checks import fields, nullable, number, text, truth
from reconciler.simulator.error_replies import bad_request, not_found
from reconciler.simulator.routing import Call
from reconciler.simulator.stored_records import Campaign
from reconciler.simulator.surfaces.nice.call_lists import Mappings

DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
Check = Callable[[Any, str], Any]


def _all(check: Check, *names: str) -> dict[str, Check]:
    return dict.fromkeys(names, nullable(check))


def _number_as_text(value: Any, where: str) -> str:
    """A number that is written as text (spec): it is told as a number elsewhere."""
    if re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text(value, where), re.ASCII) is None:
        raise bad_request(f"{where}: must be a number, as text")
    return str(value)


GENERAL = {
    **_all(number, "minimumRetryMinutes", "maximumAttempts", "defaultContactExpiration", "maximumRingingDuration"),
    **_all(number, "beginDampenPercentage", "abandonRateCutoff", "abandonRateThreshold", "inactiveBlenderTimer"),
    **_all(number, "maximumRatio", "endOfListNotificationsDelay", "percentageOfAgentsBeforeOverdial"),
    **_all(number, "consecutiveAttemptsWithoutALiveConnect", "proficiencyFactor", "waitTimeFactor"),
    **_all(number, "maxConcurrentCallsPerAgent", "maxWaitTimeSeconds"),
    **_all(truth, "getPriorityContactsOnContactInsertion", "loadCallbacks", "loadFresh", "loadNonFresh"),
    **_all(truth, "overrideBusinessUnitAbandonRate", "notifyAgentsWhenListIsEmpty", "blockMultipleCalls"),
    **_all(truth, "enableDialingByProficiency", "deliverCallbacksOnDNCHolidays", "deliverPrioritiesOnDNCHolidays"),
    **_all(_number_as_text, "aggressiveness"),
}
_CPA_NUMBERS = (
    *("abandonMsgMode", "abandonTimeout", "agentNoResponseSeconds", "agentResponseUtteranceMinimumSeconds"),
    *("agentVoiceThreshold", "ansMachineDetMode", "ansMachineOverrideSeconds", "customerLiveSilenceSeconds"),
    *("customerVoiceThreshold", "machineEndSilenceSeconds", "machineEndTimeoutSeconds"),
    *("machineMinimumWithAgentSeconds", "machineMinimumWithoutAgentSeconds", "utteranceMinimumSeconds"),
)
_CPA_TRUTHS = (
    *("agentOverrideOptionAnsweringMachine", "agentOverrideOptionBadNumber", "agentOverrideOptionFax"),
    *("enableCPALogging", "preConnectCPAEnabled", "preConnectCPARecording", "treatProgressAsRinging"),
)


def _rows(*names: str) -> Check:
    """A list of objects that have these fields and no others."""

    def check(value: Any, where: str) -> Any:
        good = isinstance(value, list) and all(isinstance(each, dict) and set(each) <= {*names} for each in value)
        if not good:
            raise bad_request(f"{where}: must be a list of objects with {', '.join(names)}")
        return value

    return check


CPA = {
    **_all(number, *_CPA_NUMBERS),
    **_all(truth, *_CPA_TRUTHS),
    **_all(text, "abandonMessagePath", "ansMachineMsg"),
    **_all(_rows("attempt_No", "ansMachineDetMode", "ansMachineMsg"), "exceptions"),
}
XS = {
    **_all(number, "xsScriptID", "xsCheckinScriptID", "xsFreshThreshold", "xsAvailableThreshold"),
    **_all(number, "xsReadyThreshold", "xsNumberToRetrieve"),
    **_all(truth, "xsSkillChangedActive", "xsGetContactsActive"),
    **_all(text, "externalOutboundSkill_No"),
}
RETRY = {
    **_all(truth, "loadNonFresh", "finalizeWhenExhausted", "releaseAgentSpecificCalls"),
    **_all(number, "maximumAttempts", "minimumRetryMinutes", "maximumNumberOfHandledCalls", "generalStaleMinutes"),
    **_all(number, "restrictedCallingMinutes", "restrictedCallingMaxAttempts", "callbackRestMinutes"),
    **_all(number, "maximumNumberOfCallbacks", "callbackStaleMinutes"),
}
_RECORDS = ("confirmationRequired", "complianceRecords")
DELIVERY = {
    **_all(truth, *(f"{each}{end}" for each in _RECORDS for end in ("Disabled", "DefaultAccept"))),
    **_all(number, *(f"{each}{end}" for each in _RECORDS for end in ("DeliveryType", "Timeout", "TimeoutSubsequent"))),
    **_all(truth, "confirmationRequiredDefault"),
    **_all(
        truth,
        *(
            f"show{which}Button{what}"
            for which in ("Compliance", "Preview")
            for what in ("Reschedule", "Requeue", "Snooze", "Disposition")
        ),
    ),
}
SCHEDULE = {
    **_all(truth, "isScheduled", *(f"{day}IsActive" for day in DAYS)),
    **_all(text, *(f"{day}{end}" for day in DAYS for end in ("StartTime", "EndTime"))),
}


def _cadences(value: Any, where: str) -> Any:
    """Cadences: of each number the hours of weekdays, and of weekends."""
    hours = nullable(_rows("startTime", "endTime"))
    names = {"weekdayTimeConstraints": hours, "weekendTimeConstraints": hours}
    for each in _rows("fieldName", "attempts", "timeConstraints")(value, where):
        if each.get("timeConstraints") is not None:
            fields(each["timeConstraints"], f"{where}.timeConstraints", required={}, optional=names)
    return value


CADENCE = {
    **_all(text, "attemptMode", "recordRequestMode"),
    **_all(number, "destinationRetryRestMinutes"),
    **_all(_rows("fieldName", "attempts"), "maximumAttempts"),
    **_all(_cadences, "cadences"),
}
DISPLAY = {
    **_all(text, "displayField1Name", "displayField2Name"),
    **_all(_rows("orderType", "direction"), "listOrderingOptions"),
}
ZONES = {**_all(text, "standardName", "startTime", "endTime"), **_all(truth, "timeZoneActiveToCall", "overrideTime")}


@dataclass(slots=True)
class Skill:
    """A skill: its own fields, its blocks as they were written, whether it works, how often it is not yet told."""

    number: int
    fields: dict[str, Any]
    blocks: dict[str, Any] = field(default_factory=dict)
    running: bool = False
    hidden: int = 0

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.fields["skillName"])


class Skills:
    """The skills of the tenant, by their numbers.

    `lag`: so many lists of skills do not tell a new one. `of_campaigns`: the numbers of those that are campaigns of the
    store, by their ids.
    """

    def __init__(self) -> None:
        self.held: dict[int, Skill] = {}
        self.of_campaigns: dict[str, int] = {}
        self.last = 9000
        self.lag = 0

    def add(self, name: str, **fields: Any) -> Skill:
        """Make a skill as an administrator would."""
        self.last += 1
        made = Skill(self.last, {"skillName": name, "mediaTypeId": 4, "isOutbound": True, "isActive": True, **fields})
        self.held[made.number] = made
        return made

    def skill_named(self, name: str) -> Skill:
        """The skill of a name; KeyError where there is none."""
        return {each.name: each for each in self.held.values()}[name]


def skills_of(call: Call) -> Skills:
    """The tenant's skills; each campaign of the store is one, too, from the moment that somebody asks."""
    store = call.tenant.store
    skills = store.part(Skills)
    for campaign in store.campaigns.values():
        if campaign.id not in skills.of_campaigns and "name" in campaign.fields:
            skills.of_campaigns[campaign.id] = _make_of_campaign(call, skills, campaign).number
    return skills


def _make_of_campaign(call: Call, skills: Skills, campaign: Campaign) -> Skill:
    """A campaign that another surface, or nobody's, has made, as a skill."""
    held = campaign.fields
    made = skills.add(
        campaign.name,
        notes=str(held.get("description", "")),
        outboundStrategy="Personal Connection" if held.get("dialType") == "predictive" else str(held.get("dialType")),
    )
    made.running = held.get("status") == "active"
    if "abandonThreshold" in held:
        rates = dict.fromkeys(("abandonRateCutoff", "abandonRateThreshold"), held["abandonThreshold"])
        made.blocks["generalSettings"] = {**rates, "overrideBusinessUnitAbandonRate": True}
    if held.get("listId") in call.tenant.store.lists:
        call.tenant.store.part(Mappings).of(held["listId"]).skills.append(made.number)
    return made


def find_skill(call: Call, name: str = "skillId") -> Skill:
    """The skill of a path; 404 where there is none."""
    told = call.params[name]
    found = skills_of(call).held.get(int(told)) if told.isdecimal() else None
    if found is None:
        raise not_found("skill: there is none with that id")
    return found


def _tell_cadence(order: int, written: Mapping[str, Any]) -> dict[str, Any]:
    """One number's cadence: the hours of weekdays and of weekends are told as one list (spec), in words of ours."""
    hours = written.get("timeConstraints") or {}
    told = [
        {"dayType": word, "startTime": each.get("startTime", ""), "endTime": each.get("endTime", "")}
        for name, word in (("weekdayTimeConstraints", "Weekday"), ("weekendTimeConstraints", "Weekend"))
        for each in hours.get(name) or ()
    ]
    own = {name: value for name, value in written.items() if name != "timeConstraints" and value is not None}
    return {**own, "order": order, "timeConstraints": told}


def tell_block(name: str, held: Mapping[str, Any]) -> Any:
    """A block as `/parameters` tells it; what was set to null is not told."""
    told: dict[str, Any] = {name: value for name, value in held.items() if value is not None}
    match name:
        case "generalSettings":
            told = {name: value for name, value in told.items() if not name.endswith("OnDNCHolidays")}
            if told.get("aggressiveness") is not None:
                told["aggressiveness"] = float(told["aggressiveness"])
            told["waitTimeFactor"] = bool(told.get("waitTimeFactor"))
        case "cpaSettings":
            told.pop("ansMachineOverrideSeconds", None)
            told["enableCPALogging"] = str(bool(told.get("enableCPALogging")))
            rows = told.get("exceptions") or []
            told["exceptions"] = [
                {("attemptNo" if key == "attempt_No" else key): value for key, value in row.items()} for row in rows
            ]
        case "xsSettings":
            for written, said in (("xsScriptID", "xsScriptId"), ("xsCheckinScriptID", "xsCheckinScriptId")):
                if written in told:
                    told[said] = told.pop(written)
        case "listManagementSettings":
            if "displayField2Name" in told:
                told["displayField2NAme"] = told.pop("displayField2Name")
        case "cadenceSettings":
            attempts = told.pop("maximumAttempts", None) or []
            if "cadences" in told:
                told["cadences"] = [_tell_cadence(n, each) for n, each in enumerate(told["cadences"], start=1)]
            told = {name: value for name, value in told.items() if not name.endswith("Mode")}
            told["cadenceMaximumAttempts"] = [
                {"label": each["fieldName"], "maxAttempts": each["attempts"]} for each in attempts
            ]
        case "scheduleSettings":
            days = [
                {
                    "day": day.capitalize(),
                    "active": bool(told.get(f"{day}IsActive")),
                    "startTime": told.get(f"{day}StartTime", ""),
                    "endTime": told.get(f"{day}EndTime", ""),
                }
                for day in DAYS
            ]
            told = {"isScheduled": bool(told.get("isScheduled")), "schedules": days}
    return told
