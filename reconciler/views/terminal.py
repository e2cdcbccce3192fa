# tested by: tests/views/test_golden.py
"""Show plans and reports in a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from rich.text import Text

from reconciler.model.cause import Causes
from reconciler.model.change import Accounting, Action, ObjectChange, Replacement, RowChange
from reconciler.model.finding import Finding
from reconciler.model.instants import format_instant
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.plan import Plan, Step
from reconciler.model.plan_json import plan_digest
from reconciler.model.report import Outcome, Report
from reconciler.model.rule_results import Waived
from reconciler.model.text_lists import count_shown, format_count
from reconciler.views import outcome_view
from reconciler.views.approvals import describe_need, describe_needs
from reconciler.views.audience_view import describe_audiences
from reconciler.views.causes import (
    describe_causes,
    describe_field_cause,
    describe_object_cause,
    iter_rows_cause,
)
from reconciler.views.comparison import describe_comparison, iter_differences
from reconciler.views.forecast_view import describe_forecast
from reconciler.views.impact import describe_impact
from reconciler.views.line_budget import fit_parts
from reconciler.views.origin import describe_origin
from reconciler.views.plain_text import plain
from reconciler.views.reasons import (
    describe_cause,
    describe_counts,
    describe_notice,
    describe_reason,
    describe_row_reason,
    describe_sample,
    describe_shares,
)
from reconciler.views.step_result import describe_step_end
from reconciler.views.view import View

_SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.REPLACE: ("-/+", "magenta"),
    Action.DELETE: ("-", "red"),
    Action.RELEASE: ("×", "cyan"),
    Action.NO_OP: ("=", "dim"),
}
_MOST_REASONS = 8


MOST = 300
"""Lines of a plan that nobody asked for in full."""


def plan(value: Plan, full: bool = False) -> Text:
    """Who will be called differently, how many, why, and what could go wrong; `full`: however many lines that takes."""
    hosts = ", ".join(sorted({urlsplit(url).netloc for url in value.surfaces.values()}))
    chosen = "" if value.environment is None else f"environment {value.environment}, "
    heading = f"Tenant {value.tenant} at {hosts}, {chosen}workspace {value.workspace}, "
    heading += f"as of {format_instant(value.as_of)}"
    steps = [(step, value.change(step.address)) for step in value.steps]
    accounts = [line for account in value.accounts for line in _describe_account(account)]
    accounts += [line for row in value.rows for line in _describe_stays(row)]
    accounts += [line for each in value.outcomes for line in outcome_view.describe_left_out(each)]
    told = (
        list(_describe_earlier(value)),
        [line for step, change in steps for line in _describe_change(step, change, value.causes)],
        list(describe_impact(value.impact)) if value.impact is not None and not value.empty else [],
        accounts,
        list(describe_audiences(value.campaigns)),
        list(describe_forecast(value.campaigns)),
        list(_describe_findings(value)),
        list(_describe_undeclared(value)),
        list(_describe_notices(value)),
        list(_describe_approvals(value)),
    )
    parts = [[Text(plain(heading), "bold"), Text()], *([*part, Text()] for part in told if part)]
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
            yield from _describe_object(step, change, causes)
        case RowChange():
            yield from _describe_rows(change)
            yield from (Text(plain(f"    {words}"), "yellow") for words in iter_rows_cause(causes, change))
        case _:
            yield from outcome_view.describe_change(change)


def _describe_object(step: Step, change: ObjectChange, causes: Causes | None) -> Iterator[Text]:
    if step.address.later:
        yield from _describe_activation(step, change)
        return
    symbol, style = _SYMBOLS[change.action]
    verb = "adopt" if change.adopts else change.action.value
    if change.action is Action.RELEASE:
        yield from _describe_released(change)
        return
    yield Text.assemble((f"{symbol} ", style), (plain(str(change.address)), "bold"), plain(f'  {verb} "{change.name}"'))
    if words := describe_object_cause(causes, change):
        yield Text(plain(f"    {words}"), "yellow")
    if change.action is Action.CREATE:
        told = [f"{field.path}: {_format_value(field.after)}" for field in change.fields if field.path != "name"]
        told += [f"{name}: {describe_reason(why)}" for name, why in change.later.items()]
        yield from _wrap_parts(told)
        return
    if change.previous is not None:
        yield Text(plain(f'    moved from "{change.previous}": it is renamed in place'), "dim")
    stuck = change.replacement.fields if change.replacement is not None else ()
    for field in change.fields:
        forces = "  (forces it)" if field.path in stuck else ""
        if words := describe_field_cause(causes, change, field.path):
            forces += f"  ({words})"
        yield Text(plain(f"    {field.path}: {_format_value(field.before)} → {_format_value(field.after)}{forces}"))
    if change.replacement is not None:
        yield from _wrap_parts(f"{name}: {describe_reason(why)}" for name, why in change.later.items())
        yield from _describe_cost(change.replacement)
    if change.adopts or change.action is Action.DELETE:
        yield Text(plain(f"    {describe_reason(change.why[-1])}"), "dim")
    if len(step.does) > 1:
        course = " → ".join(step.does)
        undone = "each read back; if one fails, it is rolled back, or left paused"
        words = undone if change.action in (Action.UPDATE, Action.REPLACE) else "each read back"
        yield Text(plain(f"    {course}; {words}"), "dim")


def _describe_released(change: ObjectChange) -> Iterator[Text]:
    """What is managed no longer."""
    symbol, style = _SYMBOLS[change.action]
    words = plain(f'  released "{change.name}"')
    yield Text.assemble((f"{symbol} ", style), (plain(str(change.address)), "bold"), words)
    yield Text(plain(f"    {describe_reason(change.why[-1])}: its mark is removed, and it stays as it is"), "dim")
    if change.dialled_by:
        named = ", ".join(f'"{name}"' for name in change.dialled_by)
        yield Text(plain(f"    campaign {named} may be dialling, and goes on dialling"), "bold red")


def _describe_activation(step: Step, change: ObjectChange) -> Iterator[Text]:
    yield Text.assemble(("> ", "green"), (plain(str(change.address)), "bold"), plain(f'  activate "{change.name}"'))
    lists = ", ".join(f'"{name}"' for _, name in change.references)
    told = f"list {lists} has been re-read, is not empty and matches the plan"
    yield Text(plain(f"    activated in a step of its own, after {told}"), "dim")


def _describe_cost(cost: Replacement) -> Iterator[Text]:
    """What a replacement costs."""
    contacts = "an unknown number of" if cost.contacts is None else f"{cost.contacts:,}"
    attempts = "an unknown number of" if cost.attempts is None else f"{cost.attempts:,}"
    words = f"    must be replaced, because the tenant cannot change {' or '.join(cost.fields)}:"
    yield Text(
        plain(f"{words} starts over with {contacts} contacts; the history of {attempts} attempts is lost"), "yellow"
    )
    yield Text(plain(f"    downtime: {describe_reason(cost.downtime)}"), "yellow")


def _wrap_parts(parts: Iterable[str], width: int = 100) -> Iterator[Text]:
    line = ""
    for part in parts:
        if line and len(line) + len(part) > width:
            yield Text(plain(f"    {line}"), "dim")
            line = ""
        line += f", {part}" if line else part
    if line:
        yield Text(plain(f"    {line}"), "dim")


def _describe_rows(change: RowChange) -> Iterator[Text]:
    yield Text.assemble(
        ("± ", "cyan"),
        (plain(str(change.address)), "bold"),
        plain(f'  list "{change.list}": {change.live:,} → {change.after:,} contacts  ('),
        (f"+{change.adds:,}", "green"),
        " ",
        (f"~{change.changed:,}", "yellow"),
        " ",
        (f"-{change.removes:,}", "red"),
        f"{_describe_aged(change)}, {change.unchanged:,} unchanged) by {change.method}, {change.chunk_size} a request",
    )
    if change.chosen is not None:
        yield Text(plain(f"    {change.method}: {describe_reason(change.chosen)}"), "dim")
    shown = count_shown(len(change.reasons), _MOST_REASONS)
    for reason in change.reasons[:shown]:
        yield Text(plain(f"    {reason.count:>7,}  {describe_row_reason(reason)}"))
    if change.reasons[shown:]:
        rest = sum(reason.count for reason in change.reasons[shown:])
        yield Text(f"    {rest:>7,}  for {len(change.reasons) - shown} other reasons", "dim")
    for action in ("add", "update", "remove"):
        example = next((sample for sample in change.samples if sample.action == action), None)
        if example is not None:
            yield Text(
                plain(f"     e.g.  {example.token} ({example.hint}), {action}: {describe_sample(example)}"), "dim"
            )


def _describe_aged(change: RowChange) -> str:
    """The updates that follow from the time alone."""
    if not change.aged:
        return ""
    since = "" if change.aged_since is None else f" since {format_instant(change.aged_since)}"
    return f", ~{change.aged:,} by recency alone{since}"


def _describe_account(account: Accounting) -> Iterator[Text]:
    inside = sum(reason.count for reason in account.included)
    outside = account.source - inside
    yield Text.assemble(
        ("  ", ""),
        (str(account.segment), "bold"),
        f": {account.source:,} contacts in the source = {inside:,} in + {outside:,} out",
    )
    yield Text(plain(f"     in:  {describe_shares(account.included)}"))
    yield Text(plain(f"     out: {describe_counts(account.left_out)}"))
    if account.unrecorded is not None:
        words = f"     {account.unrecorded:,} of those in have no recorded consent: the source says unknownConsent: in"
        yield Text(words, "yellow")


def _describe_stays(change: RowChange) -> Iterator[Text]:
    if change.stays:
        count = sum(reason.count for reason in change.stays)
        words = f'  {count:,} on list "{change.list}" no longer qualify but are kept (membership: upsert):'
        yield Text(plain(f"{words} {describe_counts(change.stays)}"), "yellow")
    if change.owed:
        count = sum(reason.count for reason in change.owed)
        yield Text(
            plain(f'  {count:,} pending retry on list "{change.list}": {describe_counts(change.owed)}'), "yellow"
        )


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
        words = f"waiver for {waiver.object}{ends} by {waiver.by} is unused: {waiver.reason}"
        yield Text(plain(f"w {waiver.rule}  {words}"), "dim")
    else:
        yield Text(
            plain(f"w {waiver.rule}  not waived for {waiver.object} by {waiver.by}: {describe_reason(waiver.lost)}"),
            "yellow",
        )


def _describe_undeclared(value: Plan) -> Iterator[Text]:
    """What is ours and declared no more: what dials comes first."""
    if value.undeclared:
        yield Text("No longer declared, and left as it is; `--prune` deletes it:", "yellow")
    for each in sorted(value.undeclared, key=lambda each: (not each.dials, each.address)):
        uses = ", ".join(f'"{name}"' for _, name in each.uses)
        does = ("dials" if each.state == "active" else "may dial") if each.dials else "does not dial"
        does = f"{does} list {uses}" if uses else f"{does}, and names no list" if each.dials else "dials nobody"
        words = does if each.state is None else f"{each.state}, {does}"
        words = f'  {each.address.kind} "{each.name}": {words}'
        yield Text(plain(words), "bold red" if each.dials else "yellow")
        made = [
            change.name for change in value.objects if _is_made(change) and change.address.kind == each.address.kind
        ]
        if len(made) == 1:
            renamed = (
                f'    if it is "{made[0]}" under its earlier name, say `was: {each.name}` there: it is renamed in place'
            )
            yield Text(plain(renamed), "dim")


def _is_made(change: ObjectChange) -> bool:
    return change.action is Action.CREATE


def _describe_left(value: Plan) -> str:
    dialling = sum(each.dials for each in value.undeclared)
    dials = f", and {dialling:,} of them may be calling people" if dialling else ""
    count = format_count(len(value.undeclared), "object")
    return f" {count} of this workspace {_format_are(value)} no longer declared{dials}."


def _format_are(value: Plan) -> str:
    return "is" if len(value.undeclared) == 1 else "are"


def _describe_summary(value: Plan, rows: list[RowChange]) -> Iterator[Text]:
    budget = value.budget
    if value.empty:
        if value.undeclared:
            yield Text(f"No changes to what is declared.{_describe_left(value)}", "bold yellow")
        else:
            yield Text("No changes. The tenant matches the manifests.", "bold green")
        yield Text(f"Read with {budget.reads:,} requests; nothing to write. Digest {plan_digest(value)}", "dim")
        yield from _describe_origin(value)
        yield from _describe_refusal(value)
        return
    made, changed, deleted = (value.count(each) for each in (Action.CREATE, Action.UPDATE, Action.DELETE))
    adds, updates, removes = (sum(getattr(change, each) for change in rows) for each in ("adds", "changed", "removes"))
    aged = sum(change.aged for change in rows)
    calendar = f", ~{aged:,} by recency alone" if aged else ""
    replaced, let_go = value.count(Action.REPLACE), value.count(Action.RELEASE)
    anew = f"{replaced} to replace, " if replaced else ""
    anew += f"{let_go} to release, " if let_go else ""
    yield Text(
        f"Plan: {made} to create, {changed} to change, {anew}{deleted} to delete; "
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


def _format_value(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_format_value(inner)}" for key, inner in value.items())
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def report(value: Report) -> Text:
    """What was not begun, and the sum; how the other steps ended was told as they did (`views.progress`)."""
    lines = [
        describe_step_end(step) for step in value.steps if step.outcome in (Outcome.BLOCKED, Outcome.NOT_ATTEMPTED)
    ]
    counts = ", ".join(
        f"{len(value.list_ended(outcome))} {outcome}" for outcome in Outcome if value.list_ended(outcome)
    )
    for step in value.steps:
        if step.figures is not None:
            lines.append(Text(plain(f"  {step.address}  {outcome_view.describe_figures(step.figures)}"), "dim"))
    rejected = sum(step.rejected for step in value.steps)
    owed = f"; {format_count(rejected, 'contact')} rejected by the tenant" if rejected else ""
    suppressed = sum(step.suppressed for step in value.steps)
    owed += f"; {format_count(suppressed, 'contact')} suppressed since the plan" if suppressed else ""
    lines.append(
        Text(
            f"Applied: {counts or 'nothing to do'}{owed}. {format_count(value.writes, 'write')} in "
            f"{format_count(value.requests, 'request')}. Run {value.run}.",
            "bold",
        )
    )
    if value.audit is not None:
        lines.append(Text(f"The audit record ends with entry {value.audit.entries}:{value.audit.head}", "dim"))
    return Text("\n").join(lines)


VIEWS = (View("text", "plan", plan), View("text", "report", lambda value, _: report(value)))
