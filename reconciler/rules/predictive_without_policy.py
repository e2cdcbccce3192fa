"""A predictive campaign names no abandonment policy."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each predictive campaign that names no abandonment policy."""
    for planned in situation.campaigns:
        campaign = planned.campaign
        if campaign.dial_type == "predictive" and campaign.policy is None:
            left = "none is set" if planned.threshold is None else f"the tenant has {planned.threshold:g} %"
            message = f"it dials predictively and names no abandonment policy; {left}"
            yield Finding(RULE.id, campaign.address, message, details={"threshold": planned.threshold})


RULE = Rule(
    id="CMP-NO-POLICY",
    title="a predictive campaign without an abandonment policy",
    says="A campaign that dials predictively names the policy that its threshold comes from: it calls more people than"
    " there are agents, and who decided how many of them hear nobody must be found in the manifests.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="FTC, Telemarketing Sales Rule, safe harbour for abandoned calls",
            citation="16 CFR 310.4(b)(4)(i)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=None,
            verified=True,
            note="a rate that is ensured needs one that is set, and records of it",
        ),
    ),
    check=check,
    ends=True,
)
