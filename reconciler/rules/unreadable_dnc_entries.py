"""A do-not-call list holds entries that cannot be read as numbers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation
from reconciler.model.segment_membership import Unreadable
from reconciler.model.serialization import to_json


def check(situation: Situation) -> Iterator[Finding]:
    """Each list with entries that are no phones, at the segment that is judged by it."""
    for each in situation.suppressions:
        if each.unread:
            message = f"{each.unread:,} of the numbers of {each.address} cannot be read as phones, and suppress nobody"
            shown = "; ".join(map(_describe_entry, each.unreadable))
            more = each.unread - len(each.unreadable)
            rest = f"; and {more:,} more" if shown and more else ""
            whole = f"{message}: {shown}{rest}" if shown else message
            details = {"dnc_list": str(each.address), "unread": each.unread, "entries": to_json(each.unreadable)}
            yield Finding(RULE.id, each.segment, whole, details=details)


def _describe_entry(entry: Unreadable) -> str:
    return f"{entry.place} `{entry.text}`" if entry.text else entry.place


RULE = Rule(
    id="DNC-UNREADABLE",
    title="do-not-call numbers that cannot be read",
    says="An entry of a do-not-call list counts as read only if it is one number, whole, that its numbering plan can"
    " reach. A local number, a prefix, a wildcard, two numbers in one cell, words, what a spreadsheet rounded and a"
    " number out of every range suppress nobody for certain, and whoever they meant would be called. Correct the"
    " entries at their source, name a `separator` where a cell holds several, or take them out.",
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
