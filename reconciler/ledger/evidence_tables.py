# tested by: tests/cli/test_audit_evidence.py
"""Lay out what runs did as tables and states that are read without this program."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import orjson

from reconciler.model.evidence_pack import DayState, RunRecord

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_CALLS = "Campaign/"
"""How addresses begin of what says how people are called."""


def write_table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    """A table as CSV (RFC 4180); a cell that a spreadsheet would take for a formula begins with an apostrophe."""
    into = io.StringIO(newline="")
    writer = csv.writer(into, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([_write_cell(cell) for cell in row] for row in rows)
    return into.getvalue().encode()


def _write_cell(cell: Any) -> str:
    if cell is None:
        return ""
    text = cell if isinstance(cell, str) else orjson.dumps(cell).decode()
    return f"'{text}" if isinstance(cell, str) and text.startswith(_FORMULA) else text


def make_tables(runs: Sequence[RunRecord], days: Sequence[DayState], states: Mapping[str, Any]) -> dict[str, bytes]:
    """Every table of a pack, by its name there."""
    return {
        "runs.csv": write_table(
            ("run", "begun", "by", "tenant", "environment", "plan", "ended", "how", "exit_code", "signed", "contacts"),
            (_describe_run(each) for each in runs),
        ),
        "rules.csv": write_table(
            ("run", "rule", "severity", "verdict", "object", "message", "waived"), _iter_rules(runs)
        ),
        "outcomes.csv": write_table(
            ("run", "address", "outcome", "rows", "rejected", "suppressed", "unknown", "left", "failure"),
            _iter_outcomes(runs),
        ),
        "suppressions.csv": write_table(
            ("run", "segment", "list", "data_of", "age_hours", "most_hours", "entries"), _iter_suppressions(runs)
        ),
        "left_out.csv": write_table(
            ("run", "segment", "decision", "band", "code", "args", "contacts"), _iter_left_out(runs)
        ),
        "settings.csv": write_table(
            ("day", "tenant", "environment", "run", "object", "setting", "value"), _iter_settings(days, states)
        ),
    }


def _describe_run(run: RunRecord) -> Sequence[Any]:
    each, tree = run.logged, run.tree
    signed, size = "yes" if run.envelopes else "no", None if tree is None else tree.size
    code = None if each.exit_code is None else each.exit_code
    return (
        *(each.run, each.at, each.by, each.tenant, each.environment, each.plan),
        *(each.ended, each.how, code, signed, size),
    )


def _iter_rules(runs: Sequence[RunRecord]) -> Iterator[Sequence[Any]]:
    for run in runs:
        told = run.find_rules() or {}
        for rule in next((value for name, value in told.items() if name.endswith("/rules/v1")), ()):
            if not rule["findings"]:
                yield run.logged.run, rule["id"], rule.get("severity"), "nothing found", None, None, None
            for each in rule["findings"]:
                verdict = "waived" if each["waived"] else "refuses" if each["severity"] == "refuse" else "warns"
                yield (
                    *(run.logged.run, rule["id"], each["severity"], verdict),
                    *(each["object"], each["message"], each["waived"]),
                )


def _iter_outcomes(runs: Sequence[RunRecord]) -> Iterator[Sequence[Any]]:
    for run in runs:
        for step in (run.find_outcome() or {}).get("steps", ()):
            counts = [step[name] for name in ("rows", "rejected", "suppressed", "unknown", "left")]
            yield run.logged.run, step["address"], step["outcome"], *counts, step.get("failure")


def _iter_suppressions(runs: Sequence[RunRecord]) -> Iterator[Sequence[Any]]:
    for run in runs:
        begun = datetime.fromisoformat(run.logged.at)
        for each in run.plan.get("suppressions", ()):
            taken = each["taken"]
            age = None if taken is None else _count_hours(begun - datetime.fromisoformat(taken))
            most = each["max_age"]
            yield run.logged.run, each["segment"], each["address"], taken or "read live", age, most, each["entries"]


def _count_hours(age: timedelta) -> float:
    return round(age.total_seconds() / 3600, 2)


def _iter_left_out(runs: Sequence[RunRecord]) -> Iterator[Sequence[Any]]:
    for run in runs:
        for each in () if run.tree is None else run.tree.counts:
            yield (
                *(run.logged.run, each.segment, each.decision, each.band),
                *(each.code, list(each.args), each.count),
            )


def _iter_settings(days: Sequence[DayState], states: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    for day in days:
        for address, told in states[day.file]["objects"].items():
            if address.startswith(_CALLS):
                for path, value in _iter_fields(told["values"] or {}):
                    yield day.day.isoformat(), day.tenant, day.environment, day.run, address, path, value


def _iter_fields(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in sorted(values.items()):
        if isinstance(value, dict):
            yield from _iter_fields(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def make_state(run: RunRecord) -> dict[str, Any]:
    """How a run left the objects of its plan; of what failed nobody knows."""
    ended = {each["address"]: each["outcome"] for each in (run.find_outcome() or {}).get("steps", ())}
    objects = {}
    for each in run.plan.get("resource_changes", ()):
        address, after = each["address"], each["change"]["after"]
        how = ended.get(address, "done" if run.find_outcome() else "unknown")
        state = "unknown" if how != "done" else "gone" if after is None else "in_force"
        objects[address] = {"state": state, "values": after if state == "in_force" else None}
    lists = {
        each["address"]: {"list": each["list"], "contacts": each["live"] + each["adds"] - each["removes"]}
        for each in run.plan.get("row_changes", ())
        if each["writes"] == "members"
    }
    return {"run": run.logged.run, "plan": run.logged.plan, "objects": objects, "lists": lists}


def list_days(runs: Sequence[RunRecord], first: date, last: date) -> tuple[list[DayState], dict[str, Any]]:
    """What was in force at the end of each day, and the states by their files."""
    states: dict[str, Any] = {}
    files: dict[str, str] = {}
    for run in runs:
        if run.plan:
            state = make_state(run)
            content = orjson.dumps(state, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2)
            files[run.logged.run] = f"configuration/{hashlib.sha256(content).hexdigest()[:24]}.json"
            states[files[run.logged.run]] = state
    days, held = [], dict[tuple[str | None, str | None], str]()
    queue = [run for run in runs if run.logged.run in files]
    day = first
    while day <= last:
        while queue and queue[0].day <= day:
            run = queue.pop(0)
            held[run.logged.tenant, run.logged.environment] = run.logged.run
        for (tenant, environment), name in sorted(held.items(), key=str):
            days.append(DayState(day, tenant, environment, name, files[name]))
        day += timedelta(days=1)
    return days, states
