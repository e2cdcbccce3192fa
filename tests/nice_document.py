"""Hold what is asked of NICE's API, and what the embedded tenant answers, to the vendor's document.

The document is not of this project: `RECONCILER_NICE_DOCUMENT` says where it is. Where it is there, every exchange of
every test with an embedded tenant of this process is held to it (`WATCH`, from tests/conftest.py).
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import orjson

from reconciler.simulator.request_handling import Exchange
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.surfaces.nice.conventions import DOCUMENTED

DOCUMENT = os.environ.get("RECONCILER_NICE_DOCUMENT", "")
OPERATIONS = "operations of NICE's document, each as it has them"
ENOUGH = 25
"""Rows that are held to the document at either end of a long list."""

BODIES = {
    ("DELETE", "/lists/call-lists/{sourceName}/removeProspects"): "an external id that is no number is sent as text",
}
ANSWERS = {
    ("GET", "/skills/{skillId}"): "clients know it as the first of `skills` as well",
}
"""Where this program knowingly differs from the document, as docs/nice.md says: the bodies that are not held to it, and
the answers that are held to it once they are straightened."""
KNOWN_BY_CLIENTS = ("/agents", "/agents/skills", "/contacts/{contactId}/statehistory")
"""Paths that the document does not have, and clients ask for."""

_BASE = re.compile(r"/nice/+incontactapi/+services/v(\d\d)\.0(/.*)", re.IGNORECASE)
_OURS = "cxone-reconciler/"


@dataclass(frozen=True)
class Exchanged:
    """A request, and what came back. `whose`: the program that asked. `sent`, `told`: JSON as it was written."""

    method: str
    path: str
    query: Mapping[str, str]
    sent: bytes
    status: int
    told: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    whose: str = ""


def read_exchange(call: Call, reply: Reply) -> Exchanged | None:
    """What of an exchange is held to the document; None: it is not below the API's base, or in an older version."""
    found = _BASE.fullmatch(call.path)
    if found is None or int(found[1]) < DOCUMENTED:
        return None
    told = b"" if reply.body is None else orjson.dumps(reply.body)
    path, whose = re.sub("/+", "/", found[2]), call.headers.get("User-Agent", "")
    return Exchanged(call.method, path, dict(call.query), call.raw, reply.status, told, dict(reply.headers), whose)


@cache
def document() -> dict[str, Any]:
    """The vendor's document."""
    found: dict[str, Any] = json.loads(Path(DOCUMENT).read_text(encoding="utf-8"))
    return found


def resolve(schema: Any) -> Any:
    """A schema of OpenAPI 3.0 as one of JSON Schema: references in place, what is nullable may be null, no more fields."""
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
    if isinstance(told.get("properties"), dict) and told.get("type") == "object" and told["properties"]:
        told.setdefault("additionalProperties", False)
    return {"anyOf": [told, {"type": "null"}]} if schema.get("nullable") else told


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    known = sorted(document()["paths"], key=lambda name: name.count("{"))
    return [(re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(each))), each) for each in known]


@cache
def find_operation(method: str, path: str) -> tuple[str, dict[str, Any]] | None:
    """The document's path and operation of a request; None: it has none."""
    for pattern, each in _patterns():
        if pattern.fullmatch(path) and method.lower() in document()["paths"][each]:
            return each, document()["paths"][each][method.lower()]
    return None


@cache
def _check_of(method: str, path: str, which: str) -> jsonschema.Draft202012Validator | None:
    """What checks the body of a request, or of an answer; None: the document does not say what it is."""
    operation = document()["paths"][path][method.lower()]
    if which == "request":
        holds = operation.get("requestBody", {})
    else:
        holds = next((told for code, told in operation["responses"].items() if code.startswith("2")), {})
    schema = holds.get("content", {}).get("application/json", {}).get("schema")
    return None if schema is None else jsonschema.Draft202012Validator(resolve(schema))


