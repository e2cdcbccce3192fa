"""A vendor's word is one of ours, or the dangerous one."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from reconciler.kinds import load_kinds
from reconciler.kinds.campaign import make_undeclared_campaign
from reconciler.model.campaign_state import RunState, confirms, needs_no_write, read_state
from reconciler.model.disposition import make_code
from reconciler.model.jobs import Job, parse_job_status
from reconciler.model.kind import holds
from reconciler.model.live_state import LiveObject
from reconciler.model.reply_shape import find_odd
from reconciler.model.resource_address import Address
from reconciler.model.vendor_values import find_meaning, translate_or_keep

CAMPAIGN, LIST = load_kinds()["Campaign"], load_kinds()["ContactList"]


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
    assert read_state({}).may_dial
    assert read_state(None).is_at_rest


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
    assert load_kinds()["ContactList"].surfaces[0].read({"type": "OutBound"}) == {"type": "outbound"}


@pytest.mark.parametrize("live", ["agentless", "hybrid predictive", "", None])
def test_by_an_unknown_dial_type_a_campaign_does_not_differ(live: object) -> None:
    assert CAMPAIGN.as_declared("dialType", live, "predictive")
    assert not CAMPAIGN.as_written("dialType", live, "predictive")


@pytest.mark.parametrize("live", ["blended", "DNC list", "", None, "unknown"])
def test_by_an_unknown_type_a_list_does_not_differ(live: object) -> None:
    assert LIST.as_declared("type", live, "outbound")
    assert not LIST.as_written("type", live, "outbound")
    assert LIST.as_declared("type", "OutBound", "outbound")


@pytest.mark.parametrize("told", [{}, {"type": None}, {"type": ""}, {"type": "+1 202 555 0123"}, {"type": 7.5}])
def test_a_list_has_a_type_and_one_that_is_not_told_is_not_known(told: dict[str, object]) -> None:
    assert LIST.surfaces[0].read(told)["type"] == "unknown"


@pytest.mark.parametrize(
    "told",
    [
        "",
        " ",
        "soon",
        "2026-07-01",
        "2026-07-01T09:00:00",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00Z",
        1782900000,
        0.5,
    ],
)
@pytest.mark.parametrize("name", ["startTime", "endTime"])
def test_a_time_that_nobody_can_read_is_any_time(name: str, told: object) -> None:
    read = {"name": "A", **CAMPAIGN.surfaces[0].read({name: told})}
    assert read[name] == "unknown"
    assert find_odd(CAMPAIGN.surfaces[0].shape, {"id": "1", "name": "A", name: told}) is None
    campaign = make_undeclared_campaign(Address("Campaign", "A"), LiveObject("Campaign", "A", "1", read))
    assert (campaign.starts, campaign.ends, campaign.windows) == (None, None, ())
    assert campaign.dials_at_any_hour(datetime(2026, 7, 1, tzinfo=UTC))
    assert not CAMPAIGN.as_declared(name, read[name], "2026-07-01T09:00:00Z")


@pytest.mark.parametrize("told", ["", " ", 7.5, "x" * 600])
def test_an_id_that_is_none_names_no_list(told: object) -> None:
    body = {"id": "1", "name": "A", "listId": told}
    assert find_odd(CAMPAIGN.surfaces[0].shape, body) is None
    assert "listId" not in CAMPAIGN.surfaces[0].read(body)


@pytest.mark.parametrize("told", [["2026-07-01T09:00:00Z"], {"at": 1}, True])
def test_a_time_that_is_no_value_of_its_own_is_no_reply(told: object) -> None:
    assert find_odd(CAMPAIGN.surfaces[0].shape, {"id": "1", "name": "A", "startTime": told}) is not None


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
    assert {find_meaning("contact_state", word) for word in ("wrap-up", "WRAP_UP", "WrapUp", "Wrap up")} == {"WRAP_UP"}
    assert find_meaning("contact_state", "dialling") == "DIALING"
    assert translate_or_keep("contact_state", "READY") == "READY"


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
    assert make_code(told) == code


@pytest.mark.parametrize("word", ["COMPLETED", "completed", "Failed", "aborted "])
def test_a_job_ends_by_a_word_that_says_so(word: str) -> None:
    assert Job("J", parse_job_status(word)).over


@pytest.mark.parametrize("word", ["DONE", "cancelled", "COMPLETED_WITH_ERRORS", "PROCESSING", "finished", 4, None])
def test_a_job_does_not_end_by_another(word: object) -> None:
    assert not Job("J", parse_job_status(word)).over
