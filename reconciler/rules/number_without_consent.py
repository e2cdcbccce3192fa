"""Contacts are called by a number by which another contact gave no consent."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each segment that calls some."""
    for each in situation.refused:
        one = each.contacts == 1
        message = f"{each.contacts:,} contact{' is' if one else 's are'} called by a number by which another contact of"
        message += " the source gave no consent: if they are one person, give both one id, or put the number on a"
        yield Finding(RULE.id, each.segment, f"{message} SuppressionList", details={"contacts": each.contacts})


RULE = Rule(
    id="CON-NUMBER",
    title="a number by which somebody gave no consent",
    says="Consent is of a contact, by its id. Where two contacts have one number, and one of them gave no consent, the"
    " other is called by it all the same: it may be a household's, or one person's who is in the source twice.",
    severity=Severity.WARN,
    sources=(
        Source(
            title="FCC, rules under the Telephone Consumer Protection Act, requests not to be called",
            citation="47 CFR 64.1200(d)(3)",
            url="https://www.law.cornell.edu/cfr/text/47/64.1200",
            effective=date(2005, 1, 1),
            verified=False,
            note="whoever asks not to be called is recorded with the telephone number",
        ),
    ),
    check=check,
)
