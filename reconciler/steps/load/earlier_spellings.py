"""Accept the earlier spellings of fields, with a notice.

A schema says it of a mapping: `x-earlier` has the earlier name of a field, and the one that it has now.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.kinds import load_kinds, load_schema
from reconciler.model.notice import Notice
from reconciler.model.problem import Problem, Problems
from reconciler.model.resource import Path
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.schema_fault import find_definition

EARLIER = "x-earlier"


def respell(document: Document) -> tuple[list[Notice], Problems]:
    """Give a document's fields the names that they have now; the notices of it, and what is said by both names."""
    kind = document.value.get("kind") if isinstance(document.value, dict) else None
    if not isinstance(kind, str) or kind not in load_kinds() or not _has_earlier(kind):
        return [], Problems()
    schema = load_schema(kind)
    notices: list[Notice] = []
    problems = Problems()
    for path, mapping, old, new in list(_iter_earlier(schema, schema, document.value, ())):
        where = document.keys.get((*path, old), document.locate(*path, old))
        before, now = (f"`{'.'.join(map(str, (*path, name)))}`" for name in (old, new))
        if new in mapping:
            hint = f"keep `{new}`, which is how it is called now"
            problems.append(Problem(where, "spelled-twice", f"{before} and {now} are one setting", hint=hint))
        else:
            words = f"{where}: {before} is called `{new}` now; it goes on working"
            args = {"where": str(where), "setting": ".".join(map(str, (*path, old))), "now": new}
            notices.append(Notice("earlier_spelling", words, args))
        _rename_key(document, path, mapping, old, new)
    return notices, problems


@functools.cache
def _has_earlier(kind: str) -> bool:
    return f'"{EARLIER}"' in json.dumps(load_schema(kind))


def _iter_earlier(
    root: Mapping[str, Any], schema: Mapping[str, Any], value: Any, path: Path
) -> Iterator[tuple[Path, dict[str, Any], str, str]]:
    """Every mapping that has an earlier name of a field, with its path; what is inside others comes first."""
    while "$ref" in schema:
        schema = find_definition(root, schema["$ref"])
    if isinstance(value, list):
        for number, each in enumerate(value):
            yield from _iter_earlier(root, schema.get("items", {}), each, (*path, number))
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for key in value.keys() & properties.keys():
            yield from _iter_earlier(root, properties[key], value[key], (*path, key))
        for old, new in schema.get(EARLIER, {}).items():
            if old in value:
                yield path, value, old, new


def _rename_key(document: Document, path: Path, mapping: dict[str, Any], old: str, new: str) -> None:
    """Give a key its name of now, in its place among the others; where both are there, the one of now stays."""
    entries = [
        (new if key == old else key, value) for key, value in mapping.items() if key != old or new not in mapping
    ]
    mapping.clear()
    mapping.update(entries)
    before, now = (*path, old), (*path, new)
    for placed in (document.places, document.keys):
        for at in [each for each in placed if each[: len(before)] == before]:
            location = placed.pop(at)
            placed.setdefault((*now, *at[len(before) :]), location)
    document.rendered = {(*now, *at[len(before) :]) if at[: len(before)] == before else at for at in document.rendered}
