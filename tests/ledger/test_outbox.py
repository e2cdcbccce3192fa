"""Is a callback that was not delivered still there for the next sending?"""

from __future__ import annotations

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from reconciler.ledger.folder_records import Store
from reconciler.ledger.outbox import FILE, Outbox
from reconciler.model.errors import LedgerError
from reconciler.model.reason import Reason
from reconciler.model.webhook import Callback, Event, Receipt, Waiting
from reconciler.views.reasons import describe_reason

FIRST = Callback(
    "key-1", "crm", Event.APPLY, "run-1", datetime(2026, 7, 1, 9, tzinfo=UTC), "application/json", {}, '{"a":1}'
)
SECOND = replace(FIRST, key="key-2", webhook="chat")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty ledger."""
    return Store("file://ledger", tmp_path)


@pytest.fixture
def outbox(store: Store) -> Outbox:
    """Two callbacks that were written down and not sent."""
    kept = Outbox(store)
    kept.keep(FIRST)
    kept.keep(SECOND)
    return kept


def test_what_was_written_down_waits_whether_or_not_it_was_sent(outbox: Outbox, store: Store) -> None:
    assert Outbox(store).list_waiting() == [Waiting(FIRST, 0, None), Waiting(SECOND, 0, None)]
    assert stat.S_IMODE((store.folder / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((store.folder / FILE).parent.stat().st_mode) == 0o700


def test_what_was_delivered_or_given_up_waits_no_longer(outbox: Outbox) -> None:
    outbox.record(Receipt(FIRST, True, 1))
    assert outbox.list_waiting() == [Waiting(SECOND, 0, None)]
    outbox.forget(SECOND.key)
    assert outbox.list_waiting() == []


def test_attempts_add_up_and_the_last_reason_stays(outbox: Outbox) -> None:
    outbox.record(Receipt(FIRST, False, 3, Reason("callback_answered", ("503",))))
    outbox.record(Receipt(FIRST, False, 2, Reason("no_reply_in_time")))
    assert outbox.list_waiting() == [Waiting(FIRST, 5, Reason("no_reply_in_time")), Waiting(SECOND, 0, None)]


def test_a_reason_that_an_earlier_version_recorded_in_words_is_still_told(outbox: Outbox, store: Store) -> None:
    line = {
        "entry": "failed",
        "key": FIRST.key,
        "attempts": 2,
        "why": "status 503",
        "at": "2026-07-02T08:30:00.000+00:00",
    }
    store.append(FILE, orjson.dumps(line))
    (waiting, _) = outbox.list_waiting()
    assert waiting.why is not None
    assert describe_reason(waiting.why) == "status 503"


def test_a_body_that_is_made_later_takes_its_place_and_its_order(outbox: Outbox) -> None:
    bare = replace(FIRST, key="key-3", payload={"run": "run-1"}, body=None)
    outbox.keep(bare)
    outbox.record(Receipt(bare, False, 0, Reason("callback_without_body", ("no `rnu`",))))
    assert outbox.list_waiting()[2] == Waiting(bare, 0, Reason("callback_without_body", ("no `rnu`",)))
    outbox.keep(replace(bare, body="{}"))
    outbox.record(Receipt(bare, False, 1, Reason("callback_answered", ("500",))))
    assert outbox.list_waiting()[2] == Waiting(
        replace(bare, payload={}, body="{}"), 1, Reason("callback_answered", ("500",))
    )


def test_each_callback_of_a_run_is_counted_once(outbox: Outbox) -> None:
    outbox.keep(replace(FIRST, body="{}"))
    assert outbox.count_callbacks("crm", Event.APPLY, "run-1") == 1
    outbox.keep(replace(FIRST, key="key-4"))
    assert outbox.count_callbacks("crm", Event.APPLY, "run-1") == 2
    assert (
        outbox.count_callbacks("crm", Event.PLAN, "run-1") == outbox.count_callbacks("crm", Event.APPLY, "run-2") == 0
    )


def test_an_outbox_that_was_never_used_is_empty(store: Store) -> None:
    assert Outbox(store).list_waiting() == []


def test_a_record_that_was_damaged_is_told_with_its_line(outbox: Outbox, store: Store) -> None:
    store.append(FILE, b"nothing")
    with pytest.raises(LedgerError) as error:
        outbox.list_waiting()
    assert error.value.where == f"{FILE}:3"


def test_a_folder_that_cannot_be_made_is_told(store: Store) -> None:
    (store.folder / "webhooks").write_text("in the way")
    with pytest.raises(LedgerError) as error:
        Outbox(store).keep(FIRST)
    assert error.value.message == f"the ledger's {FILE} cannot be written"
