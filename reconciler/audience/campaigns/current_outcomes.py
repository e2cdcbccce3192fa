# tested by: tests/steps/apply/test_outcome_step.py
"""Read the call outcomes that a tenant currently holds for the contacts of several campaigns."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.staging import stage, staged_outcomes
from reconciler.model.ports import Reader
from reconciler.model.problem import Problems
from reconciler.model.row_queries import OutcomesOf, RowQuery, Rows
from reconciler.model.worker_pool import work_through
from reconciler.model.workspace_settings import Engine

if TYPE_CHECKING:
    from ibis import BaseBackend

Asked = Callable[[str, int, int], None]
"""Is told what is asked for, of how many contacts it was, and of how many it will be. Called from several threads."""


def read_outcomes(
    settings: Engine,
    asked: Sequence[OutcomesOf],
    rows: Mapping[RowQuery, Rows],
    reader: Reader,
    into: Path,
    told: Asked,
) -> dict[RowQuery, Rows]:
    """Where the contacts of every set stand, in new files below `into`; each campaign has a pace of its own.

    `told` hears of each contact: at ten a second a hundred thousand of them take three hours.

    Raises:
        BadInput: campaigns that the tenant does not have, all of them at once.
    """
    if not asked:
        return {}
    workers = max(1, reader.outcomes_at_once // len(asked))

    def read_one(numbered: tuple[int, OutcomesOf]) -> Rows | Problems:
        number, query = numbered
        folder = into / f"campaign-{number}"
        folder.mkdir()
        # a database and a folder of its own: those of several threads must not meet
        with engine.open_reader(settings, folder) as backend:
            refused = Problems()
            with refused.collect():
                contacts = _iter_contacts(backend, query, rows[query.dispositions], told)
                read = reader.read_outcomes(query, contacts, workers, folder)
            return refused or stage.stage_rows(backend, query, read, folder)

    at_once = min(len(asked), reader.outcomes_at_once)
    found = list(work_through(read_one, enumerate(asked), at_once, "campaigns"))
    Problems(problem for each in found if isinstance(each, Problems) for problem in each).refuse()
    return {query: each for query, each in zip(asked, found, strict=True) if isinstance(each, Rows)}


def _iter_contacts(backend: BaseBackend, query: OutcomesOf, dispositions: Rows, told: Asked) -> Iterator[str]:
    """The contacts that are asked for."""
    total = staged_outcomes.count_contacts(backend, dispositions)
    for done, contact in enumerate(staged_outcomes.list_contacts(backend, dispositions)):
        told(str(query), done, total)
        yield contact
    told(str(query), total, total)
