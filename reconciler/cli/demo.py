"""`reconciler demo`: show what the tool does, on the embedded tenant with the starter manifests."""

from __future__ import annotations

import os
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import click

_BOUNDS = """apiVersion: cxone.reconciler/v1
kind: Floor
metadata: {name: operator}
spec: {bounds: {hosts: [127.0.0.1]}}
"""


@click.command()
@click.option(
    "--into",
    type=click.Path(path_type=Path, file_okay=False),
    default="demo",
    show_default=True,
    help="Where the manifests, the plan and the ledger are written; emptied first.",
)
@click.option("--latency", type=float, default=5.0, show_default=True, metavar="MS", help="How slow the tenant is.")
def demo(into: Path, latency: float) -> int:
    """Start an embedded tenant, then validate, plan, apply, and plan again: no changes."""
    from datetime import UTC, datetime

    from reconciler.model.instants import find_last_midnight
    from reconciler.model.well_known_names import is_in_pipeline
    from reconciler.simulator import Options, Simulator
    from reconciler.simulator.demo_tenant import populate

    manifests = _fresh_copy(into)
    as_of = find_last_midnight(datetime.now(UTC))
    with Simulator(Options(latency_ms=latency)) as tenant:
        populate(tenant.store, as_of)
        click.echo(f"An embedded CXone tenant answers at {tenant.url}: 20,000 contacts, 105,000 interactions,")
        click.echo("four lists, and a campaign that somebody has changed by hand.")
        os.environ |= tenant.environment()
        where = ["-w", str(manifests), "--var", f"cxone={tenant.url}"]
        if is_in_pipeline(os.environ):  # there this machine is a host that an operator has to name
            bounds = into / "operator.yaml"
            bounds.write_text(_BOUNDS, encoding="utf-8")
            where += ["--floor", str(bounds)]
        plan = str(into / "change.plan")
        for words in (["validate"], ["plan", "--out", plan], ["apply", plan], ["plan"]):
            code = _format_arguments([*words, *where])
            if code:
                return code
        document = into / "plan.json"
        document.write_text(_document(into / "change.plan"), encoding="utf-8")
    click.echo()
    click.echo(f"Manifests: {manifests}/    the plan that was applied: {plan}    the same as JSON: {document}")
    click.echo(f"What was done, hash-chained: {manifests / '.reconciler' / 'audit.jsonl'}")
    click.echo("Change a manifest there, start `reconciler simulate --demo`, and plan for yourself.")
    return 0


def _format_arguments(arguments: list[str]) -> int:
    from reconciler.cli import run

    click.secho(f"\n$ reconciler {' '.join(arguments)}", bold=True)
    return run(arguments)


def _fresh_copy(into: Path) -> Path:
    manifests = into / "segments"
    if into.exists() and not manifests.is_dir() and any(into.iterdir()):
        raise click.UsageError(f"{into} is not empty and was not made by a demo; choose another folder with --into")
    shutil.rmtree(into, ignore_errors=True)
    packaged = files("reconciler") / "starter"
    source = packaged if packaged.is_dir() else Path(__file__).parents[2] / "segments"
    with as_file(source) as folder:
        shutil.copytree(folder, manifests, ignore=shutil.ignore_patterns(".*"))
    return manifests


def _document(plan: Path) -> str:
    import zipfile

    with zipfile.ZipFile(plan) as archive:
        return archive.read("plan.json").decode()
