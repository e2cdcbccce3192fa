# tested by: tests/views/test_sarif.py
"""Compose a SARIF result for each thing in which the tenant differs from the manifests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import orjson

from reconciler.model.change_cause import Cause
from reconciler.model.drift_difference import LocatedDifference
from reconciler.model.plan import Plan
from reconciler.views.plain_text import plain
from reconciler.views.rule_links import PAGES
from reconciler.views.sarif_parts import describe_place, escape

RULE = "DRIFT"
_SINCE = {
    Cause.MANIFEST: "the manifest has changed since the last apply",
    Cause.TENANT: "it was changed in the tenant since the last apply",
    Cause.BOTH: "both have changed since the last apply",
    Cause.VENDOR: "the tenant filled it in, no apply has set it",
    Cause.UNKNOWN: "where it was changed is not known",
}
_WHOLE = {
    "create": "the tenant has none of it",
    "replace": "the tenant's has to be replaced to be as declared",
    "delete": "it is in the tenant, and no manifest declares it any more",
    "undeclared": "it is in the tenant, and no manifest declares it any more",
    "release": "it is to be managed no longer, and carries this workspace's mark",
    "adopt": "it carries no mark of this workspace",
    "rows": "others are on the list, or with other values, than belong there",
}


def describe_drift_rule() -> dict[str, Any]:
    """What all these results are of."""
    return {
        "id": RULE,
        "shortDescription": {"text": "The tenant differs from the manifests"},
        "fullDescription": {"text": "The tenant differs from the manifests, at the line that declares what differs."},
        "helpUri": f"{PAGES}objects.md#changed-in-git-or-by-hand",
        "defaultConfiguration": {"level": "warning"},
    }


def list_drift(value: Plan, index: int) -> Iterator[dict[str, Any]]:
    """A result for each field that differs, and for each object or list as a whole."""
    for each in value.drift:
        told = each.difference
        # it is the same difference while its values change
        print_of = hashlib.sha256("\0".join((RULE, told.address, told.field)).encode("utf-8", "replace")).hexdigest()
        yield {
            "ruleId": RULE,
            "ruleIndex": index,
            # who has changed a manifest knows it; what was changed in the tenant somebody is to look at
            "level": "note" if told.cause == Cause.MANIFEST else "warning",
            "message": {"text": escape(_describe(each))},
            "locations": [_locate(value, each)],
            "partialFingerprints": {"drift/v1": print_of, "primaryLocationLineHash": f"{print_of[:16]}:1"},
            "properties": {"what": told.what, "field": told.field or None, "cause": told.cause or None},
        }


def _describe(each: LocatedDifference) -> str:
    told = each.difference
    if told.field:
        words = (
            f"{told.address}: {told.field} is {_show(each.before)} in the tenant, and {_show(each.after)} is declared"
        )
    else:
        words = f"{told.address}: {_WHOLE.get(told.what, told.what)}"
    return f"{words}; {_SINCE[Cause(told.cause)]}" if told.cause else words


def _show(value: Any) -> str:
    return "nothing" if value is None else orjson.dumps(value).decode()


def _locate(value: Plan, each: LocatedDifference) -> dict[str, Any]:
    place = each.place or value.places.get(f"Workspace/{value.workspace}")
    names = [{"fullyQualifiedName": plain(each.difference.address), "kind": "resource"}]
    return {**({} if place is None else {"physicalLocation": describe_place(place)}), "logicalLocations": names}
