# tested by: tests/policy/test_terraform_view.py
"""Count what policies ask about a plan, in whole numbers and with every reason, as values of flat objects.

Tools for Terraform's plans see attributes of objects: they divide nothing, compare no object with another, and some
know whole numbers alone. So shares are in whole percent, rounded to the side on which a limit is not missed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from math import ceil, floor
from typing import Any

from reconciler.model.before_after_states import CampaignChange, iter_campaign_changes
from reconciler.model.finding import Finding
from reconciler.model.held_numbers import ADD, HeldChange
from reconciler.model.instants import format_instant
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, FieldChange, ObjectChange
from reconciler.model.outcome_change import NumbersChange, OutcomeChange
from reconciler.model.plan import Plan
from reconciler.model.reason import Counted
from reconciler.model.reason_codes import OUT
from reconciler.model.rule_input import Planned
from reconciler.model.rule_results import Waived
from reconciler.model.verdict import reach_verdict

BOUNDLESS = 1_000_000
"""What stands for a percentage of nothing, and for a time without an end: no limit that somebody sets lets it pass."""

REMOVED = (*OUT, "moved", "not_in_source", "duplicate_member", "former_number", "rolled_back")
"""Why a row is taken off a list. Each is told, with 0 where nobody is: a policy that asks for another finds nothing."""


@dataclass(frozen=True, slots=True)
class Fact:
    """An object of a kind that policies ask for, with its values as JSON.

    Attributes:
        type: `reconciler_…`. name: of what it is about. values: after the apply; before: of rows, before it.
        changes: of rows, whether any are written.
    """

    type: str
    address: str
    name: str
    values: Mapping[str, Any]
    before: Mapping[str, Any] = field(default_factory=dict)
    changes: bool = False


def list_rows(plan: Plan) -> Iterator[Fact]:
    """The change of each list's, campaign's and store's rows."""
    for rows in plan.rows:
        yield _describe_members(rows)
    for outcomes in plan.outcomes:
        yield _describe_outcomes(outcomes)
    for numbers in plan.numbers:
        yield _describe_numbers(numbers)
    for held in plan.held:
        yield _describe_held(held)


def list_facts(plan: Plan) -> Iterator[Fact]:
    """What the plan says of itself, of each change, of each setting that changes, and of campaigns and findings."""
    yield _make_fact("plan", plan.workspace, _describe_plan(plan))
    planned = {each.change.address: each for each in plan.campaigns}
    begins = {each.change.address for each in iter_campaign_changes(plan.objects) if _begins_dialling(each)}
    for change in plan.objects:
        if change.action is not Action.NO_OP:
            address = str(change.address)
            starts = None
            if change.address in begins:
                starts = _find_start(change, plan, planned.get(change.address))
            told = {**_describe_change(change), "begins_dialling": change.address in begins, "dials_from": starts}
            yield _make_fact("change", address, told)
            if change.before is not None:
                for each in change.fields:
                    yield _make_fact("setting", f"{address}:{each.path}", _describe_setting(address, change, each))
    for campaign in plan.campaigns:
        yield _make_fact("campaign", str(campaign.change.address), _describe_campaign(campaign))
    for number, finding in enumerate(plan.findings):
        yield _make_fact("finding", f"{number}:{finding.rule}:{finding.object}", _describe_finding(finding))
    for waiver in plan.waivers:
        told = _describe_waiver(waiver, plan.created.date())
        yield _make_fact("waiver", f"{waiver.by}:{waiver.rule}:{waiver.object}", told)


def _describe_finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "object": str(finding.object),
        "severity": finding.severity.value,
        "refuses": finding.refuses,
        "waived": finding.waived is not None,
        "waivable": finding.waivable,
        "message": finding.message,
    }


def _describe_waiver(waiver: Waived, today: date) -> dict[str, Any]:
    return {
        "rule": waiver.rule,
        "object": waiver.object,
        "reason": waiver.reason,
        "by": waiver.by,
        "until": None if waiver.until is None else waiver.until.isoformat(),
        "days_left": BOUNDLESS if waiver.until is None else (waiver.until - today).days,
        "holds": waiver.lost is None,
        "lost": None if waiver.lost is None else waiver.lost.code,
        "used": waiver.used,
    }


def _make_fact(kind: str, name: str, values: Mapping[str, Any]) -> Fact:
    return Fact(f"reconciler_{kind}", f"data.reconciler_{kind}.{name}", name, values)


def _describe_plan(plan: Plan) -> dict[str, Any]:
    verdict = reach_verdict(plan)
    blast = None if plan.impact is None else plan.impact.blast
    return {
        "workspace": plan.workspace,
        "tenant": plan.tenant,
        "environment": plan.environment,
        "as_of": format_instant(plan.as_of),
        "weekday": plan.created.strftime("%A"),
        "hour_utc": plan.created.hour,
        "status": verdict.status.value,
        **({"narrowed": list(plan.narrowed)} if plan.narrowed else {}),
        **({} if plan.rolls_back is None else {"rolls_back": plan.rolls_back}),
        "counts": dict(verdict.counts),
        "blast_percent": BOUNDLESS if blast is None or not blast.known else ceil(Fraction(str(blast.percent))),
        "writes": plan.budget.writes,
    }


