"""Is what has to be kept kept, and what is over deleted, and told?"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from reconciler.ledger import audit
from reconciler.ledger.folder_records import open_store
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.retention import Retained, find_cutoff, load_retention, prune_runs
from reconciler.model.errors import LedgerError

TODAY = date(2031, 6, 1)
OLD, EDGE, NEW = (f"{day}T120000.000000-abcdef" for day in ("20260531", "20260601", "20310531"))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """A ledger that has folders of three runs, none of them interrupted."""
    found = Ledger(open_store("file://ledger", tmp_path))
    for run in (OLD, EDGE, NEW):
        (tmp_path / "ledger" / "runs" / run).mkdir(parents=True)
    return found


def prune(ledger: Ledger, before: date) -> list[str]:
    return prune_runs(ledger, before, TODAY, "the retention is over", "ana")


def test_what_was_begun_five_years_ago_to_the_day_is_kept_and_the_day_before_goes(ledger: Ledger) -> None:
    assert prune(ledger, date(2026, 6, 1)) == [OLD]
    assert ledger.store.list_runs() == [EDGE, NEW]
    (line,) = ledger.store.read_lines(audit.FILE)
    told = json.loads(line)
    assert (told["event"], told["runs"], told["by"], told["reason"]) == (
        "pruned",
        [OLD],
        "ana",
        "the retention is over",
    )


@pytest.mark.parametrize("before", [date(2026, 6, 2), TODAY, date(2040, 1, 1)])
def test_a_day_inside_the_retention_is_refused_and_nothing_is_deleted(ledger: Ledger, before: date) -> None:
    with pytest.raises(Retained, match="5 years"):
        prune(ledger, before)
    assert ledger.store.list_runs() == [OLD, EDGE, NEW]
    assert ledger.store.read_lines(audit.FILE) == []


def test_nothing_to_delete_leaves_no_entry(ledger: Ledger) -> None:
    assert prune(ledger, date(2020, 1, 1)) == []
    assert ledger.store.read_lines(audit.FILE) == []


def test_the_day_that_a_leap_year_has_counts_as_the_one_before() -> None:
    assert find_cutoff(date(2032, 2, 29)) == date(2027, 2, 28)
    assert load_retention().years == 5


def test_a_shared_store_is_left_to_its_own_rules(ledger: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.store, "shared", True)
    with pytest.raises(LedgerError, match="object store"):
        prune(ledger, date(2026, 6, 1))
