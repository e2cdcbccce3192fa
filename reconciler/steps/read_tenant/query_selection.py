# tested by: tests/test_engines.py
"""Choose the queries for rows that the declarations need and that the tenant can answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.live_state import LiveObject
from reconciler.model.ports import Reader
from reconciler.model.row_queries import ContactsIn, InteractionsOf, MemberPhones, MembersOf, RowQuery
from reconciler.surfaces import tells_phones


def list_queries(desired: Desired) -> list[RowQuery]:
    """Every query once; what others are read by comes before them."""
    found: dict[RowQuery, None] = {}
    for kind in load_kinds().values():
        for resource in desired.catalogue.of_kind(kind.name):
            for query in kind.queries(resource, desired.catalogue, desired.as_of):
                if getattr(query, "needed", False) or getattr(query, "compared", False):
                    found.pop(query, None)  # whoever can do without asked before
                found.setdefault(query)
    return sorted(found, key=lambda query: isinstance(query, InteractionsOf | ContactsIn))


def iter_queries_for_unmanaged(desired: Desired, objects: Mapping[str, Mapping[str, LiveObject]]) -> Iterator[RowQuery]:
    """What is asked because of objects that nothing declares, and that stay."""
    for name, held in objects.items():
        kind = load_kinds()[name]
        declared = tuple(desired.catalogue.of_kind(name))
        ours = {kind.live_name(resource) for resource in declared}
        leaving = {each.name for each in held.values() if desired.prune and each.owner == desired.settings.name}
        others = {other: held[other].fields for other in sorted(held.keys() - ours - leaving)}
        yield from kind.queries_for_unmanaged(declared, others, desired.catalogue)


def is_comparable(query: RowQuery, reader: Reader) -> bool:
    """Whether what is written on a list can be held against what the tenant says of who is on it."""
    return isinstance(query, MemberPhones) and query.compared and tells_phones(reader.surfaces)


def make_possible(query: RowQuery, reader: Reader) -> RowQuery:
    """What to ask in the place of phones that no surface knows and nobody needs: who they are, at least."""
    if isinstance(query, MemberPhones) and not query.needed and not tells_phones(reader.surfaces):
        return MembersOf(query.list, ())
    return query
