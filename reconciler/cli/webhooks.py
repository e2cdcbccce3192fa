"""`reconciler webhooks`: list, resend or forget undelivered callbacks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, workspace_options
from reconciler.model.errors import Exit
from reconciler.model.text_enumerations import format_count

if TYPE_CHECKING:
    from reconciler.ledger.outbox import Outbox
    from reconciler.model.desired_state import Desired
    from reconciler.model.webhook import Waiting


@click.group()
def webhooks() -> None:
    """Callbacks that were not delivered, kept in the ledger."""


def _choice(command: Callable[..., Any]) -> Callable[..., Any]:
    name = click.option("--name", metavar="NAME", help="Only those to this webhook.")
    run = click.option("--run", metavar="RUN", help="Only those of this run, or of the plan with this digest.")
    return name(run(command))


def _choose_waiting(outbox: Outbox, name: str | None, run: str | None) -> list[Waiting]:
    return [
        each
        for each in outbox.list_waiting()
        if name in (None, each.callback.webhook) and run in (None, each.callback.subject)
    ]


def _say_where(desired: Desired) -> None:
    from reconciler.views.plain_text import plain

    click.echo(plain(f"{desired.meant}:"))


@webhooks.command("list")
@workspace_options
@_choice
@format_option("callbacks")
def list_(chosen: dict[str, Any], name: str | None, run: str | None, output_format: str) -> int:
    """Show what waits to be sent again, the oldest first."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.steps.load import load

    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        waiting = _choose_waiting(runtime.outbox(desired), name, run)
    if output_format == "text":
        _say_where(desired)
    show("callbacks", output_format, waiting, desired.meant)
    return Exit.DONE


@webhooks.command()
@workspace_options
@_choice
def resend(chosen: dict[str, Any], name: str | None, run: str | None) -> int:
    """Send again what was not delivered, with the same keys; exits with 1 when some of it still waits."""
    from reconciler.cli.notifications import show as show_receipts
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.cli.stop_signals import stoppable
    from reconciler.kinds.webhook import make_webhooks as declared
    from reconciler.steps import notify
    from reconciler.steps.load import load

    stop = threading.Event()
    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        outbox = runtime.outbox(desired)
        waiting = _choose_waiting(outbox, name, run)
        _say_where(desired)
        if not waiting:
            click.echo("No callback waits.")
            return Exit.DONE
        with stoppable(stop):
            told = notify.resend(
                waiting, declared(desired.catalogue), runtime.receivers(desired), runtime.courier(stop), outbox
            )
        show_receipts(told, workspace)
    return Exit.DONE if all(receipt.delivered for receipt in told) else Exit.ERROR


@webhooks.command()
@workspace_options
@_choice
@click.option("--yes", is_flag=True, help="Do not ask.")
def forget(chosen: dict[str, Any], name: str | None, run: str | None, yes: bool) -> int:
    """Give up what was not delivered: it is never sent again."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.steps.load import load

    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        outbox = runtime.outbox(desired)
        waiting = _choose_waiting(outbox, name, run)
        _say_where(desired)
        if waiting and not yes:
            click.confirm(f"Give up {format_count(len(waiting), 'callback')} for good?", abort=True)
        for each in waiting:
            outbox.forget(each.callback.key)
    click.echo(f"{format_count(len(waiting), 'callback')} given up.")
    return Exit.DONE
