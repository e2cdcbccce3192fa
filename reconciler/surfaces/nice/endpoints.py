"""Every request that is made of NICE's published API: its path, its wrapper, its quirks, and how surely it is known.

Nothing of this surface makes a request but by an entry here; `docs/nice.md` prints them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from reconciler.model.paging import Query
from reconciler.model.surface_wire import Call, in_path


class Weight(StrEnum):
    """How surely something of the API is known."""

    SPEC = "spec"
    """It stands in the vendor's published OpenAPI documents."""
    CLIENT = "client"
    """It was read in a public client that works against live tenants."""
    INFERRED = "inferred"
    """It is our inference from what the others say."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One request.

    Attributes:
        path: below the base URL, with `{}` for each id. used_for: what it is made for.
        wrapper: the only field of its body, around what is sent; empty: what is sent is the body.
        quirk: where it is not as it seems, and `known` how surely that is known. weight: how surely the request is.
    """

    method: str
    path: str
    used_for: str
    weight: Weight = Weight.SPEC
    wrapper: str = ""
    quirk: str = ""
    known: Weight | None = None

    def call(self, *ids: str, query: Query | None = None, body: Any = None) -> Call:
        """The request about some ids."""
        wrapped = {self.wrapper: body} if self.wrapper and body is not None else body
        return Call(self.method, self.path.format(*map(in_path, ids)), query or {}, wrapped)


_LIST = "/lists/call-lists/{}"
_SKILL = "/skills/{}"
_BLOCK = f"{_SKILL}/parameters"

