"""A plan of campaigns with legs of the safe harbour in every state, and what views say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rich.text import Text

from reconciler.model.campaign import Campaign
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned
from reconciler.model.safe_harbour import CampaignLeg, Leg, LegState
from reconciler.views import markdown, safe_harbour
from tests.views.plans import plan

VALUES: Mapping[Leg, Mapping[str, object]] = {
    Leg.RATE: {"percent": 3.0},
    Leg.CONNECT: {"seconds": 2.0},
    Leg.MESSAGE: {"path": "prompts/[bold]\x1b[31m*one*.wav"},
    Leg.RINGING: {"rings": 4},
    Leg.HOURS: {"opens": "08:00", "closes": "21:00"},
    Leg.ATTEMPTS: {"most": 7, "minutes": 10_080},
    Leg.DO_NOT_CALL: {"scrubbed": True},
    Leg.HOLIDAYS: {"calls": False},
}


def planned(name: str, states: Mapping[Leg, LegState] | None = None, rest: LegState = LegState.SET) -> Planned:
    """A campaign whose legs are so."""
    address = Address("Campaign", name)
    campaign = Campaign(
        address,
        name,
        "High",
        Address("ContactList", "high"),
        "predictive",
        "active",
        3.0,
        None,
        None,
        None,
        None,
        (),
        None,
    )
    told = [(leg, (states or {}).get(leg, rest)) for leg in Leg]
    legs = tuple(
        CampaignLeg(
            leg,
            state,
            VALUES[leg] if state is LegState.SET else {},
            needs="timeoutUnit" if state is LegState.UNPUBLISHED else None,
        )
        for leg, state in told
    )
    return Planned(campaign, ObjectChange(address, name, Action.NO_OP, {}, {}), legs=legs)


def plan_of_legs() -> Plan:
    """Five alike whose surface holds two of them, one with all, and one with what is missing."""
    settable = {Leg.RATE: LegState.SET, Leg.HOURS: LegState.SET}
    few = [planned(f"many-{number}", settable, LegState.NOT_SETTABLE) for number in range(5)]
    gaps = {Leg.CONNECT: LegState.UNPUBLISHED, Leg.DO_NOT_CALL: LegState.UNSET, Leg.HOLIDAYS: LegState.UNSET}
    return replace(plan(), campaigns=(*few, planned("whole"), planned("gaps", gaps)))


def tell_in_terminal() -> Text:
    """The lines of the terminal that tell the legs."""
    return Text("\n").join(safe_harbour.describe_legs(plan_of_legs().campaigns))


def tell_in_comment() -> str:
    """The section of a comment that tells the legs."""
    section = markdown.plan(plan_of_legs()).partition("Safe harbour, leg by leg")[2]
    return section.partition("</details>")[0].strip() + "\n"
