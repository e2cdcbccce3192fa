# tested by: tests/steps/load/test_cases.py
"""Recognise YAML documents that are not manifests.

A folder may hold files of Kubernetes, of Compose or of a pipeline. Nothing is said of what is in them: one line for a
file, or one for a whole folder that has nothing of ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.kinds import load_kinds, load_shared_schema
from reconciler.model.nearest_name import find_nearest
from reconciler.model.problem import Problem, Problems
from reconciler.steps.load.ignore_file import IGNORE_FILE
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.manifest_files import WHOLE, Source

_OURS = re.compile(r"cxone\.reconciler\b")
_GROUP = re.compile(r"[a-z0-9.-]+\.[a-z]+/\w+")
_HINT = f"move the file elsewhere, or name it in {IGNORE_FILE}"


def is_ours(document: Document) -> bool:
    """Whether a document is meant to be a manifest: by its `apiVersion`, else by its kind."""
    if not isinstance(document.value, dict):
        return False
    version, kind = document.value.get("apiVersion"), document.value.get("kind")
    known = isinstance(kind, str) and kind in load_kinds()
    if not isinstance(version, str):
        return known or version is not None
    ours = str(load_shared_schema()["$defs"]["apiVersion"]["const"])
    if "{{" in version or version == ours or _OURS.search(version) or find_nearest(version, [ours]) is not None:
        return True
    return known and _GROUP.fullmatch(version) is None


def separate(documents: Sequence[Document]) -> tuple[list[Document], list[Document]]:
    """The documents that are meant to be manifests, and the others."""
    ours: list[Document] = []
    others: list[Document] = []
    for document in documents:
        (ours if is_ours(document) else others).append(document)
    return ours, others


def describe_no_workspace(
    sources: Sequence[Source], others: Sequence[Document], problems: Sequence[Problem]
) -> Problem | None:
    """The one thing that is said of a folder where no document that was read is ours; None: a broken file may be.

    Args:
        problems: what is wrong with the texts.
    """
    broken = {problem.where.file for problem in problems}
    if not others or any(_OURS.search(source.text) for source in sources if source.name in broken):
        return None
    count = len(sources)
    message = f"none of the {count:,} YAML files is a manifest of reconciler" if count > 1 else None
    note = f"{others[0].file} has {_describe_document(others[0])}"
    if broken:
        note += f"; {len(broken):,} cannot be read as YAML, {min(problems).where} to begin with"
    hint = f"name the folder that holds the manifests; they begin with `apiVersion: {_find_version()}`"
    return Problem(WHOLE, "no-workspace", message or "the one YAML file is no manifest of reconciler", note, hint)


def describe_foreign(others: Sequence[Document]) -> Problems:
    """A problem for each file with documents that are not ours, beside others that are."""
    by_file: dict[str, list[Document]] = {}
    for document in others:
        by_file.setdefault(document.file, []).append(document)
    problems = Problems()
    for several in by_file.values():
        first, more = several[0], len(several) - 1
        others_too = f"; {more:,} more of the file {'are' if more > 1 else 'is'} none either" if more else ""
        note = f"it has {_describe_document(first)}{others_too}"
        hint = f"a manifest has `apiVersion`, `kind`, `metadata` and `spec`; else {_HINT}"
        problems.append(Problem(first.locate(), "not-a-manifest", "this document is not a manifest", note, hint))
    return problems


def _find_version() -> str:
    return str(load_shared_schema()["$defs"]["apiVersion"]["const"])


def _describe_document(document: Document) -> str:
    """What a document seems to be; never what else is in it."""
    value: Mapping[str, Any] = document.value if isinstance(document.value, dict) else {}
    parts = [f"`{key}: {value[key]}`" for key in ("apiVersion", "kind") if isinstance(value.get(key), str)]
    short = [part for part in parts if len(part) < 100]
    return " and ".join(short) or "neither `apiVersion` nor `kind` of ours"
