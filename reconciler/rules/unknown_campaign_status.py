"""A campaign's status or dial type in the tenant is unknown."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.campaign_state import RunState
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation
from reconciler.model.vendor_values import find_meaning


def check(situation: Situation) -> Iterator[Finding]:
    """Each declared campaign that is in the tenant with a status or a dial type that nobody knows."""
    for each in situation.campaigns:
        was = each.was
        if was is None:
            continue
        if was.tells_status and was.state is RunState.UNKNOWN:
            message = (
                f"its status in the tenant is {was.status!r}, a value that this tool does not know: it may be dialling"
            )
            details = {"field": "status", "value": was.status}
            yield Finding(RULE.id, each.campaign.address, message, details=details)
        if was.dial_type is not None and find_meaning("dial_type", was.dial_type) is None:
            message = (
                f"its dial type in the tenant is {was.dial_type!r}, a value that this tool does not know: it is kept"
            )
            details = {"field": "dialType", "value": was.dial_type}
            yield Finding(RULE.id, each.campaign.address, message, details=details)


RULE = Rule(
    id="CMP-WORDS",
    title="an unknown value in the tenant",
    says="A status that this tool does not know is taken for one at which people are called: such a campaign is made to"
    " rest, and read back at rest, before anything of it is changed or it is deleted. By a dial type that is not known"
    " no campaign is replaced. Look at the campaign in the tenant.",
    severity=Severity.WARN,
    sources=(
        cite_decision(
            "0033-a-word-is-known-or-dangerous",
            "Vendor values at the border",
            "a precaution of this tool, not of the law: an unknown value is never taken for a harmless one",
        ),
    ),
    check=check,
)
