"""Is it told that a record is whole, and what cannot be proved?"""

from __future__ import annotations

import json

from reconciler.model.audit_anchor import Anchor
from reconciler.model.audit_result import Verified
from reconciler.model.reason import Reason
from reconciler.views import audit


def test_a_record_is_told_with_its_head_its_key_and_what_cannot_be_proved() -> None:
    found = Verified(
        Anchor(14, "ab12"), "k1", (Reason("runs_missing", ("5", "r1", "r2")), Reason("locks_without_run", ("1",)))
    )
    assert audit.text(found).plain.splitlines() == [
        "14 entries, and the chain is whole, proven under key k1.",
        "It ends with entry 14:ab12",
        "2 of 5 runs that the record tells of have no folder here: r1, r2. Deleted when their time was over, or taken "
        "away: the record cannot tell.",
        "The lock was taken once without a run, which ended before it began.",
    ]
    document = json.loads(audit.machine(found))
    assert (document["entries"], document["head"], document["key"], document["whole"]) == (14, "ab12", "k1", True)
    assert document["notes"] == audit.text(found).plain.splitlines()[2:]
    assert document["reasons"] == [
        {"code": "runs_missing", "args": {"recorded": 5, "runs": ["r1", "r2"]}},
        {"code": "locks_without_run", "args": {"times": 1}},
    ]


def test_one_entry_without_a_key_is_told_as_no_more() -> None:
    found = Verified(Anchor(1, "cd"), "", ())
    assert audit.text(found).plain.splitlines()[0] == "1 entry, and the chain is whole."
    assert json.loads(audit.machine(found))["key"] is None
