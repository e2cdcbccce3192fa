"""A do-not-call list is read in a region in which most of its numbers are not valid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation
from reconciler.model.segment_membership import Alike, Misread


def check(situation: Situation) -> Iterator[Finding]:
    """Each list and region, at the segment that is judged by it."""
    for each in situation.suppressions:
        for misread in each.misread:
            details = {"dnc_list": str(each.address), "unread": misread.unread, "numbers": misread.entries}
            details |= {"region": misread.region, "likely": misread.likely}
            words = _describe_misread(str(each.address), misread)
            yield Finding(RULE.id, each.segment, words, details=details)
        for alike in each.alike:
            details = {"dnc_list": str(each.address), "contacts": alike.contacts}
            details |= {"region": alike.region, "abroad": alike.abroad}
            yield Finding(RULE.id, each.segment, _describe_alike(str(each.address), alike), details=details)


def _describe_misread(address: str, misread: Misread) -> str:
    where = f"in {misread.region}, in which they are read" if misread.region else "without a region"
    message = (
        f"{misread.unread:,} of the {misread.entries:,} numbers of {address} that say no country code are nobody's"
    )
    hint = f"; most of them are numbers of {misread.likely}: say so with `region`" if misread.likely else ""
    return f"{message} {where}{hint}"


def _describe_alike(address: str, alike: Alike) -> str:
    if alike.abroad:
        message = f"{alike.contacts:,} contacts of other countries have numbers of {address} that begin with their"
        message += f" country's code, say no `+` and are read in {alike.region}, as others: they suppress none of them."
        return f"{message} Write them with a `+`, or give them their own `region`"
    message = f"{alike.contacts:,} contacts of other countries have the digits of numbers of {address}, which say no"
    message += f" country code and are read in {alike.region}, where they are nobody's of the segment"
    return f"{message}: say the list's own `region`, or leave a list of {alike.region} out of this segment"


RULE = Rule(
    id="DNC-REGION",
    title="do-not-call numbers of another region",
    says="A number without a country code is read in the region that its row, its list or the segment names. Where that"
    " is the wrong one, a whole list suppresses nobody, or somebody else: a list most of whose numbers are none there"
    " is refused, and so is one that reaches nobody there while contacts of other countries have its digits, or have"
    " them with their country's code, so that a `+` may be wanting. Say the"
    " numbers' own `region` at the list, or map a column of regions.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="Telemarketing Sales Rule",
            citation="16 CFR 310.4(b)(1)(iii)",
            url="https://www.ecfr.gov/current/title-16/section-310.4",
            effective=date(2003, 10, 1),
            verified=False,
            note="a person who asked not to be called, or is on the registry, is not called",
        ),
    ),
    check=check,
)
