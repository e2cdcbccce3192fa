"""Somebody would be called by a number that was not checked against do-not-call lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from reconciler.model.before_after_states import LIST
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Situation
from reconciler.model.serialization import to_json
from reconciler.model.text_enumerations import format_count

_REMEDY = "Let `delivery.method` be `contactBatch` or `bulkInsert`, which write the number that was judged"


def check(situation: Situation) -> Iterator[Finding]:
    """Each list that somebody is put on by an id alone, whose number is told never, or while the list is dialled."""
    dialling = _find_dialled_lists(situation)
    for each in situation.changes.rows:
        if each.numbers == "known" or not each.adds:
            continue
        begins = f"{format_count(each.adds, 'contact')} would be put on list {each.list!r} by id alone ({each.method})."
        begins += " The tenant calls them by a number of its own, which nobody has held against the do-not-call lists"
        told = {"adds": each.adds, "list": each.list, "method": each.method}
        if each.numbers == "never":
            yield Finding(
                RULE.id,
                each.address,
                f"{begins}: no surface of the tenant tells it. {_REMEDY}, or declare the surface `outbound`",
                details=told,
            )
        elif by := dialling.get((each.list_address.kind, each.list)) or dialling.get(None):
            words, dialled = by
            yield Finding(
                RULE.id,
                each.address,
                f"{begins}: it is told once they are on the list, and {words}. {_REMEDY}, or pause the campaign first",
                details={**told, **dialled},
            )


def _find_dialled_lists(situation: Situation) -> Mapping[tuple[str, str] | None, tuple[str, Mapping[str, Any]]]:
    """By list (kind and name in the tenant), what may be calling its people now, and as details; None: any list."""
    found: dict[tuple[str, str] | None, tuple[str, Mapping[str, Any]]] = {}
    for unseen in situation.unseen:
        words = f"nobody could see whether a {unseen.kind} dials it"
        found[None] = words, {"kind": unseen.kind, "why": to_json(unseen.why)}
    for planned in situation.others:
        campaign = planned.campaign
        of = (campaign.list_address.kind, campaign.list) if campaign.list else None
        words = f"campaign {campaign.name!r}, which no manifest declares, may be dialling it"
        found.setdefault(of, (words, {"campaign": campaign.name}))
    for each in situation.campaign_changes:
        if each.was is None or not each.was.may_dial:
            continue
        names = {*each.change.references, *([(LIST, each.was.list)] if each.was.list else ())}
        for of in names:
            words = f"campaign {each.change.name!r} may be dialling it"
            found.setdefault(of, (words, {"campaign": each.change.name}))
    return found


RULE = Rule(
    id="DNC-UNTOLD",
    title="somebody put on a list whose number nobody has looked at",
    says="Whom a method puts on a list by id alone (`contactIds`, `listContacts`) is called by the number that the"
    " tenant has. Of a contact of a source outside it, that is told once the contact is on the list, and not before:"
    " then it is held against the do-not-call lists of the segment, and whoever stands on one is taken off. So nobody"
    " is put in that way on a list that a campaign may be dialling meanwhile, ours or another's, or where no surface"
    " tells numbers at all. Contacts of the tenant's own lists, and those that are written with their number"
    " (`contactBatch`, `bulkInsert`), are judged by it before.",
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
