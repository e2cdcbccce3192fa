"""What does an editor say of a manifest? What `validate` says of its shape, with the kind's own messages."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing.jsonschema import EMPTY_REGISTRY

from reconciler.kinds import load_kinds, load_schema
from reconciler.steps.load.editor_schema import make_editor_schema
from tests.cli.test_init import Core

SCHEMA = make_editor_schema()
CHECK = Draft202012Validator(SCHEMA, registry=EMPTY_REGISTRY)
EXAMPLES = [(kind, example) for kind in sorted(load_kinds()) for example in load_schema(kind)["examples"]]
ROOT = Path(__file__).parents[3]


def faults(document: Any) -> list[tuple[str, str]]:
    return [(each.json_path, each.message) for each in CHECK.iter_errors(document)]


def test_it_is_a_schema_that_needs_no_file_beside_it() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert "$id" not in str(SCHEMA)
    assert ".json#" not in str(SCHEMA)


def test_it_knows_every_kind_there_is() -> None:
    assert SCHEMA["properties"]["kind"]["enum"] == sorted(load_kinds())


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_every_example_is_right(kind: str, example: Any) -> None:
    assert faults(example) == []


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_a_field_that_is_none_is_told_where_it_stands_and_of_its_kind_alone(kind: str, example: Any) -> None:
    for path in _mappings(example, closed={"metadata", "spec"}):
        wrong = copy.deepcopy(example)
        _at(wrong, path)["noSuchField"] = 1
        told = faults(wrong)
        assert {place for place, _ in told} == {"$." + ".".join(path)}
        assert all("noSuchField" in words for _, words in told)


def _mappings(example: Any, closed: set[str]) -> Iterator[tuple[str, ...]]:
    yield from ((name,) for name in closed)


def _at(document: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        document = document[name]
    return document


@pytest.mark.parametrize(("kind", "example"), EXAMPLES)
def test_a_template_may_stand_for_any_scalar_of_a_spec(kind: str, example: Any) -> None:
    def templated(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: templated(each) for key, each in value.items()}
        return [templated(each) for each in value] if isinstance(value, list) else "{{ x }}"

    once = {**example, "spec": {key: templated(each) for key, each in example["spec"].items()}}
    told = [words for _, words in faults(once) if "unique" not in words]
    assert told == []


def test_messages_are_those_of_the_kind() -> None:
    segment = {
        "apiVersion": "cxone.reconciler/v1",
        "kind": "Segment",
        "metadata": {"name": "x"},
        "spec": {"sourc": "y"},
    }
    told = faults(segment)
    assert ("$.spec", "Additional properties are not allowed ('sourc' was unexpected)") in told
    assert {place for place, _ in told} == {"$.spec"}
    assert faults({"kind": "Segmnt"})[1][0] == "$.kind"
    number = copy.deepcopy(
        next(each for kind, each in EXAMPLES if kind == "ScoreModel" and "engagement" in each["spec"])
    )
    number["spec"]["engagement"]["threshold"] = "75"
    assert [place for place, _ in faults(number)] == ["$.spec.engagement.threshold"]


def test_of_a_campaign_for_each_band_the_parts_may_have_what_the_rest_lacks() -> None:
    campaign = next(yaml.load_all((ROOT / "segments" / "campaigns.yaml").read_text().split("---")[1], Core))
    assert faults(campaign) == []
    alone = copy.deepcopy(campaign)
    del alone["spec"]["perBand"]
    assert ("$.spec.predictive", "'targetAnswerRate' is a required property") in faults(alone)
    campaign["spec"]["predictive"]["targetAnswerRat"] = 0.3
    assert [place for place, _ in faults(campaign)] == ["$.spec.predictive"]


def test_earlier_spellings_are_taken_and_marked() -> None:
    floor = {
        "apiVersion": "cxone.reconciler/v1",
        "kind": "Floor",
        "metadata": {"name": "x"},
        "spec": {"firm": ["ABN-001"], "waivers": {"longest": "30d"}},
    }
    assert faults(floor) == []
    assert SCHEMA["$defs"]["Floor"]["properties"]["spec"]["properties"]["firm"]["deprecated"] is True


def test_every_manifest_of_the_cases_is_right() -> None:
    seen = 0
    for path in sorted([*ROOT.glob("tests/cases/kinds/**/*.yaml"), *ROOT.glob("segments/*.yaml")]):
        for document in yaml.load_all(path.read_text(encoding="utf-8"), Core):
            if isinstance(document, dict) and document.get("kind") in load_kinds():
                assert faults(document) == [], path
                seen += 1
    assert seen > 100
