"""A running campaign would lose everybody on its list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model.change import Action
from reconciler.model.finding import Finding, Severity
from reconciler.model.resource_address import Address
from reconciler.model.rule import Rule, Source
from reconciler.model.rule_input import Planned, Situation
from reconciler.model.serialization import to_json
from reconciler.model.typed_states import CampaignChange


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
        for (of, name), what in lost.items():
            if of == unseen.kind:
                continue
            words = f"list {name!r} {what}, and nobody could see whether a {unseen.kind} dials it"
            told = {"list": name, "kind": unseen.kind, "why": to_json(unseen.why)}
            yield Finding(RULE.id, Address(of, name), words, details=told)


def _find_emptied_lists(situation: Situation) -> Iterator[tuple[tuple[str, str], str]]:
    """Every list that has people now and none afterwards, by kind and name, and what becomes of it."""
    for each in situation.changes.rows:
        if each.live and each.after == 0:
            yield (each.list_address.kind, each.list), f"loses all {each.live:,} contacts"
    for change in situation.changes.objects:
        if change.action is Action.DELETE:
            yield (change.address.kind, change.name), "is deleted"


def _find_undeclared(planned: Planned, lost: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    campaign = planned.campaign
    begins = f"campaign {campaign.name!r}, which no manifest declares, is {_describe_state(campaign.status)}, and"
    what = lost.get((campaign.list_address.kind, campaign.list))
    if what is not None:
        yield Finding(RULE.id, campaign.address, f"{begins} its list {campaign.list!r} {what}")
    elif not campaign.list:
        names = " or ".join(
            f"{name!r}, which {words}" for (kind, name), words in lost.items() if kind != campaign.address.kind
        )
        if names:
            yield Finding(RULE.id, campaign.address, f"{begins} nobody knows which list it dials: it may be {names}")


def _find_declared(each: CampaignChange, lost: Mapping[tuple[str, str], str]) -> Iterator[Finding]:
    was, becomes = each.was, each.becomes
    if was is None or becomes is None or not was.tells_status or not was.may_dial or not becomes.may_dial:
        return
    for reference in each.change.references:
        if reference in lost:
            begins = f"campaign {each.change.name!r} is {_describe_state(was.status)}, and its list {reference[1]!r}"
            yield Finding(RULE.id, each.change.address, f"{begins} {lost[reference]}")


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
        Source(
            title="Safety limits are rules with an id, waived by name",
            citation="decision 6 of this project",
            url="docs/decisions/0006-limits-and-overrides.md",
            effective=None,
            verified=True,
            note="a precaution of this tool, not of the law; the tenant refuses to create a campaign on an empty list",
        ),
    ),
    check=check,
)
