"""Show what the rules found in a plan as SARIF 2.1.0, which code hosts put beside the lines of manifests.

The format: https://docs.oasis-open.org/sarif/sarif/v2.1.0/os/sarif-v2.1.0-os.html
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from reconciler.model.finding import Finding, Severity
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.resource_address import Address
from reconciler.model.rule_results import Waived
from reconciler.views import sarif_drift
from reconciler.views.plain_text import plain
from reconciler.views.reasons import describe_finding
from reconciler.views.rule_links import link_rule
from reconciler.views.sarif_parts import describe_place, escape, make_document
from reconciler.views.view import View

_LEVELS = {Severity.REFUSE: "error", Severity.WARN: "warning"}


def plan(value: Plan) -> str:
    """A result for each finding, at the manifest of what it is about; the same plan makes the same document."""
    rules = {each.id: _describe_rule(each.id, each.title, each.severity, each.sources) for each in value.rules}
    for each in value.findings:
        rules.setdefault(each.rule, _describe_rule(each.rule, None, each.severity, ()))
    if value.drift:
        rules[sarif_drift.RULE] = sarif_drift.describe_drift_rule()
    index = {rule: at for at, rule in enumerate(sorted(rules))}
    return make_document(
        value.tool_version,
        [rules[rule] for rule in index],
        [*_list_results(value, index), *sarif_drift.list_drift(value, index.get(sarif_drift.RULE, 0))],
        invocation={"executionSuccessful": True},
        # results of another workspace, tenant or environment in the same repository are not these, mended
        automationDetails={"id": "/".join(_name_run(value)) + "/"},
        properties={
            "digest": plan_digest(value),
            **({"narrowed": list(value.narrowed)} if value.narrowed else {}),
            **({} if value.rolls_back is None else {"rolls_back": value.rolls_back}),
        },
    )


def _name_run(value: Plan) -> Iterator[str]:
    yield "reconciler"
    for name in (value.workspace, value.tenant, value.environment):
        if name is not None:
            yield quote(name.encode("utf-8", "replace"), safe="")


def _describe_rule(rule: str, title: str | None, severity: Severity, sources: tuple[str, ...]) -> dict[str, Any]:
    words = escape(rule if title is None else title)
    cited = f"{words}. Source: {escape('; '.join(sources))}." if sources else f"{words}."
    return {
        "id": rule,
        "shortDescription": {"text": words},
        "fullDescription": {"text": cited},
        "helpUri": link_rule(rule, title),
        "defaultConfiguration": {"level": _LEVELS[severity]},
    }


def _list_results(value: Plan, index: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    waivers = {(each.rule, each.object): each for each in value.waivers if each.used}
    seen: Counter[tuple[str, str]] = Counter()
    for each in value.findings:
        about = (each.rule, str(each.object))
        seen[about] += 1
        # what is found is the same thing while its numbers change: the words are no part of it
        print_of = hashlib.sha256("\0".join((*about, str(seen[about]))).encode("utf-8", "replace")).hexdigest()
        yield {
            "ruleId": each.rule,
            "ruleIndex": index[each.rule],
            "level": "note" if each.waived is not None else _LEVELS[each.severity],
            "message": {"text": escape(f"{each.object}: {describe_finding(each)}")},
            "locations": [_locate(value, each.object)],
            "partialFingerprints": {"finding/v1": print_of, "primaryLocationLineHash": f"{print_of[:16]}:1"},
            "suppressions": _list_suppressions(value, each, waivers.get(about)),
        }


def _list_suppressions(value: Plan, finding: Finding, waiver: Waived | None) -> list[dict[str, Any]]:
    """That it is waived, why, until when, and in which manifest. Without any a result counts."""
    if finding.waived is None:
        return []
    place = None if waiver is None else value.places.get(waiver.by)
    return [
        {
            "kind": "inSource",
            "status": "accepted",
            "justification": escape(finding.waived),
            **({} if place is None else {"location": {"physicalLocation": describe_place(place)}}),
            **({} if finding.until is None else {"properties": {"until": finding.until.isoformat()}}),
        }
    ]


def _locate(value: Plan, about: Address) -> dict[str, Any]:
    """The manifest of an object; of one that none declares, the workspace's, as code hosts want a place of each."""
    place = value.place(about) or value.places.get(f"Workspace/{value.workspace}")
    return {
        **({} if place is None else {"physicalLocation": describe_place(place)}),
        "logicalLocations": [{"fullyQualifiedName": plain(str(about)), "kind": "resource"}],
    }


VIEWS = (View("sarif", "plan", plan),)
