# tested by: tests/steps/import_live/test_import_live.py
"""Write imported manifests as files of YAML, a file for each, with comments.

What is written is read back as it was meant: a text that could be taken for a number, for true or for a template is
quoted, and one that holds template marks is written as a template that gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from reconciler.model.draft import Imported, ImportedManifest
from reconciler.model.yaml_text import quote_text, write_scalar, write_text
from reconciler.views.plain_text import plain
from reconciler.views.reasons import describe_reason

LEFT_OUT = "left-out"


def make_files(value: Imported) -> dict[str, str]:
    """The files by their paths below the folder of what was imported: one for each manifest, by kind."""
    made = {
        f"{_make_folder(each.address.kind)}/{each.address.name}.yaml": _describe_manifest(value, each)
        for each in value.manifests
    }
    return dict(sorted(made.items()))


def describe_left_out(value: Imported) -> str | None:
    """A file of comments on what no manifest can declare; None where there is nothing of that kind."""
    lines = [f"# {kind}: {describe_reason(why)}" for kind, why in value.unseen]
    lines += [f"# {each.kind} {quote_text(each.name)}: {describe_reason(each.why)}" for each in value.left]
    if not lines:
        return None
    head = f"# Of tenant {value.tenant} {len(value.left):,} objects were left out: no manifest can declare them."
    return "\n".join([head, *map(plain, lines)]) + "\n"


def _make_folder(kind: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind).lower()


def _describe_manifest(value: Imported, each: ImportedManifest) -> str:
    lines = []
    if each.live_name is not None:
        lines.append(
            f"# Imported from tenant {value.tenant}: {each.address.kind} {quote_text(each.live_name)}, id {each.id}."
        )
    else:
        lines.append("# Made by import: the threshold of campaigns that were imported. Nothing of it is in the tenant.")
    lines += [f"# {describe_reason(why)}" for why in each.notes]
    if each.left:
        lines.append(f"# {len(each.left):,} of its fields are left out, and not managed:")
        lines += [f"#   {path}: {describe_reason(why)}" for path, why in each.left]
    head = "\n".join(map(plain, lines))
    document = {
        "apiVersion": "cxone.reconciler/v1",
        "kind": each.address.kind,
        "metadata": {"name": each.address.name},
        "spec": each.spec,
    }
    return head + "\n" + "\n".join(_iter_mapping(document, "")) + "\n"


def _iter_mapping(held: Mapping[str, Any], indent: str) -> Iterator[str]:
    for name, value in held.items():
        key = f"{indent}{write_text(str(name))}:"
        if isinstance(value, Mapping) and value:
            yield key
            yield from _iter_mapping(value, f"{indent}  ")
        elif isinstance(value, list | tuple) and value:
            yield key
            yield from (f"{indent}  - {_write_flow(each)}" for each in value)
        else:
            yield f"{key} {_write_flow(value)}"


def _write_flow(value: Any) -> str:
    """A value on one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{quote_text(str(name))}: {_write_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_write_flow, value)) + "]"
    return write_scalar(value)
