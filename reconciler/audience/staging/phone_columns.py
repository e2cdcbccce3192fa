# tested by: tests/audience/test_source_cases.py
"""Find the phone columns of a source.

A person may have several, in the order in which they are tried; one number may be made of several columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from reconciler.audience.sources.raw_rows import RawRows
from reconciler.audience.staging import region_to_country
from reconciler.model.source_specs import ContactFeed

if TYPE_CHECKING:
    from ibis import Column


def read_phone_columns(rough: RawRows, feed: ContactFeed) -> list[Column]:
    """Each phone of a row as it is written, in the manifest's order: a text, or null where nothing stands there."""
    return [_join_parts([rough.table[rough.columns[column]] for column in parts]) for parts in feed.phones]


def _join_parts(parts: Sequence[Column]) -> Column:
    """One number of its parts, one after the other; of one that lacks a part the rest, which is too short."""
    import ibis

    if len(parts) == 1:
        return parts[0]
    texts = [ibis.coalesce(part, ibis.literal("")).strip() for part in parts]
    whole = texts[0]
    for text in texts[1:]:
        whole = whole + text
    return whole.nullif("")


def list_phones(phones: Sequence[Column]) -> Column:
    """The phones of a row as an array: null where nothing is written, so that each keeps its place."""
    import ibis

    if not phones:
        return ibis.literal([], "array<string>")
    return ibis.array([region_to_country.blank_to_null(phone) for phone in phones])


def has_phone(phones: Sequence[Column]) -> Column:
    """The phones of a row that are there, in order, as an array; empty where there is none."""
    import ibis

    if not phones:
        return ibis.literal([], "array<string>")
    return ibis.array(list(phones)).filter(lambda phone: phone.notnull() & (phone.strip() != ""))


def pick_first_phone(phones: Sequence[Column]) -> Column:
    """The first phone of a row that is there; null where there is none."""
    import ibis

    if not phones:
        return ibis.null("string")
    if len(phones) == 1:
        return phones[0]
    there = [ibis.ifelse(phone.strip() == "", ibis.null("string"), phone) for phone in phones]
    return ibis.coalesce(*there)
