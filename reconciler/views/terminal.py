# tested by: tests/views/test_golden.py
"""Show plans in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from rich.text import Text

from reconciler.model.change_cause import Causes
from reconciler.model.finding import Finding
from reconciler.model.instants import format_instant
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.plan import Plan, Step
from reconciler.model.plan_json import plan_digest
from reconciler.model.rule_results import Waived
from reconciler.model.text_enumerations import format_count
from reconciler.views import outcome_view
from reconciler.views.approval_words import describe_need, describe_needs
from reconciler.views.audience_view import describe_audiences
from reconciler.views.campaign_forecast import describe_forecast
from reconciler.views.causes import describe_causes, iter_rows_cause
from reconciler.views.comparison import describe_comparison, iter_differences
from reconciler.views.impact import describe_impact
from reconciler.views.line_budget import fit_parts
from reconciler.views.membership_change import describe_accounting, describe_kept, describe_membership
from reconciler.views.object_change import describe_object
from reconciler.views.origin import describe_narrowing, describe_origin
from reconciler.views.plain_text import plain
from reconciler.views.reasons import describe_cause, describe_notice, describe_reason
from reconciler.views.safe_harbour import describe_legs
from reconciler.views.undeclared_objects import describe_left_undeclared, describe_undeclared
from reconciler.views.view import View

MOST = 300
"""Lines of a plan that nobody asked for in full."""


def plan(value: Plan, full: bool = False) -> Text:
    """Who will be called differently, how many, why, and what could go wrong; `full`: however many lines that takes."""
    hosts = ", ".join(sorted({urlsplit(url).netloc for url in value.surfaces.values()}))
    chosen = "" if value.environment is None else f"environment {value.environment}, "
    heading = f"Tenant {value.tenant} at {hosts}, {chosen}workspace {value.workspace}, "
    heading += f"as of {format_instant(value.as_of)}"
    narrowed = [Text(plain(words), "bold yellow") for words in (describe_narrowing(value),) if words]
    steps = [(step, value.change(step.address)) for step in value.steps]
    accounts = [line for account in value.accounts for line in describe_accounting(account)]
    accounts += [line for row in value.rows for line in describe_kept(row)]
    accounts += [line for each in value.outcomes for line in outcome_view.describe_left_out(each)]
    told = (
        list(_describe_earlier(value)),
        [line for step, change in steps for line in _describe_change(step, change, value.causes)],
        list(describe_impact(value.impact)) if value.impact is not None and not value.empty else [],
        accounts,
        list(describe_audiences(value.campaigns)),
        list(describe_legs(value.campaigns)),
        list(describe_forecast(value.campaigns)),
        list(_describe_findings(value)),
        list(describe_undeclared(value)),
        list(_describe_notices(value)),
        list(_describe_approvals(value)),
    )
    parts = [[*narrowed, Text(plain(heading), "bold"), Text()], *([*part, Text()] for part in told if part)]
    parts.append(list(_describe_summary(value, [change for _, change in steps if isinstance(change, RowChange)])))
    lines = [line for part in parts for line in part] if full else fit_parts(parts, MOST, "`--full` shows them")
    return Text("\n").join(lines)


def _describe_earlier(value: Plan) -> Iterator[Text]:
    if value.against is not None:
        yield Text(plain(f"{describe_comparison(value.against)}."), "bold")
        for where, what, then, now in iter_differences(value.against):
            yield Text(plain(f"  {where}  {what}: {then} → {now}"))


def _describe_findings(value: Plan) -> Iterator[Text]:
    for finding in value.findings:
        yield from _describe_finding(finding)
    for waiver in value.waivers:
        yield from _describe_waiver(waiver)


def _describe_approvals(value: Plan) -> Iterator[Text]:
    if value.approvals:
        yield Text(f"{describe_needs(value.approvals)} (docs/approvals.md):", "bold yellow")
    for need in value.approvals:
        yield Text(plain(f"  {describe_need(need)}"), "yellow")


def _describe_notices(value: Plan) -> Iterator[Text]:
    for notice in value.notices:
        yield Text(plain(f"Notice: {describe_notice(notice)}"), "yellow")


def _describe_change(step: Step, change: ObjectChange | AnyRowChange, causes: Causes | None) -> Iterator[Text]:
    match change:
        case ObjectChange():
            yield from describe_object(step, change, causes)
        case RowChange():
            yield from describe_membership(change)
            yield from (Text(plain(f"    {words}"), "yellow") for words in iter_rows_cause(causes, change))
        case _:
            yield from outcome_view.describe_change(change)


def _describe_finding(finding: Finding) -> Iterator[Text]:
    symbol, style = ("!", "bold red") if finding.refuses else ("w", "yellow")
    verdict = "apply refuses" if finding.refuses else "warning"
    if finding.waived is not None:
        ends = f" until {finding.until}" if finding.until else ""
        verdict = f"waived{ends}: {finding.waived}"
    yield Text.assemble((f"{symbol} {finding.rule}", style), plain(f"  {finding.object}: {finding.message}"))
    if why := describe_cause(finding):
        yield Text(plain(f"    {why}"), style)
    yield Text(plain(f"    {verdict}"), style)


def _describe_waiver(waiver: Waived) -> Iterator[Text]:
    """A waiver that sets aside nothing that was found: it is in force all the same, or it has lost its force."""
    if waiver.used:
        return
    ends = f" until {waiver.until}" if waiver.until else ""
    if waiver.lost is None:
        words = f"the waiver for {waiver.object}{ends} by {waiver.by} has nothing to waive: {waiver.reason}"
        yield Text(plain(f"w {waiver.rule}  {words}"), "dim")
    else:
        yield Text(
            plain(f"w {waiver.rule}  not waived for {waiver.object} by {waiver.by}: {describe_reason(waiver.lost)}"),
            "yellow",
        )


def _describe_summary(value: Plan, rows: list[RowChange]) -> Iterator[Text]:
    budget = value.budget
    if value.empty:
        if value.undeclared:
            yield Text(f"No changes to what is declared.{describe_left_undeclared(value)}", "bold yellow")
        else:
            left = "The tenant matches the manifests."
            if value.partial:  # no more is said than was looked at
                left = "What was compared is as declared." if value.narrowed else "Nothing is left to take back."
            yield Text(f"No changes. {left}", "bold green")
        yield Text(f"Read with {budget.reads:,} requests; nothing to write. Digest {plan_digest(value)}", "dim")
        yield from _describe_origin(value)
        yield from _describe_refusal(value)
        return
    made, changed, deleted = (value.count(each) for each in (Action.CREATE, Action.UPDATE, Action.DELETE))
    adds, updates, removes = (sum(getattr(change, each) for change in rows) for each in ("adds", "changed", "removes"))
    aged = sum(change.aged for change in rows)
    calendar = f", ~{aged:,} by recency alone" if aged else ""
    replaced, let_go = value.count(Action.REPLACE), value.count(Action.RELEASE)
    taken = f"{value.adoptions} to adopt, " if value.adoptions else ""
    anew = f"{replaced} to replace, " if replaced else ""
    anew += f"{let_go} to release, " if let_go else ""
    yield Text(
        f"Plan: {made} to create, {changed} to change, {taken}{anew}{deleted} to delete; "
        f"contacts +{adds:,} ~{updates:,} -{removes:,}{calendar} on {format_count(len(rows), 'list')}"
        f"{outcome_view.describe_sums(value)}.",
        "bold",
    )
    yield Text(
        f"Read with {budget.reads:,} requests; apply sends {budget.writes:,} to write"
        f" and about {budget.read_backs:,} to read back.",
        "dim",
    )
    if value.causes is not None and (words := describe_causes(value.causes)):
        yield Text(plain(f"Since run {value.causes.run} {words}."), "dim")
    until = "" if value.good_until is None else f"; good until {format_instant(value.good_until)}"
    yield Text(f"Digest {plan_digest(value)}{until}", "dim")
    yield from _describe_origin(value)
    yield from _describe_refusal(value)


def _describe_origin(value: Plan) -> Iterator[Text]:
    if value.origin is not None:
        yield Text(plain(f"Made for {describe_origin(value.origin)}"), "dim")


def _describe_refusal(value: Plan) -> Iterator[Text]:
    if value.refusals:
        count = len(value.refusals)
        prevents = "prevents" if count == 1 else "prevent"
        words = f"Blocked: {format_count(count, 'finding')} above {prevents} this plan from being applied."
        yield Text(words, "bold red")


VIEWS = (View("text", "plan", plan, whole=True),)