def _describe_change(change: ObjectChange) -> dict[str, Any]:
    return {
        "object": str(change.address),
        "kind": change.address.kind,
        "live_name": change.name,
        "previous_name": change.previous,
        "action": change.action.value,
        "adopts": change.adopts,
        "owner": change.owner,
        "why": [reason.code for reason in change.why],
        "settings": [each.path for each in change.fields],
    }


def _begins_dialling(change: CampaignChange) -> bool:
    """Whether it may call people after the apply, and calls none before it."""
    was, becomes = change.was, change.becomes
    return becomes is not None and becomes.may_dial and (was is None or not was.may_dial)


def _find_start(change: ObjectChange, plan: Plan, planned: Planned | None) -> str | None:
    """From when it dials if the plan is applied as soon as it is made; None: nobody knows."""
    start = (change.after or {}).get("startTime")
    if start:
        return str(start)
    if planned is not None and planned.campaign.within_hours:
        return None if planned.opens is None else format_instant(planned.opens)
    return format_instant(plan.created + timedelta(seconds=change.seconds_later.get("startTime", 0)))


def _describe_setting(address: str, change: ObjectChange, each: FieldChange) -> dict[str, Any]:
    return {
        "object": address,
        "kind": change.address.kind,
        "live_name": change.name,
        "setting": each.path,
        "before": each.before,
        "after": each.after,
        **_compare_numbers(each.before, each.after),
    }


def _compare_numbers(before: Any, after: Any) -> dict[str, int]:
    """The number after in percent of the one before, up and down to whole ones; none where neither is a number."""
    first, second = _read_number(before), _read_number(after)
    if first is None and second is None:
        return {}
    if first is None or second is None or first <= 0 or second < 0:
        return {"percent": BOUNDLESS, "percent_down": 0}
    share = 100 * second / first
    return {"percent": min(ceil(share), BOUNDLESS), "percent_down": min(floor(share), BOUNDLESS)}


def _read_number(value: Any) -> Fraction | None:
    return None if isinstance(value, bool) or not isinstance(value, int | float) else Fraction(str(value))


def _describe_campaign(planned: Planned) -> dict[str, Any]:
    after, threshold = planned.becomes, planned.threshold
    return {
        "object": str(planned.change.address),
        "live_name": planned.campaign.name,
        "list": planned.campaign.list,
        "dials": after is not None and after.may_dial,
        "abandon_threshold": threshold,
        "abandon_threshold_hundredths": BOUNDLESS if threshold is None else ceil(100 * Fraction(str(threshold))),
        "contacts": BOUNDLESS if planned.contacts is None else planned.contacts,
        "legs": {each.leg.value: each.state.value for each in planned.legs},
    }


def _describe_members(change: RowChange) -> Fact:
    removed = {**dict.fromkeys(REMOVED, 0), **_count_reasons(change.reasons, "remove")}
    values = {
        "segment": str(change.address.resource),
        "list": change.list,
        "list_address": str(change.list_address),
        "members": change.live + change.adds - change.removes,
        "members_before": change.live,
        "adds": change.adds,
        "updates": change.updates,
        "removes": change.removes,
        "unchanged": change.unchanged,
        "pending": change.pending,
        "by_the_calendar": change.aged,
        "adds_percent": _share(change.adds, change.live),
        "removes_percent": _share(change.removes, change.live),
        "removed": removed,
        "removed_percent": {code: _share(count, change.live) for code, count in removed.items()},
        "added": _count_reasons(change.reasons, "add"),
        "updated": _count_reasons(change.reasons, "update"),
    }
    before = {"segment": values["segment"], "list": change.list, "list_address": values["list_address"]}
    before["members"] = change.live
    changes = bool(change.adds or change.updates or change.removes)
    return Fact("reconciler_membership", str(change.address), str(change.address), values, before, changes)


def _describe_outcomes(change: OutcomeChange) -> Fact:
    values = {
        "campaign": change.campaign.name,
        "rows": change.source,
        "sets": change.total,
        "unchanged": change.unchanged,
        "left_out": _count_reasons(change.left, None),
        "reopened": change.reopened,
        "later": change.later,
    }
    before = {"campaign": change.campaign.name}
    return Fact("reconciler_outcomes", str(change.address), str(change.address), values, before, bool(change.total))


def _describe_numbers(change: NumbersChange) -> Fact:
    values = {"store": change.store, "adds": change.total, "unread": change.unread}
    before = {"store": change.store}
    return Fact("reconciler_numbers", str(change.address), str(change.address), values, before, bool(change.total))


def _describe_held(change: HeldChange) -> Fact:
    values = {
        "holder": change.holder.name,
        "adds": change.total if change.act == ADD else 0,
        "expires": 0 if change.act == ADD else change.total,
        "live": change.live,
        "kept": change.kept,
        "unread": change.unread,
    }
    before = {"holder": change.holder.name}
    return Fact("reconciler_held", str(change.address), str(change.address), values, before, bool(change.total))


def _share(count: int, whole: int) -> int:
    """How many whole percent, rounded up; of nothing it is without bound."""
    return 0 if not count else BOUNDLESS if not whole else min(ceil(Fraction(100 * count, whole)), BOUNDLESS)


def _count_reasons(reasons: Iterable[Counted], action: str | None) -> dict[str, int]:
    found: Counter[str] = Counter()
    for each in reasons:
        if each.action == action:
            found[each.reason.code] += each.count
    return dict(sorted(found.items()))
