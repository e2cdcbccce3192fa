"""The words for reasons: every code has some, and they say what the arguments are."""

from __future__ import annotations

import pytest

from reconciler.model.errors import Refused
from reconciler.model.finding import Finding
from reconciler.model.list_change import Sample
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.reason_codes import CODES, FAULT, LIST, NUMBER
from reconciler.model.reason_json import make_reason_document
from reconciler.model.resource_address import Address
from reconciler.views.reasons import (
    describe_counts,
    describe_entries,
    describe_error,
    describe_faults,
    describe_reason,
    describe_row_reason,
    describe_sample,
    describe_shares,
)

VALUES = {NUMBER: ("7",), LIST: ("one", "two"), FAULT: ("empty", "now")}


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_words_that_say_its_arguments(code: str) -> None:
    args = tuple(value for kind in CODES[code].values() for value in VALUES.get(kind, ("now",)))
    words = describe_reason(Reason(code, args))
    assert words
    assert "{" not in words
    said = {"now": "now", "7": "7", "one": "one", "two": "two", "empty": "is empty"}
    assert all(said[each] in words for each in args), words


def test_a_refusal_says_why_a_finding_is_as_it_is_just_as_the_plan_does() -> None:
    why = make_reason_document(Reason("no_surface", ("admin", "desk")))
    entries = [{"place": "dnc.csv:2", "text": "41…", "why": {"code": "number_too_short", "args": {}}}]
    found = (
        Finding("CMP-UNSEEN", Address("Workspace", "w"), "nobody could look\nat them", details={"why": why}),
        Finding("DNC-UNREADABLE", Address("Segment", "s"), "an entry cannot be read", details={"entries": entries}),
        Finding("LIM-STOPPED", Address("Campaign", "c"), "it dials"),
    )
    assert describe_error(Refused("the plan is unsafe and was not applied", findings=found)).splitlines() == [
        "the plan is unsafe and was not applied:",
        "  CMP-UNSEEN  Workspace/w: nobody could look at them (the tenant declares no surface admin or desk)",
        "  DNC-UNREADABLE  Segment/s: an entry cannot be read (dnc.csv:2: too short)",
        "  LIM-STOPPED  Campaign/c: it dials",
    ]
    assert describe_error(Refused("no plan was shown")) == "no plan was shown"


def test_what_a_step_did_is_told_as_it_was_counted() -> None:
    rows = ("1000", "2", "1", "High", "0", "0")
    assert describe_reason(Reason("rows_delivered", rows)) == (
        "1,000 to add, 2 to update, 1 to remove on 'High': all read back and found as written"
    )
    assert describe_reason(Reason("rows_delivered", (*rows[:4], "3", "4"))) == (
        "1,000 to add, 2 to update, 1 to remove on 'High': 3 rejected by the tenant, the others read back and found as "
        "written; 4 suppressed since the plan"
    )
    assert describe_reason(Reason("outcomes_set", ("5", "7", "High", "0", "0"))) == "5 of 7 outcomes set in High"
    assert describe_reason(Reason("outcomes_set", ("5", "8", "High", "1", "2"))) == (
        "5 of 8 outcomes set in High, 1 rejected by the tenant, 2 deferred to the next run"
    )


def test_row_faults_are_worded_wherever_they_are_shown() -> None:
    lost = Reason("empty", ("contactId",))
    assert describe_faults([Counted(lost, 1)]) == "contactId is empty"
    assert describe_faults([Counted(lost, 900), Counted(Reason("too_few_fields"), 1)]) == (
        "900: contactId is empty; 1: the row has too few fields"
    )
    entries = [{"place": "dnc.csv:2", "text": "41…", "why": {"code": "number_too_short", "args": {}}}]
    assert describe_entries(entries) == "dnc.csv:2: too short"


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        (Reason("changed", ("phone",)), "its phone changed"),
        (Reason("changed", ("phone", "name", "score")), "its phone, name and score changed"),
        (Reason("unknown_region", ("Atlantis",)), "unknown region 'Atlantis'"),
        (Reason("unknown_region", ("",)), "unknown region, one of many words"),
        (Reason("over_cap", ("1200",)), "over the cap of 1,200"),
        (Reason("outcome", ("", "SALE")), "(none) → SALE"),
        (
            Reason("rejected", ("2", "in_quarantine", "INVALID_PHONE")),
            "rejected 2 times, in quarantine: INVALID_PHONE",
        ),
    ],
)
def test_a_reason_is_told_in_plain_words(reason: Reason, words: str) -> None:
    assert describe_reason(reason) == words


@pytest.mark.parametrize(
    ("action", "reason", "score", "was", "words"),
    [
        ("add", Reason("qualifies", ("high",)), 60.0, None, "score 60.0 puts it in high"),
        ("add", Reason("moved", ("low", "high")), 82.25, 61.5, "score 61.5 → 82.25 moves it from low to high"),
        ("update", Reason("changed", ("score",)), 82.0, 81.0, "its score changed (score 81.0 → 82.0)"),
        ("update", Reason("changed", ("phone",)), 82.0, None, "its phone changed"),
        ("remove", Reason("archived"), 90.0, 70.0, "archived (score 90.0)"),
        ("remove", Reason("not_in_source"), None, 70.0, "no longer in the source"),
    ],
)
def test_an_example_is_told_with_its_own_scores(
    action: str, reason: Reason, score: float | None, was: float | None, words: str
) -> None:
    assert describe_sample(Sample("c-1", "…1", action, reason, score, was)) == words


def test_what_is_done_stands_before_why_it_is_done() -> None:
    assert describe_row_reason(Counted(Reason("archived"), 3, "remove")) == "remove: archived"


def test_nobody_is_told_as_nobody() -> None:
    assert describe_counts(()) == describe_shares(()) == "nobody"
    assert describe_shares([Share("ann", 1_000), Share("", 7, others=3)]) == "ann 1,000 · 3 other agents 7"
