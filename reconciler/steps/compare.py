"""Compare a plan with an earlier one: what has changed since somebody approved that."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.audience.diff.plan_row_comparison import count_differences
from reconciler.audience.relations import engine
from reconciler.model.held_numbers import HeldChange
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.outcome_change import AnyRowChange, OutcomeChange
from reconciler.model.plan import Plan
from reconciler.model.plan_comparison import NamedDifference, ObjectDifference, PlanComparison, RowDifference
from reconciler.model.plan_json import plan_digest
from reconciler.model.problem import Location, Problem, Problems
from reconciler.model.resource_address import Address
from reconciler.model.workspace_settings import Engine


def compare_plans(before: Plan, after: Plan, where: Location, chosen: Engine, scratch: Path) -> PlanComparison:
    """How the plan `after` differs from an earlier one, which is at `where`; the rows of both are at hand.

    Raises:
        BadInput: they are of different workspaces, tenants or environments.
    """
    _refuse_other(before, after, where)
    digest, same_manifests = plan_digest(before), before.manifests == after.manifests
    if digest == plan_digest(after):
        return PlanComparison(digest, before.created, same=True, same_manifests=same_manifests)
    with engine.open_engine(chosen, scratch) as backend:
        rows = tuple(_compare_rows(backend, before, after))
    return PlanComparison(
        digest,
        before.created,
        same=False,
        same_manifests=same_manifests,
        objects=tuple(_compare_objects(before, after)),
        rows=rows,
        named=tuple(_compare_names(before, after)),
        blast_before=None if before.impact is None else before.impact.blast.percent,
        blast_after=None if after.impact is None else after.impact.blast.percent,
    )


def _refuse_other(before: Plan, after: Plan, where: Location) -> None:
    kinds = ("workspace", "tenant", "environment")
    told = [(kind, getattr(before, kind), getattr(after, kind)) for kind in kinds]
    Problems(
        Problem(
            where,
            "other-plan",
            f"the earlier plan is of {kind} {one!r}, and this one of {other!r}",
            hint="compare plans of one workspace, tenant and environment",
        )
        for kind, one, other in told
        if one != other
    ).refuse()


def _compare_objects(before: Plan, after: Plan) -> Iterator[ObjectDifference]:
    then, now = ({change.address: change for change in plan.objects} for plan in (before, after))
    for address in sorted(then.keys() | now.keys()):
        yield from _compare_object(address, then.get(address), now.get(address))


def _compare_object(
    address: Address, then: ObjectChange | None, now: ObjectChange | None
) -> Iterator[ObjectDifference]:
    did, does = (None if each is None or each.action is Action.NO_OP else each.action.value for each in (then, now))
    if did != does:
        yield ObjectDifference(address, None, did, does)
    told = [{} if each is None else {field.path: field.after for field in each.fields} for each in (then, now)]
    if did is not None and does is not None:
        for path in sorted(told[0].keys() | told[1].keys()):
            if told[0].get(path) != told[1].get(path):
                yield ObjectDifference(address, path, told[0].get(path), told[1].get(path))


def _compare_rows(backend: Any, before: Plan, after: Plan) -> Iterator[RowDifference]:
    then, now = ({change.address: change for change in _iter_rows(plan)} for plan in (before, after))
    for address in sorted(then.keys() | now.keys()):
        one, other = then.get(address), now.get(address)
        if one is not None and other is not None:
            if one.digest != other.digest:
                counts = count_differences(backend, one.rows, other.rows)
                if any(counts) or _count(one) != _count(other):
                    yield RowDifference(address, _count(one), _count(other), *counts)
        elif one is not None:
            yield RowDifference(address, _count(one), None, 0, one.total, 0)
        elif other is not None:
            yield RowDifference(address, None, _count(other), other.total, 0, 0)


def _iter_rows(plan: Plan) -> Iterator[AnyRowChange]:
    changes: tuple[AnyRowChange, ...] = (*plan.rows, *plan.outcomes, *plan.numbers, *plan.held)
    return (change for change in changes if change.total)


def _count(change: AnyRowChange) -> tuple[int, int, int]:
    match change:
        case RowChange():
            return change.adds, change.updates, change.removes
        case OutcomeChange():
            return 0, change.total, 0
        case HeldChange(act="expire"):
            return 0, 0, change.total
        case _:
            return change.total, 0, 0


def _compare_names(before: Plan, after: Plan) -> Iterator[NamedDifference]:
    then, now = (_list_names(plan) for plan in (before, after))
    for each in sorted(now - then):
        yield NamedDifference(each[0], "new", *each[1:])
    for each in sorted(then - now):
        yield NamedDifference(each[0], "gone", *each[1:])


def _list_names(plan: Plan) -> set[tuple[Any, str, str, str]]:
    found = {
        ("finding", each.rule, str(each.object), "waived" if each.waived is not None else each.severity.value)
        for each in plan.findings
    }
    return found | {("waiver", each.rule, each.object, "") for each in plan.waivers}
