"""ContactList: a live list, by name, description and type."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from reconciler.model.kind import Fields, Kind, Likeness, Surface, object_shape
from reconciler.model.ownership import worded
from reconciler.model.resource import Catalogue, Resource
from reconciler.model.shape import TEXT, WHOLE, may
from reconciler.model.vocabulary import known_or_raw, meaning

_FIELDS = ("name", "description", "type")
SHAPE = object_shape(type=may(TEXT), contactCount=may(WHOLE))


def read(body: Mapping[str, Any]) -> dict[str, Any]:
    """A list as the tenant sends it, without what the tenant owns (its id, counts and dates).

    A type there always is: one that is not told is `unknown`.
    """
    fields = {field: body[field] for field in _FIELDS if body.get(field) is not None}
    return fields | {"type": known_or_raw("list_type", body.get("type"))}


def _same_type(live: Any, declared: Any) -> bool:
    """Whether a live type is no known difference: what nobody knows is for a rule to tell."""
    return meaning("list_type", live) in (None, declared)


def fields(resource: Resource, catalogue: Catalogue, as_of: datetime) -> Fields:
    """What is declared of the list; its type is `outbound`, the only one this tool dials."""
    declared = {"name": KIND.live_name(resource), "type": "outbound"}
    declared |= {field: resource.spec[field] for field in _FIELDS if field in resource.spec}
    return declared | ({"description": worded(declared["description"])} if "description" in declared else {})


KIND = Kind(
    name="ContactList",
    says="a live list: name, description, type",
    surfaces=(
        Surface(
            name="lists",
            path="lists",
            rows="data",
            read_scope="lists:read",
            write_scope="lists:write",
            writable=True,
            size="contactCount",
            shape=SHAPE,
            read=read,
        ),
        Surface(
            name="outbound",
            path="outbound/contactlists",
            rows="contactLists",
            read_scope="outboundapi",
            write_scope="outboundapi",
            writable=False,
            size="contactCount",
            shape=SHAPE,
            read=read,
        ),
    ),
    fields=fields,
    immutable=frozenset({"type"}),
    likeness={"type": Likeness(_same_type, lambda live, written: bool(live == written))},
)
