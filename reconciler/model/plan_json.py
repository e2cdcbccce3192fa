# tested by: tests/properties/test_values.py
"""Write a plan as JSON, compute its digest, and read it back.

Canonical JSON with `format_version`; `resource_changes` has the shape of `terraform show -json`, so that policy tools
people already run read it unchanged. What Terraform has no word for stands beside it. Nothing personal is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from reconciler.model.approval_policy import Need
from reconciler.model.campaign import Campaign
from reconciler.model.change_cause import Causes
from reconciler.model.change_json import MEMBERS, object_document, read_object, read_rows, rows_document
from reconciler.model.errors import Stale
from reconciler.model.finding import Finding
from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.impact import Impact
from reconciler.model.instants import format_instant, parse_instant
from reconciler.model.json_digest import compute_digest
from reconciler.model.ledger_state import LedgerState
from reconciler.model.list_change import Accounting
from reconciler.model.live_state import Unseen
from reconciler.model.notice_json import make_notices_document, read_notices
from reconciler.model.object_change import ObjectChange, Undeclared
from reconciler.model.origin import read_origin
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.outcome_change_json import (
    HELD,
    NUMBERS,
    OUTCOMES,
    make_held_document,
    numbers_document,
    outcome_document,
    read_held,
    read_numbers,
    read_outcomes,
)
from reconciler.model.plan import Budget, Plan, Step
from reconciler.model.plan_comparison import PlanComparison
from reconciler.model.problem import Location
from reconciler.model.reason import Share, count_codes
from reconciler.model.reason_json import make_counted_document, read_counted
from reconciler.model.resource_address import Address
from reconciler.model.rule_input import Planned, make_undeclared_planned
from reconciler.model.rule_results import CheckedRule, Waived
from reconciler.model.segment_membership import DoNotCall
from reconciler.model.serialization import from_json, to_json
from reconciler.model.verdict import reach_verdict
from reconciler.model.write_ops import WriteOp

_NOT_BOUND = ("digest", "timestamp", "notices", "notice_details", "ledger", "places", "causes", "origin", "against")
_NOT_BOUND_OF_BUDGET = ("reads",)
_NOT_BOUND_OF_IMPACT = ("data", "scores", "overlaps")
_NOT_BOUND_OF_CAMPAIGN = ("forecast", "statistics", "opens")


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values. Rows are named by file and digest; the files travel beside the document."""
    document = {
        "format_version": FORMAT_VERSION,
        "reconciler_version": plan.tool_version,
        "timestamp": format_instant(plan.created),
        "workspace": plan.workspace,
        "tenant": {"name": plan.tenant, "surfaces": dict(plan.surfaces)},
        "environment": plan.environment,
        "manifests": plan.manifests,
        "as_of": format_instant(plan.as_of),
        "good_until": None if plan.good_until is None else format_instant(plan.good_until),
        "verdict": reach_verdict(plan).document(),
        "resource_changes": [object_document(change) for change in plan.objects],
        "row_changes": [
            *(rows_document(change) for change in plan.rows),
            *(outcome_document(change) for change in plan.outcomes),
            *(numbers_document(change) for change in plan.numbers),
            *(make_held_document(change) for change in plan.held),
        ],
        "audiences": list_audiences(plan),
        "order": [
            {
                "address": str(step.address),
                "needs": [str(need) for need in step.needs],
                "does": [deed.value for deed in step.does],
                **({} if step.writes is None else {"writes": step.writes}),
            }
            for step in plan.steps
        ],
        "findings": [describe_finding(finding) for finding in plan.findings],
        "campaigns": [describe_campaign(planned) for planned in plan.campaigns],
        "others": [_describe_other(each) for each in plan.others],
        "unseen": [to_json(each) for each in plan.unseen],
        "undeclared": [_describe_undeclared(each) for each in plan.undeclared],
        "suppressions": [to_json(each) for each in plan.suppressions],
        "rules": [to_json(rule) for rule in plan.rules],
        "waivers": [to_json(waiver) for waiver in plan.waivers],
        "request_budget": {
            "reads": plan.budget.reads,
            "writes": plan.budget.writes,
            "read_backs": plan.budget.read_backs,
        },
        **make_notices_document(plan.notices),
        "ledger": None if plan.ledger is None else plan.ledger.document(),
        **({} if plan.impact is None else {"impact": to_json(plan.impact)}),
        **(
            {"places": {address: to_json(place) for address, place in sorted(plan.places.items())}}
            if plan.places
            else {}
        ),
        **({} if plan.origin is None else {"origin": plan.origin.document()}),
        **({} if plan.causes is None else {"causes": to_json(plan.causes)}),
        **({"approvals": [to_json(each) for each in plan.approvals]} if plan.approvals else {}),
        **({} if plan.against is None else {"against": to_json(plan.against)}),
        **({"narrowed": list(plan.narrowed)} if plan.narrowed else {}),
        **({} if plan.rolls_back is None else {"rolls_back": plan.rolls_back}),
    }
    return {**document, "digest": document_digest(document)}


