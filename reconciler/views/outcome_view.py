# tested by: tests/steps/apply/test_outcome_step.py
"""Show the outcomes that a plan sets."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from reconciler.model.held_numbers import ADD, HeldChange
from reconciler.model.outcome_change import NumbersChange, OutcomeChange
from reconciler.model.plan import Plan
from reconciler.model.report import Figures
from reconciler.model.text_enumerations import count_shown
from reconciler.views.plain_text import plain
from reconciler.views.reasons import describe_counts, describe_reason, describe_sample, describe_shares

_MOST_REASONS = 8
_MOST_SAMPLES = 3


def describe_change(value: OutcomeChange | NumbersChange | HeldChange) -> Iterator[Text]:
    """What is set, added, or expires."""
    match value:
        case OutcomeChange():
            yield from _describe_set(value)
        case NumbersChange():
            yield from _describe_added(value)
        case HeldChange():
            yield from _describe_held(value)


def _describe_set(change: OutcomeChange) -> Iterator[Text]:
    """Which outcomes are set: from which to which, by whom, and how long that takes."""
    takes = _describe_duration(change.total, change.rate)
    yield Text.assemble(
        ("± ", "cyan"),
        (plain(str(change.address)), "bold"),
        plain(f"  {change.campaign}: "),
        (f"{change.total:,} outcomes to set", "yellow"),
        f", {change.unchanged:,} unchanged, at {change.rate} a second ({takes})",
    )
    shown = count_shown(len(change.reasons), _MOST_REASONS)
    for reason in change.reasons[:shown]:
        yield Text(plain(f"    {reason.count:>7,}  {describe_reason(reason.reason)}"))
    if change.reasons[shown:]:
        rest = sum(reason.count for reason in change.reasons[shown:])
        yield Text(f"    {rest:>7,}  other transitions", "dim")
    yield Text(plain(f"    by outcome: {describe_shares(change.outcomes)}"), "dim")
    yield Text(plain(f"    by agent: {describe_shares(change.agents)}"), "dim")
    for sample in change.samples[:_MOST_SAMPLES]:
        yield Text(plain(f"     e.g.  {sample.token} ({sample.hint}): {describe_sample(sample)}"), "dim")
    if change.later:
        words = f"    {change.later:,} of them have a later outcome in the tenant, which this one replaces"
        yield Text(words, "yellow")


def _describe_added(change: NumbersChange) -> Iterator[Text]:
    """How many numbers must not be called any more, and why."""
    yield Text.assemble(
        ("± ", "cyan"),
        (plain(str(change.address)), "bold"),
        "  ",
        (f"+{change.total:,} numbers", "green"),
        plain(f" that must not be called, kept in {change.store} before anything else is done"),
    )
    for reason in change.reasons[:_MOST_REASONS]:
        yield Text(plain(f"    {reason.count:>7,}  {describe_reason(reason.reason)}"))


def _describe_held(change: HeldChange) -> Iterator[Text]:
    """How many numbers an object gets, or lets expire, why, and how many stay that are on no list."""
    adds = change.act == ADD
    counted = (f"+{change.total:,} numbers", "green") if adds else (f"{change.total:,} numbers expire", "yellow")
    words = "that must not be called, added and read back before anything can call them" if adds else "and stay there"
    holder = f"{change.holder.kind} {change.holder.name!r}, which holds {change.live:,}"
    yield Text.assemble(
        ("± ", "cyan"), (plain(str(change.address)), "bold"), "  ", counted, plain(f" {words}: {holder}")
    )
    for reason in change.reasons[:_MOST_REASONS]:
        yield Text(plain(f"    {reason.count:>7,}  {describe_reason(reason.reason)}"))
    for sample in change.samples[:_MOST_SAMPLES]:
        yield Text(plain(f"     e.g.  {sample.token}: {describe_sample(sample)}"), "dim")
    if change.kept:
        why = f", as {change.unread:,} entries of its lists cannot be read" if change.unread else ""
        yield Text(f"    {change.kept:>7,}  others, on none of its lists, stay{why}", "dim")


def _describe_duration(count: int, rate: int) -> str:
    minutes, seconds = divmod(-(-count // max(rate, 1)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min" if minutes else f"{seconds} s"


def describe_left_out(change: OutcomeChange) -> Iterator[Text]:
    """What became of every row of the source."""
    others = sum(reason.count for reason in change.left)
    yield Text.assemble(
        ("  ", ""),
        (plain(str(change.address)), "bold"),
        f": {change.source:,} rows = {change.total:,} to set + {change.unchanged:,} unchanged + {others:,} others",
    )
    if change.left:
        yield Text(plain(f"     others: {describe_counts(change.left)}"), "yellow")
    for place in change.places:
        yield Text(plain(f"     {place.where}: {describe_reason(place.reason)}"), "dim")
    if change.owed:
        count = sum(reason.count for reason in change.owed)
        yield Text(plain(f"     {count:,} are pending retry: {describe_counts(change.owed)}"), "yellow")


def describe_sums(value: Plan) -> str:
    """What else is done with contacts, where something is."""
    settled, numbers = (sum(change.total for change in changes) for changes in (value.outcomes, value.numbers))
    told = [f"{settled:,} outcomes to set"] if settled else []
    told += [f"{numbers:,} numbers to be added to do-not-call lists"] if numbers else []
    added, expire = (sum(each.total for each in value.held if (each.act == ADD) is adds) for adds in (True, False))
    told += [f"{added:,} numbers to be added to what keeps people from being called"] if added else []
    told += [f"{expire:,} numbers to expire there"] if expire else []
    return "".join(f"; {words}" for words in told)


def describe_figures(value: Figures) -> str:
    """How the setting of outcomes went."""
    words = f"{value.total_processed:,} processed: {value.successful:,} successful, {value.failed:,} failed"
    words += f", accuracy {value.accuracy_rate_percent:g} %" if value.accuracy_rate_percent is not None else ""
    words += f"; {value.deferred:,} deferred" if value.deferred else ""
    if value.average_latency_ms is None:
        return words
    latencies = f"p50 {value.p50_latency_ms}, p95 {value.p95_latency_ms}, p99 {value.p99_latency_ms}"
    return f"{words}; latency {value.average_latency_ms:g} ms on average, {latencies}"
