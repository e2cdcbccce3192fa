# tested by: tests/cli/test_audit.py
"""Define the runs that the audit record tells of: who applied what, when, and for whose change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reconciler.model.approval import read_audit_document
from reconciler.model.origin import Origin, read_origin

_ENDS = ("finished", "stopped", "refused")


@dataclass(frozen=True, slots=True)
class LoggedRun:
    """One run of an apply.

    Attributes:
        run: its name. plan: the digest of what it applied. tenant, environment: as its plan names them.
        at, by: when and as which user of its machine it was begun. resumed: how often it was gone on with.
        ended, how, exit_code: when and how it ended last: `finished`, `stopped` with something left to resume,
            `refused` because the plan was stale, or `open`.
        approvals: whose approval it needed when it was begun or last resumed, and every one with what came of its
            check; None: it needed none.
        origin: whose change the apply was about. planned: the same of the plan, as the pipeline said when it was made.
    """

    run: str
    plan: str
    tenant: str | None
    environment: str | None
    at: str
    by: str
    resumed: int = 0
    ended: str | None = None
    how: str = "open"
    exit_code: int | None = None
    origin: Origin | None = None
    planned: Origin | None = None
    approvals: Mapping[str, Any] | None = None


def list_runs(entries: Iterable[Mapping[str, Any]]) -> list[LoggedRun]:
    """The runs that the entries of a record tell of, in the order in which they were begun."""
    begun: dict[str, dict[str, Any]] = {}
    for entry in entries:
        name, event = str(entry.get("run")), entry.get("event")
        if event == "started":
            begun[name] = {
                "run": name,
                **{each: str(entry.get(each)) for each in ("plan", "at", "by")},
                **{each: entry.get(each) for each in ("tenant", "environment")},
                **{each: _read_origin(entry, each) for each in ("origin", "planned")},
                "approvals": _read_approvals(entry),
            }
        elif name in begun and event == "resumed":
            begun[name] |= {"resumed": begun[name].get("resumed", 0) + 1, "how": "open", "exit_code": None}
            begun[name] |= {"approvals": _read_approvals(entry) or begun[name]["approvals"]}
            begun[name] |= {"ended": None, "origin": _read_origin(entry, "origin") or begun[name]["origin"]}
        elif name in begun and event in _ENDS:
            begun[name] |= {"ended": entry.get("at"), "how": str(event), "exit_code": entry.get("exit_code")}
    return [LoggedRun(**each) for each in begun.values()]


def _read_approvals(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """What an entry tells of approvals; of one that is written otherwise, which nobody's key proves, nothing."""
    try:
        return read_audit_document(entry.get("approvals"))
    except (ValueError, TypeError, KeyError):
        return None


def _read_origin(entry: Mapping[str, Any], name: str) -> Origin | None:
    """The origin in an entry; of one that is written otherwise, which nobody's key proves, nothing."""
    try:
        return read_origin(entry.get(name))
    except (ValueError, TypeError, KeyError):
        return None
