# tested by: tests/code_hosts/test_comment_and_drift_issue.py
"""`reconciler ci`: what a pipeline tells its code host, and asks of it."""

from __future__ import annotations

import json
import os
import re
import shlex
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reconciler.cli.output_formats import check_link

if TYPE_CHECKING:
    from reconciler.code_hosts.hidden_marker import Shown
    from reconciler.model.plan import Plan

_MOST_PROBLEMS = 20_000
"""Characters of what a program said that could make no plan."""


@click.group()
def ci() -> None:
    """Talk to the code host from a pipeline: comments, issues, approved plans (docs/ci.md).

    Which host, which repository and which token is read from the pipeline's environment: of GitHub GITHUB_TOKEN, of
    GitLab GITLAB_TOKEN.
    """


def _check_plan_name(context: click.Context, parameter: click.Parameter, value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9._-]{1,80}", value) is None:
        raise click.BadParameter("letters, digits, dots, underscores and hyphens, at most 80")
    return value


_name = click.option(
    "--name",
    default="reconciler-plan",
    show_default=True,
    callback=_check_plan_name,
    help="Tells the plans of several workspaces or environments of one repository apart.",
)


@ci.command()
@click.argument("file", required=False, type=click.Path(path_type=Path, dir_okay=False))
@_name
@click.option("--pull-request", metavar="NUMBER", help="[default: the one that the pipeline is of]")
@click.option("--html", metavar="URL", callback=check_link, help="Where the report of the plan is to be seen.")
@click.option(
    "--problems",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Say, in the place of a plan, why none could be made: the text of this file.",
)
def comment(file: Path | None, name: str, pull_request: str | None, html: str | None, problems: Path | None) -> int:
    """Show FILE, a saved plan, in one comment of the pull request, which is updated in place.

    A comment of somebody else is never changed, whatever it says. Earlier plans are listed in the comment, with links
    to their runs.
    """
    from reconciler.cli.run_origin import read_run_origin
    from reconciler.code_hosts import open_code_host
    from reconciler.code_hosts.comment_and_drift_issue import put_comment
    from reconciler.views.markdown import plan as show_plan

    origin = read_run_origin(os.environ)
    number = _choose_number(pull_request)
    link = origin.run_url if origin is not None else None
    host = open_code_host(os.environ)
    if file is not None:
        plan = _read_plan(file)
        text, shown = show_plan(plan, html or link), _describe_shown(plan)
    elif problems is not None:
        text, shown = _describe_problems(problems.read_text(encoding="utf-8", errors="replace")), _describe_shown(None)
    else:
        raise click.UsageError("give a saved plan, or --problems")
    links = [f"[Report](<{html}>)"] if html else []
    links += [f"[Run](<{shown.run}>)"] if shown.run else []
    done = put_comment(host, number, name, shown, text, links)
    click.echo(f"Comment of pull request {number}: {_COMMENTED[done]}.")
    return 0


_COMMENTED = {
    "left": "left alone, as it has a newer commit",
    "unchanged": "it is there as it is to be",
    "updated": "updated in place",
    "written": "written",
}


@ci.command()
@_name
@click.option("--commit", metavar="SHA", help="The commit that was merged. [default: the pipeline's]")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where the plan is written."
)
@click.option(
    "--reviews",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Where the reviews of the pull request are written, for `apply --reviews` (docs/approvals.md).",
)
def approved_plan(name: str, commit: str | None, out: Path, reviews: Path | None) -> int:
    """Fetch the plan that the merged pull request showed last, as it was saved, and print what apply needs.

    Printed are lines for a shell to evaluate: the digest that was reviewed, the pull request, its author and approvers.
    Refuses a commit that no pull request has merged (3), and a plan of another commit or with another digest (4).
    """
    from reconciler.cli.run_origin import read_run_origin
    from reconciler.code_hosts import open_code_host
    from reconciler.code_hosts.comment_and_drift_issue import fetch_approved
    from reconciler.model.errors import Stale
    from reconciler.model.plan_json import plan_digest

    origin = read_run_origin(os.environ)
    merged = commit or (origin.commit if origin is not None else None)
    if merged is None or re.fullmatch(r"[0-9a-f]{40,64}", merged) is None:
        raise click.UsageError("give the commit that was merged, in full: --commit")
    approved = fetch_approved(open_code_host(os.environ), merged, name, out)
    plan = _read_plan(out)
    again = "do not apply it: find out who replaced it, then have the change planned and reviewed again"
    if plan_digest(plan) != approved.digest:
        raise Stale(f"the plan in {approved.place} is not the one that was shown", note=plan_digest(plan), hint=again)
    if plan.origin is None or plan.origin.commit != approved.change.head:
        raise Stale(f"the plan in {approved.place} is not of commit {approved.change.head[:12]}", hint=again)
    if reviews is not None:
        reviews.write_text(json.dumps({"reviews": [asdict(each) for each in approved.reviews]}), encoding="utf-8")
    told = {
        "RECONCILER_DIGEST": approved.digest,
        "RECONCILER_PULL_REQUEST": approved.change.number,
        "RECONCILER_AUTHOR": approved.change.author,
        "RECONCILER_APPROVERS": ",".join(each.replace(",", " ") for each in approved.approvers),
    }
    for variable, value in told.items():
        click.echo(f"export {variable}={shlex.quote(value)}")
    click.echo(f"The plan of pull request {approved.change.number} is in {approved.place}.", err=True)
    return 0


