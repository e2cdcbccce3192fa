# tested by: tests/audience/decision/test_suppression.py
"""Count do-not-call entries that cannot be read as a reachable phone number."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reconciler.audience.decision import suppression
from reconciler.audience.relations import engine
from reconciler.audience.relations.reasons import ReasonCell, read_reason
from reconciler.audience.staging import number_readings, phone_recognition
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment import Suppression
from reconciler.model.segment_membership import Misread, Unreadable

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

SHOWN = 5
"""How many entries are shown of those that cannot be read."""

_SAMPLE = 20
"""How many numbers are tried in every region, to find the one that they are of."""


def count_unreadable(backend: BaseBackend, listed: Suppression, read: Mapping[RowQuery, Rows]) -> int:
    """How many entries of a list, of all its parts, are no number that their numbering plan reaches."""
    return sum(engine.count_rows(backend, _select_unread(entries)) for _, entries in list_parts(backend, listed, read))


def list_first_unreadable(
    backend: BaseBackend, listed: Suppression, read: Mapping[RowQuery, Rows]
) -> tuple[Unreadable, ...]:
    """The first of them, by file and line, masked."""
    found: list[Unreadable] = []
    for query, entries in list_parts(backend, listed, read):
        unread = _select_unread(entries)
        line = unread["place"].re_extract(r"(\d+)$", 1).try_cast("int64")
        ordered = unread.order_by(unread["place"].re_extract(r"^(.*?)\d*$", 1), line, unread["phone"]).limit(SHOWN)
        rows = engine.list_rows(
            backend, ordered.select("place", "phone", "why"), tuple[str | None, str | None, ReasonCell]
        )
        found += (
            Unreadable(place or str(query), phone_recognition.mask_phone(phone), read_reason(why))
            for place, phone, why in rows
        )
    return tuple(found[:SHOWN])


def reaches_somebody(backend: BaseBackend, listed: Suppression, read: Mapping[RowQuery, Rows]) -> bool:
    """Whether any entry of the list itself, beside those that outcomes add, is of somebody."""
    entries = suppression.read_entries(backend, read[listed.numbers], listed.phones)
    return engine.count_rows(backend, entries.filter(entries["subscribers"].notnull()).limit(1)) > 0


def find_misread_regions(
    backend: BaseBackend, listed: Suppression, read: Mapping[RowQuery, Rows]
) -> tuple[Misread, ...]:
    """Regions in which most of the numbers without a country code are none, with one that would read most of them."""
    return find_misread(backend, [entries for _, entries in list_parts(backend, listed, read)])


def find_misread(backend: BaseBackend, told: Sequence[Table]) -> tuple[Misread, ...]:
    """The same of relations as `suppression.read_entries` makes them."""
    found: dict[str, tuple[int, int]] = {}
    for entries in told:
        said = select_national(entries)
        grouped = said.group_by("within").agg(n=said.count(), bad=said["phone_fault"].notnull().sum())
        for region, many, bad in engine.list_rows(backend, grouped, tuple[str, int, int]):
            before = found.get(region, (0, 0))
            found[region] = (before[0] + many, before[1] + bad)
    wrong = {region: counts for region, counts in found.items() if 2 * counts[1] > counts[0]}
    return tuple(
        Misread(region or None, many, bad, _find_likely(backend, told, region))
        for region, (many, bad) in sorted(wrong.items())
    )


def _find_likely(backend: BaseBackend, told: Sequence[Table], region: str) -> str | None:
    texts: list[str] = []
    for entries in told:
        said = select_national(entries)
        bad = said.filter(said["phone_fault"].notnull(), said["within"] == region)
        some = bad.select("phone").order_by("phone").limit(_SAMPLE)
        texts += (phone for (phone,) in engine.list_rows(backend, some, tuple[str]))
    return number_readings.guess_region(texts[:_SAMPLE])


def list_parts(
    backend: BaseBackend, listed: Suppression, read: Mapping[RowQuery, Rows]
) -> Sequence[tuple[RowQuery, Table]]:
    """The entries of each part of a list that was read."""
    asked = (listed.numbers, *(query for query in listed.also if query in read))
    return [(query, suppression.read_entries(backend, read[query], listed.phones)) for query in asked]


def _select_unread(entries: Table) -> Table:
    """Those that cannot be read, with `why`; a cell in which nothing stands is no entry."""
    import ibis

    why = ibis.coalesce(entries["fault"], entries["phone_fault"])
    told = entries.mutate(why=why)
    return told.filter(told["why"].notnull() & (told["why"]["code"] != phone_recognition.EMPTY))


def select_national(entries: Table) -> Table:
    """Those that are wholly a number, and do not say which country's."""
    whole = ~entries["phone_fault"]["code"].isin(phone_recognition.FAULTS).fill_null(False)
    says = entries["phone"].re_search("[+\uff0b]")
    return entries.filter(entries["fault"].isnull(), entries["phone"].notnull(), whole, ~says)
