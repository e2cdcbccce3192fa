# tested by: tests/views/test_views.py
"""The door: arguments, prompts and exit codes. Thin: what is done is said in `flow`.

A command is a module of this package with a click command of the module's name; nothing lists them.
"""

from __future__ import annotations

import gc
import os
import pkgutil
import signal
import sys
import threading
import traceback
from contextlib import suppress
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import click

from reconciler import __version__
from reconciler.cli.broken_output import explain_loss, keep_printing
from reconciler.cli.output_encoding import print_document, speak_any_encoding
from reconciler.model.errors import Exit, ReconcilerError

_EARLIER_NAMES = {"owed": "pending"}
_MODULES = {"import": "import_manifests"}
"""Commands whose name is a word of Python's."""


class Commands(click.Group):
    """The commands that are there, each imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command, in alphabetical order."""
        words = {module: word for word, module in _MODULES.items()}
        names = (words.get(each.name, each.name).replace("_", "-") for each in pkgutil.iter_modules(__path__))
        return sorted(name for name in names if self.get_command(ctx, name) is not None)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """One command by its name, or by one that it had before."""
        name = _MODULES.get(cmd_name, cmd_name.replace("-", "_"))
        if name in _EARLIER_NAMES:
            name = _EARLIER_NAMES[name]
            click.echo(f"Notice: `{cmd_name}` is now `{name}`", err=True)
        if not any(module.name == name for module in pkgutil.iter_modules(__path__)):
            return None
        found = getattr(import_module(f"{__name__}.{name}"), name, None)
        return found if isinstance(found, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="reconciler")
@click.option("--debug", is_flag=True, help="Show Python tracebacks and every request, for a bug report.")
@click.option("--log-format", type=click.Choice(["text", "json"]), help="Write this program's log, in this format.")
@click.option("--log-file", type=click.Path(path_type=Path, dir_okay=False), help="Write it to the end of this file.")
@click.option(
    "--metrics-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="At the end, write what was done as metrics of Prometheus to this file.",
)
@click.option("--otel", is_flag=True, help="Send traces and metrics by OpenTelemetry, as OTEL_… variables say.")
@click.pass_context
def reconciler(
    context: click.Context,
    debug: bool,
    log_format: str | None,
    log_file: Path | None,
    metrics_file: Path | None,
    otel: bool,
) -> None:
    """Declare who is dialled in NICE CXone, review it as a plan, and apply exactly that.

    Exit codes: 0 done or nothing to do, 1 error, 2 changes present, 3 refused, 4 stale plan, 5 partly applied,
    64 bad input, 130 interrupted. What the code of each error means: docs/codes.md.
    """
    if debug:
        import logging

        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    if log_format or log_file or metrics_file or otel:
        from reconciler.cli.observability import open_observers

        open_observers(context.invoked_subcommand or "", log_format, log_file, metrics_file, otel)


def main(arguments: list[str] | None = None) -> None:
    """Run the program and end the process with its exit code."""
    # a pipeline that gives up sends SIGTERM: contacts that were read must not stay behind in a folder for ever
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # a command makes many objects that stay, and few circles: to look for circles at every 700 is a seventh of its time
    gc.set_threshold(50_000, 20, 50)
    keep_printing()
    code = run(sys.argv[1:] if arguments is None else arguments)
    lost = explain_loss()
    if lost is not None:
        click.echo(f"error[output]: not all output of this command could be printed: {lost}", err=True)
        click.echo("  note:  the command itself ran to its end", err=True)
        click.echo("  hint:  free space where the output goes; what an apply did is in the ledger", err=True)
        code = code or Exit.ERROR
    if code == Exit.INTERRUPTED and _somebody_still_waits():
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)
    sys.exit(code)


def _somebody_still_waits() -> bool:
    """Whether a thread would hold up the end: one that was asked to stop at once, in the midst of a call."""
    others = (each for each in threading.enumerate() if each is not threading.main_thread())
    return any(each.is_alive() and not each.daemon for each in others)


