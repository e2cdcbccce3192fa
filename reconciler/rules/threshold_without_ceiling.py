"""An abandonment threshold is high, and no ceiling is known for where the contacts are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.model.ceiling import ELSEWHERE, find_strictest
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation
from reconciler.model.text_enumerations import format_count


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign with a threshold above the lowest ceiling that is known, and contacts who have none."""
    lowest = min((ceiling.percent for ceiling in situation.ceilings.values()), default=None)
    for planned in situation.campaigns:
        if planned.threshold is None or lowest is None or planned.threshold <= lowest:
            continue
        unplaced, unknown, others = _find_places_without(planned, situation)
        if unplaced or others:
            without = "; for ".join(_describe_places(unplaced, unknown, others))
            message = f"its threshold is {planned.threshold:g} %, and no ceiling is known for {without}"
            places: list[dict[str, Any]] = [{"region": None, "contacts": unknown}] if unplaced else []
            places += [{"region": name, "contacts": many} for name, many in sorted(others.items())]
            details = {"threshold": planned.threshold, "ceiling": lowest, "places": places}
            details |= {"contacts": sum(others.values())} if others else {}
            words = f"{message}. The lowest that is known is {lowest:g} %"
            yield Finding(RULE.id, planned.campaign.address, words, details=details)


def _find_places_without(planned: Planned, situation: Situation) -> tuple[bool, int | None, Mapping[str, int]]:
    """The contacts who have no ceiling: whether of no known country, how many; by other country."""
    exposure = planned.exposure
    unknown = planned.contacts if exposure is None else exposure.unknown
    unplaced = find_strictest(ELSEWHERE, situation.ceilings, planned.ceilings) is None and unknown != 0
    countries = exposure.countries if exposure is not None else {}
    others = {
        p: n for p, n in countries.items() if n and find_strictest(p, situation.ceilings, planned.ceilings) is None
    }
    return unplaced, unknown, others


def _describe_places(unplaced: bool, unknown: int | None, others: Mapping[str, int]) -> Iterator[str]:
    if unplaced:
        count = "an unknown number of contacts" if unknown is None else format_count(unknown, "contact")
        yield f"{count} of no known country"
    if others:
        yield f"{format_count(sum(others.values()), 'contact')} with numbers of {', '.join(sorted(others))}"


RULE = Rule(
    id="ABN-003",
    title="a high threshold where no ceiling is known",
    says="A threshold above the lowest known ceiling is told where contacts have numbers of no known country, or of"
    " one that has no ceiling in `reconciler/rules/jurisdictions.toml`. Name one in the policy's `ceilings`, for"
    ' the country or for "*", and ABN-001 holds the threshold against it.',
    severity=Severity.WARN,
    sources=(
        Source(
            title="FTC, Telemarketing Sales Rule, safe harbour for abandoned calls",
            citation="16 CFR 310.4(b)(4)(i)",
            url="https://www.law.cornell.edu/cfr/text/16/310.4",
            effective=None,
            verified=True,
            note="who has no known country may be in the United States",
        ),
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, abandoned calls",
            citation="47 CFR 64.1200(a)(7)",
            url="https://www.gpo.gov/fdsys/pkg/FR-2012-10-16/html/2012-25316.htm",
            effective=date(2012, 11, 15),
            verified=True,
            note="the same",
        ),
    ),
    check=check,
)