def document_digest(document: Mapping[str, Any]) -> str:
    """What binds a plan: everything in it but its digest, when and by how many requests it was made, and estimates.

    So a plan that was made of what was kept has the digest of the same plan made of what was just read.
    """
    bound = {key: value for key, value in document.items() if key not in _NOT_BOUND}
    budget = document["request_budget"]
    bound["request_budget"] = {key: value for key, value in budget.items() if key not in _NOT_BOUND_OF_BUDGET}
    if isinstance(campaigns := document["campaigns"], list):
        bound["campaigns"] = [_drop_unbound(each) for each in campaigns]
    if isinstance(impact := document.get("impact"), dict):
        bound["impact"] = {key: value for key, value in impact.items() if key not in _NOT_BOUND_OF_IMPACT}
    return compute_digest(bound)


def _drop_unbound(campaign: Any) -> Any:
    if not isinstance(campaign, dict):
        return campaign  # somebody edited it
    return {key: value for key, value in campaign.items() if key not in _NOT_BOUND_OF_CAMPAIGN}


def plan_digest(plan: Plan) -> str:
    """The digest of a plan, as `sha256:…`."""
    return str(plan_document(plan)["digest"])


def list_audiences(plan: Plan) -> list[dict[str, Any]]:
    """Of each segment how many contacts its source has, and how many are in or left out, and why."""
    return [_describe_account(account) for account in plan.accounts]


def _describe_account(account: Accounting) -> dict[str, Any]:
    unrecorded = {} if account.unrecorded is None else {"called_without_recorded_consent": account.unrecorded}
    return {
        "segment": str(account.segment),
        "source": account.source,
        "included": {each.value: each.count for each in account.included},
        "left_out": make_counted_document(account.left_out),
        "left_out_codes": count_codes(account.left_out),
        **unrecorded,
    }


def describe_finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "object": str(finding.object),
        "message": finding.message,
        "waived": finding.waived,
        "waivable": finding.waivable,
        "severity": finding.severity.value,
        "until": finding.until and finding.until.isoformat(),
        **({"details": to_json(finding.details)} if finding.details else {}),
    }


def describe_campaign(planned: Planned) -> dict[str, Any]:
    """What a campaign would be; what becomes of it is among the resource changes."""
    judged = {each.name: getattr(planned, each.name) for each in fields(planned) if each.name != "change"}
    return {"address": str(planned.change.address), **{name: to_json(value) for name, value in judged.items()}}


def _describe_undeclared(each: Undeclared) -> dict[str, Any]:
    """What carries the workspace's mark and stays as it is; `prune` is what `--prune` would do with it."""
    uses = [{"kind": kind, "name": name} for kind, name in each.uses]
    told = {"live_name": each.name, "state": each.state, "dials": each.dials, "uses": uses, "prune": "delete"}
    return {"address": str(each.address), **told}


def _read_undeclared(each: Mapping[str, Any]) -> Undeclared:
    uses = tuple((one["kind"], one["name"]) for one in each["uses"])
    return Undeclared(Address.parse_told(each["address"]), each["live_name"], each["state"], each["dials"], uses)


def _describe_other(planned: Planned) -> dict[str, Any]:
    """A campaign that no manifest declares: nothing becomes of it."""
    judged = {each.name: getattr(planned, each.name) for each in fields(planned) if each.name != "change"}
    return {name: to_json(value) for name, value in judged.items()}


def _read_other(each: Mapping[str, Any]) -> Planned:
    return from_json(Planned, each, change=make_undeclared_planned(from_json(Campaign, each["campaign"])).change)


def _read_campaign(each: Mapping[str, Any], known: Mapping[str, ObjectChange]) -> Planned:
    values = {name: value for name, value in each.items() if name != "address"}
    return from_json(Planned, values, change=known[each["address"]])


