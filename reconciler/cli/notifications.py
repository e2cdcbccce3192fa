# tested by: tests/cli/test_webhooks.py
"""Notify webhooks of plans and applies, and print what became of that.

Whatever goes wrong here is printed and changes no exit code: what was planned or applied stays so.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from reconciler.cli.workspace_options import command_line
from reconciler.model.errors import ReconcilerError

if TYPE_CHECKING:
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.model.desired_state import Desired
    from reconciler.model.errors import Refused, Stale
    from reconciler.model.plan import Plan
    from reconciler.model.report import Report
    from reconciler.model.webhook import Occasion, Receipt
    from reconciler.model.workspace_settings import Workspace
    from reconciler.steps.notify.background_notifier import BackgroundNotifier


def tell_of_plan(plan: Plan, workspace: Workspace, runtime: LocalRuntime, desired: Desired) -> None:
    """Tell the webhooks that a plan was made."""
    from reconciler.model.callback_payloads import make_plan_occasion

    _tell([make_plan_occasion(plan, datetime.now(UTC))], workspace, runtime, desired)


def tell_of_apply(plan: Plan, report: Report, workspace: Workspace, runtime: LocalRuntime, desired: Desired) -> None:
    """Tell the webhooks how a run has ended, and its jobs if all are over."""
    from reconciler.model.callback_payloads import make_apply_occasion, make_jobs_occasion

    now = datetime.now(UTC)
    occasions = [make_jobs_occasion(report.run, report.jobs, now), make_apply_occasion(plan, report, now)]
    _tell([each for each in occasions if each is not None], workspace, runtime, desired)


def tell_of_refusal(
    plan: Plan, error: Refused | Stale, workspace: Workspace, runtime: LocalRuntime, desired: Desired
) -> None:
    """Tell the webhooks that a plan was not applied."""
    from reconciler.model.callback_payloads import make_refusal_occasion

    _tell([make_refusal_occasion(plan, error, datetime.now(UTC))], workspace, runtime, desired)


@contextmanager
def open_notifier(
    runtime: LocalRuntime, desired: Desired, stop: threading.Event, workspace: Workspace
) -> Iterator[BackgroundNotifier | None]:
    """Have webhooks told of outcomes as they are set; say at the end what became of that."""
    from reconciler.kinds.webhook import make_webhooks
    from reconciler.model.reason import Reason
    from reconciler.model.webhook import Event
    from reconciler.views.reasons import describe_reason

    declared = make_webhooks(desired.catalogue)
    if not any(Event.OUTCOMES in each.events for each in declared):
        yield None
        return
    from reconciler.steps.notify.background_notifier import notify_in_background

    courier, outbox = runtime.courier(stop), runtime.outbox(desired)
    with notify_in_background(Event.OUTCOMES, declared, runtime.receivers(desired), courier, outbox, stop) as teller:
        yield teller
    for each in teller.told:
        why = describe_reason(each.why or Reason("callback_stopped"))
        kept = f", {each.kept:,} kept: {why}" if each.kept else ""
        click.echo(f"Webhook/{each.webhook}  disposition-update: {each.delivered:,} delivered{kept}", err=True)
    if any(each.kept for each in teller.told):
        click.echo(_again(workspace), err=True)


def _tell(occasions: Iterable[Occasion], workspace: Workspace, runtime: LocalRuntime, desired: Desired) -> None:
    from reconciler.cli.stop_signals import stoppable
    from reconciler.kinds.webhook import make_webhooks

    declared = make_webhooks(desired.catalogue)
    if not declared:
        return
    from reconciler.steps.notify import notify

    stop = threading.Event()
    try:
        with stoppable(stop):
            told = notify(
                occasions,
                declared,
                runtime.receivers(desired),
                runtime.courier(stop),
                runtime.outbox(desired),
                datetime.now(UTC),
            )
    except KeyboardInterrupt:
        click.echo(f"Not all webhooks were notified. {_again(workspace)}", err=True)
    except ReconcilerError as error:
        from reconciler.cli.console import console
        from reconciler.views import errors

        console(stderr=True).print(errors.show_failure(error), soft_wrap=True)
        click.echo("Not all webhooks were notified; the apply itself is not affected.", err=True)
    except Exception as error:  # even a fault of the program is no reason to say that the apply failed
        click.echo(f"error[internal]: {type(error).__name__}", err=True)
        click.echo("Not all webhooks were notified; the apply itself is not affected.", err=True)
    else:
        show(told, workspace)


def show(told: Iterable[Receipt], workspace: Workspace) -> None:
    """Print what became of callbacks, and how to send again what was not delivered; all to standard error."""
    from reconciler.cli.console import console
    from reconciler.views import callbacks

    receipts = tuple(told)
    if receipts:
        console(stderr=True).print(callbacks.show_receipts(receipts), soft_wrap=True)
    if not all(receipt.delivered for receipt in receipts):
        click.echo(_again(workspace), err=True)


def _again(workspace: Workspace) -> str:
    return f"To send again what was not delivered: {command_line(workspace, 'webhooks', 'resend')}"
