"""A campaign's threshold is above the ceiling of where its contacts are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from reconciler.model.ceiling import ELSEWHERE, Ceiling, find_strictest
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation
from reconciler.model.text_enumerations import format_count


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign whose threshold is above the ceiling of some of its contacts, with how many they are."""
    for planned in situation.campaigns:
        over = list(_find_places_over(planned, situation)) if planned.threshold is not None else []
        if over:
            places = "; for ".join(_describe_place(*each) for each in over)
            message = f"its threshold of {planned.threshold:g} % is above the ceiling for {places}"
            details = {"threshold": planned.threshold, "places": [_make_place_document(*each) for each in over]}
            yield Finding(RULE.id, planned.campaign.address, message, details=details)


def _find_places_over(planned: Planned, situation: Situation) -> Iterator[tuple[str, int, Ceiling]]:
    """The contacts of each place whose ceiling is lower, the most first."""
    if planned.exposure is None or planned.threshold is None:
        return
    counts = dict(planned.exposure.countries)
    if planned.exposure.unknown:
        counts[ELSEWHERE] = planned.exposure.unknown
    for place, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        ceiling = find_strictest(place, situation.ceilings, planned.ceilings)
        if count and ceiling is not None and planned.threshold > ceiling.percent:
            yield place, count, ceiling


def _describe_place(place: str, count: int, ceiling: Ceiling) -> str:
    where = "of no known country" if place == ELSEWHERE else f"with {place} numbers"
    label = ", an internal ceiling" if ceiling.internal else ""
    law = f"{ceiling.percent:g} % {ceiling.measured}{label}: {ceiling.source}"
    return f"{format_count(count, 'contact')} {where} ({law})"


def _make_place_document(place: str, count: int, ceiling: Ceiling) -> dict[str, Any]:
    return {
        "region": None if place == ELSEWHERE else place,
        "contacts": count,
        "ceiling": ceiling.percent,
        "measured": ceiling.measured,
        "internal": ceiling.internal,
        "source": ceiling.source,
    }


RULE = Rule(
    id="ABN-001",
    title="a threshold above a jurisdiction's ceiling",
    says="A campaign's abandonment threshold is not above the ceiling of any country that its contacts' numbers are"
    " of. The ceilings are in `reconciler/rules/jurisdictions.toml`, each with its source; a policy or a floor may"
    " make them lower and name them for other countries. What is abandoned is decided while calls are made: a"
    " threshold below the ceiling does not by itself keep a campaign below it.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="FTC, Telemarketing Sales Rule, safe harbour for abandoned calls",
            citation="16 CFR 310.4(b)(4)(i)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=None,
            verified=True,
            note="at most 3 % of the calls that a person answers; see jurisdictions.toml for every ceiling",
        ),
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, abandoned calls",
            citation="47 CFR 64.1200(a)(7)",
            url="https://www.gpo.gov/fdsys/pkg/FR-2012-10-16/html/2012-25316.htm",
            effective=date(2012, 11, 15),
            verified=True,
            note="the same, over 30 days, for each campaign",
        ),
        Source(
            title="CRTC, Unsolicited Telecommunications Rules, Part III: Telemarketing Rules",
            citation="Telecom Decision CRTC 2007-48, as amended",
            url="https://crtc.gc.ca/eng/archive/2007/dt2007-48.htm",
            effective=date(2008, 9, 30),
            verified=False,
            note="5 % of the calls of a calendar month; the number was not verified",
        ),
        Source(
            title="Ofcom, Persistent misuse: a statement of general policy",
            citation="Communications Act 2003, section 131; statement of 20 December 2016",
            url="https://www.ofcom.org.uk/consultations-and-statements/category-1/"
            "review-of-how-we-use-persistent-misuse-powers",
            effective=date(2017, 3, 1),
            verified=True,
            note="no acceptable rate is named any more; 3 % is an internal ceiling",
        ),
    ),
    check=check,
    ends=True,
)
