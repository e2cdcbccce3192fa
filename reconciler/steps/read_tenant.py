# tested by: tests/test_engines.py
"""Read what the tenant holds of what is declared."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

from reconciler.audience.cache import interaction_cache
from reconciler.audience.campaigns import current_outcomes
from reconciler.audience.delivery import list_size
from reconciler.audience.diff import recency_only, retry_queue
from reconciler.audience.relations import engine
from reconciler.audience.sources import files, sql_source
from reconciler.audience.staging import consistent_read, read_people, stage, staged_interactions
from reconciler.audience.staging.read_people import Access, Secrets
from reconciler.cxone import salesforce_client
from reconciler.cxone.errors import Forbidden, NotFound
from reconciler.kinds import load_kinds
from reconciler.kinds.segment import make_segments
from reconciler.model.cache_port import CacheContext, CachePort
from reconciler.model.desired_state import Desired
from reconciler.model.kind import Kind
from reconciler.model.live_state import Live, LiveObject, Unseen
from reconciler.model.notice import Notice
from reconciler.model.ports import Reader
from reconciler.model.problem import Problem, Problems
from reconciler.model.reason import Reason
from reconciler.model.resource import Resource
from reconciler.model.row_queries import (
    Additions,
    CampaignPhones,
    ContactsIn,
    ContactsOf,
    InteractionsOf,
    LiveList,
    MemberPhones,
    MembersOf,
    OutcomesOf,
    RowQuery,
    Rows,
    SingleQuery,
)
from reconciler.model.score_basis import Scored
from reconciler.model.source_specs import (
    FileDispositions,
    FileFeed,
    FileHistory,
    SalesforceFeed,
    SqlDispositions,
    SqlFeed,
    SqlHistory,
)
from reconciler.surfaces import tells_phones


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
    problems = Problems(_find_unreachable(desired, reader))
    problems.refuse()
    objects: dict[str, dict[str, LiveObject]] = {}
    unread: list[Notice] = []
    for name, kind in load_kinds().items():
        if kind.surface(reader.surfaces) is not None and (desired.prune or any(desired.catalogue.of_kind(name))):
            held = reader.read_objects(kind)
            problems += _find_ambiguous(desired, kind, held)
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
    notices: tuple[Notice, ...] = ()
    waiting = None
    with engine.open_reader(desired.settings.engine, desired.scratch) as backend:
        wanted = _list_queries(desired)
        if told is None:
            wanted = [query for query in wanted if getattr(query, "needed", True) or _is_comparable(query, reader)]
        else:
            others = _iter_queries_for_unmanaged(desired, objects)
            leaving = list_size.count_after_leaving(desired, objects, set(_iter_names(desired, list_size.LIST)))
            wanted = list(dict.fromkeys(_make_possible(query, reader) for query in (*wanted, *others, *leaving)))
        rows = _read_rows(backend, wanted, desired, objects.get("ContactList", {}), reader, secret, into, problems)
        with problems.collect():
            recalled = _read_interactions(backend, desired, rows, reader, shelf, into, _find_earliest(desired, scored))
            rows |= recalled.rows
            notices = (*unread, *_describe_skipped(rows), *recalled.notices)
        if owed is not None and not problems:
            waiting = retry_queue.read_retry_queue(backend, owed, desired.settings.rejected, desired.now, into)
    problems.refuse()
    if told is not None:  # the slowest, and only once nothing else is wrong
        asked = [query for query in _list_queries(desired) if isinstance(query, OutcomesOf)]
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
        unseen.append(Unseen(kind.name, Reason("no_surface", tuple(at.name for at in kind.surfaces))))
        return {}
    try:
        return {found.name: found for found in reader.read_objects(kind)}
    except (Forbidden, NotFound) as error:
        told = (error.code, str(error.status or 0), error.message, str(surface.read_scope))
        unseen.append(Unseen(kind.name, Reason("not_read", told)))
        return {}


def _read_rows(
    backend: Any,
    queries: Sequence[RowQuery],
    desired: Desired,
    lists: Mapping[str, LiveObject],
    reader: Reader,
    secret: Secrets,
    into: Path,
    problems: Problems,
) -> dict[RowQuery, Rows]:
    """What some queries ask for, but for the tenant's interactions; `problems` gets why some could not be read."""
    rows: dict[RowQuery, Rows] = {}
    for query in queries:
        if isinstance(query, MembersOf | MemberPhones) and query.list not in lists:
            rows[query] = _write_nobody(into)
            continue
        if isinstance(query, InteractionsOf | OutcomesOf | Additions) or (
            isinstance(query, ContactsIn) and query.history not in rows
        ):
            continue  # the first are read together; why the others' history could not be is among the problems already
        with problems.collect():
            rows[query] = _read(backend, query, rows, desired, reader, secret, into)
    return rows


