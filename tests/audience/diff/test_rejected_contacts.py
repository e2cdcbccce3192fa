"""Which contacts were not taken before, how often, and is it time to offer them again?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from reconciler.audience.diff import rejected_contacts
from reconciler.audience.relations import engine, reasons
from reconciler.model.row_queries import Rows
from reconciler.model.workspace_settings import RetryPolicy
from reconciler.views.reasons import describe_reason

NOW = datetime(2026, 7, 1, tzinfo=UTC)
PATIENCE = RetryPolicy()


def settled(backend: Any, folder: Path, codes: Sequence[str]) -> Rows:
    """A contact that was not taken in so many runs, a day apart; the last of them just now."""
    told = [
        {
            "run": f"run-{n}",
            "at": (NOW - timedelta(days=len(codes) - 1 - n, minutes=1)).isoformat(),
            "list": "Chosen",
            "rejected": [{"contact": "C1", "code": code, "reason": f"because: {code}"}],
        }
        for n, code in enumerate(codes)
    ]
    lines = folder / "owed.jsonl"
    lines.write_bytes(b"".join(orjson.dumps(each) + b"\n" for each in told))
    return rejected_contacts.read_retry_queue(backend, lines, PATIENCE, NOW, folder)


@pytest.mark.parametrize(
    ("codes", "held", "words"),
    [
        (["invalid"], True, "rejected once, next attempt later: because: invalid"),
        (["invalid"] * 5, True, "rejected 5 times, in quarantine: because: invalid"),
        (["held"], False, "deferred once, next attempt now: because: held"),
        (["held", "changed", "held"], False, "deferred 3 times, next attempt now: because: held"),
        (["held"] * 5 + ["invalid"], True, "rejected once, next attempt later: because: invalid"),
        (["invalid"] * 5 + ["held"], False, "deferred once, next attempt now: because: held"),
    ],
)
def test_whoever_was_only_deferred_waits_for_nothing_and_comes_no_nearer_to_quarantine(
    backend: Any, tmp_path: Path, codes: list[str], held: bool, words: str
) -> None:
    rows = settled(backend, tmp_path, codes)
    waiting = rejected_contacts.select_waiting(backend, rows, "Chosen", PATIENCE, NOW)
    waiting = waiting.select("owed", "held", "owed_reason")
    ((contact, waits, why),) = engine.list_rows(backend, waiting, tuple[str, bool, reasons.ReasonCell])
    assert (contact, waits, describe_reason(reasons.read_reason(why))) == ("C1", held, words)
    what, times, *_ = words.split(",", maxsplit=1)[0].split(" ", 1)
    ((name, kind, tries, reason, count),) = rejected_contacts.count_waiting(backend, rows)
    assert (name, kind, reason, count) == ("Chosen", what, f"because: {codes[-1]}", 1)
    assert times == ("once" if tries == 1 else f"{tries} times")
