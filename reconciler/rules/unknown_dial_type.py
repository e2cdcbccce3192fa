"""A campaign with an unknown dial type is changed."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation
from reconciler.model.vendor_values import find_meaning


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign of an unknown dial type that is changed, and not made to rest alone."""
    for each in situation.campaign_changes:
        change, was = each.change, each.was
        if change.action not in (Action.UPDATE, Action.REPLACE) or was is None or was.dial_type is None:
            continue
        if find_meaning("dial_type", was.dial_type) is None and set(change.declared) != {"status"}:
            message = (
                f"campaign {change.name!r} dials {was.dial_type!r} in the tenant, a value that this tool does not know"
            )
            message += ": what is changed of it may mean something else there"
            details = {"campaign": change.name, "field": "dialType", "value": was.dial_type}
            yield Finding(RULE.id, change.address, message, details=details)


RULE = Rule(
    id="CMP-DIAL-TYPE",
    title="a campaign of an unknown dial type is changed",
    says="No apply changes the settings of a campaign whose dial type in the tenant is a value that this tool does not"
    " know: thresholds and pacing mean something for the dial types that it knows. It is not replaced by one of the"
    " declared type either, as nobody knows whether it differs. Set the dial type in the tenant, or waive the finding.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0033-a-word-is-known-or-dangerous",
            "Vendor values at the border",
            "a precaution of this tool, not of the law: an unknown value is never taken for a harmless one",
        ),
    ),
    check=check,
)
