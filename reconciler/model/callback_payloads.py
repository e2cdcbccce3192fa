"""Build the payloads of callbacks.

Counts, names of the workspace and digests: no contact, no phone, nobody's name, not even a token. Outcomes alone name
their contacts, by their ids: they are for the system that knows them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from reconciler.model.disposition import Settled
from reconciler.model.errors import Exit, Refused, Stale
from reconciler.model.instants import format_instant
from reconciler.model.json_digest import compute_digest
from reconciler.model.object_change import Action
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.report import JobEnd, Outcome, Report
from reconciler.model.resource_address import Address
from reconciler.model.webhook import Event, Occasion, Payload

SOURCE = "cxone_outbound_sync"
"""Who calls back (contract, section bulk)."""


def make_plan_occasion(plan: Plan, now: datetime) -> Occasion:
    """A plan was made."""
    digest = plan_digest(plan)
    payload = {
        **_make_heading(Event.PLAN, plan, now),
        "digest": digest,
        "as_of": format_instant(plan.as_of),
        "objects": {
            "create": plan.count(Action.CREATE),
            "update": plan.count(Action.UPDATE),
            "adopt": plan.adoptions,
            "replace": plan.count(Action.REPLACE),
            "delete": plan.count(Action.DELETE),
            "release": plan.count(Action.RELEASE),
            "moved": sum(change.previous is not None for change in plan.objects),
        },
        "contacts": {
            "add": sum(change.adds for change in plan.rows),
            "update": sum(change.updates for change in plan.rows),
            "remove": sum(change.removes for change in plan.rows),
        },
        "undeclared": {"objects": len(plan.undeclared), "dialling": sum(each.dials for each in plan.undeclared)},
        "writes": plan.budget.writes,
        "empty": plan.empty,
        "unsafe": bool(plan.refusals),
        "findings": [
            {
                "rule": finding.rule,
                "object": str(finding.object),
                "severity": finding.severity.value,
                "waived": finding.waived is not None,
            }
            for finding in plan.findings
        ],
    }
    return Occasion(Event.PLAN, digest, payload)


def make_apply_occasion(plan: Plan, report: Report, now: datetime) -> Occasion:
    """A run has ended, for now or for good."""
    payload = {
        **_make_heading(Event.APPLY, plan, now),
        "run": report.run,
        "digest": plan_digest(plan),
        "exit_code": int(report.exit_code),
        "interrupted": report.interrupted,
        "error": None,
        "outcomes": {outcome.name.lower(): len(report.list_ended(outcome)) for outcome in Outcome},
        "contacts": {
            "written": sum(step.rows for step in report.steps),
            "rejected": sum(step.rejected for step in report.steps),
        },
        "writes": report.writes,
    }
    return Occasion(Event.APPLY, report.run, payload)


def make_refusal_occasion(plan: Plan, error: Refused | Stale, now: datetime) -> Occasion:
    """An apply wrote nothing: the plan was unsafe, or stale."""
    payload = {
        **make_apply_occasion(plan, Report("", (), 0), now).payload,
        "run": None,
        "exit_code": int(error.exit_code),
        "error": error.code,
    }
    return Occasion(Event.APPLY, str(payload["digest"]), payload)


def make_jobs_occasion(run: str, jobs: Sequence[JobEnd], now: datetime) -> Occasion | None:
    """Every job of a run is over (contract, section bulk); None while one is not, or where there is none."""
    if not jobs or not all(job.over for job in jobs):
        return None
    payload = {
        "source": SOURCE,
        "jobs": {
            job.id: {"status": job.status, "progress": job.progress, "timestamp": format_instant(job.at)}
            for job in jobs
        },
        # one whose rows were sent again by others has no part in it: these have
        "all_completed": all(job.status == "COMPLETED" or job.replaced for job in jobs),
        "timestamp": format_instant(now),
    }
    # a run that is resumed ends again; that is news only where it began other jobs
    ends = compute_digest(sorted([job.id, job.status] for job in jobs))
    return Occasion(Event.JOB_COMPLETED, run, payload, once=ends)


OUTCOMES_SOURCE, OUTCOMES_EVENT = "CXone_Outbound_Sync", "DISPOSITION_UPDATE"
"""Who tells of outcomes, and what it is called (contract, section dispositions)."""


def make_outcome_occasions(
    run: str, address: Address, settled: Sequence[tuple[Mapping[str, Any], Settled]], most: int | None = None
) -> list[Occasion]:
    """Outcomes were set by a run: an occasion for each. What was there before is nobody's news.

    Args:
        most: so many in one occasion at most; None: each is one (contract, section dispositions: one webhook after
            each success).
    """
    told = [(row, each) for row, each in settled if each.ending == "set"]
    size = most or 1
    parts = (told[start : start + size] for start in range(0, len(told), size))
    return [_make_outcomes_occasion(run, address, part, batched=most is not None) for part in parts]


def _make_outcomes_occasion(
    run: str, address: Address, told: Sequence[tuple[Mapping[str, Any], Settled]], *, batched: bool
) -> Occasion:
    updates = [
        {
            "timestamp": each.at,
            "contact_id": row["contactId"],
            "campaign_id": each.campaign_id,
            "outcome_code": row["outcome"],
            "agent_id": row["agent"],
            "status": "success",
            "latency_ms": each.latency_ms,
        }
        for row, each in told
    ]
    # of a batch that is gone through again only the contacts are sure to be the same
    once = compute_digest([str(address), [[update["contact_id"], update["outcome_code"]] for update in updates]])
    payload: dict[str, Any] = {"event": OUTCOMES_EVENT, "updates": updates, "source": OUTCOMES_SOURCE}
    if not batched:
        payload["data"] = updates[0]
    return Occasion(Event.OUTCOMES, run, payload, once=once)


def make_body(payload: Payload) -> Any:
    """The body of a callback whose webhook has no template: of an outcome the message of the contract, of a batch of
    them a list of such."""
    if payload.get("event") != OUTCOMES_EVENT:
        return dict(payload)
    messages = [{"event": OUTCOMES_EVENT, "data": update, "source": payload["source"]} for update in payload["updates"]]
    return messages[0] if "data" in payload else messages


def _make_heading(event: Event, plan: Plan, now: datetime) -> dict[str, Any]:
    where = {"workspace": plan.workspace, "tenant": plan.tenant, "environment": plan.environment}
    return {"source": SOURCE, "event": event.value, "timestamp": format_instant(now), **where}


_THEN = "2026-07-01T09:30:00Z"
_ANY_DIGEST = "sha256:" + "0" * 64

_UPDATE = {
    "timestamp": "2026-07-01T09:30:00.000Z",
    "contact_id": "C-1001",
    "campaign_id": "CA-1001",
    "outcome_code": "INTERESTED",
    "agent_id": "A-17",
    "status": "success",
    "latency_ms": 84,
}

SAMPLES: Mapping[Event, Payload] = {
    Event.JOB_COMPLETED: {
        "source": SOURCE,
        "jobs": {"7f3c": {"status": "COMPLETED", "progress": 100, "timestamp": _THEN}},
        "all_completed": True,
        "timestamp": _THEN,
    },
    Event.PLAN: {
        "source": SOURCE,
        "event": "plan",
        "timestamp": _THEN,
        "workspace": "starter",
        "tenant": "production",
        "environment": "prod",
        "digest": _ANY_DIGEST,
        "as_of": "2026-07-01T00:00:00Z",
        "objects": {"create": 1, "update": 2, "adopt": 0, "replace": 0, "delete": 0, "release": 0, "moved": 1},
        "contacts": {"add": 120, "update": 8, "remove": 15},
        "undeclared": {"objects": 1, "dialling": 0},
        "writes": 6,
        "empty": False,
        "unsafe": True,
        "findings": [
            {"rule": "LIM-REMOVALS", "object": "Segment/spring-offer[engaged]", "severity": "refuse", "waived": False}
        ],
    },
    Event.APPLY: {
        "source": SOURCE,
        "event": "apply",
        "timestamp": _THEN,
        "workspace": "starter",
        "tenant": "production",
        "environment": "prod",
        "run": "20260701T093000.000000-a1b2c3",
        "digest": _ANY_DIGEST,
        "exit_code": int(Exit.PARTIAL),
        "interrupted": False,
        "error": None,
        "outcomes": {"done": 3, "failed": 1, "interrupted": 0, "blocked": 0, "not_attempted": 0},
        "contacts": {"written": 143, "rejected": 0},
        "writes": 6,
    },
    Event.OUTCOMES: {
        "event": OUTCOMES_EVENT,
        "data": _UPDATE,
        "updates": [_UPDATE],
        "source": OUTCOMES_SOURCE,
    },
}
"""A payload of each event, for the check of templates and for the documentation."""
