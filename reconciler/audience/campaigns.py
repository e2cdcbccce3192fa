"""Which outcomes do contacts of campaigns have now? Asked one by one, of several campaigns at the same time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from reconciler.audience import engine, keeping
from reconciler.audience import outcomes as of_contacts
from reconciler.model.ports import Reader
from reconciler.model.problem import BadInput
from reconciler.model.rows import OutcomesOf, RowQuery, Rows
from reconciler.model.settings import Engine


def outcomes(
    settings: Engine, asked: Sequence[OutcomesOf], rows: Mapping[RowQuery, Rows], reader: Reader, into: Path
) -> dict[RowQuery, Rows]:
    """Where the contacts of every set stand, in new files below `into`; each campaign has a pace of its own.

    Raises:
        BadInput: campaigns that the tenant does not have, all of them at once.
    """
    if not asked:
        return {}
    workers = max(1, reader.outcomes_at_once // len(asked))

    def one(number: int, query: OutcomesOf) -> Rows | BadInput:
        folder = into / f"campaign-{number}"
        folder.mkdir()
        # a database and a folder of its own: those of several threads must not meet
        with engine.reading(settings, folder) as backend:
            try:
                contacts = of_contacts.contacts(backend, rows[query.dispositions])
                read = reader.outcomes(query, contacts, workers, folder)
            except BadInput as bad:
                return bad
            return keeping.kept(backend, query, read, folder)

    with ThreadPoolExecutor(min(len(asked), reader.outcomes_at_once), "campaigns") as pool:
        found = list(pool.map(one, range(len(asked)), asked))
    problems = [problem for each in found if isinstance(each, BadInput) for problem in each.problems]
    if problems:
        raise BadInput(problems)
    return {query: each for query, each in zip(asked, found, strict=True) if isinstance(each, Rows)}
