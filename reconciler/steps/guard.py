"""May this plan be applied? Pure: it refuses, and never edits."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler import __version__
from reconciler.kinds import kinds
from reconciler.model.ceiling import merged
from reconciler.model.change import Changes
from reconciler.model.document import plan_digest
from reconciler.model.errors import Refused, Stale
from reconciler.model.finding import Finding
from reconciler.model.live import Live
from reconciler.model.moment import format_instant
from reconciler.model.plan import Plan
from reconciler.model.situation import Situation, sizes
from reconciler.model.terms import Terms
from reconciler.model.waiver import waive
from reconciler.rules import ask
from reconciler.rules.hours import allowed
from reconciler.rules.jurisdictions import law


def guard(plan: Plan, terms: Terms) -> None:
    """Refuse a plan that was made from something else, or that has a finding which nothing sets aside today.

    Raises:
        Stale: the manifests, the tenant or this program are not those that the plan was made with.
        Refused: with every finding that stands.
    """
    _same_wishes(plan, terms)
    found = waive([*plan.findings, *_untold(plan, terms)], terms.settings, terms.now.date())
    standing = [finding for finding in found if finding.refuses]
    if not standing:
        return
    words = "\n".join(f"  {finding.rule}  {finding.object}: {finding.message}" for finding in standing)
    waivable = [finding for finding in standing if finding.waivable]
    hint = "change the manifests so that the plan is safe"
    if waivable:
        hint += "; or, if it is right, add to the Workspace's `overrides`: " + ", ".join(
            f"{{rule: {finding.rule}, object: '{finding.object}', reason: …}}" for finding in waivable
        )
    raise Refused(
        f"the plan is unsafe and was not applied:\n{words}", note="nothing was written to the tenant", hint=hint
    )


def _untold(plan: Plan, terms: Terms) -> Iterator[Finding]:
    """What the rules say of the plan's own numbers and the plan itself does not: a digest is no signature."""
    told = {(finding.rule, finding.object) for finding in plan.findings}
    changes = Changes(plan.objects, plan.rows, plan.accounts, outcomes=plan.outcomes, numbers=plan.numbers)
    situation = Situation(
        changes=changes,
        now=terms.now,
        as_of=plan.as_of,
        workspace=plan.workspace,
        campaigns=plan.campaigns,
        ceilings=merged(law(), terms.settings.ceilings),
        hours=allowed(),
        limits=terms.settings.limits,
        immutable=frozenset((kind.name, field) for kind in kinds().values() for field in kind.immutable),
        needed={kind.name: kind.needed for kind in kinds().values() if kind.needed},
        sizes=sizes(changes, Live()),
    )
    for finding in ask(situation, terms.settings.severities):
        if (finding.rule, finding.object) not in told:
            yield finding


def _same_wishes(plan: Plan, terms: Terms) -> None:
    differs = []
    if terms.reviewed is not None and terms.reviewed != plan_digest(plan):
        differs.append(f"its digest is {plan_digest(plan)}, {terms.reviewed} was reviewed")
    if plan.manifests != terms.manifests:
        differs.append("the manifests, or the values given to their templates, are not those that were planned")
    if plan.tenant != terms.tenant or dict(plan.surfaces) != dict(terms.surfaces):
        differs.append(f"the plan is for tenant {plan.tenant!r}, the workspace now means {terms.tenant!r} elsewhere")
    if plan.tool_version != __version__:
        differs.append(f"the plan was made by version {plan.tool_version}, this is {__version__}")
    if plan.good_until is not None and terms.now > plan.good_until:
        differs.append(f"a do-not-call list that it was judged by is too old since {format_instant(plan.good_until)}")
    if differs:
        raise Stale(
            "the plan is not for this workspace as it is now:\n" + "\n".join(f"  {words}" for words in differs),
            note="nothing more was written" if terms.resume else "nothing was written",
            hint="go back to what was planned, or plan again and have the new plan reviewed",
        )
