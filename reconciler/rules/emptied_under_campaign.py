"""A running campaign would lose everybody on its list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.before_after_states import CampaignChange
from reconciler.model.finding import Finding, Severity
from reconciler.model.object_change import Action
from reconciler.model.resource_address import Address
from reconciler.model.rule import Rule, cite_decision
from reconciler.model.rule_input import Planned, Situation
from reconciler.model.serialization import to_json


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that may be at work and stays, declared or not, and whose list is emptied or deleted."""
    lost = dict(_find_emptied_lists(situation))
    if not lost:
        return
    for planned in situation.others:
        yield from _find_undeclared(planned, lost)
    for each in situation.campaign_changes:
        yield from _find_declared(each, lost)
    for unseen in situation.unseen:
        for (of, name), live in lost.items():
            if of == unseen.kind:
                continue
            words = f"list {name!r} {_describe_loss(live)}, and nobody could see whether a {unseen.kind} dials it"
            told = {"emptied": [_make_document(name, live)], "kind": unseen.kind, "why": to_json(unseen.why)}
            yield Finding(RULE.id, Address(of, name), words, details=told)


def _find_emptied_lists(situation: Situation) -> Iterator[tuple[tuple[str, str], int | None]]:
    """Every list that has people now and none afterwards, by kind and name: how many it loses; None: it is deleted."""
    for each in situation.changes.rows:
        if each.live and each.after == 0:
            yield (each.list_address.kind, each.list), each.live
    for change in situation.changes.objects:
        if change.action is Action.DELETE:
            yield (change.address.kind, change.name), None


def _describe_loss(live: int | None) -> str:
    return "is deleted" if live is None else f"loses all {live:,} contacts"


def _make_document(name: str, live: int | None) -> dict[str, Any]:
    return {"list": name, "live": live, "deleted": live is None}


def _find_undeclared(planned: Planned, lost: Mapping[tuple[str, str], int | None]) -> Iterator[Finding]:
    campaign = planned.campaign
    begins = f"campaign {campaign.name!r}, which no manifest declares, is {_describe_state(campaign.status)}, and"
    own = (campaign.list_address.kind, campaign.list)
    if own in lost:
        words = f"{begins} its list {campaign.list!r} {_describe_loss(lost[own])}"
        emptied = [_make_document(campaign.list, lost[own])]
    elif not campaign.list:
        others = {name: live for (kind, name), live in lost.items() if kind == campaign.list_address.kind}
        names = " or ".join(f"{name!r}, which {_describe_loss(live)}" for name, live in others.items())
        words = f"{begins} nobody knows which list it dials: it may be {names}"
        emptied = [_make_document(name, live) for name, live in others.items()]
    else:
        return
    if emptied:
        details = {"campaign": campaign.name, "status": campaign.status, "emptied": emptied}
        yield Finding(RULE.id, campaign.address, words, details=details)


def _find_declared(each: CampaignChange, lost: Mapping[tuple[str, str], int | None]) -> Iterator[Finding]:
    was, becomes = each.was, each.becomes
    if was is None or becomes is None or not was.tells_status or not was.may_dial or not becomes.may_dial:
        return
    for reference in each.change.references:
        if reference in lost:
            begins = f"campaign {each.change.name!r} is {_describe_state(was.status)}, and its list {reference[1]!r}"
            details = {"campaign": each.change.name, "status": was.status}
            emptied = [_make_document(reference[1], lost[reference])]
            words = f"{begins} {_describe_loss(lost[reference])}"
            yield Finding(RULE.id, each.change.address, words, details={**details, "emptied": emptied})


def _describe_state(status: object) -> str:
    """`active`; any other as the tenant writes it, which this tool does not know to be at rest."""
    return "active" if status == "active" else f"in state {status!r}, which is not known to be at rest"


RULE = Rule(
    id="CMP-EMPTIED",
    title="a list emptied under an active campaign",
    says="No apply takes everybody off the list that an active campaign is dialling: its agents wait for calls that do"
    " not come, and a predictive dialler has nothing to predict from. Pause the campaign first, or leave it a list."
    " Every campaign of the tenant counts, whoever made it and whatever the workspace declares; one whose state is not"
    " known to be at rest counts as active. Where the campaigns cannot be read, nobody knows, and that refuses too.",
    severity=Severity.REFUSE,
    sources=(
        cite_decision(
            "0006-limits-and-overrides",
            "Safety limits are rules with an id, waived by name",
            "a precaution of this tool, not of the law; the tenant refuses to create a campaign on an empty list",
        ),
    ),
    check=check,
)
