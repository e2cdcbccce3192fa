# tested by: tests/cli/test_import.py
"""Show what was imported."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import orjson
from rich.text import Text

from reconciler.model.draft import Imported
from reconciler.model.format_version import FORMAT_VERSION
from reconciler.model.run_target import Meant
from reconciler.model.text_enumerations import format_count
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.reasons import describe_reason
from reconciler.views.view import View

_NAMED = 20


def text(value: Imported, files: Sequence[str], meant: Meant) -> Text:
    """How much was written where, and what was left out."""
    return Text("\n".join(map(plain, _iter_lines(value, files, meant))))


def _iter_lines(value: Imported, files: Sequence[str], meant: Meant) -> Iterator[str]:
    counted = Counter(each.address.kind for each in value.manifests)
    kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(counted.items()))
    yield f"{meant}: {format_count(len(value.manifests), 'manifest')} written{f' ({kinds})' if kinds else ''}."
    fields = sum(len(each.left) for each in value.manifests)
    if fields:
        yield f"{format_count(fields, 'field')} left out: the manifests' comments say which, and why."
    for each in value.left[:_NAMED]:
        yield f"  left out: {each.kind} {each.name!a}: {describe_reason(each.why)}"
    if len(value.left) > _NAMED:
        yield f"  and {len(value.left) - _NAMED:,} more"
    for kind, why in value.unseen:
        yield f"  not read: {kind}: {describe_reason(why)}"
    if value.declared:
        yield f"{format_count(value.declared, 'object')} declared already, and not written again."
    if value.unchosen:
        yield f"{format_count(value.unchosen, 'object')} not asked for."
    if files:
        yield f"Files: {files[0]}{f' … {files[-1]}' if len(files) > 1 else ''}."
    objects = sum(each.live_name is not None for each in value.manifests)
    if objects and value.adopts:
        yield "The next plan adopts these objects, and changes nothing else of them."
    elif objects:
        yield "They are not this workspace's until you adopt them: take out `adopt: false`, and apply."


def machine(value: Imported, files: Sequence[str], meant: Meant) -> str:
    """The same as JSON."""
    document = {
        "format_version": FORMAT_VERSION,
        **meant.document,
        "files": list(files),
        "manifests": [
            {
                "address": str(each.address),
                "live_name": each.live_name,
                "id": each.id,
                "left_out": [
                    {"field": path, "code": why.code, "args": why.name_arguments()} for path, why in each.left
                ],
            }
            for each in value.manifests
        ],
        "left_out": [
            {"kind": each.kind, "name": each.name, "code": each.why.code, "args": each.why.name_arguments()}
            for each in value.left
        ],
        "not_read": [{"kind": kind, "code": why.code, "args": why.name_arguments()} for kind, why in value.unseen],
        "declared": value.declared,
        "not_asked_for": value.unchosen,
        "adopts": value.adopts,
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


VIEWS = (View("text", "imported", text), View("json", "imported", machine))
