"""What is a receiver told? The contract's shape, counts, and nobody's data."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.model.callback_payloads import (
    SAMPLES,
    make_apply_occasion,
    make_jobs_occasion,
    make_plan_occasion,
    make_refusal_occasion,
)
from reconciler.model.errors import Exit, Refused
from reconciler.model.object_change import Action, Undeclared
from reconciler.model.report import JobEnd, Report
from reconciler.model.resource_address import Address
from reconciler.model.webhook import Event, Occasion
from reconciler.views.reasons import describe_step
from tests.views.plans import plan
from tests.views.test_golden import report

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
DONE = JobEnd("7f3c", "COMPLETED", 100, datetime(2026, 7, 1, 9, 29, 58, tzinfo=UTC))


def test_the_jobs_of_a_run_are_told_in_the_contracts_shape() -> None:
    told = make_jobs_occasion("run-1", [DONE, replace(DONE, id="8a1b", status="FAILED", progress=40)], NOW)
    assert told is not None
    assert (told.event, told.subject) == (Event.JOB_COMPLETED, "run-1")
    assert told.payload == {
        "source": "cxone_outbound_sync",
        "jobs": {
            "7f3c": {"status": "COMPLETED", "progress": 100, "timestamp": "2026-07-01T09:29:58Z"},
            "8a1b": {"status": "FAILED", "progress": 40, "timestamp": "2026-07-01T09:29:58Z"},
        },
        "all_completed": False,
        "timestamp": "2026-07-01T09:30:00Z",
    }


def test_all_are_completed_when_each_is() -> None:
    told = make_jobs_occasion("run-1", [DONE, replace(DONE, id="8a1b")], NOW)
    assert told is not None
    assert told.payload["all_completed"] is True


def test_a_job_whose_rows_others_have_done_since_keeps_nothing_from_being_completed() -> None:
    told = make_jobs_occasion("run-1", [DONE, replace(DONE, id="8a1b", status="FAILED", replaced=True)], NOW)
    assert told is not None
    assert told.payload["all_completed"] is True
    assert told.payload["jobs"]["8a1b"]["status"] == "FAILED"


@pytest.mark.parametrize("jobs", [[], [DONE, replace(DONE, id="8a1b", status="PROCESSING")]])
def test_nothing_is_told_of_jobs_while_one_is_not_over_or_where_there_is_none(jobs: list[JobEnd]) -> None:
    assert make_jobs_occasion("run-1", jobs, NOW) is None


def shape(value: Any) -> Any:
    """The keys of a payload, those inside of it too; what is in a list, or named by an id, counts once."""
    if isinstance(value, dict):
        keyed_by_id = {"7f3c"} & value.keys()
        return {"*" if keyed_by_id else key: shape(inner) for key, inner in value.items()}
    return shape(value[0]) if isinstance(value, list) and value else None


def occasions() -> list[Occasion | None]:
    return [
        make_jobs_occasion("run-1", [DONE], NOW),
        make_plan_occasion(plan(), NOW),
        make_apply_occasion(plan(), report(), NOW),
        make_refusal_occasion(plan(), Refused("the plan is unsafe"), NOW),
    ]


@pytest.mark.parametrize("occasion", occasions(), ids=["jobs", "plan", "apply", "refusal"])
def test_a_sample_has_the_shape_of_what_is_sent(occasion: Occasion) -> None:
    assert shape(occasion.payload) == shape(SAMPLES[occasion.event])


@pytest.mark.parametrize("occasion", occasions(), ids=["jobs", "plan", "apply", "refusal"])
def test_nobodys_data_is_in_a_payload(occasion: Occasion) -> None:
    text = orjson.dumps(dict(occasion.payload)).decode()
    examples = [sample for change in plan().rows for sample in change.samples]
    assert examples
    assert not [each.token for each in examples if each.token in text or each.hint in text]
    words = [describe_step(step) for step in report().steps]
    assert all(words)
    assert not [each for each in words if each in text]


def test_a_plan_counts_what_is_renamed_released_and_declared_no_more() -> None:
    whole = plan()
    first, second, *others = whole.objects
    objects = (replace(first, previous="Before"), replace(second, action=Action.RELEASE), *others)
    left = tuple(Undeclared(Address("Campaign", each), each, "active", each == "A", ()) for each in ("A", "B", "C"))
    told = make_plan_occasion(replace(whole, objects=objects, undeclared=left, environment="prod-eu"), NOW).payload
    assert (told["objects"]["moved"], told["objects"]["release"]) == (1, 1)
    assert told["objects"]["create"] == make_plan_occasion(whole, NOW).payload["objects"]["create"] - 1
    assert told["undeclared"] == {"objects": 3, "dialling": 1}
    assert told["environment"] == "prod-eu"


def test_a_refusal_says_with_which_code_nothing_was_written() -> None:
    told = make_refusal_occasion(plan(), Refused("the plan is unsafe"), NOW)
    assert (told.payload["exit_code"], told.payload["error"], told.payload["run"]) == (Exit.REFUSED, "refused", None)
    assert told.payload["writes"] == 0


def test_an_apply_says_how_its_steps_ended() -> None:
    told = make_apply_occasion(plan(), replace(report(), interrupted=True), NOW)
    assert told.payload["outcomes"] == {"done": 1, "failed": 1, "interrupted": 0, "blocked": 1, "not_attempted": 1}
    assert told.payload["contacts"] == {"written": 500, "rejected": 3}
    assert (told.payload["exit_code"], told.payload["interrupted"]) == (Exit.INTERRUPTED, True)
    assert make_apply_occasion(plan(), Report("r", (), 0), NOW).payload["exit_code"] == 0


def test_the_documentation_shows_the_samples() -> None:
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")
    assert [orjson.loads(block.partition("```")[0]) for block in text.split("```json\n")[1:]] == list(SAMPLES.values())
