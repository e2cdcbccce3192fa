"""Is more abandoned from now on, by a campaign that is calling people?"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.campaign import may_dial
from reconciler.model.change import Action
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.situation import Situation

FIELD = "abandonThreshold"


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign whose threshold rises."""
    for change in situation.changes.objects:
        before, after = change.before or {}, change.after or {}
        if change.action is Action.DELETE or FIELD not in before or not may_dial(before.get("status")):
            continue
        was, becomes = before.get(FIELD), after.get(FIELD)
        if was is not None and becomes is not None and becomes > was:
            state = before.get("status")
            message = f"campaign {change.name!r} is {state}, and its threshold rises from {was:g} to {becomes:g} %"
            yield Finding(RULE.id, change.address, message)


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
