"""Would a campaign that is calling people lose everybody on its list?"""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.change import Action
from reconciler.model.finding import Finding, Severity
from reconciler.model.rule import Rule, Source
from reconciler.model.situation import Situation


def check(situation: Situation) -> Iterator[Finding]:
    """Each campaign that is active now and stays, declared or not, and whose list is emptied or deleted."""
    emptied = {each.list: each.live for each in situation.changes.rows if each.live and each.after == 0}
    deleted = {(each.address.kind, each.name) for each in situation.changes.objects if each.action is Action.DELETE}
    for address, name in situation.others:
        gone = any(kind != address.kind and each == name for kind, each in deleted)
        if name in emptied or gone:
            what = f"loses all {emptied[name]:,} contacts" if name in emptied else "is deleted"
            message = f"campaign {address.name!r}, which no manifest declares, is active, and its list {name!r} {what}"
            yield Finding(RULE.id, address, message)
    for change in situation.changes.objects:
        before, after = change.before or {}, change.after or {}
        if before.get("status") != "active" or after.get("status") != "active":
            continue
        for kind, name in change.references:
            if name in emptied:
                message = (
                    f"campaign {change.name!r} is active, and its list {name!r} loses all {emptied[name]:,} contacts"
                )
                yield Finding(RULE.id, change.address, message)
            elif (kind, name) in deleted:
                yield Finding(
                    RULE.id, change.address, f"campaign {change.name!r} is active, and its list {name!r} is deleted"
                )


RULE = Rule(
    id="CMP-EMPTIED",
    title="a list emptied under an active campaign",
    says="No apply takes everybody off the list that an active campaign is dialling: its agents wait for calls that do"
    " not come, and a predictive dialler has nothing to predict from. Pause the campaign first, or leave it a list."
    " Campaigns that no manifest declares count as well, where some are declared: else none is read.",
    severity=Severity.REFUSE,
    sources=(
        Source(
            title="Safety limits are rules with an id, set aside by name",
            citation="decision 6 of this project",
            url="docs/decisions/0006-limits-and-overrides.md",
            effective=None,
            verified=True,
            note="a caution of this tool's own, and no law; the tenant refuses to create a campaign on an empty list",
        ),
    ),
    check=check,
)