def run(arguments: list[str]) -> int:
    """Run one command line, and tell those who watch it how it ended; the exit code."""
    code = _run(arguments)
    watched = sys.modules.get("reconciler.cli.observability")  # imported where somebody watches, and only there
    if watched is not None:
        watched.close_observers(code)
    return code


def _run(arguments: list[str]) -> int:
    """Run one command line, tell what went wrong if something did, and give the exit code.

    A person is told on standard error; a program that asked for JSON by a document on standard output.
    """
    debug = "--debug" in arguments
    speak_any_encoding()
    asked, prefix = _find_value(arguments, "--format"), _find_value(arguments, "--path-prefix")
    machine = asked == "json"
    try:
        result: Any = reconciler.main(args=arguments, prog_name="reconciler", standalone_mode=False)
    except click.ClickException as error:
        code = Exit.USAGE if isinstance(error, click.UsageError) else Exit.ERROR
        if machine:
            _document("usage", error.format_message(), code)
        else:
            error.show()
            _hint(arguments)
        return code
    except ReconcilerError as error:
        if debug:
            _trace(error)
        _tell(error, asked, prefix)
        return int(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        if machine:
            _document("interrupted", "nothing was written to the tenant", Exit.INTERRUPTED)
        click.echo("\nInterrupted. Nothing was written to the tenant.", err=True)
        return Exit.INTERRUPTED
    except Exception as error:
        if debug:
            _trace(error)
        if machine:
            _document("internal", type(error).__name__, Exit.ERROR)
        click.echo(f"error[internal]: {type(error).__name__}", err=True)
        click.echo("  note:  this is a bug in reconciler, not in your input", err=True)
        click.echo("  hint:  run it again with `reconciler --debug …` and report what it prints", err=True)
        return Exit.ERROR
    return int(result) if isinstance(result, int) else Exit.DONE


def _hint(arguments: list[str]) -> None:
    from reconciler.cli.usage_hints import find_hint

    if hint := find_hint(arguments, reconciler.list_commands(click.Context(reconciler))):
        click.echo(f"Hint: {hint}.", err=True)


def _trace(error: BaseException) -> None:
    """Print where an error came from. What a library says of it may quote rows: only its kind is told."""
    told: BaseException | None = error
    while told is not None:
        click.echo("".join(traceback.format_tb(told.__traceback__)), err=True, nl=False)
        words = f": {told}" if isinstance(told, ReconcilerError) else ""
        click.echo(f"{type(told).__module__}.{type(told).__qualname__}{words}", err=True)
        told = told.__cause__ or (None if told.__suppress_context__ else told.__context__)
        if told is not None:
            click.echo("which came of:", err=True)


def _find_value(arguments: list[str], option: str) -> str | None:
    """What a command line says of an option last, also one that cannot be understood otherwise."""
    found = None
    for word, following in pairwise([*arguments, ""]):
        if word == option:
            found = following
        elif word.startswith(f"{option}="):
            found = word.partition("=")[2]
    return found


def _document(code: str, message: str, exit_code: Exit) -> None:
    from reconciler.views import errors

    print_document(errors.make_document(code, message, exit_code))


def _tell(error: ReconcilerError, asked: str | None, prefix: str | None) -> None:
    """Tell a person what went wrong, and whoever asked for a document by one; in JSON by that alone."""
    from reconciler.views import errors, find_view

    view = find_view("error", asked or "")
    if view is not None and asked != "text":
        from reconciler.model.problem import BadInput, place_below

        moved = place_below(error, prefix) if prefix is not None and isinstance(error, BadInput) else error
        print_document(str(view.render(moved)).removesuffix("\n"))
        if asked == "json":
            return
    from reconciler.cli.console import console

    console(stderr=True).print(errors.show_failure(error), soft_wrap=True)
