"""ContactList: a live list, by name, description and type."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from reconciler.model.kind import Fields, Kind, Likeness
from reconciler.model.ownership_mark import normalise_description
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.vendor_values import find_meaning

_FIELDS = ("name", "description", "type")


def _is_same_type(live: Any, declared: Any) -> bool:
    """Whether a live type is no known difference: what nobody knows is for a rule to tell."""
    return find_meaning("list_type", live) in (None, declared)


def fields(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Fields:
    """What is declared of the list; its type is `outbound`, the only one this tool dials."""
    declared = {"name": KIND.live_name(resource), "type": "outbound"}
    declared |= {field: resource.spec[field] for field in _FIELDS if field in resource.spec}
    return declared | (
        {"description": normalise_description(declared["description"])} if "description" in declared else {}
    )


KIND = Kind(
    name="ContactList",
    summary="a live list: name, description, type",
    fields=fields,
    immutable=frozenset({"type"}),
    likeness={"type": Likeness(_is_same_type, lambda live, written: bool(live == written))},
)
