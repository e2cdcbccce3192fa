"""Every schema of the house is one that its readers, and `load`, can use."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from reconciler.kinds import find_schema_folder, load_kinds, load_schema, load_shared_schema
from reconciler.model.problem import Location, Problem
from reconciler.steps.load.manifest_document import Document
from reconciler.steps.load.manifest_parts import spread
from reconciler.steps.load.schema_check import check, make_validator
from reconciler.steps.load.schema_fault import find_part
from reconciler.steps.load.schema_messages import KEYWORDS, describe_schema_errors
from reconciler.steps.load.template_variables import Variables
from reconciler.steps.load.templates import render

STEMS = sorted(file.name for file in find_schema_folder().iterdir() if file.name.endswith(".json"))
STRUCTURE = {"kind", "spec", "apiVersion", "metadata"}
HERE = Location("example.json", 1, 1)
SILENT = {
    "x-instead",
    "x-earlier",
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "title",
    "description",
    "examples",
    "properties",
    "items",
    "if",
    "then",
    "else",
    "propertyNames",
}


def parts(schema: Any, name: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every schema within a schema, with the name of the property that it is of."""
    yield name, schema
    for key in ("properties", "$defs"):
        for inner, part in schema.get(key, {}).items():
            yield from parts(part, inner)
    for key in ("items", "additionalProperties", "propertyNames", "then", "else"):
        if isinstance(schema.get(key), dict):
            yield from parts(schema[key])


def read(stem: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((find_schema_folder() / stem).read_text(encoding="utf-8"))
    return schema


@pytest.mark.parametrize("kind", sorted(load_kinds()))
def test_the_examples_of_a_schema_are_valid(kind: str) -> None:
    examples = load_schema(kind)["examples"]
    assert examples
    for example in examples:
        documents, problems = spread([Document("example.json", example, places={(): HERE})])
        for document in documents:
            problems += [*render(document, Variables(), literal=[("spec", "body")]), *check(document)]
        assert problems == []


@pytest.mark.parametrize("stem", STEMS)
def test_a_schema_is_a_schema(stem: str) -> None:
    schema = read(stem)
    make_validator(schema).check_schema(schema)
    assert schema["$id"].endswith("/" + stem)


@pytest.mark.parametrize("stem", STEMS)
def test_every_property_that_takes_a_value_is_described(stem: str) -> None:
    shared = load_shared_schema()["$defs"]
    for name, part in parts(read(stem)):
        own = part.get("$ref", "").rpartition("/")[2]
        described = "description" in part or own in shared or own in read(stem).get("$defs", {})
        # a mapping without a description of its own is said by its properties
        assert described or not name or name in STRUCTURE or "properties" in part, f"{stem}: {name}"


@pytest.mark.parametrize("stem", STEMS)
def test_every_keyword_of_a_schema_has_words(stem: str) -> None:
    used = {keyword for _, part in parts(read(stem)) for keyword in part}
    assert used <= SILENT | set(KEYWORDS)


def test_a_keyword_without_words_is_told_without_the_validators() -> None:
    schema = {"description": "A multiple of five.", "multipleOf": 5}
    document = Document("example.json", 7, places={(): HERE})
    assert list(describe_schema_errors(make_validator(schema).iter_errors(7), document, schema)) == [
        Problem(HERE, "bad-value", "the manifest is not what it must be", note="A multiple of five.")
    ]


def test_a_part_beyond_a_schema_has_the_description_of_what_is_around_it() -> None:
    schema = {"properties": {"a": {"description": "Outside.", "type": "object"}}}
    assert find_part(schema, ("a", "b", 0)) == ({}, "Outside.")


@pytest.mark.parametrize("file", STEMS)
def test_a_schema_says_nothing_twice(file: str) -> None:
    twice: list[str] = []

    def look(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        twice.extend({name for name in names if names.count(name) > 1})
        return dict(pairs)

    json.loads((find_schema_folder() / file).read_text(encoding="utf-8"), object_pairs_hook=look)
    assert not twice, "only the last of them counts"
