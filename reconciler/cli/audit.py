"""`reconciler audit`: verify the record of what was done."""

from __future__ import annotations

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.audit_evidence import COMMANDS, check_reason
from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, workspace_options
from reconciler.model.errors import LedgerError
from reconciler.model.text_enumerations import format_count

if TYPE_CHECKING:
    from reconciler.ledger.audit_verification import Place
    from reconciler.ledger.record_store_interface import Records


@click.group()
def audit() -> None:
    """The record of every apply: hash-chained, append-only, under the workspace's key."""


for _command in COMMANDS:
    audit.add_command(_command)

_ledger = click.option(
    "--ledger",
    metavar="FOLDER|URL",
    help="The ledger itself, where there is no workspace: a folder, or s3://, gs://, az://.",
)


@audit.command()
@workspace_options
@_ledger
@click.option(
    "--against",
    multiple=True,
    metavar="FILE|ENTRY",
    help="Also compare the record with the head in a report (JSON), in a saved plan, or given as ENTRY:HASH.",
)
@format_option("audit")
def verify(chosen: dict[str, Any], ledger: str | None, against: tuple[str, ...], output_format: str) -> int:
    """Check that no entry of the record was changed, removed or put in after it was written, and by whom."""
    from reconciler.ledger.audit_verification import verify as verify_record
    from reconciler.ledger.sealing import PREVIOUS_VARIABLE, VARIABLE, find_seal

    places = [_place(each) for each in against]
    with _open_ledger(chosen, ledger) as store:
        seal = find_seal(store, os.environ.get(VARIABLE), os.environ.get(PREVIOUS_VARIABLE))
        found = verify_record(store, seal, places)
    show("audit", output_format, found)
    return 0


@audit.command()
@workspace_options
@_ledger
@format_option("audit-log")
def log(chosen: dict[str, Any], ledger: str | None, output_format: str) -> int:
    """List every run: who applied which plan, when, how it ended, and for which commit and pull request."""
    from reconciler.ledger.audit_verification import read_entries
    from reconciler.ledger.sealing import PREVIOUS_VARIABLE, VARIABLE, find_seal
    from reconciler.model.audited_runs import list_runs

    with _open_ledger(chosen, ledger) as store:
        seal = find_seal(store, os.environ.get(VARIABLE), os.environ.get(PREVIOUS_VARIABLE))
        found = list_runs(read_entries(store, seal))
    show("audit-log", output_format, found, seal is not None)
    return 0


@audit.command()
@workspace_options
@click.option("--reason", required=True, help="Why, for the auditor who reads it next year.")
def adopt(chosen: dict[str, Any], reason: str) -> int:
    """Vouch for the record as it is, where it cannot be proven: an entry says who did, why, and for which content.

    For a record of an older edition, of a key that is lost, or that is broken: nothing is applied on such a one.
    """
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.steps.load import load
    from reconciler.views.plain_text import plain

    said = check_reason(reason)
    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        found = runtime.ledger(load(workspace)).adopt(said, getpass.getuser())
    click.echo(f"{format_count(found.entries, 'entry is', 'entries are')} vouched for, as they are.")
    if found.fault is not None:
        click.echo(plain(f"Entry {found.fault[0]} was broken: {found.fault[1]}."))
    for state, count in sorted(found.unproven.items()):
        words = "were under another key" if state == "foreign" else "had no proof of who wrote them"
        click.echo(f"{count} of them {words}.")
    return 0


@contextmanager
def _open_ledger(chosen: dict[str, Any], ledger: str | None) -> Iterator[Records]:
    """The ledger that is named, or the workspace's."""
    from reconciler.bucket.object_urls import SCHEMES, scheme_of
    from reconciler.ledger.folder_records import open_store as opened_store
    from reconciler.steps.load import load

    if ledger is None:
        with open_workspace(chosen) as workspace:
            desired = load(workspace)
            yield opened_store(desired.settings.ledger, desired.root)
        return
    if scheme_of(ledger) in SCHEMES:
        yield opened_store(ledger, Path.cwd())
        return
    folder = Path(ledger.removeprefix("file://")).absolute()
    if not folder.is_dir():
        raise LedgerError("there is no such ledger", where=str(folder), hint="name the folder that holds audit.jsonl")
    yield opened_store(f"file://{folder}", folder)


def _place(given: str) -> Place:
    """An anchor as it was given: a file that has one, or the anchor itself."""
    import re

    import orjson

    from reconciler.ledger.saved_plans import read_anchor
    from reconciler.model.audit_anchor import Anchor

    written = re.fullmatch(r"(\d{1,12}):(?:sha256:)?([0-9a-f]{64})", given)
    if written:
        return given, Anchor(int(written[1]), written[2])
    path = Path(given)
    try:
        if path.read_bytes()[:2] == b"PK":
            return str(path), read_anchor(path)
        told = orjson.loads(path.read_bytes())["audit"]
        return str(path), Anchor(int(told["entries"]), str(told["head"]))
    except OSError as error:
        raise click.BadParameter(f"{given} cannot be read: {error.strerror}", param_hint="--against") from error
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        words = f"{given} is no report (--format json), no saved plan, and no ENTRY:HASH"
        raise click.BadParameter(words, param_hint="--against") from error
