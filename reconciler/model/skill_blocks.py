# tested by: tests/surfaces/nice/test_campaign_blocks.py
"""Name the blocks of a skill's settings, and what of them a Campaign says in other places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.problem import Problem
from reconciler.model.resource import Resource

BLOCKS = (
    "generalSettings",
    "cpaSettings",
    "xsSettings",
    "retrySettings",
    "deliveryPreferences",
    "scheduleSettings",
    "timeZoneSettings",
    "cadenceSettings",
    "listManagementSettings",
)
"""The live fields of a skill's blocks; of each only what is declared is compared and written."""

OF_CAMPAIGN = tuple(each for each in BLOCKS if each != "scheduleSettings")
"""Those that a Campaign may declare: its schedule is the week of its skill."""

_POLICY, _HARBOUR = "`abandonment`", "the `safeHarbour` of its policy"

SAID_ELSEWHERE: Mapping[str, Mapping[str, str]] = {
    "generalSettings": {
        **dict.fromkeys(("abandonRateCutoff", "abandonRateThreshold", "overrideBusinessUnitAbandonRate"), _POLICY),
        **dict.fromkeys(("deliverCallbacksOnDNCHolidays", "deliverPrioritiesOnDNCHolidays"), _HARBOUR),
        "maximumRingingDuration": _HARBOUR,
    },
    "cpaSettings": dict.fromkeys(("abandonTimeout", "abandonMessagePath", "abandonMsgMode"), _HARBOUR),
    "retrySettings": dict.fromkeys(("restrictedCallingMaxAttempts", "restrictedCallingMinutes"), _HARBOUR),
}
"""Of the blocks of a Campaign the fields that it does not say there, and where they are said."""


def pick_blocks(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The blocks that a Campaign declares."""
    return {block: spec[block] for block in OF_CAMPAIGN if block in spec}


def check_blocks(resource: Resource) -> Iterator[Problem]:
    """Nothing is said in two places: what a leg of the safe harbour is, no block of a Campaign says."""
    for block, elsewhere in SAID_ELSEWHERE.items():
        for field in resource.spec.get(block, {}):
            if field in elsewhere:
                yield Problem(
                    resource.where("spec", block, field),
                    "said-elsewhere",
                    f"a Campaign says `{field}` by {elsewhere[field]}, in units that are stated",
                    hint="leave it out here",
                )
