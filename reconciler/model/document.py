"""How is a plan written down, so that people, policy tools and a later apply read the same thing?

Canonical JSON with `format_version`; `resource_changes` has the shape of `terraform show -json`, so that policy tools
people already run read it unchanged. What Terraform has no word for stands beside it. Nothing personal is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reconciler.model.address import Address
from reconciler.model.change import Accounting, Action, FieldChange, ObjectChange, Reason, RowChange, Sample
from reconciler.model.errors import Stale
from reconciler.model.finding import Finding
from reconciler.model.live import digest_of
from reconciler.model.moment import format_instant, parse_instant
from reconciler.model.outcome_document import (
    NUMBERS,
    OUTCOMES,
    numbers_document,
    outcome_document,
    read_numbers,
    read_outcomes,
)
from reconciler.model.outcomes import AnyRowChange
from reconciler.model.plan import FORMAT_VERSION, Budget, Plan, Step
from reconciler.model.rows import Rows

MEMBERS = "members"
"""What the change of a list's rows writes."""

_NOT_BOUND = ("digest", "timestamp", "notices")
_NOT_BOUND_OF_BUDGET = ("reads",)


def plan_document(plan: Plan) -> dict[str, Any]:
    """A plan as JSON values. Rows are named by file and digest; the files travel beside the document."""
    document = {
        "format_version": FORMAT_VERSION,
        "reconciler_version": plan.tool_version,
        "timestamp": format_instant(plan.created),
        "workspace": plan.workspace,
        "tenant": {"name": plan.tenant, "surfaces": dict(plan.surfaces)},
        "manifests": plan.manifests,
        "as_of": format_instant(plan.as_of),
        "good_until": None if plan.good_until is None else format_instant(plan.good_until),
        "resource_changes": [_object(change) for change in plan.objects],
        "row_changes": [
            *(_rows(change) for change in plan.rows),
            *(outcome_document(change) for change in plan.outcomes),
            *(numbers_document(change) for change in plan.numbers),
        ],
        "audiences": audiences(plan),
        "order": [{"address": str(step.address), "needs": [str(need) for need in step.needs]} for step in plan.steps],
        "findings": [_finding(finding) for finding in plan.findings],
        "request_budget": {
            "reads": plan.budget.reads,
            "writes": plan.budget.writes,
            "read_backs": plan.budget.read_backs,
        },
        "notices": list(plan.notices),
    }
    return {**document, "digest": document_digest(document)}


def document_digest(document: Mapping[str, Any]) -> str:
    """What binds a plan: everything in it but the digest itself, and when and by how many requests it was made.

    So a plan that was made of what was kept has the digest of the same plan made of what was just read.
    """
    bound = {key: value for key, value in document.items() if key not in _NOT_BOUND}
    budget = document["request_budget"]
    bound["request_budget"] = {key: value for key, value in budget.items() if key not in _NOT_BOUND_OF_BUDGET}
    return digest_of(bound)


def plan_digest(plan: Plan) -> str:
    """The digest of a plan, as `sha256:…`."""
    return str(plan_document(plan)["digest"])


def _object(change: ObjectChange) -> dict[str, Any]:
    actions = [change.action.value]
    return {
        "address": str(change.address),
        "mode": "managed",
        "type": change.address.kind,
        "name": change.address.name,
        "live_name": change.name,
        "change": {
            "actions": actions,
            "before": _plain(change.before),
            "after": _plain(change.after),
            "after_unknown": dict.fromkeys(change.later, True),
            "before_sensitive": {},
            "after_sensitive": {},
        },
        "declared": dict(change.declared),
        "fields": [{"path": each.path, "before": each.before, "after": each.after} for each in change.fields],
        "later": {
            name: {"words": words, "seconds": change.seconds_later[name]} for name, words in change.later.items()
        },
        "adopts": change.adopts,
        "owner": change.owner,
        "references": [list(pair) for pair in change.references],
        "releases": [list(pair) for pair in change.releases],
        "precondition": change.precondition,
        "why": list(change.why),
    }


def _rows(change: RowChange) -> dict[str, Any]:
    return {
        "address": str(change.address),
        "writes": MEMBERS,
        "list": change.list,
        "list_address": str(change.list_address),
        "delivery": {
            "method": change.method,
            "chunk_size": change.chunk_size,
            "attributes": list(change.attributes),
            "chosen": change.chosen,
            "data": change.data,
        },
        "live": change.live,
        "adds": change.adds,
        "updates": change.updates,
        "removes": change.removes,
        "unchanged": change.unchanged,
        "rows": {"file": f"rows/{change.rows.path.name}", "count": change.rows.count, "digest": change.digest},
        "precondition": change.precondition,
        "reasons": [{"words": reason.words, "count": reason.count} for reason in change.reasons],
        "stays": [{"words": reason.words, "count": reason.count} for reason in change.stays],
        "owed": [{"words": reason.words, "count": reason.count} for reason in change.owed],
        "samples": [
            {"contact": each.token, "hint": each.hint, "action": each.action, "why": each.why}
            for each in change.samples
        ],
    }


