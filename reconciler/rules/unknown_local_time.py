"""A campaign would call people whose local time is unknown."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign with contacts with no known local time."""
    for planned in situation.calling:
        if not planned.campaign.active:
            continue
        if planned.exposure is None:
            if planned.contacts:
                message = f"nobody knows where its {planned.contacts:,} contacts are: their phones are read through"
                details = {"contacts": planned.contacts, "of": planned.contacts}
                yield Finding(RULE.id, planned.campaign.address, f"{message} the surface `outbound`", details=details)
        elif planned.exposure.unplaced:
            count = f"{planned.exposure.unplaced:,} of {planned.exposure.contacts:,} contacts"
            message = f"{count} have no known local time: neither number nor address says where they are"
            assumed = sum(place.contacts for place in planned.exposure.places if place.assumed)
            if assumed:
                message += f"; for {assumed:,} the narrowest hours of all zones of their country hold"
            details = {"contacts": planned.exposure.unplaced, "of": planned.exposure.contacts, "assumed": assumed}
            yield Finding(RULE.id, planned.campaign.address, message, details=details)


RULE = Rule(
    id="HRS-003",
    title="contacts with no known local time",
    says="Calling hours are by the clock of the called person. A number without a place (toll-free, or of a country"
    " with too many time zones), or none that can be read, does not say what that clock shows: such contacts are"
    " counted. Where the country is known, the narrowest hours of all its zones hold for them. Map"
    " `postalCode` or `timezone` in their source.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, time of day",
            citation="47 CFR 64.1200(c)(1)",
            url="https://www.law.cornell.edu/cfr/text/47/64.1200",
            effective=None,
            verified=True,
            note="the hours are local time at the called party's location, which has to be known",
        ),
    ),
    check=check,
)
