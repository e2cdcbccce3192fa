"""Is every problem of the input at its file, line and column, for a code host and for a pipeline that shows tests?"""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Location, Problem, place_below
from reconciler.model.run_target import Meant
from reconciler.model.validation import Validated
from reconciler.views import junit_problems, sarif_problems
from tests.conftest import Ended, Folder, manifest
from tests.views.plans import HOSTILE
from tests.views.test_sarif import PART

Run = Callable[..., Ended]
TYPED = Problem(Location("lists/a b.yaml", 7, 3), "unknown-field", "there is no field `nmae`", "a note", "write `name`")
AGAIN = Problem(Location("lists/a b.yaml", 9, 3), "unknown-field", "there is no field `nmae`")
WHOLE = Problem(Location("broken.yaml"), "not-yaml", "it is no YAML")
OPTION = Problem(Location("--tenant"), "no-tenant", "there is no tenant")
TEXTS = st.sampled_from(HOSTILE) | st.text(min_size=1)


def read_sarif(document: str) -> dict[str, Any]:
    """The one run of a document that is as the specification says."""
    whole = json.loads(document)
    assert [f"{each.json_path}: {each.message}" for each in Draft7Validator(PART).iter_errors(whole)] == []
    (found,) = whole["runs"]
    for each in found["results"]:
        assert found["tool"]["driver"]["rules"][each["ruleIndex"]]["id"] == each["ruleId"]
    return dict(found)


def list_places(run: dict[str, Any]) -> list[tuple[str, dict[str, int] | None]]:
    places = [each["locations"][0].get("physicalLocation") for each in run["results"]]
    return [(each["artifactLocation"]["uri"], each.get("region")) for each in places if each is not None]


def test_each_problem_is_a_result_at_its_line_and_column() -> None:
    run = read_sarif(sarif_problems.failure(BadInput([TYPED, AGAIN, WHOLE, OPTION])))
    assert list_places(run) == [
        ("broken.yaml", None),
        ("lists/a%20b.yaml", {"startLine": 7, "startColumn": 3}),
        ("lists/a%20b.yaml", {"startLine": 9, "startColumn": 3}),
    ]
    assert {each["level"] for each in run["results"]} == {"error"}
    texts = {each["message"]["text"] for each in run["results"]}
    assert "there is no field `nmae`. a note. hint: write `name`" in texts
    prints = [each["partialFingerprints"]["problem/v1"] for each in run["results"]]
    assert len(set(prints)) == len(prints)
    assert run["invocations"] == [{"executionSuccessful": True, "exitCode": 64}]


def test_a_problem_is_the_same_one_where_only_its_line_is_another() -> None:
    def print_of(line: int) -> str:
        moved = Problem(Location("a.yaml", line, 1), "unknown-field", "no")
        return str(read_sarif(sarif_problems.failure(BadInput([moved])))["results"][0]["partialFingerprints"])

    assert print_of(1) == print_of(200)


def test_each_problem_is_a_test_that_fails_at_its_line() -> None:
    root = ET.fromstring(junit_problems.failure(BadInput([TYPED, AGAIN, WHOLE, OPTION])))
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors")} == {
        "tests": "4",
        "failures": "4",
        "errors": "0",
    }
    cases = [(each.get("classname"), each.get("file"), each.get("line")) for each in root.iter("testcase")]
    assert cases == [
        ("no-tenant", None, None),
        ("not-yaml", "broken.yaml", None),
        ("unknown-field", "lists/a b.yaml", "7"),
        ("unknown-field", "lists/a b.yaml", "9"),
    ]
    assert [each.text for each in root.iter("failure")][2] == (
        "lists/a b.yaml:7:3: there is no field `nmae`; a note; hint: write `name`"
    )


@pytest.mark.parametrize(
    ("prefix", "file"),
    [("ops/dialling", "ops/dialling/lists/a b.yaml"), (".", "lists/a b.yaml"), ("./", "lists/a b.yaml")],
)
def test_places_are_seen_from_the_root_of_the_repository(prefix: str, file: str) -> None:
    moved = place_below(BadInput([TYPED, OPTION]), prefix)
    assert [str(each.where) for each in moved.problems] == ["--tenant", f"{file}:7:3"]
    absolute = place_below(BadInput([Problem(Location("/etc/floor.yaml", 1, 1), "unknown-field", "no")]), prefix)
    assert absolute.problems[0].where.file == "/etc/floor.yaml"


def test_what_is_no_problem_of_the_input_is_no_result_and_still_a_failure() -> None:
    error = ReconcilerError("the tenant does not answer", where="GET https://x.test", note="n", hint="h")
    run = read_sarif(sarif_problems.failure(error))
    assert run["results"] == []
    (ended,) = run["invocations"]
    assert (ended["executionSuccessful"], ended["exitCode"]) == (False, 1)
    (told,) = ended["toolExecutionNotifications"]
    assert told["message"]["text"] == "error: the tenant does not answer. n. h"
    root = ET.fromstring(junit_problems.failure(error))
    assert (root.get("failures"), root.get("errors")) == ("0", "1")
    (case,) = root.iter("error")
    assert case.text == "the tenant does not answer; GET https://x.test; n; h"


def test_manifests_without_a_problem_are_a_document_without_one() -> None:
    value = Validated(Meant("calls", "eu"), 3, 0, ".reconcilerignore", ())
    assert read_sarif(sarif_problems.valid(value))["results"] == []
    root = ET.fromstring(junit_problems.valid(value))
    assert (root.get("tests"), root.get("failures")) == ("1", "0")


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_of_somebody_else_is_a_link_an_element_or_a_second_line(file: str, message: str, hint: str) -> None:
    error = BadInput([Problem(Location(file, 1, 1), "code", message, hint=hint)])
    (found,) = read_sarif(sarif_problems.failure(error))["results"]
    assert "\n" not in found["message"]["text"]
    assert "](" not in found["message"]["text"]
    document = junit_problems.failure(error)
    assert len(document.splitlines()) == 8
    assert len([*ET.fromstring(document).iter()]) == 4


def test_the_program_makes_them_ends_as_before_and_tells_a_person_as_well(folder: Folder, run: Run) -> None:
    folder.write("list.yaml", manifest("ContactList", "high", "nmae: High") + "---\n" + manifest("Segmnt", "x", "a: 1"))
    plain = run("plan")
    assert plain.code == 64
    for command in ("plan", "validate", "drift"):
        for option in (["--format", "sarif"], ["--format=sarif", "--path-prefix=ops"]):
            ended = run(command, *option)
            assert ended.code == 64
            places = list_places(read_sarif(ended.out))
            file = "ops/list.yaml" if len(option) > 1 and "ops" in option[1] else "list.yaml"
            assert [name for name, _ in places] == [file, file]
            assert all(region and region["startLine"] and region["startColumn"] for _, region in places)
            assert "error[unknown-field]" in ended.err
        ended = run(command, "--format", "junit")
        assert ended.code == 64
        assert [case.get("file") for case in ET.fromstring(ended.out).iter("testcase")] == ["list.yaml", "list.yaml"]
    (folder.root / "list.yaml").unlink()
    assert read_sarif(run("validate", "--format", "sarif").out)["results"] == []
    assert 'failures="0"' in run("validate", "--format", "junit").out
