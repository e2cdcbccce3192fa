# tested by: tests/test_engines.py
"""Compare what is declared with what is live. Pure: only declared fields count."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reconciler.audience.decision import dnc_additions
from reconciler.audience.diff import call_outcome_summary
from reconciler.audience.relations import engine
from reconciler.kinds.disposition_set import make_disposition_sets
from reconciler.model.changes import Changes
from reconciler.model.contact_tokens import Tokens
from reconciler.model.desired_state import Desired
from reconciler.model.list_change import Accounting, RowChange
from reconciler.model.live_state import Live
from reconciler.model.outcome_change import OutcomeChange
from reconciler.model.run_reversal import Reversal
from reconciler.model.segment_membership import Members
from reconciler.steps.diff import list_diff, number_changes, object_diff, run_reversal, undeclared_objects
from reconciler.steps.diff.adoption_notices import describe_adoptions


def diff(desired: Desired, members: Members, live: Live, tokens: Tokens) -> Changes:
    """Object changes for every declared object, row changes for every list that a segment fills.

    Raises:
        EmptySource: a do-not-call list that an object's numbers are of has none.
        BadInput: something declared cannot be made or changed through the tenant's surfaces.
    """
    if desired.back is not None:
        return _diff_back(desired, desired.back, members, live, tokens)
    told = tuple(object_diff.list_notices(desired, live))
    found = [*object_diff.diff_declared(desired, live), *undeclared_objects.list_released(desired, live)]
    found += undeclared_objects.list_pruned(desired, live) if desired.prune else ()
    found = list(object_diff.add_alike(found, live))
    told = (*told, *describe_adoptions(desired, found))
    left = tuple(undeclared_objects.list_undeclared(desired, live))
    sets = tuple(number_changes.iter_number_sets(desired))
    if not members and not sets and not make_disposition_sets(desired.catalogue):
        return Changes(tuple(found), (), (), undeclared=left, notices=told)
    accounts: list[Accounting] = []
    rows: list[RowChange] = []
    into = desired.scratch / "rows"
    into.mkdir(exist_ok=True)
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        for standing in members:
            accounts.append(standing.account)
            rows += list_diff.diff_lists(backend, desired, standing, live, tokens, into)
        outcomes = tuple(_iter_outcomes(backend, desired, live, tokens, into))
        numbers = tuple(
            dnc_additions.plan_additions(backend, make_disposition_sets(desired.catalogue), live.rows, tokens, into)
        )
        held = tuple(number_changes.diff_numbers(backend, desired, sets, live, tokens, into))
    return Changes(tuple(found), tuple(rows), tuple(accounts), outcomes, numbers, held, left, told)


def _diff_back(desired: Desired, back: Reversal, members: Members, live: Live, tokens: Tokens) -> Changes:
    """What goes back to what a run found: nothing else that is declared is compared, and no outcome is set."""
    objects, told = run_reversal.diff_back(desired, back, live)
    into = desired.scratch / "rows"
    into.mkdir(exist_ok=True)
    rows: list[RowChange] = []
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        for standing in members:
            rows += list_diff.diff_lists(backend, desired, standing, live, tokens, into)
            told += standing.notices
    told += run_reversal.list_strange_lists(members, back)
    return Changes(tuple(objects), tuple(rows), (), notices=tuple(told))


def _iter_outcomes(backend: Any, desired: Desired, live: Live, tokens: Tokens, into: Path) -> Iterator[OutcomeChange]:
    """What must change of the contacts of every campaign that a set names; nothing is said where nobody looked."""
    declared = make_disposition_sets(desired.catalogue)
    for wanted in declared:
        if wanted.live not in live.rows:
            continue
        file = into / f"{wanted.address.kind}-{wanted.address.name}.parquet"
        owed = list_diff.select_pending(backend, desired, live, str(wanted.address))
        others = [each for each in declared if each.address != wanted.address]
        rivals = [each for each in others if each.campaign.may_be(wanted.campaign)]
        yield call_outcome_summary.plan_outcomes(backend, wanted, live, tokens, file, owed, rivals)
