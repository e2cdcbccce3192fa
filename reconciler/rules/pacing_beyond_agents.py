"""More people would answer at once than there are agents."""

from __future__ import annotations

import math
from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active predictive campaign whose calls in progress bring more answers than it has agents."""
    for each in situation.campaigns:
        staffing, lines = each.campaign.staffing, _read_setting(each, "maxCallsInProgress")
        if each.campaign.dial_type != "predictive" or not each.campaign.active or staffing is None or lines is None:
            continue
        free = staffing.agents * (_read_setting(each, "agentAvailabilityFactor") or 1)
        # so that 18 agents at 0.3 make 60 lines, and not the 59.99… of binary fractions
        most = max(1, math.floor(round(free / staffing.answer_rate, 6)))
        if lines > most:
            answers = f"{lines:g} calls in progress of which {100 * staffing.answer_rate:g} % are answered"
            agents = f"{free:g} agent{'' if free == 1 else 's'}"
            people = lines * staffing.answer_rate
            message = (
                f"{answers} are {people:.1f} people at once for {agents}; maxCallsInProgress can be {most} at most"
            )
            details = {"calls": lines, "percent": 100 * staffing.answer_rate, "people": people}
            details |= {"agents": free, "limit": most}
            yield Finding(RULE.id, each.campaign.address, message, details=details)


def _read_setting(planned: Planned, name: str) -> float | None:
    """A predictive setting as it will be, declared or not."""
    told = planned.becomes.predictive if planned.becomes is not None else {}
    value = (told or planned.campaign.predictive).get(name)
    return None if value is None else float(value)


RULE = Rule(
    id="PAC-001",
    title="pacing beyond the agents stated",
    says="A predictive campaign has no more calls in progress than `agents × agentAvailabilityFactor / answerRate` of"
    " its staffing. With more of them, and even if every agent is idle, more people are expected to answer at once than"
    " there are agents to speak to them: calls are then abandoned by design, and not by bad luck.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="FTC, Telemarketing Sales Rule, safe harbour for abandoned calls",
            citation="16 CFR 310.4(b)(4)(i)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=None,
            verified=True,
            note="it asks for technology that ensures that no more than 3 % of the calls that a person answers are"
            " abandoned; the bound on calls in progress is this tool's, not the law's",
        ),
    ),
    check=check,
    ends=True,
)
