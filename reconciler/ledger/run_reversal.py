# tested by: tests/cli/test_rollback.py
"""Read from the ledger what a run changed, as far as it got, and what the runs after it changed again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reconciler.ledger.interrupted_runs import journal_of
from reconciler.ledger.journal_state import JournalState
from reconciler.ledger.record_store_interface import parse_line
from reconciler.ledger.run_plans import open_run_plan
from reconciler.ledger.signed_lines import ProvenRecords
from reconciler.model.errors import LedgerError
from reconciler.model.list_change import RowChange
from reconciler.model.object_change import Action, ObjectChange
from reconciler.model.plan import Plan
from reconciler.model.resource_address import Address
from reconciler.model.run_reversal import LaterRun, Named, Reversal, list_names


class NoWayBack(LedgerError):
    """The ledger does not hold what a run found."""

    code = "no-way-back"


def read_reversal(records: ProvenRecords, of: tuple[str, str, str | None], run: str, into: Path) -> Reversal:
    """What a run of a workspace, against a tenant and in an environment, has changed; its rows below `into`.

    Raises:
        NoWayBack: the ledger holds no such run, or no plan of it or of one after it any more.
        LedgerError: the run is another workspace's or tenant's, or the ledger cannot be read.
    """
    names = records.list_runs()
    if run not in names:
        latest = f"the latest are {', '.join(names[-3:])}" if names else "there is none"
        raise NoWayBack(
            f"the ledger holds no run {run}",
            note="what it found is not known, if there was one: runs are deleted once they have been kept long enough",
            hint=f"name a run of this ledger; {latest}; `reconciler audit log` lists them",
        )
    if (whose := _read_whose(records, run)) != of:
        told = "of nobody that it names" if whose is None else f"of workspace {whose[0]} against {whose[1]}"
        raise LedgerError(
            f"run {run} is {told}", where=records.locate(journal_of(run)), hint="name one of this workspace"
        )
    plan, state = _open(records, of[1], run, into / "run"), _read_state(records, run)
    begun = [each for each in plan.changes() if _has_begun(state, each.address)]
    later = tuple(
        _read_later(records, of[1], name, into / f"later-{number}")
        for number, name in enumerate(each for each in names if each > run and _read_tenant(records, each) == of[1])
    )
    known = {each.address for each in begun}
    return Reversal(
        run,
        all(state.find_result(step.address) is not None for step in plan.steps),
        tuple(each for each in plan.objects if each.address in known and each.action is not Action.NO_OP),
        tuple(each for each in plan.rows if each.address in known),
        sum(each.total for each in plan.outcomes if each.address in known),
        sum(each.total for each in plan.numbers if each.address in known),
        later,
    )


def _open(records: ProvenRecords, tenant: str, run: str, into: Path) -> Plan:
    try:
        return open_run_plan(records, tenant, run, into)
    except LedgerError as error:
        raise NoWayBack(
            f"what run {run} changed is not known: {error.message}",
            where=error.where,
            note="nobody can say what was there before; nothing was changed",
            hint="change the manifests to what you want, and plan",
        ) from error


def _read_later(records: ProvenRecords, tenant: str, run: str, into: Path) -> LaterRun:
    plan, state = _open(records, tenant, run, into), _read_state(records, run)
    objects: dict[Named, frozenset[str]] = {}
    for change in plan.objects:
        if change.action is not Action.NO_OP and _has_begun(state, change.address):
            objects |= dict.fromkeys(_list_named(change), _list_paths(change))
    rows: Iterator[RowChange] = (each for each in plan.rows if each.total and _has_begun(state, each.address))
    return LaterRun(run, objects, tuple(rows))


def _list_named(change: ObjectChange) -> list[Named]:
    return [(change.address.kind, name) for name in sorted(list_names(change))]


def _list_paths(change: ObjectChange) -> frozenset[str]:
    """The fields that were changed; of what was made, deleted or replaced none: it is another object."""
    return frozenset(each.path for each in change.fields) if change.action is Action.UPDATE else frozenset()


def _has_begun(state: JournalState, address: Address) -> bool:
    return state.find_result(address) is not None or state.may_have_begun(address)


def _read_whose(records: ProvenRecords, run: str) -> tuple[str, str, str | None] | None:
    """Whose run it is: workspace, tenant and environment; None: nothing of it was begun."""
    first = next(iter(records.scan_lines(journal_of(run))), None)
    if first is None:
        return None
    told = parse_line(records, journal_of(run), 1, first)
    environment = told.get("environment")
    return str(told.get("workspace")), str(told.get("tenant")), None if environment is None else str(environment)


def _read_tenant(records: ProvenRecords, run: str) -> str | None:
    whose = _read_whose(records, run)
    return None if whose is None else whose[1]


def _read_state(records: ProvenRecords, run: str) -> JournalState:
    state = JournalState()
    for number, line in enumerate(records.scan_lines(journal_of(run)), start=1):
        state.remember(parse_line(records, journal_of(run), number, line))
    return state
