# tested by: tests/steps/test_compare.py
"""Describe how a plan differs from an earlier one, such as the one that was approved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reconciler.model.instants import format_instant
from reconciler.model.plan_comparison import ObjectDifference, PlanComparison, RowDifference
from reconciler.model.text_enumerations import format_count

_NOTHING = "nothing"


def describe_comparison(compared: PlanComparison) -> str:
    """What has changed since the earlier plan, in one sentence."""
    since = f"the plan of {format_instant(compared.created)}"
    if compared.same:
        return f"It is {since}: the two have one digest"
    if compared.alike:
        return f"It does what {since} does, to the same objects and contacts, and its findings are the same"
    why = "of the same manifests: the tenant, the sources or the day have changed"
    why = why if compared.same_manifests else "and the manifests have changed"
    words = f"It differs from {since}, {why}"
    if compared.blast_before is not None and compared.blast_after is not None:
        words += f"; blast radius {compared.blast_before:g} → {compared.blast_after:g} %"
    return words


def iter_differences(compared: PlanComparison) -> Iterator[tuple[str, str, str, str]]:
    """Of each difference: where, of what, as it was in the earlier plan, and as it is."""
    for each in compared.named:
        state = f"{each.what} {each.rule}{f' ({each.state})' if each.state else ''}"
        yield each.object, state, *(("–", "new") if each.which == "new" else ("there", "gone"))
    for row in compared.rows:
        yield str(row.address), _describe_people(row), _format_counts(row.before), _format_counts(row.after)
    for each_object in compared.objects:
        yield _describe_object(each_object)


def _describe_object(each: ObjectDifference) -> tuple[str, str, str, str]:
    if each.path is None:
        return str(each.address), "what is done", each.before or _NOTHING, each.after or _NOTHING
    return str(each.address), each.path, _format_value(each.before), _format_value(each.after)


def _describe_people(row: RowDifference) -> str:
    told = [(row.new, "new"), (row.gone, "no longer"), (row.otherwise, "different")]
    parts = [f"{count:,} {words}" for count, words in told if count]
    total = sum(count or 0 for count, _ in told)
    return f"{format_count(total, 'contact')}: {', '.join(parts)}" if parts else "contacts"


def _format_counts(counts: tuple[int, int, int] | None) -> str:
    return _NOTHING if counts is None else f"+{counts[0]:,} ~{counts[1]:,} −{counts[2]:,}"


def _format_value(value: Any) -> str:
    import orjson

    return "–" if value is None else orjson.dumps(value).decode()
