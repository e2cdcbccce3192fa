# tested by: tests/policy/test_terraform_view.py
"""Show a plan as `terraform show -json` shows one, for tools that hold Terraform's plans to policies.

The format: https://developer.hashicorp.com/terraform/internals/json-format. It stands on one line, as Terraform prints
it. What becomes of objects and of rows is `managed`; what the plan says of itself is `data`: it is read, and nothing
becomes of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from reconciler.model.change_json import object_document
from reconciler.model.instants import format_instant
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.views.plain_text import plain_json
from reconciler.views.policy_facts import Fact, list_facts, list_rows
from reconciler.views.view import View

FORMAT, TERRAFORM = "1.2", "1.9.0"
"""Whose format it is: of the document, and the Terraform that writes it so. Tools refuse a document without them."""

PROVIDER = "reconciler"
"""What Terraform has the address of a provider for."""


def plan(value: Plan) -> str:
    """The plan as one line of JSON. The same plan makes the same document."""
    changes = [_describe_change(object_document(change)) for change in value.objects]
    changes += [_describe_rows(fact) for fact in list_rows(value)]
    document = {
        "format_version": FORMAT,
        "terraform_version": TERRAFORM,
        "reconciler_version": value.tool_version,
        "digest": plan_digest(value),
        "timestamp": format_instant(value.created),
        "applyable": not value.empty and not value.refusals,
        # as Terraform has it where it was given targets
        "complete": not value.partial,
        "errored": False,
        "variables": {},
        "planned_values": {"outputs": {}, "root_module": {"resources": list(_list_planned(changes, value))}},
        "resource_drift": [],
        "resource_changes": changes,
        "output_changes": {},
        "prior_state": {
            "format_version": "1.0",
            "terraform_version": TERRAFORM,
            "values": {"outputs": {}, "root_module": {"resources": list(_list_live(changes))}},
        },
        "configuration": {
            "provider_config": {PROVIDER: {"name": PROVIDER, "full_name": PROVIDER, "expressions": {}}},
            "root_module": {"resources": [_describe_block(each) for each in changes if each["change"]["after"]]},
        },
        "relevant_attributes": [],
        "checks": [],
    }
    return plain_json(orjson.dumps(document, default=str).decode()) + "\n"


def _describe_change(told: Mapping[str, Any]) -> dict[str, Any]:
    """What becomes of an object, with whole numbers as whole numbers."""
    change = {**told["change"], "before": _whole(told["change"]["before"]), "after": _whole(told["change"]["after"])}
    kept = {name: told[name] for name in ("address", "mode", "type", "name", "index") if name in told}
    reason = {"action_reason": "replace_because_cannot_update"} if told["replacement"] is not None else {}
    return {**kept, "provider_name": PROVIDER, "change": change, **reason}


def _describe_rows(fact: Fact) -> dict[str, Any]:
    """What becomes of the rows of a list, a campaign or a store: `update`, where there are any."""
    change = {
        "actions": ["update"] if fact.changes else ["no-op"],
        "before": dict(fact.before),
        "after": dict(fact.values),
        "after_unknown": {},
        "before_sensitive": {},
        "after_sensitive": {},
    }
    return {**_name(fact, "managed"), "provider_name": PROVIDER, "change": change}


def _list_planned(changes: Iterable[Mapping[str, Any]], value: Plan) -> Iterable[dict[str, Any]]:
    for each in changes:
        if each["change"]["after"] is not None:
            yield _describe_values(each, each["change"]["after"])
    for fact in list_facts(value):
        yield {**_name(fact, "data"), "provider_name": PROVIDER, "schema_version": 0, "values": dict(fact.values)}


def _list_live(changes: Iterable[Mapping[str, Any]]) -> Iterable[dict[str, Any]]:
    for each in changes:
        if each["change"]["before"] is not None:
            yield _describe_values(each, each["change"]["before"])


def _describe_values(each: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in each.items() if name not in ("change", "action_reason")}
    return {**kept, "schema_version": 0, "values": values, "sensitive_values": {}}


def _describe_block(each: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: each[name] for name in ("address", "mode", "type", "name")}
    return {**kept, "provider_config_key": PROVIDER, "schema_version": 0, "expressions": {}}


def _name(fact: Fact, mode: str) -> dict[str, Any]:
    return {"address": fact.address, "mode": mode, "type": fact.type, "name": fact.name}


def _whole(value: Any) -> Any:
    """The same with 6.0 as 6, as Terraform has it: some tools compare whole numbers alone."""
    if isinstance(value, Mapping):
        return {key: _whole(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_whole(each) for each in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


VIEWS = (View("terraform", "plan", plan),)
