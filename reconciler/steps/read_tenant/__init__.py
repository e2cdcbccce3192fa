# tested by: tests/test_engines.py
"""Read what the tenant holds of what is declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from reconciler.audience.campaigns import current_outcomes
from reconciler.audience.delivery import list_size
from reconciler.audience.diff import rejected_contacts
from reconciler.audience.relations import engine
from reconciler.audience.staging.read_people import Secrets
from reconciler.cxone.errors import Forbidden, NotFound
from reconciler.kinds import load_kinds
from reconciler.model.cache_port import CachePort
from reconciler.model.desired_state import Desired
from reconciler.model.kind import Kind
from reconciler.model.live_state import Live, LiveObject, Unseen
from reconciler.model.notice import Notice
from reconciler.model.ports import Reader
from reconciler.model.problem import Problems
from reconciler.model.reason import Reason
from reconciler.model.row_queries import OutcomesOf, RowQuery, Rows
from reconciler.model.score_basis import Scored
from reconciler.steps.read_tenant.interaction_reads import describe_skipped, find_earliest, read_interactions
from reconciler.steps.read_tenant.query_selection import (
    is_comparable,
    iter_queries_for_unmanaged,
    list_queries,
    make_possible,
)
from reconciler.steps.read_tenant.row_reads import read_rows
from reconciler.steps.read_tenant.surface_check import find_ambiguous, find_unreachable
from reconciler.surfaces import list_companions


def read_tenant(
    desired: Desired,
    reader: Reader,
    secret: Secrets,
    shelf: CachePort | None = None,
    owed: Path | None = None,
    *,
    told: current_outcomes.Asked | None = None,
    scored: Callable[[str], Scored | None] = lambda name: None,
) -> Live:
    """Read every object of the kinds that are declared, and the rows that the declarations ask for.

    `secret` fetches what a manifest only refers to: the URL of a database, the credentials of a Salesforce client.
    `shelf` is where interactions are kept from one plan to the next, if they are; `owed` are the ledger's lines of
    contacts that lists would not take. `told` hears how far the read of the outcomes of campaigns' contacts is, one by
    one; None: what is on lists is all that is wanted, and nothing is read for the sake of campaigns alone. `scored`
    says as of which moment the scores of a list are: as much more of the past is read.

    Raises:
        BadInput: lists that a manifest points at and the tenant does not have, all of them at once.
        ReconcilerError: the tenant cannot be read.
    """
    problems = Problems(find_unreachable(desired, reader))
    problems.refuse()
    objects: dict[str, dict[str, LiveObject]] = {}
    unread: list[Notice] = []
    for name, kind in load_kinds().items():
        if kind.surface(reader.surfaces) is not None and (desired.prune or any(desired.catalogue.of_kind(name))):
            held = reader.read_objects(kind)
            problems += find_ambiguous(desired, kind, held)
            counted = held if told is None else tuple(_add_statistics(desired, kind, held, reader, unread))
            objects[name] = {found.name: found for found in counted}
    unseen: list[Unseen] = []
    if told is not None:
        for kind in _list_makers(reader, objects):
            objects[kind.name] = _read_unmanaged(kind, reader, unseen)
        for kind in _list_users(desired, objects):
            objects[kind.name] = _read_unmanaged(kind, reader, unseen)
    into = desired.scratch / "read"
    into.mkdir(exist_ok=True)
    notices, waiting, rows = tuple(unread), None, dict[RowQuery, Rows]()
    wanted = _list_wanted(desired, objects, reader, campaigns=told is not None)
    if wanted or owed is not None:  # an engine takes its time to open
        with engine.open_reader(desired.settings.engine, desired.scratch) as backend:
            rows = read_rows(backend, wanted, desired, objects.get("ContactList", {}), reader, secret, into, problems)
            with problems.collect():
                recalled = read_interactions(
                    backend, desired, rows, reader, shelf, into, find_earliest(desired, scored)
                )
                rows |= recalled.rows
                notices = (*unread, *describe_skipped(rows), *recalled.notices)
            if owed is not None and not problems:
                chosen = desired.settings.rejected
                waiting = rejected_contacts.read_retry_queue(backend, owed, chosen, desired.now, into)
    problems.refuse()
    if told is not None:  # the slowest, and only once nothing else is wrong
        asked = [query for query in list_queries(desired) if isinstance(query, OutcomesOf)]
        rows |= current_outcomes.read_outcomes(desired.settings.engine, asked, rows, reader, into, told)
    surfaces, methods, rate = dict(reader.surfaces), dict(reader.methods), reader.campaign_rate
    return Live(
        list_size.count_members(objects, rows),
        rows,
        surfaces,
        methods,
        reader.requests,
        waiting,
        notices,
        rate,
        tuple(sorted(unseen)),
    )


def _list_wanted(
    desired: Desired, objects: Mapping[str, Mapping[str, LiveObject]], reader: Reader, *, campaigns: bool
) -> list[RowQuery]:
    """Every query once: those of what is declared, and for the sake of campaigns those of what nothing declares."""
    wanted = list_queries(desired)
    if not campaigns:
        return [query for query in wanted if getattr(query, "needed", True) or is_comparable(query, reader)]
    others = iter_queries_for_unmanaged(desired, objects)
    leaving = list_size.count_after_leaving(desired, objects, set(_iter_names(desired, list_size.LIST)))
    return list(dict.fromkeys(make_possible(query, reader) for query in (*wanted, *others, *leaving)))


def _iter_names(desired: Desired, kind: str) -> Iterator[str]:
    """The names in the tenant of the declared resources of a kind."""
    return (load_kinds()[kind].live_name(resource) for resource in desired.catalogue.of_kind(kind))


def _list_users(desired: Desired, objects: Mapping[str, Mapping[str, LiveObject]]) -> list[Kind]:
    """The kinds whose objects do something by themselves with those that are declared or read: who dials a list?"""
    working = (kind for kind in load_kinds().values() if kind.run_states is not None and kind.name not in objects)
    used = {name for name in load_kinds() if name in objects or any(desired.catalogue.of_kind(name))}
    return [kind for kind in working if used & {each.kind for at in kind.surfaces for each in at.references}]


def _list_makers(reader: Reader, objects: Mapping[str, Any]) -> list[Kind]:
    """The kinds whose objects this tool makes: some may be left of which no manifest speaks any more."""
    held = ((kind, kind.surface(reader.surfaces)) for kind in load_kinds().values() if kind.name not in objects)
    return [kind for kind, surface in held if surface is not None and surface.writable and kind.run_states is None]


def _read_unmanaged(kind: Kind, reader: Reader, unseen: list[Unseen]) -> dict[str, LiveObject]:
    """The objects of a kind that nothing declares; `unseen` gets why they could not be looked at."""
    surface = kind.surface(reader.surfaces)
    if surface is None:
        could = list_companions(reader.surfaces)
        missing = tuple(at.name for at in kind.surfaces if at.name in could)
        unseen.append(Unseen(kind.name, Reason("no_surface", missing)))
        return {}
    try:
        return {found.name: found for found in reader.read_objects(kind)}
    except (Forbidden, NotFound) as error:
        told = (error.code, str(error.status or 0), error.message, str(surface.read_scope))
        unseen.append(Unseen(kind.name, Reason("not_read", told)))
        return {}


def _add_statistics(
    desired: Desired, kind: Kind, held: Sequence[LiveObject], reader: Reader, unread: list[Notice]
) -> Iterator[LiveObject]:
    """The objects of a kind, those that are declared with what was counted of their calls.

    `unread` gets what a person should know of figures that could not be read: they feed estimates, and block nothing.
    """
    declared = set(_iter_names(desired, kind.name))
    counted = reader.read_statistics(kind, [found.name for found in held if found.name in declared])
    for found in held:
        figures = counted.get(found.name)
        if isinstance(figures, Notice):
            unread.append(figures)
        yield replace(found, statistics=None if isinstance(figures, Notice) else figures)
