"""The places of contacts cannot be read."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.campaign_audience import Unread
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation
from reconciler.model.serialization import to_json


def check(situation: Situation) -> Iterator[Finding]:
    """Each active campaign with contacts whose region, postal code or time zone cannot be read."""
    for planned in situation.calling:
        if planned.campaign.active and planned.exposure is not None and planned.exposure.unread:
            told = "; ".join(_describe_unread(each) for each in planned.exposure.unread)
            many = sum(place.contacts for place in planned.exposure.places if place.unread)
            message = f"of {many:,} of {planned.exposure.contacts:,} contacts the place cannot be read: {told}"
            narrow = "for them the narrowest hours of all zones of their country hold"
            details = {"contacts": many, "of": planned.exposure.contacts, "columns": to_json(planned.exposure.unread)}
            yield Finding(RULE.id, planned.campaign.address, f"{message}; {narrow}", details=details)


def _describe_unread(unread: Unread) -> str:
    shown = ", ".join(repr(word) for word in unread.words)
    return f"`{unread.column}` of {unread.contacts:,} (such as {shown})"


RULE = Rule(
    id="HRS-004",
    title="places that cannot be read",
    says="A region, a postal code or a time zone of a source decides when somebody may be called. One that cannot be"
    " read never widens the hours: those of all time zones of the number's country hold, and of the address's. Time"
    " zones are read as the IANA database, Windows and Outlook write them, as abbreviations and as offsets; postal"
    " codes of the United States and Canada however they are written, also without their first zeros. Correct the"
    " column, or leave it out of the mapping, and the number alone says where its contact is.",
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
