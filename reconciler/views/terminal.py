"""How does a person read a plan, or what came of an apply, in a terminal?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from rich.text import Text

from reconciler.model.change import Accounting, Action, ObjectChange, Reason, RowChange
from reconciler.model.document import plan_digest
from reconciler.model.finding import Finding
from reconciler.model.moment import format_instant
from reconciler.model.outcomes import NumbersChange, OutcomeChange
from reconciler.model.plan import Plan
from reconciler.model.report import Figures, Outcome, Report, StepResult
from reconciler.views.plain import plain

_SYMBOLS = {
    Action.CREATE: ("+", "green"),
    Action.UPDATE: ("~", "yellow"),
    Action.DELETE: ("-", "red"),
    Action.NO_OP: ("=", "dim"),
}
_OUTCOMES = {
    Outcome.DONE: ("✓", "green"),
    Outcome.FAILED: ("✗", "bold red"),
    Outcome.BLOCKED: ("·", "yellow"),
    Outcome.NOT_ATTEMPTED: ("·", "dim"),
}
_MOST_REASONS = 8
_MOST_SAMPLES = 3


def plan(value: Plan) -> Text:
    """Who will be called differently, how many, why, and what could go wrong."""
    hosts = ", ".join(sorted({urlsplit(url).netloc for url in value.surfaces.values()}))
    heading = f"Tenant {value.tenant} at {hosts}, workspace {value.workspace}, as of {format_instant(value.as_of)}"
    lines: list[Text] = [Text(plain(heading), "bold"), Text()]
    steps = [value.change(step.address) for step in value.steps]
    for change in steps:
        match change:
            case ObjectChange():
                lines += _object(change)
            case RowChange():
                lines += _rows(change)
            case _:
                lines += _outcomes(change) if isinstance(change, OutcomeChange) else _numbers(change)
    if steps:
        lines.append(Text())
    for account in value.accounts:
        lines += _account(account)
    for row in value.rows:
        lines += _stays(row)
    for outcome in value.outcomes:
        lines += _left(outcome)
    if value.accounts or value.outcomes:
        lines.append(Text())
    if value.findings:
        for finding in value.findings:
            lines += _finding(finding)
        lines.append(Text())
    if value.notices:
        lines += [Text(plain(f"Notice: {notice}"), "yellow") for notice in value.notices]
        lines.append(Text())
    lines += _summary(value, [change for change in steps if isinstance(change, RowChange)])
    return Text("\n").join(lines)


def _object(change: ObjectChange) -> Iterator[Text]:
    symbol, style = _SYMBOLS[change.action]
    verb = "adopt" if change.adopts else change.action.value
    yield Text.assemble((f"{symbol} ", style), (plain(str(change.address)), "bold"), plain(f'  {verb} "{change.name}"'))
    if change.action is Action.CREATE:
        told = [f"{field.path}: {_value(field.after)}" for field in change.fields if field.path != "name"]
        told += [f"{name}: {words}" for name, words in change.later.items()]
        yield from _wrapped(told)
        return
    for field in change.fields:
        yield Text(plain(f"    {field.path}: {_value(field.before)} → {_value(field.after)}"))
    if change.adopts or change.action is Action.DELETE:
        yield Text(plain(f"    {change.why[-1]}"), "dim")


def _wrapped(parts: Iterable[str], width: int = 100) -> Iterator[Text]:
    line = ""
    for part in parts:
        if line and len(line) + len(part) > width:
            yield Text(plain(f"    {line}"), "dim")
            line = ""
        line += f", {part}" if line else part
    if line:
        yield Text(plain(f"    {line}"), "dim")


def _rows(change: RowChange) -> Iterator[Text]:
    yield Text.assemble(
        ("± ", "cyan"),
        (plain(str(change.address)), "bold"),
        plain(f'  list "{change.list}": {change.live:,} → {change.after:,} contacts  ('),
        (f"+{change.adds:,}", "green"),
        " ",
        (f"~{change.updates:,}", "yellow"),
        " ",
        (f"-{change.removes:,}", "red"),
        f", {change.unchanged:,} unchanged) by {change.method}, {change.chunk_size} a request",
    )
    if change.chosen:
        yield Text(plain(f"    {change.method}: {change.chosen}"), "dim")
    for reason in change.reasons[:_MOST_REASONS]:
        yield Text(plain(f"    {reason.count:>7,}  {reason.words}"))
    if len(change.reasons) > _MOST_REASONS:
        rest = sum(reason.count for reason in change.reasons[_MOST_REASONS:])
        yield Text(f"    {rest:>7,}  for {len(change.reasons) - _MOST_REASONS} other reasons", "dim")
    for action in ("add", "update", "remove"):
        example = next((sample for sample in change.samples if sample.action == action), None)
        if example is not None:
            yield Text(plain(f"     e.g.  {example.token} ({example.hint}), {action}: {example.why}"), "dim")


def _outcomes(change: OutcomeChange) -> Iterator[Text]:
    yield Text.assemble(
        ("± ", "cyan"),
        (plain(str(change.address)), "bold"),
        plain(f"  {change.campaign}: "),
        (f"{change.total:,} outcomes to set", "yellow"),
        f", {change.unchanged:,} unchanged, at {change.rate} a second ({_lasting(change.total, change.rate)})",
    )
    for reason in change.reasons[:_MOST_REASONS]:
        yield Text(plain(f"    {reason.count:>7,}  {reason.words}"))
    if len(change.reasons) > _MOST_REASONS:
        rest = sum(reason.count for reason in change.reasons[_MOST_REASONS:])
        yield Text(f"    {rest:>7,}  other transitions", "dim")
    yield Text(plain(f"    by outcome: {_counts(change.outcomes)}"), "dim")
    yield Text(plain(f"    by agent: {_counts(change.agents)}"), "dim")
    for sample in change.samples[:_MOST_SAMPLES]:
        yield Text(plain(f"     e.g.  {sample.token} ({sample.hint}): {sample.why}"), "dim")
    if change.later:
        words = f"    {change.later:,} of them have an outcome of a later moment in the tenant, and get this one"
        yield Text(words, "yellow")


def _numbers(change: NumbersChange) -> Iterator[Text]:
    yield Text.assemble(
        ("± ", "cyan"),
        (plain(str(change.address)), "bold"),
        "  ",
        (f"+{change.total:,} numbers", "green"),
        plain(f" that must not be called, kept in {change.store} before anything else is done"),
    )
    for reason in change.reasons[:_MOST_REASONS]:
        yield Text(plain(f"    {reason.count:>7,}  {reason.words}"))


def _lasting(count: int, rate: int) -> str:
    minutes, seconds = divmod(-(-count // max(rate, 1)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"


def _left(change: OutcomeChange) -> Iterator[Text]:
    left = sum(reason.count for reason in change.left)
    yield Text.assemble(
        ("  ", ""),
        (plain(str(change.address)), "bold"),
        f": {change.source:,} rows = {change.total:,} to set + {change.unchanged:,} unchanged + {left:,} others",
    )
    if change.left:
        yield Text(plain(f"     others: {_counts(change.left)}"), "yellow")
    for place in change.places:
        yield Text(plain(f"     {place.where}: {place.why}"), "dim")
    if change.owed:
        count = sum(reason.count for reason in change.owed)
        yield Text(plain(f"     {count:,} are owed from before: {_counts(change.owed)}"), "yellow")


def _account(account: Accounting) -> Iterator[Text]:
    inside = sum(reason.count for reason in account.included)
    outside = account.source - inside
    yield Text.assemble(
        ("  ", ""),
        (str(account.segment), "bold"),
        f": {account.source:,} contacts in the source = {inside:,} in + {outside:,} out",
    )
    yield Text(plain(f"     in:  {_counts(account.included)}"))
    yield Text(plain(f"     out: {_counts(account.left_out)}"))


def _stays(change: RowChange) -> Iterator[Text]:
    if change.stays:
        count = sum(reason.count for reason in change.stays)
        words = f'  {count:,} on list "{change.list}" no longer belong and stay, as upsert removes nobody:'
        yield Text(plain(f"{words} {_counts(change.stays)}"), "yellow")
    if change.owed:
        count = sum(reason.count for reason in change.owed)
        yield Text(plain(f'  {count:,} are owed to list "{change.list}": {_counts(change.owed)}'), "yellow")


def _counts(reasons: Iterable[Reason]) -> str:
    return " · ".join(f"{reason.words} {reason.count:,}" for reason in reasons) or "nobody"


def _finding(finding: Finding) -> Iterator[Text]:
    symbol, style = ("!", "bold red") if finding.waived is None else ("w", "yellow")
    verdict = "apply refuses" if finding.waived is None else f"set aside: {finding.waived}"
    yield Text.assemble((f"{symbol} {finding.rule}", style), plain(f"  {finding.object}: {finding.message}"))
    yield Text(plain(f"    {verdict}"), style)


def _summary(value: Plan, rows: list[RowChange]) -> Iterator[Text]:
    budget = value.budget
    if value.empty:
        yield Text("No changes. The tenant is as the manifests say.", "bold green")
        yield Text(f"Read with {budget.reads:,} requests; nothing to write. Digest {plan_digest(value)}", "dim")
        yield from _refusal(value)
        return
    made, changed, deleted = (value.count(each) for each in (Action.CREATE, Action.UPDATE, Action.DELETE))
    adds, updates, removes = (sum(getattr(change, each) for change in rows) for each in ("adds", "updates", "removes"))
    yield Text(
        f"Plan: {made} to create, {changed} to change, {deleted} to delete; "
        f"contacts +{adds:,} ~{updates:,} -{removes:,} on {_many(len(rows), 'list')}{_of_outcomes(value)}.",
        "bold",
    )
    yield Text(
        f"Read with {budget.reads:,} requests; apply sends {budget.writes:,} to write"
        f" and about {budget.read_backs:,} to read back.",
        "dim",
    )
    yield Text(f"Digest {plan_digest(value)}", "dim")
    yield from _refusal(value)


def _of_outcomes(value: Plan) -> str:
    """What else is done with contacts, where something is."""
    settled, numbers = (sum(change.total for change in changes) for changes in (value.outcomes, value.numbers))
    told = [f"{settled:,} outcomes to set"] if settled else []
    told += [f"{numbers:,} numbers not to be called any more"] if numbers else []
    return "".join(f"; {words}" for words in told)


def _refusal(value: Plan) -> Iterator[Text]:
    if value.refusals:
        yield Text(f"Unsafe: apply refuses this plan for {_many(len(value.refusals), 'reason')} above.", "bold red")


def _many(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _value(value: Any) -> str:
    if value is None:
        return "(none)"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_value(inner)}" for key, inner in value.items())
    return f'"{value}"' if isinstance(value, str) else f"{value:g}" if isinstance(value, float) else str(value)


def report(value: Report) -> Text:
    """What was not done, step by step, and the sum; what was done was told as it happened."""
    lines = []
    for step in value.steps:
        if step.outcome is Outcome.DONE:
            continue
        symbol, style = _OUTCOMES[step.outcome]
        words = f"  {step.outcome}: {step.words}{_contacts(step)}"
        lines.append(Text.assemble((f"{symbol} ", style), (plain(str(step.address)), "bold"), plain(words)))
        for name, text in (("note", step.note), ("hint", step.hint)):
            if text:
                lines.append(Text.assemble((f"    {name}:  ", "green" if name == "hint" else "dim"), plain(text)))
    counts = ", ".join(f"{len(value.ended(outcome))} {outcome}" for outcome in Outcome if value.ended(outcome))
    for step in value.steps:
        if step.figures is not None:
            lines.append(Text(plain(f"  {step.address}  {_figures(step.figures)}"), "dim"))
    rejected = sum(step.rejected for step in value.steps)
    owed = f"; {rejected:,} contacts rejected by the tenant" if rejected else ""
    lines.append(Text(f"Applied: {counts or 'nothing to do'}{owed}. {value.writes:,} writes. Run {value.run}.", "bold"))
    return Text("\n").join(lines)


def _figures(value: Figures) -> str:
    """How the setting of outcomes went."""
    words = f"{value.total_processed:,} processed: {value.successful:,} successful, {value.failed:,} failed"
    words += f", accuracy {value.accuracy_rate_percent:g} %" if value.accuracy_rate_percent is not None else ""
    words += f"; {value.deferred:,} deferred" if value.deferred else ""
    if value.average_latency_ms is None:
        return words
    latencies = f"p50 {value.p50_latency_ms}, p95 {value.p95_latency_ms}, p99 {value.p99_latency_ms}"
    return f"{words}; latency {value.average_latency_ms:g} ms on average, {latencies}"


def _contacts(step: StepResult) -> str:
    """What became of the contacts of a step that is not done."""
    told = {"written": step.rows, "rejected": step.rejected, "not known": step.unknown, "not sent": step.left}
    counts = ", ".join(f"{count:,} {words}" for words, count in told.items() if count)
    return f"; contacts: {counts}" if counts else ""
