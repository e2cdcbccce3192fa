# tested by: tests/views/test_golden.py
"""Write the events of an apply as NDJSON."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from reconciler.model.errors import ReconcilerError
from reconciler.model.jobs import Job
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.reason import Reason
from reconciler.model.reason_json import make_reason_document
from reconciler.model.report import ChunkDone, Failure, Outcome, Report, StepResult
from reconciler.model.resource_address import Address
from reconciler.views.reasons import describe_error, describe_reason, describe_step

FORMAT_VERSION = "1.1"


class ApplyEvents:
    """Tells every event as it happens; no contact's id, no phone. Safe to call from several threads.

    Args:
        write: is given one line at a time, its end included.
    """

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._lock = threading.Lock()
        self._over = False
        self._run: str | None = None

    def start_run(self, run: str, plan: Plan, resumed: bool) -> None:
        """`run-started` or `run-resumed`."""
        self._run = run
        self._tell(
            "run-resumed" if resumed else "run-started",
            workspace=plan.workspace,
            tenant=plan.tenant,
            environment=plan.environment,
            plan=plan_digest(plan),
            steps=len(plan.steps),
            rows=sum(change.total for change in plan.rows),
        )

    def start_step(self, address: Address, does: Reason, rows: int) -> None:
        """`step-begun`."""
        told = {"words": describe_reason(does), "why": make_reason_document(does), "rows": rows}
        self._tell("step-begun", address=str(address), **told)

    def count_chunk(self, address: Address, done: ChunkDone) -> None:
        """`chunk-done`."""
        told = {"phase": done.phase, "chunk": done.number, "rows": done.rows, "rejected": done.rejected}
        told["suppressed"] = done.suppressed
        self._tell("chunk-done", address=str(address), **told, deferred=done.deferred, before=done.before)

    def start_job(self, address: Address, job_id: str, rows: int, again: bool) -> None:
        """`job-submitted`."""
        self._tell("job-submitted", address=str(address), job=job_id, rows=rows, again=again)

    def update_job(self, address: Address, job: Job) -> None:
        """`job-progress` or `job-over`."""
        told = {"job": job.id, "status": job.status, "progress": job.progress, "failed": job.failed}
        self._tell("job-over" if job.over else "job-progress", address=str(address), **told)

    def end_step(self, result: StepResult) -> None:
        """`step-finished`."""
        self._tell(
            "step-finished",
            address=str(result.address),
            outcome=result.outcome.value,
            rows=result.rows,
            rejected=result.rejected,
            suppressed=result.suppressed,
            unknown=result.unknown,
            words=describe_step(result),
            why=None if result.why is None else make_reason_document(result.why),
            hint=result.hint,
            failure=None if result.failure is None else result.failure.document(),
        )

    def end_run(self, report: Report) -> None:
        """`run-finished`."""
        self._tell(
            "run-finished",
            exit_code=int(report.exit_code),
            resumable=report.resumable,
            steps={outcome.value: len(report.list_ended(outcome)) for outcome in Outcome},
            rows=sum(step.rows for step in report.steps),
            rejected=sum(step.rejected for step in report.steps),
            writes=report.writes,
            audit=None if report.audit is None else {"entries": report.audit.entries, "head": report.audit.head},
        )

    def tell_interruption(self, at_once: bool) -> None:
        """`interrupted`: somebody has asked to stop; at once, it is the last that is told."""
        self._tell("interrupted", at_once=at_once)
        with self._lock:
            self._over = at_once

    def tell_failure(self, error: ReconcilerError) -> None:
        """`run-failed`: the plan was refused, or the ledger could not be written; there is no `run-finished`."""
        self._tell(
            "run-failed",
            exit_code=int(error.exit_code),
            code=error.code,
            words=describe_error(error),
            hint=error.hint,
            failure=Failure.of(error).document(),
        )

    def _tell(self, event: str, **detail: Any) -> None:
        with self._lock:
            if self._over:
                return
            at = datetime.now(UTC).isoformat(timespec="milliseconds")
            head = {"format_version": FORMAT_VERSION, "event": event, "at": at, "run": self._run}
            self._write(orjson.dumps({**head, **detail}, option=orjson.OPT_APPEND_NEWLINE))
