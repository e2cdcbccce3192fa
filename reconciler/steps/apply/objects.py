"""How is one object made, changed or deleted, and known to be as it should?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from reconciler.kinds import kinds
from reconciler.ledger.journal import Run
from reconciler.model.change import Action, ObjectChange
from reconciler.model.errors import ReconcilerError
from reconciler.model.moment import format_instant
from reconciler.model.ports import Writer
from reconciler.model.report import Outcome, StepResult


class NotAsWritten(ReconcilerError):
    """The tenant took a write and holds something else."""

    code = "not-as-written"


def write(change: ObjectChange, workspace: str, writer: Writer, run: Run) -> StepResult:
    """Write one object and read it back.

    Raises:
        ReconcilerError: the tenant would not, or holds something else than was written.
    """
    kind, key = kinds()[change.address.kind], str(change.address)
    match change.action:
        case Action.CREATE:
            # what was fixed by the first attempt stays fixed when the run is resumed
            fixed = run.intent(key, fixed=_fixed(change.seconds_later))["fixed"]
            fields = {**change.declared, **fixed}
            writer.create(kind, fields, workspace)
            words = f"created {change.name!r}"
        case Action.DELETE:
            run.intent(key)
            writer.delete(kind, change.name)
            fields = {}
            words = f"deleted {change.name!r}"
        case _:
            run.intent(key)
            fields = dict(change.declared)
            writer.update(kind, change.name, fields, workspace)
            words = f"{'adopted' if change.adopts else 'updated'} {change.name!r}"
    _read_back(change, fields, workspace, writer)
    return StepResult(change.address, Outcome.DONE, words)


def _fixed(seconds_later: Mapping[str, int]) -> dict[str, str]:
    now = datetime.now(UTC)
    return {name: format_instant(now + timedelta(seconds=seconds)) for name, seconds in seconds_later.items()}


def _read_back(change: ObjectChange, fields: Mapping[str, Any], workspace: str, writer: Writer) -> None:
    kind = kinds()[change.address.kind]
    found = next((each for each in writer.objects(kind) if each.name == change.name), None)
    if change.action is Action.DELETE:
        if found is not None:
            raise NotAsWritten(f"{change.name!r} was deleted and is still there")
        return
    if found is None:
        raise NotAsWritten(f"{change.name!r} was written and is not there")
    wrong = [name for name, value in fields.items() if found.fields.get(name) != value]
    if found.owner != workspace:
        wrong.append("the ownership mark")
    if wrong:
        raise NotAsWritten(f"the tenant did not keep {', '.join(wrong)} of {change.name!r} as written")
