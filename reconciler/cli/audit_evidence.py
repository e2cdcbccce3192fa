"""`reconciler audit list|show|export|prove|prune`: what can be proved years later, and for how long it is kept."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from reconciler.cli.output_formats import format_option, show
from reconciler.cli.workspace_options import open_workspace, workspace_options
from reconciler.model.errors import LedgerError, ReconcilerError
from reconciler.model.text_enumerations import format_count

if TYPE_CHECKING:
    from reconciler.ledger.ledger import Ledger
    from reconciler.model.contact_tokens import Tokens
    from reconciler.model.desired_state import Desired
    from reconciler.model.evidence_pack import RunRecord

SHORTEST_REASON = 10
_DAY = click.DateTime(["%Y-%m-%d"])


class NotProof(ReconcilerError):
    """A file that was given as a proof is none."""

    code = "not-a-proof"
    exit_code = 64


def _window(command: Callable[..., Any]) -> Callable[..., Any]:
    last = click.option("--to", "last", type=_DAY, help="The last day (UTC), YYYY-MM-DD; today unless it is given.")
    first = click.option("--from", "first", type=_DAY, help="The first day (UTC), YYYY-MM-DD; the first of all.")
    return first(last(command))


def _read_window(first: datetime | None, last: datetime | None) -> tuple[date, date]:
    begin = date.min if first is None else first.date()
    end = datetime.now(UTC).date() if last is None else last.date()
    if begin > end:
        raise click.BadParameter(f"the last day, {end}, is before the first, {begin}", param_hint="--to")
    return begin, end


@contextmanager
def open_ledger_of(chosen: dict[str, Any]) -> Iterator[tuple[Desired, Ledger, Tokens, Path]]:
    """The workspace, its ledger, its tokens, and a folder that is gone at the end. The tenant is asked for nothing."""
    from reconciler.cli.runtime import LocalRuntime
    from reconciler.steps.load import load

    with open_workspace(chosen) as workspace, LocalRuntime(workspace) as runtime:
        desired = load(workspace)
        yield desired, runtime.ledger(desired), runtime.tokens(desired), workspace.scratch


@click.command("list")
@workspace_options
@_window
@format_option("evidence")
def list_evidence(chosen: dict[str, Any], first: datetime | None, last: datetime | None, output_format: str) -> int:
    """List the runs of some days, and what is kept of each that an auditor can verify."""
    from reconciler.ledger.evidence_pack import read_runs

    with open_ledger_of(chosen) as (_, ledger, _tokens, _scratch):
        show("evidence", output_format, read_runs(ledger, *_read_window(first, last)), False)
    return 0


@click.command("show")
@click.argument("run")
@workspace_options
@format_option("evidence")
def show_evidence(chosen: dict[str, Any], run: str, output_format: str) -> int:
    """Show what was signed of one RUN, and why its contacts are where they are, counted."""
    from reconciler.ledger.evidence_pack import read_runs

    with open_ledger_of(chosen) as (_, ledger, _tokens, _scratch):
        every = read_runs(ledger, date.min, date.max)
        show("evidence", output_format, [_find_run(every, run)], True)
    return 0


def _find_run(runs: list[RunRecord], name: str) -> RunRecord:
    found = next((each for each in runs if each.logged.run == name), None)
    if found is None:
        raise LedgerError(f"the audit record knows no run {name}", hint="see: reconciler audit list")
    return found


@click.command()
@workspace_options
@_window
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), required=True, metavar="FILE", help="The pack, a zip."
)
@click.option("--leaves", is_flag=True, help="Also the contacts of each run as they were hashed, under tokens.")
@click.option(
    "--proof",
    "proofs",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="A proof by `audit prove` to put into the pack; may be given several times.",
)
def export(
    chosen: dict[str, Any],
    first: datetime | None,
    last: datetime | None,
    out: Path,
    leaves: bool,
    proofs: tuple[Path, ...],
) -> int:
    """Write the evidence of some days as a signed pack that is read and verified without this program."""
    from reconciler.audience.evidence.contact_tree import list_leaves
    from reconciler.ledger.evidence_pack import gather_evidence, write_pack
    from reconciler.views.evidence_index import write_index

    begin, end = _read_window(first, last)
    with open_ledger_of(chosen) as (_, ledger, _tokens, scratch):
        if begin == date.min:
            begin = _find_first_day(ledger, end)
        evidence = gather_evidence(ledger, begin, end)
        files = {**evidence.files, "index.html": write_index(evidence)}
        files |= {f"proofs/{each.stem}.json": _read_proof(each) for each in proofs}
        for run in evidence.runs if leaves else ():
            path = ledger.evidence.fetch_leaves(run.logged.run, scratch)
            if path is not None:
                files[f"leaves/{run.logged.run}.jsonl"] = list_leaves(path)
                path.unlink()
        write_pack(evidence, files, ledger.signer, out)
    runs = sum(not each.carried for each in evidence.runs)
    click.echo(f"{out}: {format_count(runs, 'run')} of {begin} to {end}.")
    click.echo(f"Signed by key {ledger.signer.fingerprint}: tell it to whoever verifies by another way than the pack.")
    if ledger.signer.own:
        click.echo(
            "That key lies in the ledger: RECONCILER_EVIDENCE_KEY signs with one that is kept elsewhere.", err=True
        )
    return 0


def _find_first_day(ledger: Ledger, end: date) -> date:
    """The day of the first run that there is."""
    from reconciler.ledger.evidence_pack import read_runs

    return min((each.day for each in read_runs(ledger, date.min, end)), default=end)


def _read_proof(path: Path) -> bytes:
    import orjson

    from reconciler.steps.prove import FORMAT

    content = path.read_bytes()
    try:
        told = orjson.loads(content)
    except orjson.JSONDecodeError:
        told = None
    if not isinstance(told, dict) or told.get("format") != FORMAT:
        raise NotProof(f"{path} is no proof", hint="make one with: reconciler audit prove CONTACT --run RUN --out FILE")
    return content


@click.command()
@click.argument("contact")
@workspace_options
@click.option("--run", "run", required=True, metavar="RUN", help="The run that decided; see `audit list`.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Else it is printed.")
def prove(chosen: dict[str, Any], contact: str, run: str, out: Path | None) -> int:
    """Prove what RUN decided about CONTACT, the id as its source has it: on which list, or on none and why.

    The proof shows no other contact, and names this one by a token that whoever knows the id can check.
    """
    import orjson

    from reconciler.cli.output_encoding import print_document
    from reconciler.steps.prove import prove_contact

    with open_ledger_of(chosen) as (desired, ledger, tokens, scratch):
        told = prove_contact(ledger, desired.settings.engine, tokens, run, contact, scratch)
    written = orjson.dumps(told, option=orjson.OPT_INDENT_2)
    if out is None:
        print_document(written.decode())
        return 0
    try:
        out.write_bytes(written + b"\n")
    except OSError as error:
        raise LedgerError(f"the proof cannot be written to {out}", note=error.strerror) from error
    for each in told["leaves"]:
        leaf = orjson.loads(each["leaf"])
        why = leaf["band"] if leaf["decision"] == "in" else " ".join((str(leaf["code"]), *leaf["args"]))
        click.echo(f"{leaf['segment']}: {leaf['decision']}, {why}")
    return 0


@click.command()
@workspace_options
@click.option("--before", type=_DAY, required=True, help="Delete runs that were begun before this day (UTC).")
@click.option("--reason", required=True, help="Why, for the auditor who misses them.")
def prune(chosen: dict[str, Any], before: datetime, reason: str) -> int:
    """Delete what is kept of runs whose retention is over; inside it nothing is deleted, whatever is said."""
    from reconciler.ledger.retention import prune_runs

    said = check_reason(reason)
    with open_ledger_of(chosen) as (_, ledger, _tokens, _scratch):
        over = prune_runs(ledger, before.date(), datetime.now(UTC).date(), said, getpass.getuser())
    click.echo(f"{format_count(len(over), 'run was', 'runs were')} deleted; the audit record says which, and why.")
    return 0


def check_reason(reason: str) -> str:
    """A reason that says something; raises click.BadParameter."""
    if len(reason.strip()) < SHORTEST_REASON:
        raise click.BadParameter(f"say why in at least {SHORTEST_REASON} characters", param_hint="--reason")
    return reason.strip()


COMMANDS = (list_evidence, show_evidence, export, prove, prune)
"""The commands of `audit` that are about evidence."""
