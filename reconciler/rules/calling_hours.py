"""People would be called outside calling hours."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from reconciler.model.calling_hours_comparison import WAITS, find_at_odds, subtract_hours
from reconciler.model.finding import Finding, Severity
from reconciler.model.instants import format_instant
from reconciler.model.object_change import Action
from reconciler.model.outside_hours_summary import (
    describe_any_hour,
    describe_clock,
    describe_out_of_hours,
    format_length,
    make_clock_document,
)
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign whose schedule reaches beyond the hours of some of its contacts, or is not known.

    One that is counted from the campaign's creation, which is still to come, is judged when the plan is applied.
    """
    for planned in situation.calling:
        campaign = planned.campaign
        if not campaign.active:
            continue
        made = planned.change.action in (Action.CREATE, Action.REPLACE)
        if campaign.within_hours and made:
            yield from _find_without_start(planned, situation)
        elif planned.exposure is not None and (campaign.starts_in is None or not made or situation.applying):
            relative = campaign.starts_in is not None
            moment = situation.now if relative and situation.applying else situation.moment
            dialled = planned.schedule_at(moment, situation.hours)
            if dialled.dials_at_any_hour(moment) and planned.exposure.contacts:
                many = planned.exposure.contacts
                yield Finding(RULE.id, campaign.address, describe_any_hour(many), details={"contacts": many})
            found = describe_out_of_hours(planned.exposure, subtract_hours(dialled, moment), situation.hours)
            if found is not None:
                says, details = found
                when = ""
                if relative and made:
                    when = f"if it were created now, at {format_instant(moment)}: "
                    details = {**details, "created": format_instant(moment)}
                elif relative:
                    when = "by the times that were fixed when it was created, "
                yield Finding(RULE.id, campaign.address, when + says, details=details)


def _find_without_start(planned: Planned, situation: Situation) -> Iterator[Finding]:
    """A start that waits for hours that do not come."""
    moment = situation.now if situation.applying else situation.moment
    campaign = planned.schedule_at(moment, situation.hours)
    if campaign.starts is not None or campaign.starts_in is None:
        return
    earliest = moment + campaign.starts_in
    details: dict[str, Any] = {"earliest": format_instant(earliest), "days": WAITS.days}
    if planned.exposure is None:
        why = "nobody knows where its contacts are: their phones are read through the surface `outbound`"
    else:
        odds = find_at_odds(planned.exposure, [(earliest, earliest + WAITS)], situation.hours)
        details["clocks"] = [make_clock_document(each) for each in odds]
        both = " and ".join(map(describe_clock, odds))
        why = f"no minute suits {both}" if odds else "no day has so many hours that all of them allow"
    ends = format_instant(campaign.ends or earliest)
    details |= {"ends": ends} if campaign.lasts is None else {"minutes": -(-campaign.lasts // timedelta(minutes=1))}
    long = f"until {ends}" if campaign.lasts is None else f"for {format_length(campaign.lasts)}"
    message = f"it waits for a minute from which all contacts may be called {long}"
    none = f"within {WAITS.days} days from {format_instant(earliest)} on there is none"
    yield Finding(RULE.id, campaign.address, f"{message}, and {none}: {why}", details=details)


RULE = Rule(
    id="HRS-001",
    title="a schedule outside the calling hours",
    says="A campaign dials nobody before 8:00 or after 21:00 by the clock of where the called person is, nor outside"
    " the stricter hours of a state or country (`reconciler/rules/calling_hours.toml`, each with its source). Where"
    " that is follows from the number and from the address; all the places and all the time zones that these leave"
    " open have to agree. On a public holiday nobody is called where such a law forbids it. A schedule that is counted"
    " from the campaign's creation (`startsIn`) is judged when the plan is applied, and again before the campaign is"
    " activated. One of which the tenant does not hold both start and end, or not so that they can be read, may dial"
    " at any hour. The plan's document names every place, and the widest window that all of them allow.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, time of day",
            citation="47 CFR 64.1200(c)(1)",
            url="https://www.law.cornell.edu/cfr/text/47/64.1200",
            effective=None,
            verified=True,
            note="no telephone solicitation before 8 a.m. or after 9 p.m., local time at the called party's location",
        ),
        Source(
            title="FTC, Telemarketing Sales Rule, calling time restrictions",
            citation="16 CFR 310.4(c)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=date(1995, 12, 31),
            verified=False,
            note="the same hours; the paragraph and the day were not verified. See calling_hours.toml for every place",
        ),
    ),
    check=check,
    starting=True,
)