ENDPOINTS: Mapping[str, Endpoint] = {
    "lists.read": Endpoint(
        "GET", "/lists/call-lists", "all lists", quirk="204 without a body, where there are none", known=Weight.CLIENT
    ),
    "lists.create": Endpoint(
        "POST",
        "/lists/call-lists",
        "a new list: the mapping of its columns",
        quirk="name and columns stand in the query, the destinations in the body",
        known=Weight.SPEC,
    ),
    "lists.delete": Endpoint(
        "DELETE",
        _LIST,
        "a list that is no longer declared",
        quirk="`forceInactive` and `forceDelete`: what each does is not published; both are sent as true",
        known=Weight.INFERRED,
    ),
    "lists.one": Endpoint(
        "GET",
        _LIST,
        "one list: its counts, its skills, and with `includeRecords` its records",
        quirk="a record that was taken off may still be told, with `icSourceRemoved`",
        known=Weight.INFERRED,
    ),
    "lists.upload": Endpoint(
        "POST",
        f"{_LIST}/upload",
        "new and changed records, as a CSV file in base64: a job",
        quirk="a record with a known external id is changed by it; there is no other way to change one",
        known=Weight.INFERRED,
    ),
    "lists.remove": Endpoint(
        "DELETE",
        f"{_LIST}/removeProspects",
        "taking records off a list, by their external ids",
        quirk="the document calls the id in the path `sourceName` and an external id a number; an id that is none is "
        "sent as text",
        known=Weight.INFERRED,
    ),
    "lists.attempts": Endpoint("GET", f"{_LIST}/attempts", "the calls that were attempted of a list's records"),
    "jobs.read": Endpoint(
        "GET",
        "/lists/call-lists/jobs",
        "the job of an upload whose reply was lost",
        quirk="`startDate` and `endDate` must be given; a job does not say which file it is of",
        known=Weight.SPEC,
    ),
    "jobs.one": Endpoint(
        "GET",
        "/lists/call-lists/jobs/{}",
        "how an upload gets on",
        quirk="an array of one; two truths, `isComplete` and `isCancelled`, no status, no row's error",
        known=Weight.CLIENT,
    ),
    "contacts.one": Endpoint(
        "GET",
        "/contacts/{}",
        "whether a call is over, and of which skill it is",
        quirk="what is told stands in `contactId`, as an object",
        known=Weight.SPEC,
    ),
    "contacts.disposition": Endpoint("GET", "/contacts/{}/disposition", "the disposition that a call has"),
    "contacts.set": Endpoint(
        "POST",
        "/contacts/{}/set-disposition",
        "setting the disposition of a call",
        wrapper="dispositionInfo",
        quirk="whether `dispositionCode` is a disposition's name is not published: it is taken for that",
        known=Weight.INFERRED,
    ),
    "campaigns.read": Endpoint("GET", "/campaigns", "the campaigns of a name, of which a skill is one's"),
    "campaigns.create": Endpoint(
        "POST",
        "/campaigns",
        "the campaign of a new skill: it only counts",
        quirk="flat from version 33 on; the shape of another version is answered with 500",
        known=Weight.CLIENT,
    ),
    "skills.read": Endpoint(
        "GET", "/skills", "the skills of calls", quirk="a new skill is told only after a while", known=Weight.CLIENT
    ),
    "skills.create": Endpoint(
        "POST",
        "/skills",
        "a new skill",
        wrapper="skills",
        quirk="200 though it is refused: `errorCount`, and each skill's `success` and `error`; no id",
        known=Weight.SPEC,
    ),
    "skills.one": Endpoint("GET", _SKILL, "one skill", quirk="flat, or the first of `skills`", known=Weight.CLIENT),
    "skills.change": Endpoint(
        "PUT",
        _SKILL,
        "a skill's own fields, made inactive as well: none is ever deleted",
        wrapper="skill",
        quirk="`mediatypeid` and `popThankYouUrl` are told as `mediaTypeId` and `popThankYouURL`",
        known=Weight.SPEC,
    ),
    "skills.start": Endpoint("POST", f"{_SKILL}/start", "setting a skill to work"),
    "skills.stop": Endpoint("POST", f"{_SKILL}/stop", "letting a skill rest"),
    "skills.parameters": Endpoint("GET", _BLOCK, "all blocks of a skill, and the lists that it dials"),
    "skills.general.read": Endpoint(
        "GET",
        f"{_BLOCK}/general-settings",
        "the general settings",
        quirk="with a wrapper or without one; `aggressiveness` a number or text, `waitTimeFactor` true or a number",
        known=Weight.SPEC,
    ),
    "skills.general": Endpoint(
        "PUT", f"{_BLOCK}/general-settings", "pacing, and the rate of abandoned calls", wrapper="generalSettings"
    ),
    "skills.cpa.read": Endpoint(
        "GET",
        f"{_BLOCK}/cpa-management",
        "the one field of call progress analysis that the other blocks are not told with",
        quirk="`ansMachineOverrideSeconds` is told as `AnsMachineOverrideSeconds`, and nothing else is",
        known=Weight.SPEC,
    ),
    "skills.cpa": Endpoint(
        "PUT",
        f"{_BLOCK}/cpa-management",
        "call progress analysis",
        wrapper="cpaSettings",
        quirk="`exceptions[].attemptNo` is written `attempt_No`; `enableCPALogging` is told as text",
        known=Weight.SPEC,
    ),
    "skills.xs": Endpoint(
        "PUT",
        f"{_BLOCK}/xs-settings",
        "scripts",
        wrapper="xsSettings",
        quirk="`xsScriptId` is written `xsScriptID`",
        known=Weight.SPEC,
    ),
    "skills.retry": Endpoint(
        "PUT",
        f"{_BLOCK}/retry-settings",
        "attempts, and how many of them in a window",
        wrapper="retrySettings",
        quirk="a part of it is taken, too",
        known=Weight.CLIENT,
    ),
    "skills.delivery": Endpoint(
        "PUT", f"{_BLOCK}/delivery-preferences", "what agents are offered", wrapper="deliveryPreferences"
    ),
    "skills.schedule": Endpoint(
        "PUT",
        f"{_BLOCK}/schedule-settings",
        "the hours of a week",
        wrapper="scheduleSettings",
        quirk="told as a list of days or flat, written flat; in which zone is not published",
        known=Weight.SPEC,
    ),
    "skills.zones": Endpoint(
        "PUT",
        f"{_BLOCK}/time-zones",
        "the hours of each zone",
        wrapper="timeZoneSettings",
        quirk="`name` is written `standardName`",
        known=Weight.SPEC,
    ),
    "skills.cadence": Endpoint(
        "PUT",
        f"{_BLOCK}/cadence-settings",
        "how often each number is tried",
        quirk="no wrapper; `cadenceMaximumAttempts[{label, maxAttempts}]` is written "
        "`maximumAttempts[{fieldName, attempts}]`; modes are told as numbers and written as words",
        known=Weight.SPEC,
    ),
    "skills.display": Endpoint(
        "PUT",
        f"{_BLOCK}/list-management",
        "what agents see of a list, and its order",
        quirk="no wrapper; `displayField2NAme` is written `displayField2Name`",
        known=Weight.SPEC,
    ),
    "dnc.read": Endpoint("GET", "/dnc-groups", "all do-not-call groups"),
    "dnc.one": Endpoint(
        "GET",
        "/dnc-groups/{}",
        "one do-not-call group",
        quirk="a list of one, in `resultSet`; the answer to a creation has none",
        known=Weight.SPEC,
    ),
    "dnc.create": Endpoint("POST", "/dnc-groups", "a new do-not-call group"),
    "dnc.change": Endpoint(
        "PUT",
        "/dnc-groups/{}",
        "the name and description of a do-not-call group",
        quirk="all of it stands in the query",
        known=Weight.SPEC,
    ),
    "dnc.numbers": Endpoint(
        "GET",
        "/dnc-groups/{}/records",
        "the numbers of a do-not-call group",
        quirk="one that has expired is told, too; in which form and zone `expiredDate` is written is not published",
        known=Weight.INFERRED,
    ),
    "dnc.numbers.add": Endpoint(
        "POST",
        "/dnc-groups/{}/records",
        "adding numbers to a do-not-call group",
        wrapper="dncGroupRecords",
        quirk="200 though one is refused: `errorCount` in `resultSet`; a number is a number, and of +1 has ten digits; "
        "how many a request takes is not published, and a public client sends a hundred",
        known=Weight.CLIENT,
    ),
    "dnc.numbers.expire": Endpoint(
        "DELETE",
        "/dnc-groups/{}/records",
        "letting numbers of a do-not-call group expire: none is removed",
        wrapper="dncGroupRecords",
        quirk="a number is text here, and the answer has no `resultSet`; without `expiredDate` it expires at once",
        known=Weight.INFERRED,
    ),
    "suppressed.read": Endpoint("GET", "/suppressed-contact", "all suppressed contacts: they come in no pages"),
    "suppressed.create": Endpoint(
        "POST",
        "/suppressed-contact",
        "a number that is not to be called for some skills, from a day until another",
        wrapper="suppressedContactData",
        quirk="`skills` is one text, with commas between them; its answer is not published, so what was made is read",
        known=Weight.INFERRED,
    ),
    "dnc.scrubbed": Endpoint("GET", "/dnc-groups/{}/scrubbed-skills", "the skills that a group is scrubbed against"),
    "dnc.scrub": Endpoint("POST", "/dnc-groups/{}/scrubbed-skills/{}", "scrubbing a skill against a group"),
    "dnc.contributing": Endpoint("GET", "/dnc-groups/{}/contributing-skills", "the skills that add numbers to a group"),
    "dnc.contribute": Endpoint(
        "POST", "/dnc-groups/{}/contributing-skills/{}", "letting a skill add numbers to a group"
    ),
}


def make_call(name: str, *ids: str, query: Query | None = None, body: Any = None) -> Call:
    """The request of an entry."""
    return ENDPOINTS[name].call(*ids, query=query, body=body)
