"""Normalise phones to E.164, with a fault for each that cannot be read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine
from reconciler.audience.relations.reasons import find_fault, make_no_reason
from reconciler.audience.sources import raw_rows
from reconciler.audience.staging import number_readings, numbering_plans, phone_recognition, subscriber_keys

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis import BaseBackend, Column, Table

FEW = 2_000
"""Up to so many numbers the library is asked for each: the patterns of all numbering plans take longer to prepare."""

_ASKED = 20_000
"""How many numbers the library is asked for before they are written down: what is in memory at once."""

_Asked = tuple[str | None, str | None, str | None]

_NOTHING_TOLD: Mapping[tuple[str, str], str] = {}

NORMALISED = ("e164", "phone_fault", "subscribers")
"""The columns that `normalised` adds."""

_HOME = ("US", "CA")
"""Where ten digits, or eleven with a leading 1, are a number of +1 whatever else they could be."""


def normalise_phones(backend: BaseBackend, rows: Table, rule: number_readings.Rule, region: str | None = None) -> Table:
    """Every row of a relation, with more columns: e164, subscribers, and phone_fault where there is no number.

    Args:
        rows: a relation with the text columns `phone` (a number as somebody wrote it) and `region` (ISO 3166 alpha-2,
            in capitals; null where it is not known), and any others; computed twice. In a column `plain` may be what
            `told_plainly` told before; it is left out of the result.
        rule: as `number_readings.Rule` says.
        region: that of rows which have none of their own.

    `subscribers` (array<string>, sorted, distinct, null or empty where there is none) are the keys of all whom the
    text may reach: two numbers reach the same subscriber where they share one. A text may have some and no `e164`.

    A text is read whole, as `phone_text.parse_spelling` does: what is more than a number is a fault. Then `e164` is
    that of libphonenumber: `parse(text, region)`, `is_valid_number` or a possible length, format E.164. Where they are
    many, what is plain is told by the library's own patterns inside the engine (numbers with `+`, ten or eleven digits
    in the US and Canada, and those of regions whose plans know one way to write a number,
    `numbering_plans.list_home_patterns`, however they are punctuated); each distinct rest is asked of the library
    once. What was told and answered is kept in files of the engine's scratch folder that only their owner may read.

    `e164` is null where there is none, and `phone_fault` says why: a reason with a code of `ROW_FAULTS` (those of
    `phone_text.FAULTS`, `number_too_short`, `number_too_long`, `number_of_wrong_length`, `no_area_code`, `no_region`,
    `region_unknown`, `no_such_country_code`, `no_such_number_in {region}`, `no_such_number_under {calling_code}`);
    else it is null.

    - `00` is an international prefix only in regions that dial it: not in the US (011), not without a region. It is
      another reading elsewhere.
    - A region in lower case, or `UK`, is no region. A region is not looked at where the text has a `+`.
    - An extension is dropped, so that two people behind one switchboard have one number.
    - The trunk zero written after the country code, as in +44 (0)20 …, is dropped, once.
    - By `possible`, digits that no plan has are kept as they are, so that a second pass may drop one more prefix. By
      `valid`, a result normalises to itself.

    Raises:
        ValueError: there is no such rule. No message has a number in it.
    """
    if rule not in number_readings.RULES:
        raise ValueError(f"no such rule: {rule!r}")
    import ibis

    known = "plain" in rows.columns
    every = _read_first(backend, rows)
    if len(every) <= FEW:
        return _look_up(backend, rows.drop("plain") if known else rows, every, rule, region)
    if not known:
        return _read_by_patterns(backend, rows, rule, region)
    rest = rows.filter(rows["plain"].isnull())
    asked = _read_first(backend, rest)
    few = len(asked) <= FEW
    bare = rest.drop("plain")
    told = _look_up(backend, bare, asked, rule, region) if few else _read_by_patterns(backend, bare, rule, region)
    plain = rows.filter(rows["plain"].notnull())
    plain = plain.mutate(e164=plain["plain"], phone_fault=make_no_reason(), subscribers=_make_keys(plain["plain"]))
    return ibis.union(plain.select(*told.columns), told)


def _read_first(backend: BaseBackend, rows: Table) -> list[_Asked]:
    """The numbers of a relation with their regions, and what was told of them; of many, one more than `FEW` of them."""
    import ibis

    plain = rows["plain"] if "plain" in rows.columns else ibis.null("string")
    some = rows.select("phone", "region", plain=plain).limit(FEW + 1)
    return engine.list_rows(backend, some, tuple[str | None, str | None, str | None])


def _look_up(
    backend: BaseBackend, rows: Table, asked: Sequence[_Asked], rule: number_readings.Rule, region: str | None
) -> Table:
    """Every row of few with what was told of its number before, or else what the library says of it."""
    import ibis

    if not asked:
        return rows.mutate(
            e164=ibis.null("string"), phone_fault=make_no_reason(), subscribers=ibis.null("array<string>")
        )
    number_readings.cache_patterns()
    texts = [((phone or "", (region if own is None else own) or ""), plain) for phone, own, plain in asked]
    plain = {pair: told for pair, told in texts if told is not None}
    path = _make_file(engine.find_scratch(backend))
    with raw_rows.open_parquet(path, _make_columns()) as append:
        append(_answer_columns(sorted({pair for pair, _ in texts}), rule, plain))
    answers = engine.read_parquet(backend, path)
    raw = ibis.coalesce(rows["phone"], ibis.literal(""))
    joined = rows.left_join(answers, [raw == answers["asked"], choose_region(rows, region) == answers["asked_within"]])
    return joined.select(*rows.columns, e164="answer", phone_fault="fault_told", subscribers="keys_told")


def _make_columns() -> dict[str, pa.DataType]:
    """The columns of a file of answers: what was asked for, and what `number_readings.read_number` says of it."""
    import pyarrow as pa

    texts = dict.fromkeys(("asked", "asked_within", "answer"), pa.string())
    return texts | {"fault_told": raw_rows.fault_type(), "keys_told": pa.list_(pa.string())}


def _answer_columns(
    pairs: Sequence[tuple[str, str]], rule: number_readings.Rule, plain: Mapping[tuple[str, str], str] = _NOTHING_TOLD
) -> list[tuple[object, ...]]:
    """The same as columns, of texts with the regions they are read in (empty: none), and numbers that are `plain`."""
    rows: list[tuple[object, ...]] = []
    for text, within in pairs:
        if known := plain.get((text, within)):
            rows.append((text, within, known, None, [subscriber_keys.key_number(known)]))
        else:
            each = number_readings.read_number(text, within or None, rule)
            fault = each.fault and {"code": each.fault.code, "args": list(each.fault.args)}
            rows.append((text, within, each.e164, fault, each.subscribers or None))
    return list(zip(*rows, strict=True))


def choose_region(rows: Table, region: str | None) -> Column:
    """In which region a row's number is read; empty where none is known."""
    import ibis

    return ibis.coalesce(rows["region"], *([ibis.literal(region)] if region else []), ibis.literal(""))


