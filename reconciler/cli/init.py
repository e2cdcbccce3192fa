"""`reconciler init`: make a repository of manifests, with a pipeline, a hook and an editor's schema."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

_Answer = TypeVar("_Answer")
_CI = ("github", "gitlab", "script", "none")
_EMBEDDED = "none"


def _checked(check: Callable[[str], str]) -> Callable[..., str | None]:
    """A callback of an option that is checked as its question is."""
    return lambda context, parameter, value: None if value is None else check(value)


def _check_name(value: str) -> str:
    if re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", value) is None:
        raise click.BadParameter("a name has lower-case letters, digits and hyphens, at most 63")
    return value


def _check_host(value: str) -> str:
    if value != _EMBEDDED and re.fullmatch(r"[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})+", value) is None:
        raise click.BadParameter("a host, such as acme.cxone.com; or `none` for the embedded tenant")
    return value


def _check_region(value: str) -> str:
    from reconciler.model.countries import find_country

    found = find_country(value)
    if found is None:
        raise click.BadParameter("no country is called so; write its code, such as US")
    return found


def _check_ledger(value: str) -> str:
    from reconciler.bucket.object_urls import NotAnAddress, parse_url

    if re.fullmatch(r"file://[!-~]+", value) is None:
        try:
            parse_url(value)
        except NotAnAddress as error:
            words = f"a ledger is at file://FOLDER, s3://bucket/prefix, gs://… or az://…: {error}"
            raise click.BadParameter(words) from error
    return value


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".")
@click.option("--name", callback=_checked(_check_name), help="The workspace's name. [default: the folder's]")
@click.option(
    "--tenant-host",
    metavar="HOST|none",
    callback=_checked(_check_host),
    help="The tenant's host, such as acme.cxone.com. [default: none, the embedded tenant of `simulate`]",
)
@click.option(
    "--region",
    metavar="COUNTRY",
    callback=_checked(_check_region),
    help="The country of phone numbers that say none. [default: US]",
)
@click.option(
    "--ledger",
    metavar="URL",
    callback=_checked(_check_ledger),
    help="Where the record of what was done is kept; a pipeline's jobs share one. [default: file://.reconciler]",
)
@click.option("--ci", type=click.Choice(_CI), help="The pipeline to write. [default: none]")
@click.option("--yes", is_flag=True, help="Ask nothing: take the defaults of what is not given.")
def init(
    folder: Path,
    name: str | None,
    tenant_host: str | None,
    region: str | None,
    ledger: str | None,
    ci: str | None,
    yes: bool,
) -> int:
    """Create a repository in FOLDER: manifests, a pipeline, a hook, an editor's schema.

    Asks on a terminal for what is not given; elsewhere takes the defaults. Files that are there are never overwritten:
    they are listed, and nothing is written.
    """
    from datetime import UTC, datetime

    from reconciler.model.instants import find_last_midnight, format_instant
    from reconciler.model.written_files import write_files
    from reconciler.steps.load.editor_schema import make_editor_schema
    from reconciler.steps.new_repository import Answers, make_repository

    asks = not yes and sys.stdin.isatty() and sys.stdout.isatty()
    host = _ask(asks, tenant_host, "Host of the tenant, or none for the embedded one", _EMBEDDED, _check_host)
    answers = Answers(
        name=_ask(asks, name, "Name of the workspace", _suggest_name(folder), _check_name),
        host=None if host == _EMBEDDED else host,
        region=_ask(asks, region, "Country of phone numbers that say none", "US", _check_region),
        ledger=_ask(asks, ledger, "Where the ledger is (a pipeline needs s3://…)", "file://.reconciler", _check_ledger),
        ci=_ask(asks, ci, "Pipeline", "none", click.Choice(_CI)),
        today=format_instant(find_last_midnight(datetime.now(UTC))),
    )
    made = make_repository(answers, make_editor_schema())
    write_files(folder, made)
    _tell(folder, made, answers)
    return 0


def _ask(asks: bool, given: str | None, words: str, default: str, check: Any) -> str:
    """What was given, else what somebody answers, else the default."""
    if given is not None:
        return given
    return str(click.prompt(words, default=default, value_proc=_make_type(check))) if asks else default


def _make_type(check: Any) -> Callable[[str], str]:
    """What an answer becomes; one that is refused is asked for again."""
    if isinstance(check, click.Choice):
        return lambda value: str(check.convert(value, None, None))
    return lambda value: str(check(value))


def _suggest_name(folder: Path) -> str:
    """The folder's name, as far as it may be one."""
    words = re.sub(r"[^a-z0-9]+", "-", folder.absolute().resolve().name.lower()).strip("-")[:63].strip("-")
    return words or "dialling"


def _tell(folder: Path, made: dict[str, bytes], answers: Any) -> None:
    import shlex

    from reconciler.views.plain_text import plain

    where = shlex.quote(str(folder))
    for name in made:
        click.echo(plain(f"  + {folder / name}"))
    click.echo(plain(f"Made {len(made)} files: workspace {answers.name}, six sample contacts, a draft campaign."))
    go = "" if str(folder) == "." else f"cd {where} && "
    click.echo("Next:")
    click.echo(plain(f"  {go}git init && git add . && pre-commit install   # validates before each commit"))
    if answers.host is None:
        click.echo("  reconciler simulate &                             # an embedded tenant on 127.0.0.1:8642")
        click.echo("  export CXONE_CLIENT_ID=demo-client CXONE_CLIENT_SECRET=not-a-secret")
    else:
        click.echo("  export CXONE_CLIENT_ID=… CXONE_CLIENT_SECRET=…")
    click.echo("  reconciler validate -w manifests && reconciler plan -w manifests")
    if not answers.ledger.startswith("file://"):
        click.echo(
            "Before that, allow the ledger's place in a file outside of this repository that RECONCILER_FLOOR names:"
        )
        here = ', hosts: ["127.0.0.1"]' if answers.host is None else ""
        bounds = f"{{bounds: {{places: [{answers.ledger}]{here}}}}}"
        click.echo("  apiVersion: cxone.reconciler/v1\n  kind: Floor\n  metadata: {name: operator}")
        click.echo(plain(f"  spec: {bounds}"))
    elif answers.ci != "none":
        click.echo("The pipeline's jobs need one ledger: give Workspace `ledger: {url: s3://…}` (docs/ci.md).")
