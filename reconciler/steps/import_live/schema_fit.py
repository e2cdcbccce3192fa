# tested by: tests/steps/import_live/test_import_live.py
"""Cut a draft down to what its schema allows; what people may be known by is left out as well."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from reconciler.model.draft import SchemaFault
from reconciler.model.reason import Reason
from reconciler.model.resource import Path
from reconciler.model.resource_address import Address

_ROUNDS = 100
_PERSONAL = re.compile(r"@|\d(?:[\s().+/-]*\d){6}")
"""What may be a mail address or a phone number in free text: an `@`, or seven digits with nothing but signs between."""

_NOT_FREE = ("name", "list", "schedule", "status", "dialType", "type", "wrapUpCode", "strategy", "abandonment")
"""Keys of a spec that hold no free text."""

Left = tuple[tuple[str, Reason], ...]


class Unfit(Exception):
    """No manifest of its kind can say it, and why."""

    def __init__(self, why: Reason) -> None:
        super().__init__(why.code)
        self.why = why


def fit(
    address: Address, spec: Mapping[str, Any], list_faults: Callable[[Mapping[str, Any]], list[SchemaFault]]
) -> tuple[dict[str, Any], Left]:
    """What a schema allows of a spec, and the fields that were left out.

    Raises:
        Unfit: a field that a manifest must have is not there, or has a value that none may say.
    """
    found = {name: held for name, value in spec.items() if (held := _strip_unset(value)) not in ("", {}, None)}
    left = {path: Reason("import_personal") for path in _iter_personal(found)}
    for path in left:
        _drop(found, path)
    for _ in range(_ROUNDS):
        manifest = {
            "apiVersion": "cxone.reconciler/v1",
            "kind": address.kind,
            "metadata": {"name": address.name},
            "spec": found,
        }
        faults = list_faults(manifest)
        if not faults:
            return found, tuple((".".join(map(str, path)), why) for path, why in left.items())
        for fault in faults:
            for path, why in _list_dropped(fault, left):
                if _drop(found, path):
                    left[path] = why
    raise Unfit(Reason("import_check", ("schema",)))


def _list_dropped(fault: SchemaFault, left: Mapping[Path, Reason]) -> Iterator[tuple[Path, Reason]]:
    """What to leave out for a fault.

    Raises:
        Unfit: it is of the manifest as a whole, or of the object's name.
    """
    inside: Path = fault.path[1:]
    if fault.unknown:
        yield from (((*inside, key), Reason("import_not_in_schema")) for key in fault.unknown)
        return
    if not inside:
        missing = fault.missing[0] if fault.missing else "spec"
        dropped = any(path[0] == missing for path in left)
        raise Unfit(Reason("import_value_needed" if dropped else "import_field_untold", (missing,)))
    if inside == ("name",):
        raise Unfit(Reason("import_value_needed", ("name",)))
    # an item of a list goes with its list: the rest of it would be another list
    upto = next((number for number, step in enumerate(inside) if isinstance(step, int)), len(inside))
    yield inside[:upto], Reason("import_value_not_allowed")


def _strip_unset(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: held for name, each in value.items() if (held := _strip_unset(each)) not in ({}, None)}
    return [_strip_unset(each) for each in value] if isinstance(value, list) else value


def _iter_personal(spec: Mapping[str, Any]) -> Iterator[Path]:
    """The places of free text that may name a person."""
    for name, value in spec.items():
        if name not in _NOT_FREE:
            yield from _iter_texts(value, (name,))


def _iter_texts(value: Any, path: Path) -> Iterator[Path]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _iter_texts(inner, (*path, name))
    elif isinstance(value, list):
        if any(True for each in value for _ in _iter_texts(each, path)):
            yield path
    elif isinstance(value, str) and _PERSONAL.search(value):
        yield path


def _drop(spec: dict[str, Any], path: Path) -> bool:
    *above, last = path
    held: Any = spec
    for step in above:
        held = held.get(step) if isinstance(held, dict) else None
    if not isinstance(held, dict) or last not in held:
        return False
    del held[last]
    if not held and above:
        _drop(spec, tuple(above))
    return True
