# tested by: tests/steps/load/test_schemas.py
"""Expand manifests that stand for several objects.

A manifest of a kind that allows it holds, under one key, what differs by part. Each part becomes a document of its
own, with what differs laid over the rest, and the name of the part as a variable of its templates. So everything
after it sees ordinary documents, and a fault is told at the line that somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from reconciler.kinds import load_kinds, load_shared_schema
from reconciler.model.kind import ForEach
from reconciler.model.problem import Problem, Problems
from reconciler.model.resource import Path
from reconciler.steps.load.manifest_document import Document

Placed = TypeVar("Placed")

MOST = 100
"""Parts of one manifest: each is a document as large as the whole."""


def spread(documents: Iterable[Document]) -> tuple[list[Document], Problems]:
    """The documents, those of several parts once for each; what is no proper list of parts is left for its schema."""
    found: list[Document] = []
    problems = Problems()
    for document in documents:
        each, differs = _find_parts(document)
        if each is None or not _are_proper(differs):
            # nothing is said of the parts' templates beside what is wrong with the parts
            found.append(replace(document, variables={} if each is None else {each.variable: each.variable}))
            continue
        if len(differs) > MOST:
            where = document.locate("spec", each.field)
            message = f"`spec.{each.field}` has {len(differs):,} parts; a manifest may have {MOST}"
            problems.append(Problem(where, "too-many-parts", message, hint="write several manifests"))
            continue
        for part, held in differs.items():
            if each.field in held:
                where = document.keys.get(("spec", each.field, part, each.field), document.locate("spec", each.field))
                problems.append(Problem(where, "parts-of-a-part", f"a part has no `{each.field}` of its own"))
        found += [_make_part(document, each, part) for part in differs]
    return found, problems


def _find_parts(document: Document) -> tuple[ForEach | None, Any]:
    """How the document's kind has several parts, where the document does, and what it says of them."""
    value: dict[str, Any] = document.value if isinstance(document.value, dict) else {}
    kind, spec = load_kinds().get(str(value.get("kind"))), value.get("spec")
    each = kind.for_each if kind is not None else None
    if each is None or not isinstance(spec, dict) or each.field not in spec:
        return None, None
    return each, spec[each.field]


def _are_proper(differs: Any) -> bool:
    if not isinstance(differs, dict) or not differs:
        return False
    name = re.compile(load_shared_schema()["$defs"]["name"]["pattern"].removesuffix("$"))
    return all(
        isinstance(part, str) and name.fullmatch(part) and isinstance(held, dict) for part, held in differs.items()
    )


def _make_part(document: Document, each: ForEach, part: str) -> Document:
    spec = document.value["spec"]
    rest = {key: value for key, value in spec.items() if key != each.field}
    differs = {key: value for key, value in spec[each.field][part].items() if key != each.field}
    above = ("spec", each.field)

    def move_paths(held: Mapping[Path, Placed]) -> dict[Path, Placed]:
        """Where things are in the part's document: what differs counts, and not what it replaces."""
        gone = [above, *(("spec", key) for key in each.whole & differs.keys())]
        kept = {path: found for path, found in held.items() if path[:2] not in gone}
        own = (*above, part)
        return kept | {
            ("spec", *path[len(own) :]): held[path] for path in held if path[: len(own)] == own and path != own
        }

    return replace(
        document,
        value={**document.value, "spec": _overlay(rest, differs, each.whole)},
        places=move_paths(document.places),
        keys=move_paths(document.keys),
        spoiled=set(document.spoiled),
        rendered=set(move_paths(dict.fromkeys(document.rendered))),
        origins=dict(document.origins),
        part=part,
        variables={each.variable: part},
    )


def _overlay(rest: Any, differs: Any, whole: Iterable[str] = ()) -> Any:
    if not isinstance(rest, dict) or not isinstance(differs, dict):
        return differs
    return {
        **rest,
        **{key: value if key in whole else _overlay(rest.get(key), value) for key, value in differs.items()},
    }
