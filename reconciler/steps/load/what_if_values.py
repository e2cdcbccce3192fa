# tested by: tests/cli/test_questions.py
"""Put the number of a what-if question into the manifests.

The number is put in after the templates and before the schemas, so that what is supposed is held to every rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from reconciler.model.nearest_name import suggest
from reconciler.model.problem import Location, Problem
from reconciler.model.what_if import Supposition
from reconciler.steps.load.manifest_document import Document

_PLACE = Location("--set")


def suppose(documents: Iterable[Document], supposition: Supposition | None) -> Iterator[Problem]:
    """Put the supposed number in its place; what is wrong with the question otherwise."""
    if supposition is None:
        return
    held = {(_read_kind(document), _read_name(document)): document for document in documents}
    segment = held.get(("Segment", supposition.segment))
    if segment is None:
        names = [name for kind, name in held if kind == "Segment" and isinstance(name, str)]
        yield _describe_unknown(f"there is no Segment {supposition.segment!r}", supposition.segment, names)
        return
    head, *rest = supposition.setting.split(".")
    document, path = segment, [head, *rest]
    if head == "score" and rest:
        model = held.get(("ScoreModel", _read_spec(segment).get("score")))
        if model is None:
            yield Problem(_PLACE, "unknown-setting", "the segment's ScoreModel is in no manifest")
            return
        # the model's one way of scoring goes without saying
        document, path = model, [*list(_read_spec(model))[:1], *rest]
    yield from _put(_read_spec(document), path, supposition)


def _put(spec: dict[str, Any], path: list[str], supposition: Supposition) -> Iterator[Problem]:
    here: Any = spec
    for step in path[:-1]:
        if isinstance(here, dict):
            here = here.setdefault(step, {})
        elif isinstance(here, list):
            named = {str(item.get("name", item.get("score"))): item for item in here if isinstance(item, dict)}
            if step not in named:
                yield _describe_unknown(f"{supposition.setting!r} names no {step!r}", step, list(named))
                return
            here = named[step]
        else:
            yield Problem(_PLACE, "unknown-setting", f"{supposition.setting!r} leads into something that has no parts")
            return
    last = path[-1]
    if not isinstance(here, dict) or isinstance(here.get(last, 0), dict | list | str | bool):
        message = f"{supposition.setting!r} is not a number of the segment or of its score model"
        yield Problem(_PLACE, "unknown-setting", message, hint="score.threshold, score.bands.high.from or cap.most")
        return
    here[last] = _parse_number(supposition.value)


def _parse_number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _describe_unknown(message: str, given: str, known: list[str]) -> Problem:
    return Problem(_PLACE, "unknown-setting", message, hint=suggest(given, known))


def _read_kind(document: Document) -> Any:
    return document.value.get("kind") if isinstance(document.value, dict) else None


def _read_name(document: Document) -> Any:
    metadata = document.value.get("metadata") if isinstance(document.value, dict) else None
    return metadata.get("name") if isinstance(metadata, dict) else None


def _read_spec(document: Document) -> dict[str, Any]:
    spec = document.value.get("spec")
    return spec if isinstance(spec, dict) else {}