def _is_comparable(query: RowQuery, reader: Reader) -> bool:
    """Whether what is written on a list can be held against what the tenant says of who is on it."""
    return isinstance(query, MemberPhones) and query.compared and tells_phones(reader.surfaces)


def _make_possible(query: RowQuery, reader: Reader) -> RowQuery:
    """What to ask in the place of phones that no surface knows and nobody needs: who they are, at least."""
    if isinstance(query, MemberPhones) and not query.needed and not tells_phones(reader.surfaces):
        return MembersOf(query.list, ())
    return query


def _describe_skipped(rows: dict[RowQuery, Rows]) -> Iterator[Notice]:
    """What a person should know of interactions that were left out; contacts are accounted for one by one."""
    for query, read in rows.items():
        if read.skipped:
            count = sum(each.count for each in read.skipped)
            words = f"{count:,} interactions of {query} cannot be used and do not count"
            args = {"source": str(query), "count": count}
            yield Notice("interactions_unusable", words, args, read.skipped)


def _find_ambiguous(desired: Desired, kind: Kind, held: Sequence[LiveObject]) -> Iterator[Problem]:
    """Declared objects of which the tenant has more than one: nobody could say which of them is meant."""
    ids: dict[str, list[str]] = {}
    for found in held:
        ids.setdefault(found.fields["name"], []).append(found.id)
    for resource in desired.catalogue.of_kind(kind.name):
        name = kind.live_name(resource)
        several = sorted(ids.get(name, ()))
        if len(several) > 1:
            message = f"the tenant has {len(several)} objects named {name!r}, and {resource.address} means one"
            message += f": their ids are {' and '.join(several)}"
            hint = "rename or delete the others in the tenant"
            yield Problem(resource.where("spec", "name"), "ambiguous-name", message, hint=hint)


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


def _list_queries(desired: Desired) -> list[RowQuery]:
    """Every query once; what others are read by comes before them."""
    found: dict[RowQuery, None] = {}
    for kind in load_kinds().values():
        for resource in desired.catalogue.of_kind(kind.name):
            for query in kind.queries(resource, desired.catalogue, desired.as_of):
                if getattr(query, "needed", False) or getattr(query, "compared", False):
                    found.pop(query, None)  # whoever can do without asked before
                found.setdefault(query)
    return sorted(found, key=lambda query: isinstance(query, InteractionsOf | ContactsIn))


def _iter_queries_for_unmanaged(
    desired: Desired, objects: Mapping[str, Mapping[str, LiveObject]]
) -> Iterator[RowQuery]:
    """What is asked because of objects that nothing declares, and that stay."""
    for name, held in objects.items():
        kind = load_kinds()[name]
        declared = tuple(desired.catalogue.of_kind(name))
        ours = {kind.live_name(resource) for resource in declared}
        leaving = {each.name for each in held.values() if desired.prune and each.owner == desired.settings.name}
        others = {other: held[other].fields for other in sorted(held.keys() - ours - leaving)}
        yield from kind.queries_for_unmanaged(declared, others, desired.catalogue)


def _find_earliest(desired: Desired, scored: Callable[[str], Scored | None]) -> timedelta:
    """How long ago the first of all lists was written whose scores are of the present models."""
    told = (
        recency_only.find_last_written(each, scored(target.list), desired.as_of)
        for each in make_segments(desired.catalogue, desired.as_of).values()
        for target in each.targets
    )
    return max((desired.as_of - each for each in told if each is not None), default=timedelta())


def _read_interactions(
    backend: Any,
    desired: Desired,
    rows: dict[RowQuery, Rows],
    reader: Reader,
    shelf: CachePort | None,
    into: Path,
    earlier: timedelta,
) -> interaction_cache.CachedInteractions:
    """The interactions of the contacts that could be read: why the others could not is among the problems already.

    They are read from so much `earlier` than a window begins: what a list holds is of a window that began before.
    """
    asked = [query for query in _list_queries(desired) if isinstance(query, InteractionsOf) and query.contacts in rows]
    wider = {query: replace(query, start=query.start - earlier) for query in asked}
    memory = CacheContext(shelf, dict(reader.surfaces), desired.settings.cache, desired.now, desired.refresh)
    found = interaction_cache.read_interactions(backend, list(wider.values()), rows, reader, memory, into)
    kept: dict[RowQuery, Rows] = {
        query: stage.stage_rows(backend, query, found.rows[wide], into) for query, wide in wider.items()
    }
    return replace(found, rows=kept)


