# tested by: tests/audience/decision/test_suppression.py
"""Detect contacts whose phone numbers are read in the wrong country.

Most of them may be nobody's there. Or the region has the letters of a state: `CO` is Colombia to ISO 3166 and Colorado
to whoever lives there, and `3035550101` is a number of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.decision import suppression, unreadable_dnc_entries
from reconciler.audience.relations import engine
from reconciler.audience.staging import geography
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment import Segment
from reconciler.model.segment_membership import ForeignNumbers
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


def find_foreign_numbers(
    backend: BaseBackend, segment: Segment, read: Mapping[RowQuery, Rows], standing: Rows
) -> Iterator[ForeignNumbers]:
    """Each region in which most of the contacts' numbers without a country code seem to be of another country.

    Args:
        standing: the segment's contacts, in or out: e164.
    """
    if segment.phones is None or not _is_suspect(backend, tables.read_table(backend, standing, DECISIONS)):
        return
    entries = suppression.read_entries(backend, read[segment.contacts], segment.phones)
    by_state = {each.region: each for each in _find_by_state(backend, segment, entries)}
    yield from by_state.values()
    for misread in unreadable_dnc_entries.find_misread(backend, [entries]):
        if misread.likely is not None and misread.region not in by_state:
            yield ForeignNumbers(segment.address, misread.region, misread.entries, misread.unread, misread.likely)


def _is_suspect(backend: BaseBackend, everyone: Table) -> bool:
    """Whether it is worth reading the numbers again: most are none, or most in some country may be of a state."""
    doubtful = everyone["e164"].re_search(_make_abroad_pattern())
    told = everyone.mutate(code=everyone["e164"].re_extract(rf"^\+({_make_codes_pattern()})", 1), doubtful=doubtful)
    counted = told.group_by("code").agg(n=told.count(), odd=(told["e164"].isnull() | told["doubtful"]).sum())
    found = engine.list_rows(backend, counted, tuple[str | None, int, int])
    lost = sum(many for code, many, _ in found if code is None)
    return 2 * lost > sum(many for _, many, _ in found) or any(2 * odd > many for code, many, odd in found if code)


def _find_by_state(backend: BaseBackend, segment: Segment, entries: Table) -> Iterator[ForeignNumbers]:
    said = unreadable_dnc_entries.select_national(entries)
    digits = said["phone"].re_replace(r"[^0-9]+", "")
    marked = said.mutate(odd=(said["within"] + digits).re_search(_make_home_pattern()))
    counted = marked.group_by("within").agg(n=marked.count(), odd=marked["odd"].sum())
    for region, many, bad in engine.list_rows(backend, counted, tuple[str, int, int]):
        if 2 * bad > many:
            country, state = _load_namesakes()[region][0], f"{_load_namesakes()[region][0]}-{region}"
            yield ForeignNumbers(segment.address, region, many, bad, country, state)


@cache
def _load_namesakes() -> Mapping[str, tuple[str, str, str]]:
    """By a country with the letters of a state: the state's country, the calling code of the first, and area codes."""
    import phonenumbers

    found = {}
    for name, area in geography.load_areas().items():
        country, _, letters = name.partition("-")
        code = phonenumbers.country_code_for_region(letters)
        # within one calling code a number is read alike, whatever country is named
        if code not in (0, 1) and area.codes:
            found[letters] = (country, str(code), "|".join(area.codes))
    return found


def _make_home_pattern() -> str:
    """A country's letters, and ten digits, or eleven with a 1, that begin with an area code of the state."""
    return (
        f"^(?:{'|'.join(f'{letters}1?(?:{codes})' for letters, (_, _, codes) in _load_namesakes().items())})[0-9]{{7}}$"
    )


def _make_abroad_pattern() -> str:
    """The same of such digits in E.164, read as numbers of the country."""
    return rf"^\+(?:{'|'.join(f'{code}(?:{codes})' for _, code, codes in _load_namesakes().values())})[0-9]{{7}}$"


def _make_codes_pattern() -> str:
    return "|".join(sorted({code for _, code, _ in _load_namesakes().values()}))
