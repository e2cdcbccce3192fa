"""Skill: a live skill's own settings, block by block, for teams that share one skill among campaigns."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.model.kind import Fields, Kind
from reconciler.model.ownership_mark import normalise_description
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.skill_blocks import BLOCKS


def fields(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Fields:
    """What is declared of the skill."""
    spec: Mapping[str, Any] = resource.spec
    declared: dict[str, Any] = {"name": KIND.live_name(resource), "strategy": spec["strategy"]}
    if "description" in spec:
        declared["description"] = normalise_description(spec["description"])
    return declared | {block: spec[block] for block in BLOCKS if block in spec}


KIND = Kind(
    name="Skill",
    summary="a live skill: its settings, block by block",
    fields=fields,
    immutable=frozenset({"strategy"}),
)
