# tested by: tests/steps/apply/test_outcome_step.py
"""Summarise the call outcomes that a plan sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.delivery import wire_rows
from reconciler.audience.diff import call_outcome_diff
from reconciler.model.contact_tokens import Tokens
from reconciler.model.disposition import DispositionSet
from reconciler.model.list_change import Sample
from reconciler.model.live_state import Live
from reconciler.model.outcome_change import OutcomeChange
from reconciler.model.reason import Share
from reconciler.model.text_enumerations import count_shown

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

AGENTS = 10
"""Agents that are named; the others are counted together."""

EXAMPLES = 5
"""Contacts shown as examples, one of each transition."""


def plan_outcomes(
    backend: BaseBackend,
    wanted: DispositionSet,
    live: Live,
    tokens: Tokens,
    into: Path,
    owed: Table | None = None,
    others: Sequence[DispositionSet] = (),
) -> OutcomeChange:
    """What must change of the contacts of a set's campaign; its rows are written to the file `into`."""
    compared = call_outcome_diff.compare_outcomes(backend, wanted, live.rows, into, owed, others)
    rows = compared.rows
    return OutcomeChange(
        address=wanted.address,
        campaign=wanted.campaign,
        rate=live.campaign_rate,
        source=compared.source,
        unchanged=compared.unchanged,
        rows=rows,
        digest=wire_rows.digest_rows(rows),
        reasons=call_outcome_diff.count_reasons(backend, rows),
        outcomes=tuple(call_outcome_diff.count_values(backend, rows, "outcome")),
        agents=_count_agents(call_outcome_diff.count_values(backend, rows, "agent")),
        left=compared.left,
        places=compared.places,
        owed=compared.owed,
        samples=tuple(
            Sample(tokens.token(contact), tokens.hint(contact), "set", why)
            for contact, why in call_outcome_diff.pick_examples(backend, rows, EXAMPLES)
        ),
        reopened=compared.reopened,
        later=compared.later,
    )


def _count_agents(counted: list[Share]) -> tuple[Share, ...]:
    shown = count_shown(len(counted), AGENTS)
    rest = counted[shown:]
    others = [Share("", sum(each.count for each in rest), others=len(rest))] if rest else []
    return (*counted[:shown], *others)
