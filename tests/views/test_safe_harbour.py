"""The legs of each campaign's safe harbour are told in every view: campaigns that are alike on one line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from reconciler.model.campaign import Campaign
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned
from reconciler.model.safe_harbour import CampaignLeg, Leg, LegState
from reconciler.views import html, markdown, safe_harbour, terminal
from tests.views.plans import plan
from tests.views.test_golden import GOLDEN, printed

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


def told() -> str:
    """The lines of the terminal that tell the legs."""
    lines = printed(terminal.plan(plan_of_legs(), full=True)).splitlines()
    start = lines.index("Safe harbour, leg by leg (docs/safe-harbour.md):")
    return "\n".join(lines[start : start + 4]) + "\n"


def test_the_legs_in_a_terminal_and_a_comment_are_as_they_were_reviewed(request: pytest.FixtureRequest) -> None:
    comment = markdown.plan(plan_of_legs()).partition("Safe harbour, leg by leg")[2].partition("</details>")[0]
    for name, found in (("legs.txt", told()), ("legs.md", comment.strip() + "\n")):
        if request.config.getoption("--write-golden"):
            (GOLDEN / name).write_text(found, encoding="utf-8")
        assert found == (GOLDEN / name).read_text(encoding="utf-8")


def test_every_leg_and_state_has_words_and_what_lacks_most_comes_first() -> None:
    assert set(safe_harbour.LEGS) == set(Leg)
    assert set(safe_harbour.STATES) == set(LegState)
    assert set(VALUES) == set(Leg)
    assert told().splitlines()[1].startswith("  Campaign/gaps")
    assert "\x1b" not in told()


def test_the_page_has_them_too_and_a_plan_without_legs_says_nothing_of_them() -> None:
    page = html.plan(plan_of_legs())
    assert "Safe harbour, leg by leg" in page
    assert "range not published" in page
    assert "\x1b" not in page
    for view in (markdown.plan, html.plan):
        assert "Safe harbour" not in view(replace(plan(), campaigns=()))
    assert "Safe harbour" not in printed(terminal.plan(replace(plan(), campaigns=()), full=True))


def test_too_many_lines_are_counted() -> None:
    each = [planned(f"one-{number}", dict.fromkeys(list(Leg)[:number], LegState.UNSET)) for number in range(9)]
    several = [planned(f"two-{number}", {list(Leg)[number]: LegState.NOT_SETTABLE}) for number in range(8)]
    lines = [str(line) for line in safe_harbour.describe_legs([*each, *several])]
    assert len(lines) <= safe_harbour.MOST + 2
    assert lines[-1].endswith("more in the plan's JSON")
