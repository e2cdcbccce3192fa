"""Is what runs have done to a list added up over a span, to the microsecond, and a waiver's part left out?"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from reconciler.model.finding import Severity
from reconciler.model.recent_changes import DAY, WEEK, RecentRun, Sum, add_up
from reconciler.model.sums_over_time import find_over_time
from reconciler.model.workspace_settings import Floor, Limits, Settings
from reconciler.rules import load_rules

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)


def ran(ago: timedelta, removed: int = 1, **said: object) -> RecentRun:
    values = {"run": "a", "list": "People", "live": 100, "changed": 0, **said}
    return RecentRun(at=NOW - ago, removed=removed, **values)  # type: ignore[arg-type]


def summed(*runs: RecentRun, span: timedelta = DAY, live: int = 10) -> Sum:
    return add_up(runs, "People", "removed", "LIM-REMOVALS", NOW, span, live)


@pytest.mark.parametrize("span", [DAY, WEEK])
def test_what_is_exactly_as_old_as_the_span_counts_no_more(span: timedelta) -> None:
    assert summed(ran(span, 7), span=span) == Sum(0, 0, 10)
    assert summed(ran(span - TICK, 7), span=span) == Sum(7, 1, 100)
    assert summed(ran(timedelta(0), 7), span=span) == Sum(7, 1, 100)


def test_several_runs_count_each_once_and_the_share_is_of_the_most_there_were() -> None:
    assert summed(ran(TICK, 3, live=50), ran(DAY / 2, 4, live=80), ran(2 * DAY, 9, live=500)) == Sum(7, 2, 80)
    assert summed(ran(TICK, 0), ran(TICK, 5, list="Others")) == Sum(0, 0, 100)


@pytest.mark.parametrize("rule", ["LIM-REMOVALS", "LIM-REMOVALS-SUM"])
def test_what_was_waived_does_not_count_and_its_list_was_as_long(rule: str) -> None:
    assert summed(ran(TICK, 60, waived=(rule,)), ran(TICK, 2, live=40, waived=("LIM-UPDATES",))) == Sum(2, 1, 100)


def test_limits_of_a_day_are_those_of_one_plan_unless_they_are_told_apart_and_a_floor_tightens_each() -> None:
    default = Settings().limits
    assert (default.removals_24h, default.updates_24h, default.removals_7d) == (30.0, float("inf"), float("inf"))
    assert Limits.from_manifest({"removals": 60}, default).removals_24h == 60
    said = {"removals": 60, "per24h": {"removals": 70, "updates": 80}, "per7d": {"removals": 90}}
    wide = Limits.from_manifest(said, default)
    assert (wide.removals_24h, wide.updates_24h, wide.removals_7d, wide.updates_7d) == (70, 80, 90, float("inf"))
    floor = Floor(limits=Limits.from_manifest({"removals": 20, "per7d": {"updates": 50}}, Floor().limits))
    held = floor.apply(Settings(limits=wide)).limits
    assert (held.removals, held.removals_24h, held.updates_24h, held.removals_7d, held.updates_7d) == (
        20,
        20,
        80,
        90,
        50,
    )
    assert Floor().apply(Settings(limits=wide)).limits == wide


def test_both_rules_refuse_and_are_found_by_one_sum() -> None:
    for name in ("LIM-REMOVALS-SUM", "LIM-UPDATES-SUM", "SRC-SHRUNK"):
        assert load_rules()[name].severity is Severity.REFUSE
        assert load_rules()[name].waivable
    assert find_over_time.__module__ == "reconciler.model.sums_over_time"