@ci.command()
@_name
@click.option("--pull-request", metavar="NUMBER", help="[default: the one that the pipeline is of]")
@click.option(
    "--out", required=True, type=click.Path(path_type=Path, dir_okay=False), help="Where the plan is written."
)
def reviewed_plan(name: str, pull_request: str | None, out: Path) -> int:
    """Fetch the plan of the pull request's commit that was approved last, for `plan --against`.

    Writes nothing where no earlier commit was approved.
    """
    from reconciler.code_hosts import open_code_host
    from reconciler.code_hosts.comment_and_drift_issue import fetch_reviewed

    commit = fetch_reviewed(open_code_host(os.environ), _choose_number(pull_request), name, out)
    words = "No earlier commit was approved." if commit is None else f"Commit {commit[:12]} was approved before."
    click.echo(words)
    return 0


def _choose_number(pull_request: str | None) -> str:
    from reconciler.cli.run_origin import read_run_origin

    origin = read_run_origin(os.environ)
    number = pull_request or (origin.pull_request if origin is not None else None)
    if number is None:
        raise click.UsageError("this pipeline is of no pull request: give --pull-request")
    return number


@ci.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@_name
def drift_issue(file: Path, name: str) -> int:
    """Say in one issue what has drifted by FILE, which `drift --out` saved; close it where nothing has."""
    from reconciler.code_hosts import open_code_host
    from reconciler.code_hosts.comment_and_drift_issue import put_issue
    from reconciler.views.markdown import plan as show_plan

    plan = _read_plan(file)
    shown = _describe_shown(plan)
    drifted = not plan.empty or bool(plan.undeclared)
    of = f"commit `{shown.commit[:12]}`" + (f" ([run](<{shown.run}>))" if shown.run else "")
    text = f"The tenant is not as the manifests of {of} say. {_UNDOES}\n\n{show_plan(plan, shown.run or None)}"
    done = put_issue(open_code_host(os.environ), name, shown, _make_title(plan), text, drifted=drifted)
    click.echo(f"Drift: {_DONE[done]}.")
    return 0


_UNDOES = "What has moved is what this plan would move back:"

_DONE = {
    "nothing": "none, and no issue is open",
    "closed": "none any more; its issue was closed",
    "unchanged": "the same as its issue says",
    "updated": "its issue was updated",
    "written": "an issue was opened",
}


def _read_plan(file: Path) -> Plan:
    """A saved plan; proven as far as its key is at hand, as `show` does."""
    from reconciler.ledger.saved_plans import inspect_plan
    from reconciler.ledger.sealing import PREVIOUS_VARIABLE, VARIABLE, make_given_seal

    return inspect_plan(file, make_given_seal(os.environ.get(VARIABLE), os.environ.get(PREVIOUS_VARIABLE)))[0]


def _describe_shown(plan: Plan | None) -> Shown:
    """What a comment has of a plan; the commit and the run are those of this pipeline, where the plan has none."""
    from reconciler.cli.run_origin import read_run_origin
    from reconciler.code_hosts.hidden_marker import Shown
    from reconciler.model.instants import format_instant
    from reconciler.model.plan_json import plan_digest
    from reconciler.model.verdict import reach_verdict

    origin = plan.origin if plan is not None and plan.origin is not None else read_run_origin(os.environ)
    if origin is None or origin.commit is None or re.fullmatch(r"[0-9a-f]{7,64}", origin.commit) is None:
        raise click.UsageError("nothing says of which commit this is: set RECONCILER_COMMIT")
    now, run = format_instant(datetime.now(UTC).replace(microsecond=0)), origin.run_url or ""
    run = run if check_link(None, None, run or None) else ""
    if plan is None:
        return Shown(origin.commit, "", "no plan", now, run)
    verdict = reach_verdict(plan).status.value.replace("_", " ")
    return Shown(origin.commit, plan_digest(plan), verdict, format_instant(plan.created.replace(microsecond=0)), run)


def _describe_problems(text: str) -> str:
    """Why there is no plan, as it was printed: in a fence that nothing in it ends."""
    from reconciler.views.plain_text import plain

    lines = "\n".join(plain(line) for line in text.strip().splitlines())
    shown = lines if len(lines) <= _MOST_PROBLEMS else f"{lines[:_MOST_PROBLEMS]}\n…"
    longest = max((len(each) for each in re.findall("`+", shown)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"## No plan could be made\n\n{fence}text\n{shown}\n{fence}"


def _make_title(plan: Plan) -> str:
    """What has drifted, counted, in a title; names are foreign text, and short."""
    from reconciler.model.object_change import Action
    from reconciler.model.text_enumerations import format_count
    from reconciler.views.plain_text import plain

    objects = sum(change.action is not Action.NO_OP for change in plan.objects) + len(plan.undeclared)
    people = sum(change.total for change in plan.row_changes())
    chosen = "" if plan.environment is None else f" ({plan.environment})"
    parts = [format_count(objects, "object")] if objects else []
    parts += [format_count(people, "contact")] if people else []
    return plain(f"Drift of {plan.workspace}{chosen} on tenant {plan.tenant}: {', '.join(parts) or 'none'}")[:200]
