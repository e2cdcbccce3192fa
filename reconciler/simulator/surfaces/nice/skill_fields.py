"""A skill's own fields: what may be said of a new one and of a change, and how they are told [spec]."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from reconciler.simulator.body_checks import fields, nullable, number, text, truth, whole
from reconciler.simulator.error_replies import bad_request

Check = Callable[[Any, str], Any]

_NUMBERS = (
    *("divisionNo", "campaignId", "scriptId", "reskillHours", "minWFIAgents", "minWFIAvailableAgents"),
    *("minWorkingTime", "agentlessPorts", "acwTypeId", "stateIdACW", "maxSecondsACW", "agentRestTime"),
    *("callSuppressionScriptId", "screenPopTriggerEvent", "initialPriority", "acceleration", "maxPriority"),
    *("serviceLevelThreshold", "serviceLevelGoal", "shortAbandonThreshold", "chatWarningThreshold"),
    *("smsTransportCodeId", "messageTemplateId", "acwPostTimeoutStateId", "outboundTelecomRouteId"),
    *("evaluationCriteria", "EquityLevel", "FallbackTime", "FocusLock", "FocusMetric"),
)
_TRUTHS = (
    *("emailFromEditable", "requireManualAccept", "interruptible", "enableParking", "agentless"),
    *("requireDisposition", "allowSecondaryDisposition", "displayThankyou", "popThankYou", "makeTranscriptAvailable"),
    *("priorityBlending", "useScreenPops", "useCustomScreenPops", "enableShortAbandon", "countShortAbandons"),
    *("agentTypingIndicator", "deliverMultipleNumbersSerially", "cradleToGrave", "priorityInterrupt"),
)
_TEXTS = (
    *("skillName", "callerIdOverride", "emailFromAddress", "emailBccAddress", "notes", "thankYouLink"),
    *("transcriptFromAddress", "screenPopType", "screenPopDetails"),
)
_SPELT = {
    **{"mediatypeid": "mediaTypeId", "popThankYouUrl": "popThankYouURL", "screenPopDetails": "screenPopDetail"},
    **{"patronTypingIndicator": "patronTypingPreview", "enableParking": "emailParking"},
}
"""How a field is told that is written in another spelling; of the last two it is our inference."""
_NEVER_TOLD = ("divisionNo", "screenPopType")


def _dispositions(value: Any, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list):
        raise bad_request(f"{where}: must be a list")
    numbers = {"dispositionId": whole(1), "priority": whole(0)}
    return [fields(each, f"{where}[{index}]", required=numbers, optional={}) for index, each in enumerate(value)]


_BOTH: Mapping[str, Check] = {
    **dict.fromkeys(_NUMBERS, nullable(number)),
    **dict.fromkeys(_TRUTHS, nullable(truth)),
    **dict.fromkeys(_TEXTS, nullable(text)),
    "dispositions": _dispositions,
}
NEW: Mapping[str, Check] = {
    **_BOTH,
    **{"mediaTypeId": whole(1), "isOutbound": truth, "outboundStrategy": text, "workItemQueueType": text},
    **{"popThankYouURL": text, "patronTypingPreview": truth},
}
"""What may be said of a new skill; that it is inactive is not among it."""
CHANGED: Mapping[str, Check] = {
    **_BOTH,
    **{"mediatypeid": whole(1), "isActive": truth, "popThankYouUrl": text, "patronTypingIndicator": truth},
}
"""What a change may say."""


def spell(written: Mapping[str, Any]) -> dict[str, Any]:
    """Fields as they are told."""
    return {_SPELT.get(name, name): value for name, value in written.items()}


def tell(held: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a skill as they are told; what is null, or is told nowhere, is left out."""
    told = {name: value for name, value in held.items() if value is not None and name not in _NEVER_TOLD}
    if "screenPopTriggerEvent" in told:
        told["screenPopTriggerEvent"] = str(told["screenPopTriggerEvent"])
    return told
