"""Do contacts of another country have the digits of a do-not-call list, so that it may be read in the wrong region?

`4155550101` is a number of the US and of Mexico: read in the wrong one, a list suppresses nobody, and every entry of it
is somebody's number all the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from reconciler.audience import sources, unreadable
from reconciler.model.members import Alike
from reconciler.model.rows import RowQuery, Rows
from reconciler.model.segment import Suppression


def alike(backend: Any, listed: Suppression, read: Mapping[RowQuery, Rows], standing: Rows) -> Iterator[Alike]:
    """Regions in which numbers of a list are read whose digits more contacts of other countries have than of it.

    Args:
        standing: the segment's contacts, in or out: e164 and subscribers.
    """
    import phonenumbers

    everyone = sources.table(backend, standing)
    people = everyone.filter(everyone["e164"].notnull()).select("contactId", "e164", "subscribers")
    for _, entries in unreadable.parts(backend, listed, read):
        said = unreadable.national(entries)
        said = said.filter(said["phone_fault"].isnull())
        regions = said.select("within").distinct().order_by("within")
        for (region,) in next(sources.stream(backend, regions, 1000), []):
            code = phonenumbers.country_code_for_region(region) if region in phonenumbers.SUPPORTED_REGIONS else 0
            abroad = people.filter(~people["e164"].startswith(f"+{code}"))
            if not code or not sources.count(backend, abroad.limit(1)):
                continue
            here = said.filter(said["within"] == region)
            found = _with_digits(abroad, here)
            many = sources.count(backend, found)
            reached = sources.count(backend, _reached(people, here)) if many else 0
            if many > reached:
                yield Alike(region, many, reached)


def _with_digits(abroad: Any, here: Any) -> Any:
    """The contacts whose numbers within their country are digits of a list, and whom it does not reach."""
    digits = here.select(digits=here["phone"].re_replace(r"[^0-9]+", "").re_replace("^0+", "")).distinct()
    mine = abroad.mutate(own=abroad["e164"].re_replace(_calling_codes(), "").re_replace("^0+", ""))
    met = mine.semi_join(digits, mine["own"] == digits["digits"])
    return met.select("contactId").distinct().anti_join(_reached(abroad, here), "contactId")


def _reached(people: Any, here: Any) -> Any:
    """The contacts whom a list reaches as it is read."""
    keys = here.select(key=here["subscribers"].unnest()).distinct()
    each = people.select("contactId", key=people["subscribers"].unnest())
    return each.semi_join(keys, "key").select("contactId").distinct()


@cache
def _calling_codes() -> str:
    """What numbers in E.164 begin with, as a regular expression: no code begins another."""
    import phonenumbers

    return rf"^\+(?:{'|'.join(map(str, sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)))})"
