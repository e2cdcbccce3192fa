# tested by: tests/surfaces/test_rows_of_another_api.py
"""Read and change parts of objects that have endpoints of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cxone.transport import Transport
from reconciler.model.reply_shape import Rows, Shape
from reconciler.model.surface_wire import Call, Part, Wire
from reconciler.model.worker_pool import work_all

Answers = Mapping[str, tuple[Any, ...]]
"""By an object's id, the answer of each of its parts, in their order."""


def read_parts(transport: Transport, wire: Wire, ids: Sequence[str]) -> Answers:
    """What the endpoints of its parts tell of each object, several objects at once; each is asked once."""
    found: dict[str, tuple[Any, ...]] = {}

    def read(object_id: str) -> None:
        asked: dict[str, Any] = {}
        found[object_id] = tuple(_read(transport, wire, part, object_id, asked) for part in wire.parts)

    if wire.parts:
        work_all(read, ids, transport.access.pace.workers, "parts")
    return found


def read_part(transport: Transport, wire: Wire, part: Part, object_id: str) -> Any:
    """What one of them tells."""
    return _read(transport, wire, part, object_id, {})


def _read(transport: Transport, wire: Wire, part: Part, object_id: str, asked: dict[str, Any]) -> Any:
    def ask(call: Call, shape: Shape | Rows) -> Any:
        key = f"{call.method} {call.path} {sorted(call.query.items())}"
        if key not in asked:
            asked[key] = transport.call(
                call.method, call.path, query=call.query, scope=wire.read_scope, shape=shape, may_be_empty=True
            )
        return {} if asked[key] is None else asked[key]

    first = ask(part.one(object_id), part.shape)
    return first if part.also is None else (first, ask(part.also[0](object_id), part.also[1]))


def split_fields(wire: Wire, fields: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[Part, dict[str, Any]]]]:
    """Live fields: those of the object's body, and those of each part that has some."""
    of_parts = {name for part in wire.parts for name in part.fields}
    parts = [(part, {name: fields[name] for name in part.fields & fields.keys()}) for part in wire.parts]
    body = {name: value for name, value in fields.items() if name not in of_parts}
    return body, [(part, held) for part, held in parts if held]
