# tested by: tests/steps/import_live/test_import_live.py
"""Draft the manifest of a live campaign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.model.campaign import UNKNOWN
from reconciler.model.draft import Draft, NameOf
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address

_BAND = "all"
_PLAIN = ("name", "description", "dialType")
_LOWEST, _HIGHEST = 1.0, 10.0
"""Percent that a policy may say (`schemas/abandonment_policy.json`)."""


def draft_campaign(fields: Mapping[str, Any], name_of: NameOf, *, lists: str, policies: str) -> Draft:
    """What a manifest could say of a campaign with these live fields.

    Its list is one of another manifest. Its threshold is that of a policy of its own, named after the percent; its
    window is that of the tenant, to the second. `lists`, `policies`: the kinds of both.
    """
    spec: dict[str, Any] = {name: fields[name] for name in _PLAIN if name in fields}
    left: list[tuple[str, Reason]] = []
    dialled = fields.get("list")
    if dialled is None:
        return Draft(spec, Reason("import_field_untold", ("list",)))
    manifest = name_of(lists, str(dialled))
    if manifest is None:
        return Draft(spec, Reason("import_uses_undeclared", (lists, str(dialled))))
    spec["list"] = manifest
    needs = {}
    percent = fields.get("abandonThreshold")
    if percent is not None and _LOWEST <= float(percent) <= _HIGHEST:
        policy = Address(policies, name_policy(float(percent)))
        spec["abandonment"] = {"policy": policy.name, "band": _BAND}
        needs[policy] = {"thresholds": {_BAND: float(percent)}}
    elif percent is not None:
        left.append(("abandonThreshold", Reason("import_value_not_allowed")))
    window = {ours: fields.get(theirs) for ours, theirs in (("start", "startTime"), ("end", "endTime"))}
    for ours, value in window.items():
        if value is None or value == UNKNOWN:
            return Draft(spec, Reason("import_no_window", (ours,)))
    spec["schedule"] = window
    if "wrapUpCode" in fields:
        spec["wrapUpCode"] = fields["wrapUpCode"]
    if "predictive" in fields and spec.get("dialType") == "predictive":
        spec["predictive"] = fields["predictive"]
    elif "predictive" in fields:
        left.append(("predictive", Reason("import_means_nothing", (str(spec.get("dialType")),))))
    spec["status"] = fields.get("status")
    return Draft(spec, None, tuple(left), needs)


def name_policy(percent: float) -> str:
    """The name of the policy that says this threshold and no other: `percent-2-5`."""
    return f"percent-{repr(percent).removesuffix('.0').replace('.', '-')}"