def _read(
    backend: Any,
    query: SingleQuery,
    rows: dict[RowQuery, Rows],
    desired: Desired,
    reader: Reader,
    secret: Secrets,
    into: Path,
) -> Rows:
    match query:
        case FileFeed() | SqlFeed() | SalesforceFeed() | ContactsOf():
            organisation = partial(salesforce_client.open_records, counted=reader.count_requests)
            access = Access(desired.root, reader, secret, organisation, desired.now)
            return read_people.read_people(backend, query, access, into)
        case FileHistory():
            found = files.read_interactions(backend, query, desired.root, into)
        case FileDispositions():
            found = files.read_dispositions(backend, query, desired.root, into, desired.now)
        case SqlHistory() | SqlDispositions():
            found = _log_in(backend, query, secret, desired, into)
        case ContactsIn():
            found = staged_interactions.select_named(backend, rows[query.history], into / f"named-{len(rows)}.parquet")
        case _:
            found = _ask(backend, query, reader, into)
    kept = stage.stage_rows(backend, query, found, into)
    found.path.unlink()
    return kept


def _log_in(backend: Any, query: SqlHistory | SqlDispositions, secret: Secrets, desired: Desired, into: Path) -> Rows:
    """What a database keeps, and gives to whoever has its URL."""
    url = secret(query.url, query.where)
    if isinstance(query, SqlHistory):
        return sql_source.read_interactions(backend, query, url, desired.root, into)
    return sql_source.read_dispositions(backend, query, url, desired.root, into, desired.now)


def _ask(backend: Any, query: MembersOf | MemberPhones | CampaignPhones, reader: Reader, into: Path) -> Rows:
    """What only the tenant knows."""
    match query:
        case MembersOf():
            return consistent_read.read_consistently(backend, lambda: reader.read_members(query, into))
        case MemberPhones():
            people = ContactsOf(LiveList(name=query.list), query.where, by_name=True, named=True)
            return consistent_read.read_consistently(backend, lambda: reader.read_contacts(people, into))
        case CampaignPhones():
            called = ContactsOf(reader.find_list_of(query), query.where, by_name=True)
            return consistent_read.read_consistently(backend, lambda: reader.read_contacts(called, into))


def _write_nobody(into: Path) -> Rows:
    """The members of a list that does not exist yet."""
    file = into / "nobody.json"
    file.write_text("[]")
    return Rows(file, "json", {"contactId": "VARCHAR", "priority": "BIGINT", "score": "DOUBLE"}, 0)


def _find_unreachable(desired: Desired, reader: Reader) -> Iterator[Problem]:
    """Kinds and delivery methods that are declared and that none of the tenant's surfaces offers."""
    offered = ", ".join(sorted(reader.surfaces))
    hint = f"tenant {desired.tenant.address.name!r} declares {offered}; add the surface if the tenant has it"
    for kind in load_kinds().values():
        for resource in desired.catalogue.of_kind(kind.name):
            surface = kind.surface(reader.surfaces)
            if surface is not None and surface.holds is not None:
                yield from _find_unheld(desired, kind, resource, surface.name, surface.holds)
            if kind.surfaces and surface is None:
                needed = " or ".join(surface.name for surface in kind.surfaces)
                message = f"{resource.address} needs the surface {needed}"
                yield Problem(resource.where(), "missing-surface", message, hint=hint)
            method = resource.spec.get("delivery", {}).get("method")
            if method not in (None, "auto") and method not in reader.methods:
                place = resource.where("spec", "delivery", "method")
                yield Problem(place, "missing-surface", f"no surface of the tenant offers {method}", hint=hint)


def _find_unheld(
    desired: Desired, kind: Kind, resource: Resource, surface: str, holds: Container[str]
) -> Iterator[Problem]:
    """What is declared of an object, and the tenant's surface has no place for."""
    for name in kind.fields(resource, desired.catalogue, desired.as_of):
        if name not in holds:
            message = f"the surface {surface} of the tenant has no `{name}` of a {kind.name}"
            yield Problem(resource.where("spec", name), "field-not-held", message, hint="leave it out")