def read_plan(document: Mapping[str, Any], rows_folder: Path, columns: Mapping[str, str]) -> Plan:
    """The plan that a document holds, its rows below `rows_folder` with the given columns.

    Raises:
        Stale: the document does not have its own digest: it was edited, or is no plan.
    """
    if document.get("format_version") != FORMAT_VERSION:
        written = document.get("format_version")
        raise Stale(f"the plan has format version {written!r}; this program reads {FORMAT_VERSION!r}")
    if document.get("digest") != document_digest(document):
        raise Stale(
            "the plan was edited after it was made: its content does not have its digest",
            note=f"the digest it carries is {document.get('digest')}",
            hint="plan again, have the new plan reviewed, and apply that",
        )
    budget = document["request_budget"]
    objects = tuple(read_object(each) for each in document["resource_changes"])
    told: dict[str, list[Mapping[str, Any]]] = {MEMBERS: [], OUTCOMES: [], NUMBERS: [], HELD: []}
    for each in document["row_changes"]:
        told[each["writes"]].append(each)
    rows = tuple(read_rows(each, rows_folder, columns) for each in told[MEMBERS])
    outcomes = tuple(read_outcomes(each, rows_folder) for each in told[OUTCOMES])
    numbers = tuple(read_numbers(each, rows_folder) for each in told[NUMBERS])
    held = tuple(read_held(each, rows_folder) for each in told[HELD])
    # looked up and not parsed: an object that is pruned has the name that somebody gave it in the tenant
    changes: tuple[ObjectChange | AnyRowChange, ...] = (*objects, *rows, *outcomes, *numbers, *held)
    known = {str(change.address.activation): change.address.activation for change in objects}
    known |= {str(change.address): change.address for change in changes}
    return Plan(
        workspace=document["workspace"],
        tenant=document["tenant"]["name"],
        surfaces=document["tenant"]["surfaces"],
        manifests=document["manifests"],
        as_of=parse_instant(document["as_of"]),
        tool_version=document["reconciler_version"],
        objects=objects,
        rows=rows,
        accounts=tuple(_read_account(each) for each in document["audiences"]),
        steps=tuple(
            Step(
                known[each["address"]],
                tuple(known[need] for need in each["needs"]),
                tuple(WriteOp(deed) for deed in each["does"]),
                each.get("writes"),
            )
            for each in document["order"]
        ),
        findings=tuple(_read_finding(each, known) for each in document["findings"]),
        budget=Budget(budget["reads"], budget["writes"], budget["read_backs"]),
        created=parse_instant(document["timestamp"]),
        good_until=parse_instant(document["good_until"]) if document["good_until"] else None,
        notices=read_notices(document),
        campaigns=tuple(_read_campaign(each, {str(o.address): o for o in objects}) for each in document["campaigns"]),
        suppressions=tuple(from_json(DoNotCall, each) for each in document["suppressions"]),
        rules=tuple(from_json(CheckedRule, each) for each in document["rules"]),
        waivers=tuple(from_json(Waived, each) for each in document["waivers"]),
        outcomes=outcomes,
        numbers=numbers,
        held=held,
        others=tuple(_read_other(each) for each in document["others"]),
        unseen=tuple(from_json(Unseen, each) for each in document["unseen"]),
        ledger=from_json(LedgerState, document["ledger"]) if document.get("ledger") else None,
        undeclared=tuple(_read_undeclared(each) for each in document["undeclared"]),
        environment=document.get("environment"),
        impact=from_json(Impact, document["impact"]) if document.get("impact") else None,
        places={address: from_json(Location, place) for address, place in document.get("places", {}).items()},
        origin=read_origin(document.get("origin")),
        causes=from_json(Causes, document["causes"]) if document.get("causes") else None,
        approvals=tuple(from_json(Need, each) for each in document.get("approvals", ())),
        against=from_json(PlanComparison, document["against"]) if document.get("against") else None,
        narrowed=tuple(document.get("narrowed", ())),
        rolls_back=document.get("rolls_back"),
    )


def _read_finding(each: Mapping[str, Any], known: Mapping[str, Address]) -> Finding:
    """A finding may be about what does not change: the whole of a segment, or a campaign that nothing declares."""
    found = known.get(each["object"])
    return from_json(Finding, each, object=Address.parse_told(each["object"]) if found is None else found)


def _read_account(each: Mapping[str, Any]) -> Accounting:
    return Accounting(
        Address.parse(each["segment"]),
        each["source"],
        tuple(Share(band, count) for band, count in each["included"].items()),
        read_counted(each["left_out"]),
        each.get("called_without_recorded_consent"),
    )
