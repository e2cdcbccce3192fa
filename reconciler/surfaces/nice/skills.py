"""A skill: what is told of it, how it is made, changed, started, stopped and made inactive. Skills dial.

Skills are never deleted [client]. In its notes stands what has no place else: of which kind of manifest it is, whether
it was ever started, the window in which it may dial.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from reconciler.model.reply_shape import ID, NAME, TEXT, TRUTH, Rows, Shape, may, needs
from reconciler.model.surface_wire import Call, Companion, Requests
from reconciler.model.vendor_values import fold_word
from reconciler.surfaces.nice.api import pages
from reconciler.surfaces.nice.endpoints import make_call

PHONE_CALL = 4
"""The media type of calls [client]: `GET /media-types` tells them all."""

STRATEGIES = {"predictive": "Personal Connection"}
"""How a dial type is called here [inferred]; what the others are called is not published."""

SKILL = Shape(
    {
        "skillId": needs(ID),
        "skillName": needs(NAME),
        "isActive": may(TRUTH),
        "isOutbound": may(TRUTH),
        "isRunning": may(TRUTH),
        "outboundStrategy": may(TEXT),
        "notes": may(TEXT),
    }
)
PAGES = pages("skills")

_SPELT = {"mediaTypeId": "mediatypeid", "popThankYouURL": "popThankYouUrl", "screenPopDetail": "screenPopDetails"}
"""Fields that are told in one spelling and changed in another [spec]."""
_CHANGED = frozenset(
    {
        *("skillName", "mediatypeid", "campaignId", "callerIdOverride", "emailFromAddress", "emailFromEditable"),
        *(
            "emailBccAddress",
            "scriptId",
            "reskillHours",
            "minWFIAgents",
            "minWFIAvailableAgents",
            "requireManualAccept",
        ),
        *("interruptible", "isActive", "minWorkingTime", "agentless", "agentlessPorts", "notes", "acwTypeId"),
        *("requireDisposition", "allowSecondaryDisposition", "stateIdACW", "maxSecondsACW", "agentRestTime"),
        *("displayThankyou", "thankYouLink", "popThankYou", "popThankYouUrl", "makeTranscriptAvailable"),
        *("transcriptFromAddress", "priorityBlending", "callSuppressionScriptId", "useScreenPops"),
        *("useCustomScreenPops", "screenPopDetails", "initialPriority", "acceleration", "maxPriority"),
        *("serviceLevelThreshold", "serviceLevelGoal", "enableShortAbandon", "shortAbandonThreshold"),
        *("countShortAbandons", "chatWarningThreshold", "agentTypingIndicator", "smsTransportCodeId"),
        *("messageTemplateId", "deliverMultipleNumbersSerially", "cradleToGrave", "priorityInterrupt"),
        *("acwPostTimeoutStateId", "outboundTelecomRouteId", "EquityLevel", "FallbackTime", "FocusLock", "FocusMetric"),
    }
)
"""What a change carries, of what is told [spec]: it is sent whole, for what is left out may be reset [inferred]."""

_TAG = re.compile(r"\s*\[(campaign|skill)(?: (draft))?(?: (\S+)/(\S+))?\](?=\s*(?:\(managed-by:|$))")


@dataclass(frozen=True, slots=True)
class Tag:
    """What stands in a skill's notes besides what people wrote and the mark.

    Attributes:
        kind: `campaign` or `skill`. draft: whether it was never started. starts, ends: its window; empty: none.
    """

    kind: str
    draft: bool = False
    starts: str = ""
    ends: str = ""

    def __str__(self) -> str:
        window = f" {self.starts or '..'}/{self.ends or '..'}" if self.starts or self.ends else ""
        return f"[{self.kind}{' draft' if self.draft else ''}{window}]"


def split_tag(notes: str) -> tuple[str, Tag | None]:
    """Notes without their tag, and the tag."""
    match = _TAG.search(notes)
    if match is None:
        return notes, None
    starts, ends = ("" if each in (None, "..") else each for each in (match[3], match[4]))
    return (notes[: match.start()] + notes[match.end() :]).strip(), Tag(match[1], bool(match[2]), starts, ends)


def put_tag(notes: str, tag: Tag) -> str:
    """Notes with a tag, before the mark: that stands at the end."""
    bare, _ = split_tag(notes)
    at = bare.rfind("(managed-by:")
    head, mark = (bare, "") if at < 0 else (bare[:at], bare[at:])
    return " ".join(each for each in (head.strip(), str(tag), mark.strip()) if each)


def read_notes(body: Mapping[str, Any]) -> tuple[str, Tag | None]:
    """A skill's notes without their tag, and the tag."""
    return split_tag(str(body.get("notes") or ""))


