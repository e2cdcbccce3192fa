"""The facts of every kind are sound: what it refers to, what its schema says, and that its examples can be used."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reconciler.kinds import load_kinds, load_schema, load_shared_schema
from reconciler.model.kind import Kind, iter_values_at
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
KINDS = sorted(load_kinds())
EXAMPLES = [(kind, number) for kind in KINDS for number in range(len(load_schema(kind)["examples"]))]

Manifest = dict[str, Any]

OPERATOR: Manifest = {
    "apiVersion": "cxone.reconciler/v1",
    "kind": "Floor",
    "metadata": {"name": "of-the-examples"},
    "spec": {
        "bounds": {
            "variables": ["*"],
            "hosts": [
                *("*.example.com", "*.cxone.com", "*.niceincontact.com", "*.nicecxone.com", "*.nice-incontact.com"),
                *("*.my.salesforce.com", "spark.example.com:7077", "http://hooks.internal"),
            ],
            "privateAddresses": ["hooks.internal", "10.0.0.0/8"],
            "places": ["s3://example-ledgers/starter", "s3://example-do-not-call"],
        }
    },
}
"""What an operator would say of the examples, which are of a company's tenants, organisations and ledgers."""


def example_of(kind: str, name: str) -> Manifest:
    """The example of that name, or else the first one, called so, in the tenant too."""
    examples = load_schema(kind)["examples"]
    found = next((each for each in examples if each["metadata"]["name"] == name), None)
    if found is not None:
        return copy.deepcopy(found)
    spec = {key: value for key, value in examples[0]["spec"].items() if key != "name"}
    return {**examples[0], "metadata": {"name": name}, "spec": spec}


def referred(manifest: Manifest) -> Iterator[tuple[str, str]]:
    """The kind and name of everything that a manifest refers to."""
    for reference in load_kinds()[manifest["kind"]].references:
        for _, name in iter_values_at(manifest["spec"], reference.path):
            yield reference.kind, name


def company(manifest: Manifest) -> dict[tuple[str, str], Manifest]:
    """A manifest, everything that it refers to, and a tenant."""
    held = {(manifest["kind"], manifest["metadata"]["name"]): manifest}
    if manifest["kind"] != "Tenant":
        meant = manifest["spec"].get("tenant", "production")
        held["Tenant", meant] = example_of("Tenant", meant)
    waiting = list(referred(manifest))
    while waiting:
        kind, name = waiting.pop()
        if (kind, name) not in held:
            held[kind, name] = example_of(kind, name)
            waiting += referred(held[kind, name])
    return held


@pytest.mark.parametrize(("kind", "number"), EXAMPLES)
def test_an_example_loads_in_the_company_of_what_it_refers_to(kind: str, number: int, tmp_path: Path) -> None:
    example = load_schema(kind)["examples"][number]
    manifests = company(example)
    root = tmp_path / "workspace"
    root.mkdir()
    operator = tmp_path / "operator.yaml"
    operator.write_text(json.dumps(OPERATOR), encoding="utf-8")
    for index, manifest in enumerate(manifests.values()):
        # bounds, and that reviews are believed, are the operator's, and stand in no workspace
        bounds, reviews = "bounds" in manifest["spec"], "reviews" in manifest["spec"].get("approvals", {})
        if bounds:  # a tenant that they know stands there
            surfaces = {"surfaces": {"bulk": {"org": "acme"}}}
            manifests["Tenant", "production"]["spec"] = surfaces
        elif reviews:
            manifest["spec"]["bounds"] = OPERATOR["spec"]["bounds"]
        (operator if bounds or reviews else root / f"{index}.yaml").write_text(json.dumps(manifest), encoding="utf-8")
    desired = load(Workspace(root=root, scratch=tmp_path, now=NOW, floors=(operator,)))
    resources = list(desired.catalogue.parts(kind, example["metadata"]["name"]))
    each = load_kinds()[kind].for_each
    parts = example["spec"].get(each.field) if each is not None else None
    assert [resource.address.part for resource in resources] == (sorted(parts) if parts else [None])
    for resource in resources:
        assert parts or resource.spec == example["spec"]
        assert dict(load_kinds()[kind].fields(resource, desired.catalogue, desired.as_of)).get("name") == (
            load_kinds()[kind].live_name(resource) if load_kinds()[kind].surfaces else None
        )


@pytest.mark.parametrize("kind", load_kinds().values(), ids=KINDS)
def test_what_a_kind_refers_to_is_a_kind_and_has_a_place_in_its_schema(kind: Kind) -> None:
    for reference in kind.references:
        assert reference.kind in load_kinds()
        assert at(load_schema(kind.name)["properties"]["spec"], reference.path)["$ref"].endswith("/name")
    for surface in kind.surfaces:
        assert {each.kind for each in surface.references} <= {each.kind for each in kind.references}


def at(schema: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """The schema of a part of a spec; `*` stands for every key or item."""
    part = schema
    for step in path:
        part = part.get("items") or part["additionalProperties"] if step == "*" else part["properties"][step]
    return part


@pytest.mark.parametrize("kind", KINDS)
def test_every_property_of_a_schema_is_described(kind: str) -> None:
    silent = [".".join(path) for path, part in properties(load_schema(kind)["properties"]["spec"]) if not told(part)]
    assert silent == []


def properties(schema: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every property of a schema with its path, those inside of it too."""
    for name, part in schema.get("properties", {}).items():
        yield (*path, name), part
        yield from properties(part, (*path, name))
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, Mapping):
            yield from properties(inner, (*path, "*"))


def told(part: Mapping[str, Any]) -> bool:
    """Whether a property has a description: its own, that of what it refers to, or those of its only parts."""
    own = part.get("$ref", "").rpartition("/")[2]
    shared = load_shared_schema()["$defs"].get(own, {})
    groups = "properties" in part and all(map(told, part["properties"].values()))
    return bool(part.get("description") or shared.get("description") or own == "credentials" or groups)


@pytest.mark.parametrize("kind", load_kinds().values(), ids=KINDS)
def test_a_kind_says_what_it_says_and_bears_the_name_of_its_schema(kind: Kind) -> None:
    schema = load_schema(kind.name)
    assert kind.summary
    assert (schema["title"], schema["properties"]["kind"]) == (kind.name, {"const": kind.name})
    assert schema["description"].endswith(".")
    for surface in kind.surfaces:  # what stands at the name's field is the name, and `read` says nothing else of it
        body = {surface.id_field: "1", surface.name_field: "x", "description": ""}
        assert surface.read(body).get("name", "x") == "x", surface.name
