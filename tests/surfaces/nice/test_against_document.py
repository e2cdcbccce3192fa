"""What is asked of NICE's API, and what the embedded tenant answers, are as the vendor's document has it.

The document is not of this project: `RECONCILER_NICE_DOCUMENT` says where it is, and without it this is skipped.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from reconciler.simulator import Simulator
from reconciler.simulator.request_handling import Exchange
from reconciler.simulator.routing import Call, Reply
from tests.conftest import Ended, Folder, manifest
from tests.delivery import write_contacts
from tests.surfaces.nice.conftest import SETTINGS, declare_tenant
from tests.surfaces.nice.test_campaigns import declare_campaign

Run = Callable[..., Ended]
DOCUMENT = os.environ.get("RECONCILER_NICE_DOCUMENT", "")

pytestmark = pytest.mark.skipif(not DOCUMENT, reason="RECONCILER_NICE_DOCUMENT does not say where the document is")

OURS = {
    # an id that is no number is sent as text: docs/nice.md says so
    ("DELETE", "/lists/call-lists/{sourceName}/removeProspects"),
}
"""Operations of which the document and this program are known to differ, in the types of ids alone."""


@dataclass(frozen=True)
class Exchanged:
    """A request, and what came back."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    status: int
    answer: Any


@cache
def document() -> dict[str, Any]:
    """The vendor's document."""
    found: dict[str, Any] = json.loads(Path(DOCUMENT).read_text(encoding="utf-8"))
    return found


def resolve(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as one of JSON Schema: references in place, what is nullable may be null."""
    if isinstance(schema, list):
        return [resolve(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        found: Any = document()
        for step in schema["$ref"].split("/")[1:]:
            found = found[step]
        return resolve(found)
    told = {name: resolve(value) for name, value in schema.items() if name != "nullable"}
    return {"anyOf": [told, {"type": "null"}]} if schema.get("nullable") else told


def find_operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """The document's path and operation of a request."""
    known: dict[str, Any] = document()["paths"]
    for each in sorted(known, key=lambda name: name.count("{")):
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(each))
        if re.fullmatch(pattern, path) and method.lower() in known[each]:
            return each, known[each][method.lower()]
    raise AssertionError(f"the document has no {method} {path}")


def find_faults(each: Exchanged) -> Iterator[str]:
    """What of a request or its answer is not as the document has it."""
    path, operation = find_operation(each.method, each.path)
    where = f"{each.method} {path}"
    told = [resolve(parameter) for parameter in operation.get("parameters", ())]
    queries = {parameter["name"]: parameter for parameter in told if parameter["in"] == "query"}
    yield from (f"{where}: there is no query {name}" for name in each.query if name not in queries)
    needed = (name for name, parameter in queries.items() if parameter.get("required"))
    yield from (f"{where}: the query {name} is needed" for name in needed if name not in each.query)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    if body is None:
        yield from [f"{where}: it has no body"] if each.body is not None else []
    elif (each.method, path) not in OURS:
        yield from (f"{where}: the body: {fault}" for fault in check(resolve(body), each.body))
    answers = operation.get("responses", {})
    answer: dict[str, Any] = next((told for code, told in answers.items() if code.startswith("2")), {})
    schema = answer.get("content", {}).get("application/json", {}).get("schema")
    if schema is not None and each.status == 200:
        yield from (f"{where}: the answer: {fault}" for fault in check(resolve(schema), each.answer))


def check(schema: Any, value: Any) -> Iterator[str]:
    """Where a value is not as a schema has it; a field that it does not know is a fault as well."""
    yield from (
        f"{fault.json_path} {fault.message[:120]}"
        for fault in jsonschema.Draft202012Validator(schema).iter_errors(value)
    )
    yield from (f"{path} is not known" for path in find_unknown(schema, value, "$"))


def find_unknown(schema: Any, value: Any, path: str) -> Iterator[str]:
    """Fields that a schema does not have."""
    if isinstance(schema, dict) and "anyOf" in schema:
        schema = schema["anyOf"][0]
    if isinstance(value, dict) and isinstance(schema, dict) and schema.get("properties"):
        for name, held in value.items():
            if name not in schema["properties"]:
                yield f"{path}.{name}"
            else:
                yield from find_unknown(schema["properties"][name], held, f"{path}.{name}")
    if isinstance(value, list) and isinstance(schema, dict):
        for each in value[:3]:
            yield from find_unknown(schema.get("items"), each, f"{path}[]")


@pytest.fixture
def exchanged(monkeypatch: pytest.MonkeyPatch) -> list[Exchanged]:
    """What was asked of the API and answered, the logins left out."""
    seen: list[Exchanged] = []
    answer = Exchange._answer

    def listen(self: Exchange, call: Call, received: Any, raw_path: str) -> Reply:
        reply = answer(self, call, received, raw_path)
        path = re.sub(r"(?i)^/nice/+incontactapi/+services/v\d\d\.0", "", call.path)
        if path != call.path:
            body = json.loads(call.raw) if call.raw else None
            told = json.loads(json.dumps(reply.body))
            seen.append(Exchanged(call.method, path, dict(call.query), body, reply.status, told))
        return reply

    monkeypatch.setattr(Exchange, "_answer", listen)
    return seen


def test_every_request_and_every_answer_is_as_the_document_has_it(
    nice: Folder, tenant: Simulator, run: Run, exchanged: list[Exchanged]
) -> None:
    declare_tenant(nice, tenant.url, f"{SETTINGS}, scheduleZone: America/New_York")
    declare_campaign(nice)
    nice.write("group.yaml", manifest("DncGroup", "company", "scrubs: [chosen]\ncontributors: [chosen]"))
    start = Path(__file__).parents[2] / "cases" / "kinds" / "starts" / "skill.yaml"
    nice.write("skill.yaml", start.read_text(encoding="utf-8").partition("---")[2])
    source = {"of": {"name": "All customers"}}
    nice.write(
        "voice.yaml", manifest("ContactSource", "voice", f"interactions: {json.dumps(source | {'types': ['voice']})}")
    )
    assert run("apply", "--yes").code == 0, run("plan").said
    write_contacts(nice, range(2, 26), silver={3})
    declare_campaign(nice, description="Called second", at="2")
    tenant.faults.add("reset-after", method="POST", path="upload$")
    assert run("apply", "--yes").code == 0
    faults = sorted({fault for each in exchanged for fault in find_faults(each)})
    assert faults == []
    asked = {(each.method, find_operation(each.method, each.path)[0]) for each in exchanged}
    assert len(asked) >= 34, sorted(asked)


def test_what_is_not_as_the_document_has_it_is_found() -> None:
    good = Exchanged("POST", "/campaigns", {}, {"name": "X"}, 200, {"id": 1})
    assert list(find_faults(good)) == []
    for odd in (
        Exchanged("POST", "/campaigns", {"colour": "red"}, {"name": "X"}, 200, {"id": 1}),
        Exchanged("POST", "/campaigns", {}, {"description": "X"}, 200, {"id": 1}),
        Exchanged("POST", "/campaigns", {}, {"name": "X", "colour": "red"}, 200, {"id": 1}),
        Exchanged("POST", "/campaigns", {}, {"name": "X"}, 200, {"id": "one"}),
        Exchanged("GET", "/lists/call-lists/jobs", {}, None, 204, None),
        Exchanged("POST", "/skills/1/start", {}, {}, 204, None),
    ):
        assert list(find_faults(odd)), odd
    with pytest.raises(AssertionError, match="has no DELETE /skills"):
        list(find_faults(Exchanged("DELETE", "/skills/1", {}, None, 204, None)))
