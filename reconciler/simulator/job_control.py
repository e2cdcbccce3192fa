# tested by: tests/simulator/test_job_faults.py
"""Inspect and move jobs and callbacks from outside, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from reconciler.simulator.body_checks import boolean, fields, nullable, number, rows, some_text, whole
from reconciler.simulator.error_replies import bad_request
from reconciler.simulator.paging import offset_window
from reconciler.simulator.routing import Call, Reply
from reconciler.simulator.tenant_options import JobPace
from reconciler.simulator.webhooks import Webhooks

_MOST = 1_000_000


def _jobs(call: Call) -> Reply:
    """The jobs, and per list how many contacts were written, and in how many jobs at most."""
    jobs, reference = call.tenant.jobs, call.query.get("clientReference")
    found = [job.to_control() for job in jobs.all.values() if reference in (None, job.reference)]
    written = {target: _summary(jobs.writes(target)) for target in {job.target: None for job in jobs.all.values()}}
    return Reply(body={"jobs": found, "written": written})


def _summary(writes: dict[str, int]) -> dict[str, int]:
    most = max(writes.values(), default=0)
    return {"contacts": len(writes), "most": most, "again": sum(1 for count in writes.values() if count > 1)}


def _writes(call: Call) -> Reply:
    """In how many jobs each contact was written to `target`: a list's id, or `directory`."""
    target = call.query.get("target")
    if not target:
        raise bad_request("target: is required, a list's id or directory")
    window, writes = offset_window(call.query, 10_000), list(call.tenant.jobs.writes(target).items())
    page = [{"contactId": key, "jobs": count} for key, count in writes[window.start : window.end]]
    return Reply(body={"writes": page, "total": len(writes)})


def _ids(call: Call, body: dict[str, Any]) -> list[str]:
    return list(body.get("ids", list(call.tenant.jobs.all)))


def _advance(call: Call) -> Reply:
    """`{ids, steps}`: all jobs if no ids are said, one step if no steps are; `steps` null is to the end."""
    known = {"ids": rows(some_text, _MOST), "steps": nullable(whole(1))}
    body = fields(call.parse_body() if call.raw else {}, required={}, optional=known)
    jobs, steps = call.tenant.jobs, body.get("steps", 1)
    moved = [jobs.all[key] for key in _ids(call, body)]
    for job in moved:
        if steps is None:
            jobs.finish(job)
        for _ in range(steps or 0):
            jobs.advance(job)
    return Reply(body={"jobs": [job.to_control() for job in moved]})


def _pace(call: Call) -> Reply:
    """The pace of jobs that are still to come; what is not said is as in a `JobPace()`."""
    known = {"seconds": number, "steps": whole(1), "polls": nullable(whole(1)), "held": boolean, "gradually": boolean}
    call.tenant.jobs.pace = JobPace(**fields(call.parse_body(), required={}, optional=known))
    return Reply(body=asdict(call.tenant.jobs.pace))


def _forget(call: Call) -> Reply:
    """`{ids}`: the tenant knows these jobs no more, or none at all; what they wrote stays."""
    body = fields(call.parse_body() if call.raw else {}, required={}, optional={"ids": rows(some_text, _MOST)})
    for key in _ids(call, body):
        call.tenant.jobs.forget(key)
    return Reply(204)


def _webhooks(call: Call) -> Reply:
    found = call.tenant.store.part(Webhooks).to(call.query.get("name"))
    return Reply(body={"deliveries": [each.to_control() for each in found]})


def _clear_webhooks(call: Call) -> Reply:
    call.tenant.store.part(Webhooks).deliveries.clear()
    return Reply(204)


HANDLERS: dict[tuple[str, str], Callable[[Call], Reply]] = {
    ("GET", "/jobs"): _jobs,
    ("DELETE", "/jobs"): _forget,
    ("GET", "/jobs/writes"): _writes,
    ("POST", "/jobs/advance"): _advance,
    ("PUT", "/jobs/pace"): _pace,
    ("GET", "/webhooks"): _webhooks,
    ("DELETE", "/webhooks"): _clear_webhooks,
}