def _read_by_patterns(backend: BaseBackend, rows: Table, rule: number_readings.Rule, region: str | None) -> Table:
    """Every row with its number, by the patterns where it is plain."""
    import ibis

    # computed once, and what is made of it is short to say
    path = _make_file(engine.find_scratch(backend))
    engine.write_parquet(backend, read_plain_numbers(rows, region), path)
    told = engine.read_parquet(backend, path)
    rest = told.filter(told["plain"].isnull(), told["lost"].isnull()).select("text", "within").distinct()
    answers = _ask_library(backend, rest, rule, engine.find_scratch(backend))
    same = [told["text"] == answers["asked"], told["within"] == answers["asked_within"]]
    joined = told.left_join(answers, same)
    found = joined.mutate(
        e164=ibis.coalesce(joined["plain"], joined["answer"]),
        phone_fault=ibis.coalesce(joined["lost"], joined["fault_told"]),
        subscribers=ibis.coalesce(_make_keys(joined["plain"]), joined["keys_told"]),
    )
    return found.select(*rows.columns, *NORMALISED)


def _make_keys(e164: Column) -> Column:
    """Whom a number reaches that has one reading; null where there is none."""
    import ibis

    return ibis.ifelse(e164.isnull(), ibis.null("array<string>"), ibis.array([subscriber_keys.key_column(e164)]))


