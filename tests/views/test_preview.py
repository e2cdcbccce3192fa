"""Does a preview say first what was loaded, what failed and what is left, and whether the plan applies?"""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from reconciler.model.errors import Refused, Stale, Unapproved
from reconciler.model.plan import Plan
from reconciler.model.preview import LeftOut, Loaded, Preview, Shown, find_exit
from reconciler.model.report import Failure, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.views import load_views
from reconciler.views.preview import MOST
from tests.test_output_schemas import problems
from tests.views.plans import hostile, plan

DONE, FAILED, BLOCKED = (
    StepResult(Address("ContactList", "high"), Outcome.DONE, "created"),
    StepResult(Address("Campaign", "high"), Outcome.FAILED, "refused: 400", failure=Failure("invalid", "400")),
    StepResult(Address("Campaign", "low"), Outcome.BLOCKED, "waits"),
)
APPLIED = Preview(
    plan(),
    Loaded(3, 1, 168, introduced=2),
    9,
    report=Report("run", (DONE,), 3),
    again=plan(empty=True),
    shown=(Shown("ContactList", "High", 28, 30), Shown("Campaign", "Evening", None, "active")),
    left_out=(LeftOut(Address("SuppressionList", "asked"), 3),),
)
FAILING = replace(APPLIED, report=Report("run", (DONE, FAILED, BLOCKED), 3), again=plan())
REFUSED = replace(APPLIED, report=None, again=None, shown=(), failure=Failure("stale-plan", "it moved"), refusal=4)
UNPLANNED = replace(APPLIED, again=None, unplanned=Failure("bad-reply", "odd", "GET http://127.0.0.1/"))
EVERY = {
    "applied": (APPLIED, 0, "The plan applies, and leaves nothing to do."),
    "something left": (replace(APPLIED, again=plan()), 2, "The plan applies, and something is left to do after it."),
    "failing": (FAILING, 5, "The plan fails: 1 of 3 steps done."),
    "refused": (REFUSED, 4, "The plan would be refused."),
    "unplanned": (UNPLANNED, 1, "The plan applies, and something is left to do after it."),
}


def show(value: Preview, format: str = "text") -> str:
    return str(load_views()["preview", format].render(value))


@pytest.mark.parametrize("name", EVERY)
def test_the_last_line_says_whether_the_plan_applies_and_so_does_the_exit_code(name: str) -> None:
    value, code, words = EVERY[name]
    assert value.exit_code == code
    assert show(value).splitlines()[-1] == f"{words} Nothing was written to the tenant."
    assert f"{words} Nothing was written to the tenant." in show(value, "markdown").splitlines()[0]
    assert json.loads(show(value, "json"))["exit_code"] == code


@pytest.mark.parametrize("name", EVERY)
def test_the_document_is_as_its_schema_says(name: str) -> None:
    assert problems(json.loads(show(EVERY[name][0], "json")), "preview.json") == []


def test_what_failed_comes_before_what_is_done_and_what_was_not_tried_is_said() -> None:
    lines = show(FAILING).splitlines()
    steps = [line.split()[1] for line in lines if line[:1] in "✗✓·" and line]
    assert steps == ["Campaign/high", "Campaign/low", "ContactList/high", "SuppressionList/asked"]
    assert "· SuppressionList/asked  not tried: 3 numbers for the do-not-call list's own files" in lines
    assert "2 contacts on no list that was read: taken to be known and active." in lines
    assert "  ContactList 'High': 28 contacts → 30 contacts" in lines
    assert "  Campaign 'Evening': none → active" in lines


@pytest.mark.parametrize("count", [MOST, MOST + 1])
def test_a_part_with_too_many_lines_is_cut_and_says_so(count: int) -> None:
    shown = tuple(Shown("ContactList", f"L{number}", 0, 1) for number in range(count))
    text = show(replace(APPLIED, shown=shown))
    assert text.count("ContactList 'L") == MOST
    assert ("  and 1 more (--format json)" in text) is (count > MOST)


@pytest.mark.parametrize("format", ["text", "markdown"])
def test_no_text_of_somebody_else_begins_a_line_or_is_markup(format: str) -> None:
    whole = hostile()
    text = show(replace(APPLIED, plan=whole, again=whole, shown=(Shown("ContactList", "a\n# b<b>|", 1, 1),)), format)
    assert "\n# b" not in text
    if format == "markdown":
        assert all(line.startswith(("### ", "- `")) for line in text.splitlines() if line)
        assert len(text) < 60_000


@pytest.mark.parametrize(
    ("error", "code"), [(Refused("no"), 3), (Unapproved("no"), 3), (Stale("no"), 4), (ValueError(), 1)]
)
def test_a_refusal_ends_as_that_of_apply_does(error: Exception, code: int) -> None:
    assert find_exit(error) == code


def test_a_plan_without_changes_is_shown_as_one() -> None:
    nothing: Plan = plan(empty=True)
    text = show(replace(APPLIED, plan=nothing, report=Report("", (), 0), shown=(), left_out=()))
    assert "  nothing to do" in text
