"""Is a run that sets outcomes resumed to the same end, at whatever request or callback it was killed?

Nobody gets the same outcome twice, no callback is lost, no number is kept twice, and each contact has one entry in the
audit record.
"""

from __future__ import annotations

import re
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from reconciler.simulator import DispositionLimits, Options, Simulator
from reconciler.steps.apply import outcome_step as settling
from tests import outcomes
from tests.conftest import KILLED, Folder
from tests.outcomes import CODES, contact, phone
from tests.sample import tried
from tests.steps.apply import course
from tests.steps.apply.killing import Stage

CONTACTS = 6
BATCH = 2
_ONE_ATTEMPT = "rate: 5000, burst: 500, attempts: 1"


def small_batches() -> None:
    """Record few contacts together, so that there are several batches."""
    setattr(settling, "BATCH", BATCH)  # noqa: B010 - the type checker minds an assignment


def build(tenant: Simulator, folder: Folder) -> None:
    """A campaign whose contacts get outcomes; a webhook that is told, a do-not-call list that is fed."""
    outcomes.campaign(tenant, range(CONTACTS))
    outcomes.write_outcomes(folder, map(outcomes.row, range(CONTACTS)))
    extra = outcomes.declare_feedback(folder)
    own = f"{outcomes.FAST}\nattempts: 1"
    outcomes.declare(folder, tenant, extra=extra, own=own, pace=_ONE_ATTEMPT)
    outcomes.declare_crm(folder, tenant)
    for file in (folder.root / "data" / "asked").glob("*"):
        file.unlink()


def wrong_in_the_end(stage: Stage) -> list[str]:
    """What must not be, whatever happened on the way."""
    tenant, folder = stage.tenant, stage.folder
    wrong = []
    expected = {contact(n): CODES[n % len(CODES)] for n in range(CONTACTS)}
    if outcomes.outcomes(tenant) != expected:
        wrong.append(f"outcomes are {outcomes.outcomes(tenant)}")
    if repeated := tenant.dispositions.list_repeated():
        wrong.append(f"patched twice with the same outcome: {repeated}")
    told = Counter(message["data"]["contact_id"] for body in outcomes.told(tenant).values() for message in body)
    if told.keys() != expected.keys():
        wrong.append(f"the CRM was not told of {sorted(expected.keys() - told.keys())}")
    if outcomes.kept(folder) != [phone(n) for n in range(CONTACTS) if n % len(CODES) == 2]:
        wrong.append(f"kept numbers: {outcomes.kept(folder)}")
    entries = Counter(entry["contact"] for entry in outcomes.audited(folder))
    if len(entries) != CONTACTS or set(entries.values()) != {1}:
        wrong.append(f"entries in the audit record: {sorted(entries.values())}")
    return wrong


def test_a_run_killed_at_any_request_or_callback_is_resumed_to_the_same_end(
    tmp_path: Path, record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "BATCH", BATCH)
    limits = DispositionLimits(rate=None)
    stage = Stage(tmp_path, build, options=Options(dispositions=limits), prepare=small_batches)
    plan = str(tmp_path / "plan")
    try:
        code, said = stage.ended("plan", "--out", plan)
        assert code == 0, said
        stage.reset()
        code, said = stage.ended("apply", plan)
        assert code == 0, said
        assert wrong_in_the_end(stage) == []
        counted = Counter((each.method, each.path) for each in stage.tenant.requests())
        places = tried(
            [(*call, nth, after) for call, count in counted.items() for nth in range(count) for after in (False, True)]
        )
        wrong = {}
        with course.environment(stage.tenant.environment()):
            for method, path, nth, after in places:
                found = _killed_and_resumed(stage, plan, method, path, nth, after)
                if found:
                    wrong[f"{'after' if after else 'before'} {method} {path} ({nth + 1})"] = found
    finally:
        stage.close()
    record_property(KILLED, len(places))
    assert not wrong, f"{len(wrong)} of {len(places)}: {wrong}"


def _killed_and_resumed(stage: Stage, plan: str, method: str, path: str, nth: int, after: bool) -> list[str]:
    stage.reset()
    killed, said = stage.ended("apply", plan, at=nth, after=after, method=method, path=f"^{re.escape(path)}$")
    if killed != -signal.SIGKILL:
        # a callback may be the last that is sent: whether there is another hangs on how they were put together
        return [] if path.startswith("/_webhooks") else [f"ended with {killed} before it could be killed: {said}"]
    resumed = course.go(stage.folder, "apply", "--resume")
    course.go(stage.folder, "webhooks", "resend")
    wrong = wrong_in_the_end(stage)
    if resumed.code != 0:
        wrong.append(f"resumed to {resumed.code}: {resumed.out}{resumed.err}")
    if course.go(stage.folder, "audit", "verify").code != 0:
        wrong.append("the audit record does not hold")
    planned = course.go(stage.folder, "plan", "--detailed-exitcode")
    if planned.code != 0:
        wrong.append(f"a further plan: {planned.out}")
    wrong += course.leaks(stage.folder, said, resumed.out, resumed.err)
    return [*wrong, said, resumed.out, resumed.err] if wrong else []
