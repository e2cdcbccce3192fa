"""Contacts are put on a list, and nobody could see which campaigns dial it."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding, Severity
from reconciler.model.resource_address import Address
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Situation, find_lists_put_on
from reconciler.model.serialization import to_json


def check(situation: Situation) -> Iterator[Finding]:
    """Each kind of objects that dial lists and could not be read, and each campaign whose list nobody knows, where the
    plan puts somebody on one."""
    lists = find_lists_put_on(situation.changes)
    several = f"{len(lists):,} lists" if len(lists) > 1 else f"list {next(iter(lists), '')!r}"
    for each in situation.unseen if lists else ():
        message = f"contacts are put on {several}, and nobody could see which {each.kind} dials whom, and when"
        told = {"kind": each.kind, "lists": sorted(lists), "why": to_json(each.why)}
        yield Finding(RULE.id, Address(each.kind, "*"), message, details=told)
    which = f"one of {several}" if len(lists) > 1 else several
    for other in situation.others if lists else ():
        if not other.campaign.list:
            message = f"campaign {other.campaign.name!r}, which no manifest declares, may be calling people, and nobody"
            message += f" knows which list it dials: it may be {which}"
            told = {"campaign": other.campaign.name, "lists": sorted(lists)}
            yield Finding(RULE.id, other.campaign.address, message, details=told)


RULE = Rule(
    id="CMP-UNSEEN",
    title="campaigns that nobody could look at",
    says="Whoever is put on a list that an active campaign dials is called by it, also where somebody else made the"
    " campaign. So the tenant's campaigns are read whatever the workspace declares. Where they cannot be, hours and"
    " shared contacts are judged without them: declare the surface `lists`, with the scope `campaigns:read`. So they"
    " are without an active campaign that names no list: give it one in the tenant, or pause it.",
    severity=Severity.WARN,
    sources=(
        cite_decision(
            "0031-unread-is-narrow",
            "Rules look at every campaign that dials a list",
            "a rule of this tool, not of the law",
        ),
    ),
    check=check,
)
