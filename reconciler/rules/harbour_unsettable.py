"""A leg of the safe harbour is declared, and nobody can set it on the tenant's surface."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation
from reconciler.model.safe_harbour import LegState


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign whose policy declares legs that its surface has no place for."""
    for planned in situation.campaigns:
        places = {place for place, _ in planned.iter_harbours()}
        legs = [each for each in planned.legs if each.state in (LegState.NOT_SETTABLE, LegState.UNPUBLISHED)]
        found = [each for each in legs if places & each.declared.keys() or ("*" in each.declared and places)]
        if found:
            names = [
                f"{each.leg.value.replace('_', ' ')}{f' (without `{each.needs}`)' if each.needs else ''}"
                for each in found
            ]
            message = f"its policy declares what nobody can set here: {', '.join(names)}"
            details = {
                "legs": [{"leg": each.leg.value, "state": each.state.value, "needs": each.needs} for each in found]
            }
            yield Finding(RULE.id, planned.campaign.address, message, details=details)


RULE = Rule(
    id="ABN-UNSETTABLE",
    title="a declared leg of the safe harbour cannot be set",
    says="A leg that a policy declares (`safeHarbour`) and that the tenant's surface has no field for is left out, and"
    " so is one whose unit its vendor does not publish and the Tenant's manifest does not say (`timeoutUnit`,"
    " `ringingUnit`, `messageMode`): nothing of it is written or compared, and nobody may take it for done. Set it"
    " where the tenant is administered, and say so in a waiver; or say the unit.",
    severity=Severity.WARN,
    sources=(
        cite_decision(
            "0066-the-safe-harbour-is-state",
            "The safe harbour is state",
            "What has no place is left out aloud. A rule of this tool, not of the law.",
        ),
    ),
    check=check,
)