def audiences(plan: Plan) -> list[dict[str, Any]]:
    """Of each segment how many contacts its source has, and how many are in or left out, and why."""
    return [_account(account) for account in plan.accounts]


def _account(account: Accounting) -> dict[str, Any]:
    return {
        "segment": str(account.segment),
        "source": account.source,
        "included": {reason.words: reason.count for reason in account.included},
        "left_out": {reason.words: reason.count for reason in account.left_out},
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "rule": finding.rule,
        "object": str(finding.object),
        "message": finding.message,
        "waived": finding.waived,
        "waivable": finding.waivable,
    }


def _plain(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if fields is None else dict(fields)


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
    objects = tuple(_read_object(each) for each in document["resource_changes"])
    told: dict[str, list[Mapping[str, Any]]] = {MEMBERS: [], OUTCOMES: [], NUMBERS: []}
    for each in document["row_changes"]:
        told[each["writes"]].append(each)
    rows = tuple(_read_rows(each, rows_folder, columns) for each in told[MEMBERS])
    outcomes = tuple(read_outcomes(each, rows_folder) for each in told[OUTCOMES])
    numbers = tuple(read_numbers(each, rows_folder) for each in told[NUMBERS])
    # looked up and not parsed: an object that is pruned has the name that somebody gave it in the tenant
    changes: tuple[ObjectChange | AnyRowChange, ...] = (*objects, *rows, *outcomes, *numbers)
    known = {str(change.address): change.address for change in changes}
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
            Step(known[each["address"]], tuple(known[need] for need in each["needs"])) for each in document["order"]
        ),
        findings=tuple(
            Finding(each["rule"], known[each["object"]], each["message"], each["waived"], each["waivable"])
            for each in document["findings"]
        ),
        budget=Budget(budget["reads"], budget["writes"], budget["read_backs"]),
        created=parse_instant(document["timestamp"]),
        good_until=parse_instant(document["good_until"]) if document["good_until"] else None,
        notices=tuple(document["notices"]),
        outcomes=outcomes,
        numbers=numbers,
    )


def _read_object(each: Mapping[str, Any]) -> ObjectChange:
    change = each["change"]
    return ObjectChange(
        address=Address(each["type"], each["name"]),
        name=each["live_name"],
        action=Action(change["actions"][0]),
        before=change["before"],
        after=change["after"],
        declared=each["declared"],
        fields=tuple(FieldChange(f["path"], f["before"], f["after"]) for f in each["fields"]),
        later={name: value["words"] for name, value in each["later"].items()},
        seconds_later={name: value["seconds"] for name, value in each["later"].items()},
        adopts=each["adopts"],
        owner=each["owner"],
        references=tuple((kind, name) for kind, name in each["references"]),
        releases=tuple((kind, name) for kind, name in each["releases"]),
        precondition=each["precondition"],
        why=tuple(each["why"]),
    )


def _read_rows(each: Mapping[str, Any], folder: Path, columns: Mapping[str, str]) -> RowChange:
    delivery, rows = each["delivery"], each["rows"]
    return RowChange(
        address=Address.parse(each["address"]),
        list_address=Address.parse(each["list_address"]),
        list=each["list"],
        method=delivery["method"],
        chunk_size=delivery["chunk_size"],
        attributes=tuple(delivery["attributes"]),
        chosen=delivery["chosen"],
        data=delivery["data"],
        live=each["live"],
        adds=each["adds"],
        updates=each["updates"],
        removes=each["removes"],
        unchanged=each["unchanged"],
        rows=Rows(folder / Path(rows["file"]).name, "parquet", columns, rows["count"]),
        digest=rows["digest"],
        precondition=each["precondition"],
        reasons=tuple(Reason(reason["words"], reason["count"]) for reason in each["reasons"]),
        stays=tuple(Reason(reason["words"], reason["count"]) for reason in each["stays"]),
        owed=tuple(Reason(reason["words"], reason["count"]) for reason in each["owed"]),
        samples=tuple(Sample(s["contact"], s["hint"], s["action"], s["why"]) for s in each["samples"]),
    )


def _read_account(each: Mapping[str, Any]) -> Accounting:
    return Accounting(
        Address.parse(each["segment"]),
        each["source"],
        tuple(Reason(words, count) for words, count in each["included"].items()),
        tuple(Reason(words, count) for words, count in each["left_out"].items()),
    )
