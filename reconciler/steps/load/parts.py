"""Which manifests stand for several objects, and what does each of those say?

A manifest of a kind that allows it holds, under one key, what differs by part. Each part becomes a document of its
own, with what differs laid over the rest, and the name of the part as a variable of its templates. So everything
after it sees ordinary documents, and a fault is told at the line that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from reconciler.kinds import kinds
from reconciler.model.kind import Each
from reconciler.model.resource import Path
from reconciler.steps.load.document import Document

Placed = TypeVar("Placed")


def spread(documents: Iterable[Document]) -> list[Document]:
    """The documents, those of several parts once for each; what is no proper list of parts is left as it is."""
    return [part for document in documents for part in _parts(document)]


def _parts(document: Document) -> Iterator[Document]:
    value: dict[str, Any] = document.value if isinstance(document.value, dict) else {}
    kind, spec = kinds().get(str(value.get("kind"))), value.get("spec")
    each = kind.each if kind is not None else None
    differs = spec.get(each.field) if each is not None and isinstance(spec, dict) else None
    if each is None or not isinstance(differs, dict) or not differs or not all(map(_proper, differs.items())):
        yield document
        return
    for part in differs:
        yield _part(document, each, part)


def _proper(item: tuple[Any, Any]) -> bool:
    name, differs = item
    return isinstance(name, str) and isinstance(differs, dict)


def _part(document: Document, each: Each, part: str) -> Document:
    spec = document.value["spec"]
    rest = {key: value for key, value in spec.items() if key != each.field}
    differs = spec[each.field][part]
    above = ("spec", each.field)

    def moved(held: Mapping[Path, Placed]) -> dict[Path, Placed]:
        """Where things are in the part's document: what differs counts, and not what it replaces."""
        gone = [above, *(("spec", key) for key in each.whole & differs.keys())]
        kept = {path: found for path, found in held.items() if path[:2] not in gone}
        own = (*above, part)
        return kept | {
            ("spec", *path[len(own) :]): held[path] for path in held if path[: len(own)] == own and path != own
        }

    return replace(
        document,
        value={**document.value, "spec": _laid_over(rest, differs, each.whole)},
        places=moved(document.places),
        keys=moved(document.keys),
        spoiled=set(document.spoiled),
        rendered=set(moved(dict.fromkeys(document.rendered))),
        part=part,
        variables={each.variable: part},
    )


def _laid_over(rest: Any, differs: Any, whole: Iterable[str] = ()) -> Any:
    if not isinstance(rest, dict) or not isinstance(differs, dict):
        return differs
    return {
        **rest,
        **{key: value if key in whole else _laid_over(rest.get(key), value) for key, value in differs.items()},
    }
