"""A notice is a code with arguments beside its sentence: nothing has to read the sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from reconciler.model.notice import CODES, Notice
from reconciler.model.notice_json import make_notices_document, read_notices
from reconciler.model.reason import Counted, Reason
from reconciler.views.reasons import describe_notice

ROOT = Path(__file__).parents[2] / "reconciler"
UNUSABLE = Notice(
    "interactions_unusable",
    "3 interactions of calls.csv cannot be used and do not count",
    {"source": "calls.csv", "count": 3},
    (Counted(Reason("empty", ("contactId",)), 2), Counted(Reason("no_time_zone", ("startTime",)), 1)),
)


def test_what_was_written_down_is_read_as_the_same() -> None:
    notices = (UNUSABLE, Notice("nothing_to_release", "--release X: nothing", {"name": "X"}))
    assert read_notices(orjson.loads(orjson.dumps(make_notices_document(notices)))) == notices


def test_a_program_reads_the_code_and_counts_of_what_a_person_reads() -> None:
    (told,) = make_notices_document([UNUSABLE])["notice_details"]
    assert told["code"] == "interactions_unusable"
    assert told["args"] == {"source": "calls.csv", "count": 3}
    assert told["faults"][0] == {"code": "empty", "args": {"field": "contactId"}, "count": 2}


def test_a_person_reads_why_rows_do_not_count() -> None:
    why = "2: contactId is empty; 1: startTime has no time zone: write it in UTC with Z"
    assert describe_notice(UNUSABLE) == f"{UNUSABLE.message}: {why}"


@pytest.mark.parametrize(
    ("code", "args"), [("no_such_thing", {}), ("nothing_to_release", {}), ("nothing_to_release", {"who": 1})]
)
def test_a_notice_that_no_schema_knows_cannot_be_made(code: str, args: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=code):
        Notice(code, "words", args)


def given_codes() -> Iterator[str]:
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Notice":
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    yield str(first.value)


def test_every_code_is_given_somewhere() -> None:
    assert set(given_codes()) == CODES.keys()
