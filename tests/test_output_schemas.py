"""What programs read is what the published schemas in schemas/output say, and reasons are told by their codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from reconciler.model.finding_details import DETAILS
from reconciler.model.notice import CODES as NOTICES
from reconciler.model.pending_count import PendingCount
from reconciler.model.reason_codes import CODES, FAULT, LIST, NUMBER, ROW_FAULTS
from reconciler.model.run_target import Meant
from reconciler.rules import load_rules
from reconciler.rules.calling_hours_by_place import load_timetables
from reconciler.rules.ceilings_by_jurisdiction import load_jurisdictions
from reconciler.simulator import Simulator
from reconciler.views import load_views, pending
from reconciler.views import rules as view
from tests import delivery
from tests.conftest import Ended, Folder
from tests.views.test_golden import GOLDEN

Run = Callable[..., Ended]

FOLDER = Path(__file__).parents[1] / "schemas" / "output"
BASE = "https://cxone-reconciler.dev/schemas/output/"
KINDS: dict[str, dict[str, Any]] = {
    NUMBER: {"type": "number"},
    LIST: {"type": "array", "items": {"type": "string"}},
    FAULT: {"$ref": "#/$defs/fault"},
}


def known_codes(codes: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:
    """The schema of each code with its own arguments."""
    known = []
    for code, args in codes.items():
        properties = {name: KINDS.get(kind, {"type": "string"}) for name, kind in args.items()}
        inner = {"type": "object", "required": list(args), "properties": properties, "additionalProperties": False}
        known.append({"required": ["code", "args"], "properties": {"code": {"const": code}, "args": inner}})
    return known


def reasons_schema() -> dict[str, Any]:
    """The schema of a reason, and of what a reason can be made of: the fault of a row."""
    fault = {"type": "object", "additionalProperties": False, "oneOf": known_codes(ROW_FAULTS)}
    fault |= {"description": "Why a row of a source cannot be used, or a text is no phone number."}
    fault |= {"properties": {"code": {"type": "string"}, "args": {"type": "object"}}}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}reason.json",
        "title": "Reason",
        "description": "Why somebody is out, or something changes: a code with its arguments.",
        "type": "object",
        "required": ["code", "args"],
        "properties": {"code": {"type": "string"}, "args": {"type": "object"}},
        "additionalProperties": False,
        "allOf": [{"$ref": "#/$defs/known"}],
        "$defs": {"known": {"oneOf": known_codes(CODES)}, "fault": fault},
    }


def notices_schema() -> dict[str, Any]:
    """The schema of a notice: each code with the names of its arguments."""
    known = [
        {
            "properties": {
                "code": {"const": code},
                "args": {"required": list(args), "propertyNames": {"enum": list(args)}},
            }
        }
        for code, args in NOTICES.items()
    ]
    counted = {
        "type": "object",
        "required": ["code", "args", "count"],
        "properties": {"code": {"enum": list(ROW_FAULTS)}, "args": {"type": "object"}, "count": {"type": "integer"}},
        "additionalProperties": False,
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{BASE}notice.json",
        "title": "Notice",
        "description": "What a person should know, though nothing is wrong: a code with its arguments.",
        "type": "object",
        "required": ["code", "args"],
        "properties": {
            "code": {"type": "string"},
            "args": {"type": "object"},
            "faults": {
                "type": "array",
                "description": "Of rows that do not count, why, and how many for each reason.",
                "items": {"$ref": "#/$defs/counted"},
            },
        },
        "additionalProperties": False,
        "oneOf": known,
        "$defs": {"counted": counted},
    }


def details_schema() -> dict[str, Any]:
    """The schema of what a finding tells programs: each key means the same for every rule."""
    every = {name: {"type": _name_types(each.types), "description": each.says} for name, each in DETAILS.items()}
    return {
        "type": "object",
        "description": "Every figure and every name of the message. Which keys there are depends on the rule.",
        "properties": every,
        "additionalProperties": False,
    }


def _name_types(types: tuple[str, ...]) -> str | list[str]:
    return types[0] if len(types) == 1 else list(types)


def schemas() -> dict[str, Any]:
    return {path.name: json.loads(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json"))}


def problems(document: Any, name: str) -> list[str]:
    """What of a document is not as its schema says."""
    found = schemas()
    registry: Any = Registry().with_resources((each["$id"], Resource.from_contents(each)) for each in found.values())
    validator = Draft202012Validator(found[name], registry=registry)
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(document)]


def test_the_schema_of_a_reason_has_every_code_with_its_arguments(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-golden"):
        (FOLDER / "reason.json").write_text(json.dumps(reasons_schema(), indent=2) + "\n", encoding="utf-8")
    assert schemas()["reason.json"] == reasons_schema()


def test_the_schema_of_a_notice_has_every_code_with_its_arguments(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--write-golden"):
        (FOLDER / "notice.json").write_text(json.dumps(notices_schema(), indent=2) + "\n", encoding="utf-8")
    assert schemas()["notice.json"] == notices_schema()


def test_the_schema_of_the_findings_has_every_detail(request: pytest.FixtureRequest) -> None:
    found = schemas()["findings.json"]
    written = {**found["items"]["properties"], "details": details_schema()}
    whole = {**found, "items": {**found["items"], "properties": written}}
    if request.config.getoption("--write-golden"):
        (FOLDER / "findings.json").write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")
    assert schemas()["findings.json"] == whole


PUBLISHED = {"contact": "explanation", "rule": "rules"}


@pytest.mark.parametrize("subject", sorted({subject for subject, format in load_views() if format == "json"}))
def test_everything_that_is_shown_as_json_has_a_schema(subject: str) -> None:
    assert f"{PUBLISHED.get(subject, subject)}.json" in schemas()


def test_the_rules_are_shown_as_their_schema_says() -> None:
    every = tuple(load_rules().values())
    document = json.loads(view.machine(every, load_jurisdictions(), load_timetables()))
    assert problems(document, "rules.json") == []
    assert len(document["rules"]) == len(every)


def test_callbacks_and_contacts_that_wait_are_shown_as_their_schemas_say() -> None:
    undelivered = json.loads((GOLDEN / "undelivered.json").read_text(encoding="utf-8"))
    assert undelivered
    assert problems(undelivered, "callbacks.json") == []
    counted = [PendingCount("VIP", "rejected", 1, "BAD_PHONE", 1200)]
    assert problems(json.loads(pending.machine(counted, Meant("calls", "eu"))), "pending.json") == []


@pytest.mark.parametrize("name", [path.name for path in sorted(FOLDER.glob("*.json"))])
def test_a_schema_is_one_and_says_where_it_is_published(name: str) -> None:
    schema = schemas()[name]
    Draft202012Validator.check_schema(schema)
    assert schema["$id"] == f"{BASE}{name}"


@pytest.mark.parametrize(
    ("golden", "name"),
    [
        ("plan.json", "plan.json"),
        ("plan-replacement.json", "plan.json"),
        ("plan.terraform.json", "plan-terraform.json"),
        ("report.json", "report.json"),
    ],
)
def test_what_was_reviewed_is_as_its_schema_says(golden: str, name: str) -> None:
    assert problems(json.loads((GOLDEN / golden).read_text(encoding="utf-8")), name) == []


def test_every_event_that_was_reviewed_is_as_its_schema_says() -> None:
    lines = (GOLDEN / "events.ndjson").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["event"] for line in lines} == set(kinds_of_events())
    assert [found for line in lines if (found := problems(json.loads(line), "events.json"))] == []


def kinds_of_events() -> Iterator[str]:
    for each in schemas()["events.json"]["oneOf"]:
        yield each["properties"]["event"]["const"]


def test_a_schema_refuses_a_reason_in_words_or_with_other_arguments() -> None:
    assert problems({"code": "moved", "args": {"from": "high", "to": "low"}}, "reason.json") == []
    assert problems({"code": "moved", "args": {"from": "high"}}, "reason.json")
    assert problems({"code": "moves from high to low", "args": {}}, "reason.json")


def test_what_a_run_tells_programs_is_as_the_schemas_say(tenant: Simulator, folder: Folder, run: Run) -> None:
    delivery.declare(folder, tenant, "listContacts")
    delivery.write_contacts(folder, range(10))
    assert problems(json.loads(run("plan", "--format", "json").out), "plan.json") == []
    assert problems(json.loads(run("plan", "--format", "terraform").out), "plan-terraform.json") == []
    assert problems(json.loads(run("apply", "--yes", "--format", "json").out), "report.json") == []
    assert problems(json.loads(run("drift", "--format", "json").out), "plan.json") == []
    about = ("explain", "contact", delivery.contact(1), "--segment", "chosen", "--format", "json")
    assert problems(json.loads(run(*about).out), "explanation.json") == []
    supposed = ("what-if", "segment/chosen", "--set", "score.threshold=50..90:20")
    for command, name in (
        (supposed, "what-if.json"),
        (("validate",), "validation.json"),
        (("pending",), "pending.json"),
        (("lock", "status"), "lock.json"),
        (("audit", "verify"), "audit.json"),
        (("audit", "log"), "audit-log.json"),
        (("webhooks", "list"), "callbacks.json"),
    ):
        assert problems(json.loads(run(*command, "--format", "json").out), name) == [], command
    (folder.root / "segment.yaml").write_text("nonsense: [", encoding="utf-8")
    assert problems(json.loads(run("plan", "--format", "json").out), "error.json") == []
