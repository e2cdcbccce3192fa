"""Does what a run wrote count, whether it ended well, failed, or was killed, and once only?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reconciler.ledger.folder_records import open_store
from reconciler.ledger.journal import Run
from reconciler.ledger.ledger import Ledger
from reconciler.ledger.recent_runs import FILE, keep_recent, read_recent
from reconciler.model.plan import Plan
from reconciler.model.recent_changes import RecentRun
from reconciler.model.report import Outcome, Report, StepResult
from tests.views.plans import plan as make_plan

TENANT, OTHER = "the tenant", "another tenant"


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    return Ledger(open_store("file://ledger", tmp_path), TENANT)


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plan:
    """A plan whose rows can be saved; their files are named without a folder."""
    monkeypatch.chdir(tmp_path)
    found = make_plan()
    for change in found.row_changes():
        for rows in change.files:
            rows.path.parent.mkdir(parents=True, exist_ok=True)
            rows.path.touch()
    return found


def read(ledger: Ledger, tenant: str = TENANT, **later: Any) -> dict[str, list[RecentRun]]:
    """What counts, by the list."""
    found: dict[str, list[RecentRun]] = {}
    for each in read_recent(ledger.records, tenant, datetime.now(UTC) + timedelta(**later)):
        found.setdefault(each.list, []).append(each)
    return found


def write(run: Run, address: object, phase: str, rows: int, *, known: bool = True) -> None:
    run.record_intent(f"{address}#{phase}:0", rows=rows)
    if known:
        run.record_done(f"{address}#{phase}:0", rows=rows - 2, rejected=["a", "b"], split=False)


Ending = Callable[[Run, Plan], None]


def test_what_a_run_wrote_counts_and_what_nobody_knows_too_and_a_refused_row_does_not(
    ledger: Ledger, plan: Plan
) -> None:
    change = plan.rows[0]
    with ledger.run(plan) as run:
        write(run, change.address, "remove", 12)
        run.record_intent(f"{change.address}#remove:1", rows=5)
    (found,) = read(ledger)[change.list]
    assert (found.removed, found.changed, found.live) == (10 + 5, 0, change.live)
    assert read(ledger, OTHER) == {}


def test_two_workspaces_on_one_tenant_have_one_limit_for_a_list_and_two_tenants_have_two(
    tmp_path: Path, ledger: Ledger, plan: Plan
) -> None:
    """What people are spared is of their list, whoever writes it; the same name in another tenant is another list."""
    change = plan.rows[0]
    elsewhere = Ledger(open_store("file://ledger", tmp_path), OTHER)
    for of, workspace, rows in ((ledger, "one", 12), (ledger, "two", 7), (elsewhere, "one", 3)):
        with of.run(replace(plan, workspace=workspace)) as run:
            write(run, change.address, "remove", rows)
    assert sorted(each.removed for each in read(ledger)[change.list]) == [5, 10]
    assert [each.removed for each in read(elsewhere, OTHER)[change.list]] == [1]


def test_a_run_that_was_killed_and_is_resumed_counts_once_and_from_its_end(ledger: Ledger, plan: Plan) -> None:
    change = plan.rows[0]
    with ledger.run(plan) as run:
        write(run, change.address, "remove", 12)
    first = read(ledger)[change.list]
    with ledger.run(plan, run.name) as again:
        again.record_step(StepResult(change.address, Outcome.DONE, rows=10))
        again.finish(Report(run.name, (), 0))
        keep_recent(ledger.records, datetime.now(UTC))
    (found,) = read(ledger)[change.list]
    assert [each.removed for each in first] == [found.removed] == [10]
    assert found.at > first[0].at


def test_as_many_are_changed_as_were_put_and_no_more_than_the_plan_changes(ledger: Ledger, plan: Plan) -> None:
    change = next(each for each in plan.rows if each.changed)
    with ledger.run(plan) as run:
        write(run, change.address, "put", change.changed + 50)
    assert read(ledger)[change.list][0].changed == change.changed


def test_a_run_counts_for_a_week_and_what_is_kept_of_it_only_saves_reading(
    ledger: Ledger, plan: Plan, tmp_path: Path
) -> None:
    change = plan.rows[0]
    with ledger.run(plan) as run:
        write(run, change.address, "remove", 12)
        run.finish(Report(run.name, (), 0))
        keep_recent(ledger.records, datetime.now(UTC))
    kept = read(ledger)
    assert kept[change.list][0].removed == 10
    file = tmp_path / "ledger" / FILE
    content = file.read_bytes()
    file.write_bytes(content.replace(b'"removed":10', b'"removed":00'))  # not as it was proven: it is read again
    assert read(ledger) == kept
    file.unlink()
    assert read(ledger) == kept
    assert read(ledger, days=6, hours=23) == kept
    assert read(ledger, days=7, minutes=1) == {}


def test_a_run_that_never_began_and_a_folder_without_a_plan_count_nothing(ledger: Ledger, tmp_path: Path) -> None:
    (tmp_path / "ledger" / "runs" / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-abcdef").mkdir(parents=True)
    assert read(ledger) == {}
