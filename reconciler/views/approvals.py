"""Say whose approval a plan needs, and why; show the approvals that it has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from rich.text import Text

from reconciler.model.approval import Approvals, Shortfall, describe_shortfall
from reconciler.model.approval_policy import Need
from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.instants import format_instant
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.run_target import Meant
from reconciler.model.serialization import to_json
from reconciler.model.verdict import reach_verdict
from reconciler.views.approval_words import describe_checked, describe_need, describe_needs
from reconciler.views.impact import describe_blast
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.view import View


def text(plan: Plan, needs: Sequence[Need], approvals: Approvals, lacks: Sequence[Shortfall]) -> Text:
    """A plan in short, what it needs, each approval with what came of its check, and what is missing."""
    return Text("\n".join(plain(line) for line in _iter_lines(plan, needs, approvals, lacks)))


def _iter_lines(plan: Plan, needs: Sequence[Need], approvals: Approvals, lacks: Sequence[Shortfall]) -> Iterator[str]:
    verdict = reach_verdict(plan)
    until = "" if plan.good_until is None else f", good until {format_instant(plan.good_until)}"
    yield f"Plan {plan_digest(plan)}{until}"
    yield f"  {Meant(plan.workspace, plan.tenant, plan.environment)}"
    told = ("create", "update", "replace", "delete", "contacts_add", "contacts_update", "contacts_remove")
    counts = ", ".join(
        f"{verdict.counts[name]:,} {name.replace('_', ' ')}" for name in told if verdict.counts.get(name)
    )
    yield f"  {verdict.status.value.replace('_', ' ')}: {counts or 'nothing'}"
    if plan.impact is not None:
        yield f"  {describe_blast(plan.impact)}"
    yield f"{describe_needs(needs)}:" if needs else "It needs no approval."
    yield from (f"  {describe_need(need)}" for need in needs)
    for each in approvals.checked:
        yield f"  {describe_checked(each)}"
    if approvals.authors:
        yield f"  the change was written by {', '.join(approvals.authors)}"
    for shortfall in lacks:
        yield from (f"Missing: {line}" for line in describe_shortfall(shortfall))
    if needs and not lacks:
        yield "It has every approval that it needs."


def machine(plan: Plan, needs: Sequence[Need], approvals: Approvals, lacks: Sequence[Shortfall]) -> str:
    """The same as JSON."""
    document: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "plan": plan_digest(plan),
        "approved": not lacks,
        "needs": [to_json(need) for need in needs],
        "approvals": [each.document() for each in approvals.checked],
        "authors": list(approvals.authors),
        "missing": [
            {
                "group": each.need.group,
                "of": each.need.of,
                "count": each.missing,
                "have": list(each.have),
                "could": list(each.could),
                "author": each.author,
            }
            for each in lacks
        ],
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


VIEWS = (View("text", "approvals", text), View("json", "approvals", machine))
