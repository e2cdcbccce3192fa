# tested by: tests/audience/decision/test_suppression.py
"""Detect do-not-call lists whose numbers are read in the wrong region.

`4155550101` is a number of the US and of Mexico: read in the wrong one, a list suppresses nobody, and every entry of it
is somebody's number all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import unreadable_dnc_entries
from reconciler.audience.relations import engine
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment import Suppression
from reconciler.model.segment_membership import Alike
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


def find_mismatch(
    backend: BaseBackend, listed: Suppression, read: Mapping[RowQuery, Rows], standing: Rows
) -> Iterator[Alike]:
    """Regions in which numbers of a list are read and reach nobody, though contacts elsewhere have their digits.

    Either all of them are of another country, and none reaches anybody of the segment where it is read. Or some begin
    with another country's code and lack a `+`: it is these contacts that they do not reach, whomever the others do.

    By chance few have: it is told only where they are ten times as many as chance makes, or one in a hundred of the
    contacts, or of the numbers.

    Args:
        standing: the segment's contacts, in or out: e164 and subscribers.
    """
    everyone = tables.read_table(backend, standing, DECISIONS)
    people = everyone.filter(everyone["e164"].notnull()).select("contactId", "e164", "subscribers")
    for _, entries in unreadable_dnc_entries.list_parts(backend, listed, read):
        said = unreadable_dnc_entries.select_national(entries)
        said = said.filter(said["phone_fault"].isnull())
        met = _select_with_digits(people, said)
        found = _count_regions(backend, met)
        reached = dict(_count_pairs(backend, _select_reached(people, said))) if found[False] else {}
        within = {each: found[False][each] for each in set(found[False]) - set(reached)}
        yield from _find_alike(backend, people, said, met.filter(~met["abroad"]), within)
        yield from _find_alike(backend, people, said, met.filter(met["abroad"]), found[True], abroad=True)


def _find_alike(
    backend: BaseBackend, people: Table, said: Table, met: Table, found: Mapping[str, int], *, abroad: bool = False
) -> Iterator[Alike]:
    """The regions whose contacts with the digits of a list are more than by chance."""
    if not found:
        return
    numbers = dict(_count_pairs(backend, said.select("within", contactId="phone")))
    contacts, shortest = engine.count_rows(backend, people), dict(_find_shortest(backend, met))
    for region, many in sorted(found.items()):
        # of two numbers of nine digits one in 10^8 pairs is alike, if not all first digits are in use
        chance = numbers[region] * contacts / 10 ** (shortest[region] - 1)
        if many > 10 * chance or 100 * many >= min(numbers[region], contacts):
            yield Alike(region, many, abroad)


def _count_pairs(backend: BaseBackend, pairs: Table) -> list[tuple[str, int]]:
    told = pairs.group_by("within").agg(n=pairs["contactId"].nunique())
    return engine.list_rows(backend, told, tuple[str, int])


def _find_shortest(backend: BaseBackend, met: Table) -> list[tuple[str, int]]:
    """The fewest digits of the numbers that are alike, by the list's region."""
    told = met.group_by("within").agg(n=met["digits"].length().min())
    return engine.list_rows(backend, told, tuple[str, int])


def _select_with_digits(people: Table, said: Table) -> Table:
    """The contacts of other countries whose numbers are digits of a list, by the list's region: as they are within
    their own country, or (`abroad`) with that country's code.
    """
    import ibis

    codes = _load_codes()
    code = ibis.map(ibis.array(list(codes)), ibis.array(list(codes.values()))).get(said["within"], ibis.literal(""))
    digits = said["phone"].re_replace(r"[^0-9]+", "").re_replace("^0+", "")
    listed = said.select("within", code=code, digits=digits).distinct()
    own_code = people["e164"].re_extract(_make_codes_pattern(), 1)
    forms = [
        people.select(
            "contactId",
            own_code=own_code,
            own=people["e164"].re_replace(before, "").re_replace("^0+", ""),
            abroad=ibis.literal(abroad),
        )
        for before, abroad in ((_make_codes_pattern(), False), (r"^\+", True))
    ]
    mine = forms[0].union(forms[1])
    met = mine.inner_join(listed, mine["own"] == listed["digits"])
    return met.filter(met["own_code"] != met["code"]).select("within", "contactId", "digits", "abroad")


def _count_regions(backend: BaseBackend, met: Table) -> Mapping[bool, dict[str, int]]:
    """How many contacts there are of each region, by `abroad`."""
    found: Mapping[bool, dict[str, int]] = {False: {}, True: {}}
    told = met.group_by("within", "abroad").agg(n=met["contactId"].nunique())
    for region, abroad, many in engine.list_rows(backend, told, tuple[str, bool, int]):
        found[abroad][region] = many
    return found


def _select_reached(people: Table, said: Table) -> Table:
    """The contacts whom a list reaches as it is read."""
    keys = said.select("within", listed=said["subscribers"].unnest()).distinct()
    each = people.select("contactId", key=people["subscribers"].unnest())
    return each.inner_join(keys, each["key"] == keys["listed"]).select("within", "contactId")


@cache
def _load_codes() -> Mapping[str, str]:
    import phonenumbers

    return {each: str(phonenumbers.country_code_for_region(each)) for each in sorted(phonenumbers.SUPPORTED_REGIONS)}


@cache
def _make_codes_pattern() -> str:
    """What numbers in E.164 begin with, as a regular expression: no code begins another."""
    import phonenumbers

    return rf"^\+({'|'.join(map(str, sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)))})"
