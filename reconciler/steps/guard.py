"""Refuse plans that may not be applied."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace

from reconciler import __version__
from reconciler.kinds import load_kinds
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.approval import describe_shortfall, find_shortfalls
from reconciler.model.approval_policy import find_needs
from reconciler.model.ceiling import merge_ceilings
from reconciler.model.changes import Changes
from reconciler.model.errors import Expired, Refused, Stale, Unapproved
from reconciler.model.finding import Finding, Severity
from reconciler.model.live_state import Live
from reconciler.model.plan import Plan
from reconciler.model.plan_expiry import find_expired
from reconciler.model.plan_json import plan_digest
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Situation, count_sizes
from reconciler.model.waiver_matching import waive
from reconciler.rules import collect_findings, load_rules, severity_of
from reconciler.rules.calling_hours_by_place import load_allowed_hours
from reconciler.rules.ceilings_by_jurisdiction import load_ceilings
from reconciler.rules.harbours_by_jurisdiction import load_harbours


def guard(plan: Plan, terms: ApplyOptions) -> None:
    """Refuse a plan that was made from something else, or that has a finding that is not waived today.

    Raises:
        Stale: the manifests, the tenant or this program are not those that the plan was made with.
        Refused: with every finding that stands.
        Unapproved: with everything that its approvals lack.
    """
    _check_same_wishes(plan, terms)
    found = tuple(_find_again(plan, terms))
    standing = [each for each in waive(found, terms.settings, terms.now.date()) if each.refuses]
    if not standing:
        _refuse_unapproved(plan, terms, found)
        return
    known = {(each.rule, each.object, each.message) for each in plan.findings} if terms.shown else set()
    told = [_shorten_shown(each, known) for each in standing]
    hint = "change the manifests so that the plan is safe"
    waivable = dict.fromkeys(_format_waiver(finding) for finding in standing if finding.waivable)
    if waivable:
        places = "to the `waivers` of an AbandonmentPolicy, or to the Workspace's `overrides`"
        hint += f"; or, if it is right, add {places}: {', '.join(waivable)}"
    raise Refused(
        "the plan is unsafe and was not applied", note="nothing was written to the tenant", hint=hint, findings=told
    )


def _refuse_unapproved(plan: Plan, terms: ApplyOptions, found: Iterable[Finding]) -> None:
    """Hold the approvals against what the plan needs, worked out anew; a waiver of approvals there is not."""
    policies = terms.settings.approvals
    needs = find_needs(plan, policies, found)
    known = {(policy.by, group) for policy in policies for group in policy.groups}
    words = [
        f"group {need.group} of {need.of} must approve, and no floor that is given here says who that is"
        for need in plan.approvals
        if (need.of, need.group) not in known
    ]
    words += [line for each in find_shortfalls(needs, policies, terms.approvals) for line in describe_shortfall(each)]
    if words:
        raise Unapproved(
            "the plan is not approved and was not applied:\n" + "\n".join(f"  {line}" for line in words),
            note="nothing more was written" if terms.resume else "nothing was written to the tenant",
            hint="have the saved plan approved with `reconciler approve FILE`, and apply FILE; "
            "`reconciler approve --list FILE` tells of each approval whether it counts",
        )


def _shorten_shown(finding: Finding, shown: Container[tuple[str, Address, str]]) -> Finding:
    """What is unsafe; where the plan was shown a moment ago with the same words, that it was."""
    if (finding.rule, finding.object, finding.message) in shown:
        return replace(finding, message="as the plan says above", details={})
    return finding


def _format_waiver(finding: Finding) -> str:
    """What would set a finding aside, to be filled in."""
    rule = load_rules().get(finding.rule)
    ends = ", until: …" if rule is not None and rule.ends else ""
    return f"{{rule: {finding.rule}, object: '{finding.object}', reason: …{ends}}}"


def _find_again(plan: Plan, terms: ApplyOptions) -> Iterable[Finding]:
    """What the rules say of the plan's own numbers, and what else it says was found: a digest is no signature."""
    changes = Changes(
        plan.objects,
        plan.rows,
        plan.accounts,
        outcomes=plan.outcomes,
        numbers=plan.numbers,
        held=plan.held,
        undeclared=plan.undeclared,
    )
    situation = Situation(
        changes=changes,
        now=terms.now,
        applying=True,
        as_of=plan.as_of,
        workspace=plan.workspace,
        campaigns=plan.campaigns,
        others=plan.others,
        unseen=plan.unseen,
        suppressions=plan.suppressions,
        ceilings=merge_ceilings(load_ceilings(), terms.settings.ceilings),
        harbours=load_harbours(),
        hours=load_allowed_hours(),
        limits=terms.settings.limits,
        recent=tuple(each for each in terms.recent if each.run != terms.resume),  # a run that is gone on with is one
        immutable=frozenset((kind.name, field) for kind in load_kinds().values() for field in kind.immutable),
        fixed=frozenset(
            (kind.name, field) for kind in load_kinds().values() for field in kind.list_fixed(terms.surfaces)
        ),
        needed={kind.name: kind.needed for kind in load_kinds().values() if kind.needed},
        sizes=count_sizes(changes, Live()),
    )
    # what needed the tenant to be found is taken from the plan, but how severe it is, is not
    asked = tuple(collect_findings(situation, terms.settings.severities))
    # a rule may find several things in one object: none of them takes another's place
    known = {(each.rule, each.object) for each in asked}
    told = (_check_severity(each, terms) for each in plan.findings if (each.rule, each.object) not in known)
    return (*told, *asked)


def _check_severity(finding: Finding, terms: ApplyOptions) -> Finding:
    rule = load_rules().get(finding.rule)
    severity = Severity.REFUSE if rule is None else severity_of(rule, terms.settings.severities)
    return replace(finding, severity=severity, waivable=rule is not None and rule.waivable, waived=None)


def _describe_environment(name: str | None) -> str:
    return "no environment" if name is None else f"environment {name!r}"


def _check_same_wishes(plan: Plan, terms: ApplyOptions) -> None:
    differs = []
    if terms.reviewed is not None and terms.reviewed != plan_digest(plan):
        differs.append(f"its digest is {plan_digest(plan)}, {terms.reviewed} was reviewed")
    elsewhere = plan.environment != terms.environment
    if plan.manifests != terms.manifests and not elsewhere:  # another environment has other values, and perhaps tenant
        differs.append("the manifests, or the values given to their templates, are not those that were planned")
    if elsewhere:
        differs.append(
            f"the plan is for {_describe_environment(plan.environment)} (tenant {plan.tenant!r}), "
            f"and {_describe_environment(terms.environment)} (tenant {terms.tenant!r}) was named"
        )
    elif plan.tenant != terms.tenant or dict(plan.surfaces) != dict(terms.surfaces):
        differs.append(
            f"the plan is for tenant {plan.tenant!r}, the workspace now resolves to {terms.tenant!r} at other URLs"
        )
    if plan.tool_version != __version__:
        differs.append(f"the plan was made by version {plan.tool_version}, this is {__version__}")
    expired = [
        Expired(str(each.of), str(terms.places[each.of]) if each.of in terms.places else None, each.why)
        for each in find_expired(plan.campaigns, plan.suppressions, plan.good_until, terms.now)
    ]
    if differs or expired:
        raise Stale(
            "\n".join(("the plan is not for this workspace as it is now:", *(f"  {words}" for words in differs))),
            expired=expired,
            note="nothing more was written" if terms.resume else "nothing was written",
            hint="go back to what was planned, or plan again and have the new plan reviewed",
        )