def pick_skill(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    """The skill of an answer about one: flat, or the first of a list."""
    rows = answer.get("skills")
    return rows[0] if isinstance(rows, list) and rows else answer


def make_change(skill_id: str, held: Mapping[str, Any], changed: Mapping[str, Any]) -> Call:
    """A change of a skill's own fields, sent whole."""
    told = {_SPELT.get(name, name): value for name, value in pick_skill(held).items() if value is not None}
    whole = {**{name: value for name, value in told.items() if name in _CHANGED}, **changed}
    return make_call("skills.change", skill_id, body=whole)


def refuse(answer: Any) -> str | None:
    """Why a creation was refused though its status is 200: its own count of errors."""
    told = answer if isinstance(answer, Mapping) else {}
    rows = told.get("skillsResults") or ()
    failed = [each for each in rows if isinstance(each, Mapping) and each.get("success") is False]
    if not failed and not told.get("errorCount"):
        return None if told.get("success") is not False else "it is not changed"
    return next((str(each["error"]) for each in failed if each.get("error")), "the tenant does not say why")


def is_another(kind: str) -> Callable[[Mapping[str, Any]], bool]:
    """Whether a skill is none that a kind speaks of: it does not call out, is inactive, or is of the other kind."""

    def gone(body: Mapping[str, Any]) -> bool:
        _, tag = read_notes(body)
        other = tag is not None and tag.kind != kind
        return other or body.get("isActive") is False or body.get("isOutbound") is False

    return gone


def read_strategy(body: Mapping[str, Any]) -> str | None:
    """The dial type; the tenant's own word where nobody knows it."""
    told = body.get("outboundStrategy")
    known = {fold_word(theirs): ours for ours, theirs in STRATEGIES.items()}
    return None if told is None else known.get(fold_word(str(told)), str(told))


CAMPAIGN_OF = Companion(
    field="campaignId",
    path="/campaigns",
    pages=pages("campaigns"),
    shape=Shape({"id": needs(ID), "name": needs(NAME)}),
    find=lambda name: {"searchString": name},
    id_field="id",
    name_field="name",
    create=lambda name: make_call("campaigns.create", body={"name": name, "isActive": True}),
    named="id",
)
"""Each skill is of a campaign, which only counts: one of the skill's name is made before it."""


def _create(body: Mapping[str, Any]) -> Call:
    fields = {**body, "campaignId": int(body["campaignId"])} if "campaignId" in body else dict(body)
    return make_call("skills.create", body=[fields])


REQUESTS = Requests(
    create=_create,
    named=None,  # its answer has no id
    change=lambda skill_id, body, held: make_change(skill_id, held, _keep_tag(body, held)),
    whole=True,
    delete=lambda skill_id: make_call("skills.change", skill_id, body={"isActive": False}),
    inactive=True,
    refused=refuse,
    lags=True,
)


def _keep_tag(body: Mapping[str, Any], held: Mapping[str, Any]) -> dict[str, Any]:
    """What is changed, with the tag that the skill has: nobody writes that here."""
    _, tag = read_notes(held)
    changed = {name: value for name, value in body.items() if name in _CHANGED}
    if "notes" in changed and tag is not None:
        changed["notes"] = put_tag(str(changed["notes"]), tag)
    return changed


ONE = Shape({})
ROWS = Rows(SKILL)


def change_tag(skill_id: str, held: Mapping[str, Any], kind: str, **changed: Any) -> list[Call]:
    """The change of a skill's tag; none where it is so already."""
    skill = pick_skill(held)
    notes = str(skill.get("notes") or "")
    _, tag = split_tag(notes)
    wanted = replace(tag or Tag(kind), **changed)
    return [] if wanted == tag else [make_change(skill_id, skill, {"notes": put_tag(notes, wanted)})]
