# tested by: tests/steps/load/test_schemas.py
"""Locate a schema fault in the manifest and in the schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jsonschema.exceptions import ValidationError

from reconciler.kinds import load_shared_schema
from reconciler.model.nearest_name import find_nearest
from reconciler.model.problem import Location, Problem
from reconciler.model.resource import Path
from reconciler.steps.load.manifest_document import Document

Schema = Mapping[str, Any]

FILE_FORMAT = "manifest.json#/$defs/fileFormat"
MEANT_FOR = "x-formats"
"""What a schema says of a setting of files: the formats for which it means something."""

_LONGEST_SHOWN = 80
_SHORTEST_PHONE = 1_000_000
_DIGITS = 8


class Fault:
    """One error of the validator, with what is needed to speak of it."""

    def __init__(self, error: ValidationError, document: Document, root: Schema) -> None:
        self.document = document
        self.root = root
        self.path: Path = tuple(error.absolute_path)
        self.of_key = "propertyNames" in error.absolute_schema_path
        self.wanted: Any = error.validator_value
        self.value: Any = error.instance
        self.schema: Schema = error.schema if isinstance(error.schema, Mapping) else {}
        self.part, self.description = find_part(root, self.path)
        if isinstance(self.value, dict):
            self.part = _find_mapping(self.part)
        # the narrower description says how a value is written, the wider one what the place is for
        self.rule: str | None = self.schema.get("description", self.description)

    @property
    def name(self) -> str:
        return f"`{_format_path(self.path)}`" if self.path else "the manifest"

    @property
    def where(self) -> Location:
        around = self.document.locate(*self.path)
        return self.document.keys.get((*self.path, self.value), around) if self.of_key else around

    @property
    def shown(self) -> str:
        """The value as it was written; never a text that a template made, which may be secret, or a phone."""
        if self.document.is_secret(self.path) and not _tells_nothing(self.value):
            return "what its template makes"
        text = str(self.value) if str(self.value).isprintable() else repr(self.value)
        return f"`{text}`" if len(text) <= _LONGEST_SHOWN else f"`{text[:_LONGEST_SHOWN]}…`"

    @property
    def strangers(self) -> list[str]:
        """The keys that the schema does not know."""
        closed = self.part.get("additionalProperties") is False and isinstance(self.value, dict)
        return [key for key in self.value if key not in self.part.get("properties", {})] if closed else []

    @property
    def meant(self) -> set[str]:
        """The fields that the unknown keys were probably meant to be."""
        known = self.part.get("properties", {})
        told = self.part.get("x-instead", {})
        return {near for key in self.strangers if key not in told and (near := find_nearest(key, known)) is not None}

    def make_problem(self, code: str, message: str, hint: str | None = None) -> Problem:
        return Problem(self.where, code, message, note=self.rule, hint=hint)


def _tells_nothing(value: Any) -> bool:
    """Whether a value is no secret whatever it is for: true, false, and numbers too short for a phone."""
    return isinstance(value, int | float) and abs(value) < _SHORTEST_PHONE and len(str(value)) <= _DIGITS


def _format_path(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def find_part(root: Schema, path: Path) -> tuple[Schema, str | None]:
    """The schema of a part, and the closest description on the way to it."""
    schema, description = root, None
    for step in path:
        schema = _find_mapping(schema)
        inner = schema.get("properties", {}).get(step) or schema.get("additionalProperties")
        inner = (inner or schema.get("items")) if isinstance(step, str) else schema.get("items")
        if not isinstance(inner, Mapping):
            return {}, description
        schema = _follow_references(root, inner)
        description = inner.get("description") or schema.get("description") or description
    return schema, description


def _find_mapping(schema: Schema) -> Schema:
    """The schema of a part that is a mapping, where it may be something else as well."""
    return {**schema, **schema["then"]} if schema.get("if") == {"type": "object"} else schema


def _follow_references(root: Schema, schema: Schema) -> Schema:
    while "$ref" in schema:
        schema = find_definition(root, schema["$ref"])
    return schema


def find_definition(root: Schema, reference: str) -> Schema:
    """The part of a schema, or of the one that all share (`manifest.json#/$defs/name`), that a reference names."""
    file, _, name = reference.partition("#/$defs/")
    found: Schema = (load_shared_schema() if file else root)["$defs"][name]
    return found
