"""Show what came of a plan on an embedded tenant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from rich.text import Text

from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.object_change import Action
from reconciler.model.plan import Plan
from reconciler.model.plan_json import describe_campaign, describe_finding, plan_digest
from reconciler.model.preview import Preview, Shown
from reconciler.model.report import Failure, Outcome
from reconciler.model.text_enumerations import format_count
from reconciler.views.campaign_forecast import describe_forecast
from reconciler.views.impact import describe_impact
from reconciler.views.markdown_escape import code
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.reasons import describe_finding as describe_words
from reconciler.views.step_result import describe_step_end, make_step_document
from reconciler.views.view import View

MOST = 40
"""Lines of each part at most: the whole of it is in the document."""


def text(value: Preview) -> Text:
    """What was loaded, how each step ended, what there is now, what is left to do, and what is to be expected."""
    parts = (
        list(_describe_head(value)),
        list(_describe_apply(value)),
        _shorten([_describe_shown(each) for each in value.shown], "Result"),
        list(_describe_again(value)),
        list(describe_forecast((value.plan if value.again is None else value.again).campaigns)),
        [] if value.plan.impact is None or value.plan.empty else list(describe_impact(value.plan.impact)),
        [Text(_conclude(value), "bold green" if value.exit_code == 0 else "bold red")],
    )
    lines = [line for part in parts if part for line in (*part, Text())]
    return Text("\n").join(lines[:-1])


def _describe_head(value: Preview) -> Iterator[Text]:
    plan, loaded = value.plan, value.loaded
    chosen = "" if plan.environment is None else f"environment {plan.environment}, "
    yield Text(plain(f"Preview of tenant {plan.tenant}, {chosen}workspace {plan.workspace}"), "bold")
    yield Text(
        f"Loaded into an embedded tenant: {format_count(loaded.lists, 'list')}, "
        f"{format_count(loaded.campaigns, 'campaign')}, {format_count(loaded.members, 'member')} under stand-ins."
    )
    if loaded.introduced:
        yield Text(
            f"{format_count(loaded.introduced, 'contact')} on no list that was read: taken to be known and active."
        )
    yield Text(f"The tenant itself was only read, with {format_count(value.requests, 'request')}.")
    yield Text(f"{_describe_plan(plan)} Digest {plan_digest(plan)}", "dim")


def _describe_plan(plan: Plan) -> str:
    counts = [f"{plan.count(action):,} to {action.value}" for action in Action if action is not Action.NO_OP]
    counts += [f"{plan.adoptions:,} to adopt"] if plan.adoptions else []
    adds, updates, removes = (sum(getattr(row, each) for row in plan.rows) for each in ("adds", "updates", "removes"))
    told = ", ".join(each for each in counts if not each.startswith("0 "))
    return f"Plan: {told or 'no object changes'}; contacts +{adds:,} ~{updates:,} -{removes:,}."


def _describe_apply(value: Preview) -> Iterator[Text]:
    yield Text("Apply", "bold")
    if value.report is None:
        yield Text(plain(f"  refused: {_describe_failure(value.failure)}"), "bold red")
        found = value.plan.refusals
        yield from _shorten(
            [Text(plain(f"  {each.rule}  {each.object}: {describe_words(each)}")) for each in found], ""
        )
        return
    ended = [describe_step_end(step) for step in value.report.steps if step.outcome is not Outcome.DONE]
    done = [describe_step_end(step) for step in value.report.steps if step.outcome is Outcome.DONE]
    yield from _shorten([*ended, *done], "")
    if not value.report.steps:
        yield Text("  nothing to do", "dim")
    for each in value.left_out:
        words = f"not tried: {format_count(each.numbers, 'number')} for the do-not-call list's own files"
        yield Text(plain(f"· {each.address}  {words}"), "yellow")


def _describe_again(value: Preview) -> Iterator[Text]:
    if value.report is None:
        return
    yield Text("Second plan", "bold")
    if value.again is None:
        yield Text(plain(f"  could not be made: {_describe_failure(value.unplanned)}"), "bold red")
    elif value.again.empty:
        yield Text("  No changes: the embedded tenant matches the manifests.", "green")
    else:
        yield Text(f"  {_describe_plan(value.again)}", "yellow")
        yield from _shorten([Text(plain(f"  {step.address}")) for step in value.again.steps], "")


def _describe_failure(failure: Failure | None) -> str:
    if failure is None:
        return "nobody knows why"
    return f"{failure.code}: {failure.message}{f' [{failure.where}]' if failure.where else ''}"


def _describe_shown(each: Shown) -> Text:
    return Text(plain(f"  {each.kind} {each.name!r}: {_format(each.before)} → {_format(each.after)}"))


def _format(value: str | int | None) -> str:
    if value is None:
        return "none"
    return value if isinstance(value, str) else format_count(value, "contact")


def _shorten(lines: list[Text], title: str) -> list[Text]:
    if not lines:
        return []
    rest = len(lines) - MOST
    told = [Text(title, "bold")] if title else []
    told += lines[:MOST]
    return [*told, Text(f"  and {rest} more (--format json)", "dim")] if rest > 0 else told


def _conclude(value: Preview) -> str:
    if value.report is None:
        return "The plan would be refused. Nothing was written to the tenant."
    steps = value.report.steps
    done = sum(step.outcome is Outcome.DONE for step in steps)
    if done < len(steps) or value.report.exit_code:
        return f"The plan fails: {done} of {format_count(len(steps), 'step')} done. Nothing was written to the tenant."
    if value.again is None or not value.again.empty:
        return "The plan applies, and something is left to do after it. Nothing was written to the tenant."
    return "The plan applies, and leaves nothing to do. Nothing was written to the tenant."


def machine(value: Preview) -> str:
    """The same as JSON."""
    shown = value.plan if value.again is None else value.again
    document = {
        "format_version": FORMAT_VERSION,
        "workspace": value.plan.workspace,
        "tenant": value.plan.tenant,
        "environment": value.plan.environment,
        "exit_code": int(value.exit_code),
        "requests": value.requests,
        "loaded": {
            "lists": value.loaded.lists,
            "campaigns": value.loaded.campaigns,
            "members": value.loaded.members,
            "introduced": value.loaded.introduced,
        },
        "plan": _make_plan_document(value.plan),
        "refused": None if value.failure is None else value.failure.document(),
        "findings": [] if value.report is not None else [describe_finding(each) for each in value.plan.refusals],
        "steps": [] if value.report is None else [make_step_document(step) for step in value.report.steps],
        "left_out": [{"address": str(each.address), "numbers": each.numbers} for each in value.left_out],
        "second_plan": None if value.again is None else _make_plan_document(value.again),
        "second_plan_failure": None if value.unplanned is None else value.unplanned.document(),
        "result": [
            {"kind": each.kind, "name": each.name, "before": each.before, "after": each.after} for each in value.shown
        ],
        "campaigns": [describe_campaign(each) for each in shown.campaigns],
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def _make_plan_document(plan: Plan) -> dict[str, Any]:
    return {
        "digest": plan_digest(plan),
        "empty": plan.empty,
        "objects": {**{action.value: plan.count(action) for action in Action}, "adopt": plan.adoptions},
        "contacts": {
            name: sum(getattr(row, name) for row in plan.rows) for name in ("adds", "updates", "removes", "unchanged")
        },
        "steps": [str(step.address) for step in plan.steps],
    }


def markdown(value: Preview) -> str:
    """What a comment has room for: the verdict first, then each line of the text as it stands."""
    mark = "✅" if value.exit_code == 0 else "❌"
    lines = [line for line in text(value).plain.splitlines()[:-1] if line.strip()]
    told = [f"- {code(line.strip(), 400)}" for line in lines]
    return "\n".join([f"### {mark} {_conclude(value)}", "", *told, ""])


VIEWS = (
    View("text", "preview", text),
    View("json", "preview", machine),
    View("markdown", "preview", markdown),
)
