"""Look up the country that a source's region text means."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.sources import raw_rows
from reconciler.model import countries

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

NOTHING = r"^[\s\p{Z}\p{C}]*$"
"""A text that shows nothing: blanks, non-breaking and zero-width ones among them."""

MOST_WORDS = 8
"""So many unknown words, the most frequent ones, are told as they are: a column of another meaning has a word a row."""

MANY = ""
"""Stands for a word that is one of many."""

_CHUNK = 10_000
_CUT = 20
_DIGITS = 3


def blank_to_null(text: Column) -> Column:
    """A region as its source has it; null where nothing is written."""
    import ibis

    return ibis.ifelse(text.re_search(NOTHING), ibis.null("string"), text)


def read_regions(backend: BaseBackend, rows: Table) -> Table:
    """Every row with its region as an ISO 3166-1 alpha-2 code, and with `region_fault` where it is none.

    Args:
        rows: a relation with the text column `region`, and `country` where a row's own region is known: then that is
            the same text, or null where the row says none. Its regions are looked at before the rest is computed.

    A region that is unknown stays as it was written, so that no other is taken for it; `country` is null then.
    """
    import ibis

    rows = rows.mutate(**{name: blank_to_null(rows[name]) for name in ("region", "country") if name in rows.columns})
    there = rows.filter(rows["region"].notnull())
    counted = there.group_by("region").agg(n=there.count())
    ordered = counted.order_by(ibis.desc("n"), "region").select("region")
    path = _make_file(engine.find_scratch(backend))
    if _write_answers(engine.stream_rows(backend, ordered, _CHUNK, tuple[str]), path):
        path.unlink()
        return rows.mutate(region_fault=ibis.null("string"))
    told = engine.read_parquet(backend, path)
    joined = rows.left_join(told, rows["region"] == told["region_text"]).drop("region_text")
    answers = {"region": ibis.coalesce(joined["code"], joined["region"]), "region_fault": joined["odd"]}
    if "country" in rows.columns:
        answers["country"] = ibis.ifelse(joined["country"].isnull(), ibis.null("string"), joined["code"])
    return joined.mutate(**answers).select(*rows.columns, "region_fault")


def _write_answers(texts: Iterator[list[tuple[str, ...]]], path: Path) -> bool:
    """Write down what each text means, the most frequent first; whether each is a code already."""
    import pyarrow as pa

    plain, unknown = True, 0
    with raw_rows.open_parquet(path, dict.fromkeys(("region_text", "code", "odd"), pa.string())) as append:
        for chunk in texts:
            words: list[str | None] = []
            codes = [countries.find_country(text) for (text,) in chunk]
            for (text,), code in zip(chunk, codes, strict=True):
                plain = plain and code == text
                unknown += code is None
                words.append(None if code is not None else describe_region(text if unknown <= MOST_WORDS else None))
            append([[text for (text,) in chunk], codes, words])
    return plain


def describe_region(text: str | None) -> str:
    """A text that is no country, on one line, short, and without what may be a number or an address; or `MANY`."""
    if text is None:
        return MANY
    line = " ".join("".join(each if each.isprintable() else " " for each in text).split())
    if sum(each.isdigit() for each in line) > _DIGITS or "@" in line:
        line = "".join("•" if each.isalnum() else each for each in line)
    return line if len(line) <= _CUT else line[: _CUT - 1] + "…"


def _make_file(folder: Path) -> Path:
    """A new file that only its owner may read."""
    handle, name = tempfile.mkstemp(prefix="regions-", suffix=".parquet", dir=folder)
    os.close(handle)
    return Path(name)
