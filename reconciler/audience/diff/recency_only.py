"""Find scores that differ only because time has passed.

What a list holds is held against what the same model makes of the same interactions as of the moment at which the list
was written last. Where that is what it holds, and nobody has called since, nothing has changed but the date.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from reconciler.audience.decision import scoring
from reconciler.audience.relations import engine, numeric_parsing
from reconciler.audience.staging import staged_contacts, staged_interactions
from reconciler.model.json_digest import compute_digest
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.score_basis import Scored
from reconciler.model.score_model import RecencyFrequency
from reconciler.model.segment import Delivery, Segment
from reconciler.model.serialization import to_json

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

LONGEST = timedelta(days=92)
"""How long ago a list may have been written for what follows from the time since to be told apart: as much more of the
past is read."""

BY_CALENDAR = "changed_by_calendar"
"""The reason of an update that follows from the time alone."""


def digest_model(segment: Segment) -> str:
    """The digest of how a segment scores; empty where nothing of it follows from the time."""
    timed = any(isinstance(measure, RecencyFrequency) for measure in segment.score.measures())
    return compute_digest(to_json(segment.score)) if timed else ""


def find_last_written(segment: Segment, scored: Scored | None, as_of: datetime) -> datetime | None:
    """The moment as of which a list holds the scores of the same model.

    None: nobody knows, or no time has gone by since, or too much.
    """
    if scored is None or not scored.model or scored.model != digest_model(segment):
        return None
    return scored.as_of if timedelta() < as_of - scored.as_of <= LONGEST else None


@dataclass(frozen=True, slots=True)
class Past:
    """What lists were written as of, by band, and what was read for a plan that is made as of another moment."""

    written: Mapping[str, datetime]
    read: Mapping[RowQuery, Rows]
    as_of: datetime


def score_as_of_last_write(backend: BaseBackend, segment: Segment, past: Past | None, stack: ExitStack) -> Table | None:
    """By contact (`then_id`) and band (`then_on`) its score, band and priority as of when the band's list was written.

    Only of contacts with no interaction since. None where nobody knows when that was. `stack` ends with the relation.
    """
    import ibis

    if past is None or not past.written:
        return None
    people = staged_contacts.read_contacts(backend, past.read[segment.contacts])
    people = people.filter(people["contactId"].notnull(), ~people["duplicate"]).select("contactId", "engagement")
    tables = []
    for moment in sorted(set(past.written.values())):
        quiet = people
        for since in _iter_called_since(backend, segment, past, moment):
            quiet = quiet.anti_join(since, "contactId")
        scored = scoring.score_contacts(backend, segment, quiet, past.read, moment)
        held = stack.enter_context(engine.cache_rows(backend, scored.select("contactId", "score")))
        for band, written in past.written.items():
            if written == moment:
                then = scoring.assign_bands(held.mutate(now_in=ibis.literal(band)), segment.score)
                columns = {f"then_{name}": then[name] for name in ("score", "band", "priority")}
                tables.append(then.select(then_id="contactId", then_on=ibis.literal(band), **columns))
    return ibis.union(tables[0], *tables[1:]) if len(tables) > 1 else tables[0]


def _iter_called_since(backend: BaseBackend, segment: Segment, past: Past, moment: datetime) -> Iterator[Table]:
    """The contacts with an interaction that counts, from a moment on, by each measure."""
    import ibis

    since = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    for measure, query in segment.interactions.items():
        if isinstance(measure, RecencyFrequency):
            history = staged_interactions.read_interactions(backend, past.read[query])
            later = history.filter(history["type"].isin(measure.types), history["at"] >= ibis.literal(since))
            yield later.select("contactId").distinct()


def differs_by_time_only(told: Table, delivery: Delivery) -> Column:
    """Whether what a list holds of the score is what it was to when it was written: of rows with `known` beside."""
    held, named = told["live_attributes"], dict(delivery.values)
    agree = [told["then_band"] == told["on"]]
    for name in delivery.attributes:
        value = named.get(name, name)
        if value == "priority":
            agree.append(numeric_parsing.parse_number(held.get(name)) == told["then_priority"])
        elif value == "score":
            agree.append(numeric_parsing.parse_hundredths(held.get(name)) == told["then_score"])
    return functools.reduce(operator.and_, agree).fill_null(False)
