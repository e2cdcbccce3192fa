"""The threshold of a running campaign is raised."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign whose threshold rises."""
    for each in situation.campaign_changes:
        was, becomes = each.was, each.becomes
        if was is None or becomes is None or not was.may_dial or was.threshold is None or becomes.threshold is None:
            continue
        if becomes.threshold > was.threshold:
            rises = f"its threshold rises from {was.threshold:g} to {becomes.threshold:g} %"
            message = f"campaign {each.change.name!r} is {was.status}, and {rises}"
            details: dict[str, Any] = {"campaign": each.change.name, "status": was.status}
            details |= {"threshold_before": was.threshold, "threshold": becomes.threshold}
            yield Finding(RULE.id, each.change.address, message, details=details)


RULE = Rule(
    id="ABN-002",
    title="a threshold raised while the campaign runs",
    says="The abandonment threshold of a campaign that is active is not raised unnoticed: calls are abandoned by the"
    " new one at once, and count together with those of the days before. Lower thresholds are no finding.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="FTC, Telemarketing Sales Rule, safe harbour for abandoned calls",
            citation="16 CFR 310.4(b)(4)(i)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=None,
            verified=True,
            note="measured over the campaign or each 30 days of it: a rise counts together with the days before it",
        ),
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, abandoned calls",
            citation="47 CFR 64.1200(a)(7)",
            url="https://www.gpo.gov/fdsys/pkg/FR-2012-10-16/html/2012-25316.htm",
            effective=date(2012, 11, 15),
            verified=True,
            note="the same, over 30 days, for each campaign",
        ),
    ),
    check=check,
    ends=True,
)
