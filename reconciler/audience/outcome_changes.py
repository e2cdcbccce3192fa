"""What is said in a plan of the outcomes that a campaign's contacts get?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.audience import outcomes, row_changes
from reconciler.model.change import Reason, Sample
from reconciler.model.disposition import DispositionSet
from reconciler.model.listing import cut
from reconciler.model.live import Live
from reconciler.model.outcomes import OutcomeChange, Place
from reconciler.model.tokens import Tokens

AGENTS = 10
"""Agents that are named; the others are counted together."""

EXAMPLES = 5
"""Contacts shown as examples, one of each transition."""


def change(
    backend: Any,
    wanted: DispositionSet,
    live: Live,
    tokens: Tokens,
    into: Path,
    owed: Any = None,
    others: Sequence[DispositionSet] = (),
) -> OutcomeChange:
    """What must change of the contacts of a set's campaign; its rows are written to the file `into`."""
    compared = outcomes.compare(backend, wanted, live.rows, into, owed, others)
    rows = compared.rows
    return OutcomeChange(
        address=wanted.address,
        campaign=wanted.campaign,
        rate=live.campaign_rate,
        source=compared.source,
        unchanged=compared.unchanged,
        rows=rows,
        digest=row_changes.rows_digest(rows),
        reasons=_reasons(outcomes.tally(backend, rows, "reason")),
        outcomes=_reasons(outcomes.tally(backend, rows, "outcome")),
        agents=_agents(outcomes.tally(backend, rows, "agent", most=100_000)),
        left=_reasons(compared.left),
        places=tuple(Place(*each) for each in compared.places),
        owed=_reasons(compared.owed),
        samples=tuple(
            Sample(tokens.token(contact), tokens.hint(contact), "set", why)
            for contact, why in outcomes.examples(backend, rows, EXAMPLES)
        ),
        reopened=compared.reopened,
        later=compared.later,
    )


def _reasons(counted: list[tuple[str, int]]) -> tuple[Reason, ...]:
    return tuple(Reason(*each) for each in counted)


def _agents(counted: list[tuple[str, int]]) -> tuple[Reason, ...]:
    shown = cut(len(counted), AGENTS)
    rest = counted[shown:]
    others = [(f"{len(rest):,} other agents", sum(count for _, count in rest))] if rest else []
    return _reasons([*counted[:shown], *others])
