# tested by: tests/steps/apply/test_outcomes.py
"""What is said in a plan of the outcomes that a campaign's contacts get?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.audience.delivery import wire_rows
from reconciler.audience.diff import outcomes
from reconciler.model.change import Sample
from reconciler.model.disposition import DispositionSet
from reconciler.model.listing import count_shown
from reconciler.model.live import Live
from reconciler.model.outcomes import OutcomeChange
from reconciler.model.reason import Share
from reconciler.model.tokens import Tokens

AGENTS = 10
"""Agents that are named; the others are counted together."""

EXAMPLES = 5
"""Contacts shown as examples, one of each transition."""


def plan_outcomes(
    backend: Any,
    wanted: DispositionSet,
    live: Live,
    tokens: Tokens,
    into: Path,
    owed: Any = None,
    others: Sequence[DispositionSet] = (),
) -> OutcomeChange:
    """What must change of the contacts of a set's campaign; its rows are written to the file `into`."""
    compared = outcomes.compare_outcomes(backend, wanted, live.rows, into, owed, others)
    rows = compared.rows
    return OutcomeChange(
        address=wanted.address,
        campaign=wanted.campaign,
        rate=live.campaign_rate,
        source=compared.source,
        unchanged=compared.unchanged,
        rows=rows,
        digest=wire_rows.digest_rows(rows),
        reasons=outcomes.count_reasons(backend, rows),
        outcomes=tuple(outcomes.count_values(backend, rows, "outcome")),
        agents=_agents(outcomes.count_values(backend, rows, "agent")),
        left=compared.left,
        places=compared.places,
        owed=compared.owed,
        samples=tuple(
            Sample(tokens.token(contact), tokens.hint(contact), "set", why)
            for contact, why in outcomes.pick_examples(backend, rows, EXAMPLES)
        ),
        reopened=compared.reopened,
        later=compared.later,
    )


def _agents(counted: list[Share]) -> tuple[Share, ...]:
    shown = count_shown(len(counted), AGENTS)
    rest = counted[shown:]
    others = [Share("", sum(each.count for each in rest), others=len(rest))] if rest else []
    return (*counted[:shown], *others)