def read_plain_numbers(rows: Table, region: str | None = None) -> Table:
    """Add what to ask the library (text, within), and what need not be asked: a number (plain) or a fault (lost)."""
    import ibis

    pairs = rows
    bare = pairs["phone"].re_replace(f"[{numbering_plans.PUNCTUATION}]+", "")
    # three digits: two are a number to the library only where nothing is between them
    clean = bare.re_search(r"^\+?[0-9]{3,}$") & (pairs["phone"].length() <= phone_recognition.LONGEST)
    as_it_is = bare == pairs["phone"]
    doubts = [pairs["phone"].re_search(pattern) for pattern in numbering_plans.DOUBTFUL]
    clean = clean & (as_it_is | ~reduce(or_, doubts))
    text = ibis.ifelse(clean, bare, ibis.coalesce(pairs["phone"], ibis.literal("")))
    pairs = pairs.mutate(text=text, within=choose_region(pairs, region))
    # +1 has no other way to read these: neither begins with 1 or with 011 once the 1 is gone
    at_home = pairs["within"].isin(_HOME) & pairs["text"].re_search("^1?[2-9][0-9]{9}$")
    in_america = ibis.literal("+1") + pairs["text"].right(10)
    pairs = pairs.mutate(full=ibis.ifelse(at_home, in_america, ibis.coalesce(_complete_at_home(pairs), pairs["text"])))
    full = pairs["full"]
    plain = [
        (
            full.startswith(zone.start),
            full.re_search(zone.kind) & full.re_search(zone.general) & ~full.re_search(zone.doubtful),
        )
        for zone in numbering_plans.list_zones()
    ]
    # what begins with a zero, or with 810, may be dialled for abroad
    nowhere = (pairs["within"] == "") & pairs["text"].re_search(
        rf"^(?:[1-79]|8[02-9]|81[1-9])[0-9]{{1,{phone_recognition.LONGEST - 1}}}$"
    )
    nowhere = nowhere & (pairs["text"].length() > 2) & (pairs["text"].length() <= phone_recognition.LONGEST)
    return pairs.select(
        *rows.columns,
        "text",
        "within",
        plain=ibis.ifelse(ibis.cases(*plain, else_=False), full, ibis.null("string")),
        lost=find_fault((nowhere, number_readings.NOWHERE)),
    )


def _complete_at_home(pairs: Table) -> Column:
    """Digits with the calling code of the region they are read in, where they have no second reading; else null."""
    import ibis

    homes = numbering_plans.list_home_patterns()
    codes = ibis.map(ibis.array(list(homes.codes)), ibis.array(list(homes.codes.values())))
    code = codes.get(pairs["within"], ibis.literal(""))
    text = pairs["text"]
    national = ibis.ifelse(pairs["within"].isin(sorted(homes.zero)), text.re_replace("^0", ""), text)
    dialled = text.re_search(f"^(?:{'|'.join((*number_readings.read_abroad(), *sorted(homes.others)))})")
    right = (code != "") & national.re_search("^[1-9][0-9]{5,13}$") & ~dialled & ~national.startswith(code)
    return ibis.ifelse(right, ibis.literal("+") + code + national, ibis.null("string"))


def _ask_library(backend: BaseBackend, rest: Table, rule: number_readings.Rule, folder: Path) -> Table:
    """What the library says of every row of `rest`, asked and written down a chunk at a time."""
    number_readings.cache_patterns()
    path = _make_file(folder)
    with raw_rows.open_parquet(path, _make_columns()) as append:
        for chunk in engine.stream_rows(backend, rest, _ASKED, tuple[str, str]):
            append(_answer_columns(chunk, rule))
    return engine.read_parquet(backend, path)


def _make_file(folder: Path) -> Path:
    """A new file that only its owner may read."""
    handle, name = tempfile.mkstemp(prefix="phones-", suffix=".parquet", dir=folder)
    os.close(handle)
    return Path(name)
