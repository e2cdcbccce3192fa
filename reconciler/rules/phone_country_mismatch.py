"""Contacts' numbers are read in a country that they are not of."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation
from reconciler.model.segment_membership import ForeignNumbers


def check(situation: Situation) -> Iterator[Finding]:
    """Each segment and region."""
    for each in situation.foreign:
        details = {"odd": each.odd, "numbers": each.numbers, "region": each.region}
        details |= {"likely": each.likely, "state": each.state}
        yield Finding(RULE.id, each.segment, _describe_region(each), details=details)


def _describe_region(each: ForeignNumbers) -> str:
    where = f"are read in {each.region}" if each.region else "have no region"
    message = f"{each.odd:,} of {each.numbers:,} contacts' numbers that say no country code and {where}"
    if each.state is None:
        message += f" are nobody's{' there' if each.region else ''}; most of them are numbers of {each.likely}, and the"
        return f"{message} others may be strangers': say `region: {each.likely}`"
    message += f" begin with an area code of {each.state}: as a region {each.region} is a country, in which they are"
    return f"{message} strangers' or nobody's. Say `region: {each.likely}`, and map no column of states to `region`"


RULE = Rule(
    id="NUM-REGION",
    title="contacts' numbers of another region",
    says="A number without a country code is read in the region that its row, its source or the segment names. Where"
    " that is the wrong one, the contact is left out, or a stranger is called: most numbers of a region are nobody's"
    " there and are of another, or begin with the area codes of the state whose letters the country has (`CO` is"
    " Colombia, and not Colorado). Say the numbers' own `region`.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="Telemarketing Sales Rule",
            citation="16 CFR 310.4(b)(1)(iii)",
            url="https://www.ecfr.gov/current/title-16/section-310.4",
            effective=date(2003, 10, 1),
            verified=False,
            note="a person who asked not to be called, or is on the registry, is not called: by no number of another's",
        ),
    ),
    check=check,
)
