"""Make the one JSON Schema that an editor holds every manifest to: the schemas of all kinds, chosen by `kind`.

It stands alone (no file beside it, no network), and chooses with `if` and `then`, so that an editor tells what is wrong
with a Segment and not that a document matches none of twelve kinds. A value that is a template is held to nothing, as
what it will be is known when it is rendered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reconciler.kinds import load_kinds, load_schema, load_shared_schema

_SHARED = "manifest"
_ANNOTATIONS = ("title", "description", "default", "examples", "deprecated")
_TEMPLATE = {"type": "string", "pattern": r"\{\{"}
_NAMES = ("apiVersion", "kind")
_MAPS = ("properties", "patternProperties", "$defs")
_ONE = ("items", "additionalProperties", "not", "if", "then", "else", "propertyNames", "contains")
_SEVERAL = ("oneOf", "anyOf", "allOf", "prefixItems")


def make_editor_schema() -> dict[str, Any]:
    """The schema, in the order of the kinds' names; the same program makes the same."""
    kinds = sorted(load_kinds())
    parts = {kind: load_schema(kind) for kind in kinds} | {_SHARED: load_shared_schema()}
    titles = [str(parts[kind].get("description", kind)) for kind in kinds]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Manifest of reconciler",
        "description": "One YAML document that declares one object. Its `kind` says what else it holds.",
        "type": "object",
        "required": ["apiVersion", "kind"],
        "properties": {
            "apiVersion": parts[_SHARED]["$defs"]["apiVersion"],
            "kind": {"description": "What the manifest declares.", "enum": kinds, "enumDescriptions": titles},
        },
        "allOf": [choice for kind in kinds for choice in _make_choices(kind)],
        "$defs": {name: _embed(part, name, parts) for name, part in parts.items()}
        | {
            f"{kind}{_EACH}": _embed(_drop_required(parts[kind]), kind, parts)
            for kind in kinds
            if load_kinds()[kind].for_each is not None
        },
    }


def _make_choices(kind: str) -> list[dict[str, Any]]:
    """By which schema a manifest of a kind is checked; one that makes several objects is not whole by itself."""
    of = {"properties": {"kind": {"const": kind}}, "required": ["kind"]}
    each = load_kinds()[kind].for_each
    if each is None:
        return [{"if": of, "then": {"$ref": f"#/$defs/{kind}"}}]
    several = {"properties": {"spec": {"required": [each.field], "type": "object"}}, "required": ["spec"]}
    chosen = {"if": several, "then": {"$ref": f"#/$defs/{kind}{_EACH}"}, "else": {"$ref": f"#/$defs/{kind}"}}
    return [{"if": of, "then": chosen}]


def _drop_required(node: Any, inside: bool = False) -> Any:
    """A kind's schema without what each of several objects has to have: the rest of it may stand in their own part."""
    if not isinstance(node, dict):
        return node
    kept = {word: value for word, value in node.items() if word != "required" or not inside}
    for word in ("then", "else"):
        if word in kept:
            kept[word] = _drop_required(kept[word], inside)
    if "properties" in kept:
        kept["properties"] = {
            key: _drop_required(each, inside or key != "spec") for key, each in node["properties"].items()
        }
    return kept


def _embed(node: Any, name: str, parts: Mapping[str, Any], *, asks: bool = False) -> Any:
    """A schema as a part of the whole: its references lead to the other parts, and templates are let through.

    `asks`: it is a condition, which a template does not fulfil.
    """
    if not isinstance(node, dict):
        return node
    made: dict[str, Any] = {}
    for word, value in node.items():
        if word in ("$schema", "$id", "examples", *_EXTENSIONS):
            continue
        if word == "$ref":
            made[word] = "#/" + "/".join(_follow(value, name))
        elif word in _MAPS:
            made[word] = {key: _embed_value(each, key, word, name, parts, asks) for key, each in value.items()}
        elif word in _ONE:
            inner = _embed(value, name, parts, asks=asks or word in ("if", "not"))
            through = word in ("items", _OTHERS) and not asks
            made[word] = _let_templates_through(inner, value, name, parts) if through else inner
        elif word in _SEVERAL:
            made[word] = [_embed(each, name, parts, asks=asks) for each in value]
        else:
            made[word] = value
    for earlier, field in node.get("x-earlier", {}).items():
        told = {"description": f"The earlier name of `{field}`.", "deprecated": True}
        made["properties"][earlier] = {**made["properties"][field], **told}
    return made


_EXTENSIONS = ("x-formats", "x-earlier", "x-instead")
_EACH = "ForEach"
_OTHERS = "additionalProperties"


def _embed_value(value: Any, key: str, word: str, name: str, parts: Mapping[str, Any], asks: bool) -> Any:
    made = _embed(value, name, parts, asks=asks)
    return made if asks or word == "$defs" or key in _NAMES else _let_templates_through(made, value, name, parts)


def _follow(reference: str, name: str) -> list[str]:
    """Where a reference of a part leads, from the root of the whole: `manifest.json#/$defs/name`, or `#/$defs/url`."""
    file, _, path = reference.partition("#")
    stem = file.removesuffix(".json") if file else name
    return ["$defs", stem, *[each for each in path.split("/") if each]]


def _let_templates_through(made: Any, value: Any, name: str, parts: Mapping[str, Any]) -> Any:
    """The schema of a value that may be a scalar, which a template is not held to."""
    if not isinstance(value, dict) or not _may_be_scalar(value, name, parts):
        return made
    told = {word: made[word] for word in _ANNOTATIONS if word in made}
    return {**told, "if": _TEMPLATE, "else": made}


def _may_be_scalar(value: Mapping[str, Any], name: str, parts: Mapping[str, Any]) -> bool:
    """Whether a value may be a scalar that the schema says more of than that it is a text."""
    if "$ref" in value:
        steps = _follow(value["$ref"], name)[1:]
        target: Any = parts
        for step in steps:
            target = target[step]
        return _may_be_scalar(target, steps[0], parts)
    told = set(value) - {*_ANNOTATIONS, "type"}
    kinds = {value["type"]} if isinstance(value.get("type"), str) else set(value.get("type", ()))
    if "type" in value and kinds <= {"object", "array"}:
        return False
    return bool(told) or not kinds <= {"string"}
