"""`reconciler preview`: apply a plan to an embedded tenant that holds what the live one holds."""

from __future__ import annotations

from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, prune_options, refresh_option, workspace_options
from reconciler.model.phase import Phase

if TYPE_CHECKING:
    from reconciler.cli.preview_runtime import PreviewRuntime
    from reconciler.model.desired_state import Desired
    from reconciler.model.held_numbers import HeldChange
    from reconciler.model.live_state import Live
    from reconciler.model.outcome_change import NumbersChange
    from reconciler.model.plan import Plan
    from reconciler.model.preview import LeftOut, Preview, Shown
    from reconciler.model.workspace_settings import Workspace


@click.command()
@workspace_options
@refresh_option
@prune_options
@format_option("preview")
def preview(chosen: dict[str, Any], output_format: str, prune: bool, release: tuple[str, ...], refresh: bool) -> int:
    """Try a change out: apply its plan to an embedded tenant, and plan again.

    The live tenant is only read. What it holds, its settings as they are and its members under stand-ins, is loaded
    into a tenant in memory; there the plan is applied, and what is left to do, and what is to be expected, is shown.
    """
    from reconciler.cli.console import console
    from reconciler.cli.preview_runtime import PreviewRuntime, RecordingRuntime
    from reconciler.cli.preview_tenant import Filling, make_tenant, refuse_others
    from reconciler.flow import make_plan, read_live
    from reconciler.model.preview import Preview
    from reconciler.model.stand_ins import StandIns
    from reconciler.steps.load import load
    from reconciler.views.plan_progress import ReadingProgress

    with (
        open_workspace(chosen, prune=prune, release=release, refresh=refresh) as workspace,
        ReadingProgress(console(stderr=True)) as reading,
        RecordingRuntime(workspace, reading=reading) as runtime,
        make_tenant() as tenant,
    ):
        runtime.start_phase(Phase.LOAD)
        desired = load(workspace)
        live = read_live(desired, runtime)
        plan = replace(make_plan(desired, live, runtime), ledger=runtime.ledger_state, origin=runtime.origin)
        filling = Filling(tenant, StandIns(runtime.tokens(desired)))
        runtime.start_phase(Phase.FILL)
        loaded = filling.fill(live, () if runtime.opened is None else runtime.opened.recorded)
        tried, left_out = _leave_out_numbers(plan)
        scratch = workspace.scratch / "preview"
        scratch.mkdir()
        with PreviewRuntime(workspace, runtime, filling, live, scratch) as embedded:
            writer = embedded.writer(desired)
            writer.adopt(found for held in live.objects.values() for found in held.values())
            refuse_others(live, writer)
            told = Preview(plan, loaded, plan.budget.reads, left_out=left_out)
            told = _apply(told, tried, replace(workspace, scratch=scratch), desired, embedded)
            told = _plan_again(told, replace(desired, scratch=scratch / "again"), embedded, live)
        reading.end()
        show("preview", output_format, replace(told, loaded=replace(loaded, introduced=filling.introduced)))
    return int(told.exit_code)


def _leave_out_numbers(plan: Plan) -> tuple[Plan, tuple[LeftOut, ...]]:
    """A plan without the numbers that must not be called: files of the workspace's own, and no stand-ins for them."""
    from reconciler.model.preview import LeftOut

    left_out: tuple[NumbersChange | HeldChange, ...] = (*plan.numbers, *plan.held)
    gone = {each.address for each in left_out}
    if not gone:
        return plan, ()
    steps = tuple(
        replace(step, needs=tuple(each for each in step.needs if each not in gone))
        for step in plan.steps
        if step.address not in gone
    )
    told = tuple(LeftOut(each.address, each.total) for each in left_out if each.total)
    return replace(plan, numbers=(), held=(), steps=steps), told


def _apply(told: Preview, plan: Plan, workspace: Workspace, desired: Desired, runtime: PreviewRuntime) -> Preview:
    """Apply the plan to the embedded tenant; approvals are of the live one."""
    from reconciler.cli.apply_terms import make_options
    from reconciler.cli.console import console
    from reconciler.flow import commit
    from reconciler.model.errors import ReconcilerError
    from reconciler.model.preview import find_exit
    from reconciler.model.report import Failure
    from reconciler.views.progress import ApplyProgress

    writer = runtime.writer(desired)
    with ApplyProgress(console(stderr=True), "Applying the plan to the embedded tenant") as progress:
        options = make_options(workspace, desired, runtime, writer.surfaces, progress, Event())
        options = replace(options, settings=replace(desired.settings, approvals=()))
        try:
            # whose approval it needs, and who gave it, is asked before the live tenant is written to
            plan = replace(plan, approvals=())
            return replace(told, report=commit(plan, writer, runtime.ledger(desired), options))
        except ReconcilerError as error:
            return replace(told, failure=Failure.of(error), refusal=find_exit(error))


def _plan_again(told: Preview, desired: Desired, runtime: PreviewRuntime, first: Live) -> Preview:
    """What is left to do, and what the embedded tenant holds now; nothing where nothing was applied."""
    from reconciler.flow import propose_again
    from reconciler.model.errors import ReconcilerError
    from reconciler.model.report import Failure

    if told.report is None:
        return told
    desired.scratch.mkdir()
    try:
        again, after = propose_again(desired, runtime, first)
    except ReconcilerError as error:
        return replace(told, unplanned=Failure.of(error))
    return replace(told, again=_leave_out_numbers(again)[0], shown=tuple(_compare(told.plan, first, after)))


def _compare(plan: Plan, before: Live, after: Live) -> list[Shown]:
    """The objects that the plan speaks of, before and after: how many are on a list, and whether a campaign runs."""
    from reconciler.model.preview import Shown

    names = dict.fromkeys((each.address.kind, each.name) for each in plan.objects)
    names |= dict.fromkeys((each.list_address.kind, each.list) for each in plan.rows)
    found = []
    for kind, name in sorted(names):
        then, now = before.find(kind, name), after.find(kind, name)
        told = [None if each is None else each.fields.get("status", each.size) for each in (then, now)]
        if then is not None or now is not None:
            found.append(Shown(kind, name, told[0], told[1]))
    return found
