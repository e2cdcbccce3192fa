"""A vendor's word is one of ours, or the dangerous one."""

from __future__ import annotations

import pytest

from reconciler.kinds import kinds
from reconciler.model.disposition import code_of
from reconciler.model.jobs import Job, job_status
from reconciler.model.kind import holds
from reconciler.model.run_state import RunState, confirms, needs_no_write, state_of
from reconciler.model.vocabulary import known_or_raw, meaning

CAMPAIGN = kinds()["Campaign"]


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("running", RunState.ACTIVE),
        ("RUNNING", RunState.ACTIVE),
        (" Active ", RunState.ACTIVE),
        ("Paused", RunState.PAUSED),
        ("STOPPING", RunState.STOPPING),
        ("Stopped", RunState.STOPPED),
        ("completed", RunState.COMPLETED),
        ("DRAFT", RunState.DRAFT),
        ("warming up", RunState.UNKNOWN),
        ("inactive", RunState.UNKNOWN),
        ("unknown", RunState.UNKNOWN),
        ("", RunState.UNKNOWN),
        (None, RunState.UNKNOWN),
        (1, RunState.UNKNOWN),
        ({"value": "paused"}, RunState.UNKNOWN),
    ],
)
def test_a_status_means_what_is_known_of_it_and_else_that_nobody_knows(word: object, state: RunState) -> None:
    assert RunState.of(word) is state


def test_whatever_is_not_known_to_rest_may_be_dialling() -> None:
    assert {state for state in RunState if state.may_dial} == {RunState.ACTIVE, RunState.STOPPING, RunState.UNKNOWN}
    assert all(state.is_at_rest is not state.may_dial for state in RunState)
    assert state_of({}).may_dial
    assert state_of(None).is_at_rest


@pytest.mark.parametrize(
    ("live", "declared", "as_declared", "as_written"),
    [
        ("PAUSED", "paused", True, True),
        ("stopped", "paused", True, True),
        ("completed", "paused", True, True),
        ("draft", "paused", False, True),
        ("stopping", "paused", False, False),
        ("warming up", "paused", False, False),
        ("Running", "active", True, True),
        ("warming up", "active", True, False),
        ("stopping", "active", False, False),
        ("stopped", "active", False, False),
        (None, "active", True, False),
        ("Draft", "draft", True, True),
        ("warming up", "draft", False, False),
    ],
)
def test_an_unknown_status_is_neither_rest_nor_proof_of_work(
    live: object, declared: str, as_declared: bool, as_written: bool
) -> None:
    assert needs_no_write(live, declared) is as_declared
    assert confirms(live, declared) is as_written


def test_a_campaign_is_read_in_our_words_and_an_unknown_one_is_kept_for_people() -> None:
    read = CAMPAIGN.surfaces[0].read
    assert read({"status": "RUNNING", "dialType": "Predictive"}) == {"status": "active", "dialType": "predictive"}
    assert read({"status": "Warming-Up", "dialType": "agentless"}) == {"status": "Warming-Up", "dialType": "agentless"}
    assert read({}) == {"status": "unknown"}
    assert read({"status": None})["status"] == "unknown"
    assert kinds()["ContactList"].surfaces[0].read({"type": "OutBound"}) == {"type": "outbound"}


@pytest.mark.parametrize("live", ["agentless", "hybrid predictive", "", None])
def test_by_an_unknown_dial_type_a_campaign_does_not_differ(live: object) -> None:
    assert CAMPAIGN.as_declared("dialType", live, "predictive")
    assert not CAMPAIGN.as_written("dialType", live, "predictive")


def test_by_another_known_dial_type_it_does() -> None:
    assert not CAMPAIGN.as_declared("dialType", "preview", "predictive")
    assert CAMPAIGN.as_declared("dialType", "predictive", "predictive")


@pytest.mark.parametrize(
    ("live", "wanted", "is_held"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": 1}}, True),
        ({"a": {"y": 2}}, {"a": {"x": 1}}, False),
        ({"a": 2}, {"a": 1}, False),
        (None, {"a": 1}, False),
        ({"a": [1, 2]}, {"a": [1]}, False),
        (5, 5.0, True),
    ],
)
def test_inside_a_mapping_only_what_was_declared_is_compared(live: object, wanted: object, is_held: bool) -> None:
    assert holds(live, wanted) is is_held


def test_the_states_of_a_contact_that_the_dialler_holds_are_known_however_they_are_written() -> None:
    assert {meaning("contact_state", word) for word in ("wrap-up", "WRAP_UP", "WrapUp", "Wrap up")} == {"WRAP_UP"}
    assert meaning("contact_state", "dialling") == "DIALING"
    assert known_or_raw("contact_state", "READY") == "READY"


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ("do_not_call", "DO_NOT_CALL"),
        ("Do-Not-Call", "DO_NOT_CALL"),
        (" do not  call ", "DO_NOT_CALL"),
        ("Sold", "SOLD"),
        ("NOANSWER", "NOANSWER"),
        ("", None),
        (" ", None),
        (None, None),
    ],
)
def test_an_outcome_that_is_told_in_another_case_is_no_other(told: object, code: str | None) -> None:
    assert code_of(told) == code


@pytest.mark.parametrize("word", ["COMPLETED", "completed", "Failed", "aborted "])
def test_a_job_ends_by_a_word_that_says_so(word: str) -> None:
    assert Job("J", job_status(word)).over


@pytest.mark.parametrize("word", ["DONE", "cancelled", "COMPLETED_WITH_ERRORS", "PROCESSING", "finished", 4, None])
def test_a_job_does_not_end_by_another(word: object) -> None:
    assert not Job("J", job_status(word)).over
