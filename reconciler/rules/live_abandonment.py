"""A campaign abandons more calls now than its ceiling allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that stays active, and whose live figure is above the strictest ceiling of its contacts."""
    for each in situation.campaigns:
        room = each.forecast.headroom if each.forecast is not None else None
        if room is None or each.statistics is None or not each.campaign.active:
            continue
        counted = each.statistics
        if counted.percent > room.ceiling:
            figure = f"{counted.abandoned:,} of {counted.live_answered:,} answered calls ({counted.percent:.4g} %)"
            message = (
                f"{figure} were abandoned since {format_instant(counted.since)}; its ceiling is {room.ceiling:g} %"
            )
            details: dict[str, Any] = {
                "abandoned": counted.abandoned,
                "answered": counted.live_answered,
                "percent": counted.percent,
            }
            details |= {"since": format_instant(counted.since), "ceiling": room.ceiling}
            yield Finding(RULE.id, each.campaign.address, message, details=details)


RULE = Rule(
    id="ABN-004",
    title="live abandonment above its ceiling",
    says="The abandonment that the tenant has counted of a campaign is not above the strictest ceiling of the contacts"
    " on its list. It is what happened, over the time that the tenant counts, and not what the plan does: so it warns,"
    " and a plan that lowers a threshold or takes people off a list goes through. The forecast says what is left.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="FTC, Telemarketing Sales Rule, safe harbour for abandoned calls",
            citation="16 CFR 310.4(b)(4)(i)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=None,
            verified=True,
            note="at most 3 % of the calls that a person answers; see jurisdictions.toml for every ceiling",
        ),
    ),
    check=check,
    ends=True,
)