def find_faults(each: Exchanged) -> Iterator[str]:
    """What of a request or its answer is not as the document has it.

    Of a request that was refused nothing is held to it but where this program has made it.
    """
    found = find_operation(each.method, each.path)
    where = f"{each.method} {each.path if found is None else found[0]}"
    taken = each.status < 400
    if found is None:
        if taken and not _is_of_clients(each.path):
            yield f"{where}: the document has none"
        return
    path, operation = found
    if taken or each.whose.startswith(_OURS):
        yield from (f"{where}: {fault}" for fault in _find_query_faults(operation, each.query))
        check = _check_of(each.method, path, "request")
        if check is None and each.sent:
            yield f"{where}: it has no body"
        if check is not None and (each.method, path) not in BODIES:
            yield from (f"{where}: the body: {fault}" for fault in _hold(check, each.sent))
    if not taken:
        yield from (f"{where}: the refusal: {fault}" for fault in _find_refusal_faults(each))
    elif each.status == 204:
        yield from [f"{where}: 204 with a body"] if each.told else []
    elif check := _check_of(each.method, path, "answer"):
        told = _straighten(each.told) if (each.method, path) in ANSWERS else each.told
        yield from (f"{where}: the answer: {fault}" for fault in _hold(check, told))


def _is_of_clients(path: str) -> bool:
    return any(re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", each), path) for each in KNOWN_BY_CLIENTS)


def _find_query_faults(operation: Mapping[str, Any], query: Mapping[str, str]) -> Iterator[str]:
    told = [resolve(parameter) for parameter in operation.get("parameters", ())]
    known = {parameter["name"]: parameter for parameter in told if parameter["in"] == "query"}
    yield from (f"there is no query {name}" for name in query if name not in known)
    yield from (
        f"the query {name} is needed" for name, each in known.items() if each.get("required") and name not in query
    )
    for name, value in query.items():
        kind = known.get(name, {}).get("schema", {}).get("type")
        good = {"number": re.compile(r"-?\d+(\.\d+)?"), "boolean": re.compile("(?i)true|false")}.get(kind)
        if good is not None and not good.fullmatch(value):
            yield f"the query {name} is no {kind}"


def _hold(check: jsonschema.Draft202012Validator, written: bytes) -> Iterator[str]:
    """Where a body is not as a schema has it."""
    if not written:
        yield "there is none"
        return
    yield from (
        f"{fault.json_path} {fault.message[:120]}" for fault in check.iter_errors(_shorten(orjson.loads(written)))
    )


def _shorten(value: Any) -> Any:
    """A body with the beginning and the end of its long lists."""
    if isinstance(value, dict):
        return {name: _shorten(each) for name, each in value.items()}
    if isinstance(value, list):
        rows = value if len(value) <= 2 * ENOUGH else [*value[:ENOUGH], *value[-ENOUGH:]]
        return [_shorten(each) for each in rows]
    return value


def _straighten(told: bytes) -> bytes:
    """An answer that knowingly differs, as the document would have it."""
    body = orjson.loads(told)
    if set(body) == {"skills"}:
        (body,) = body["skills"]
    return orjson.dumps(body)


def _find_refusal_faults(each: Exchanged) -> Iterator[str]:
    """What errors look like is not in the document: two forms, or the header alone [client]."""
    if not each.headers.get("icStatusDescription"):
        yield "the header icStatusDescription is missing"
    if each.told and set(orjson.loads(each.told)) not in (
        {"error", "error_description"},
        {"error", "errorDescription"},
    ):
        yield "it has neither of the two forms"


class Watch:
    """Listens to the embedded tenants of this process."""

    def __init__(self) -> None:
        self._seen: list[Exchanged] = []

    def begin(self) -> None:
        """Listen from now on."""
        answer = Exchange._answer_or_refuse

        def listen(exchange: Exchange, call: Call, make: Callable[[], Reply]) -> Reply:
            reply = answer(exchange, call, make)
            if call.path.startswith("/nice/") and (found := read_exchange(call, reply)):
                self._seen.append(found)
            return reply

        setattr(Exchange, "_answer_or_refuse", listen)  # noqa: B010 - mypy takes a plain one for a mistake

    def drain(self) -> tuple[list[str], set[str]]:
        """What was not as the document has it since the last time, and the operations that were asked for."""
        seen, self._seen = self._seen, []
        faults: set[str] = set()
        asked: set[str] = set()
        for each in seen:
            faults.update(find_faults(each))
            if each.status < 400 and (found := find_operation(each.method, each.path)):
                asked.add(f"{each.method} {found[0]}")
        return sorted(faults), asked


WATCH = Watch()
