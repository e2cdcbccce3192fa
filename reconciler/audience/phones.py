"""Which number, in E.164, does a text mean, and why does another mean none?"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reconciler.audience import engine, numbering, rough, sources

FEW = 2_000
"""Up to so many numbers the library is asked for each: the patterns of all numbering plans take longer to prepare."""

_ASKED = 20_000
"""How many numbers the library is asked for before they are written down: what is in memory at once."""

NORMALISED = ("e164", "phone_fault", "subscribers")
"""The columns that `normalised` adds."""

_HOME = ("US", "CA")
"""Where ten digits, or eleven with a leading 1, are a number of +1 whatever else they could be."""


def normalised(backend: Any, rows: Any, rule: numbering.Rule, region: str | None = None) -> Any:
    """Every row of a relation, with more columns: e164, subscribers, and phone_fault where there is no number.

    Args:
        rows: a relation with the text columns `phone` (a number as somebody wrote it) and `region` (ISO 3166 alpha-2,
            in capitals; null where it is not known), and any others; computed twice. In a column `plain` may be what
            `told_plainly` told before; it is left out of the result.
        rule: `valid` where the numbering plan has such a number, `possible` where its length is right.
        region: that of rows which have none of their own.

    The result is that of libphonenumber on every input: `parse(raw, region)`, `is_valid_number` or
    `is_possible_number`, format E.164. Where they are many, what is plain is told by the library's own patterns inside
    the engine (numbers with `+`, and ten or eleven digits in the US and Canada, however they are punctuated); each
    distinct rest is asked of the library once. What was told and answered is kept in files of the engine's scratch
    folder that only their owner may read.

    `subscribers` (array<string>, sorted, distinct, null or empty where there is no number) are the keys of whom the
    number reaches: two numbers reach the same subscriber where they share one.

    `e164` is null where there is none, and `phone_fault` says why in a few words (`empty`, `not a number`, `too short`,
    `too long`, `wrong length`, `no area code`, `no region and no country code`, `unknown region and no country code`,
    `no such country code`, `no such number in FR`, `no such number under +1`); else it is null.

    The library already understands full-width and Arabic-Indic digits, letters on the keypad, `tel:` with its
    parameters, text before a number, and the international prefix of the region. Where it differs from what one may
    expect, it is followed all the same:

    - `00` is an international prefix only in regions that dial it: not in the US (011), not without a region.
    - A region in lower case, or `UK`, is no region. A region is not looked at where the text has a `+`.
    - An extension is dropped, so that two people behind one switchboard have one number.
    - Letters are the keypad's where there are three or more: O for zero is a 6. A number that a spreadsheet made
      into 4155550100.0 has a digit too many.
    - Two numbers in one text are one number if the second looks like an extension, else none.
    - A tab or a line break inside a number makes it none; around it, it is ignored.
    - The trunk zero written after the country code, as in +44 (0)20 …, is dropped, once.
    - By `possible`, a local number without its area code is taken, and digits that no plan has are kept as they are,
      so that a second pass may drop one more prefix. By `valid`, a result normalises to itself.

    Raises:
        ValueError: there is no such rule. No message has a number in it.
    """
    if rule not in numbering.RULES:
        raise ValueError(f"no such rule: {rule!r}")
    import ibis

    known = "plain" in rows.columns
    rest = rows.filter(rows["plain"].isnull()) if known else rows
    asked = _first(backend, rest)
    if len(asked) <= FEW:
        return _looked_up(backend, rows, asked, rule, region)
    if not known:
        return _by_patterns(backend, rows, rule, region)
    told = _by_patterns(backend, rest.drop("plain"), rule, region)
    plain = rows.filter(rows["plain"].notnull())
    plain = plain.mutate(e164=plain["plain"], phone_fault=ibis.null("string"), subscribers=_keys(plain["plain"]))
    return ibis.union(plain.select(*told.columns), told)


def _first(backend: Any, rows: Any) -> list[tuple[str | None, str | None]]:
    """The numbers of a relation with their regions; of many, one more than `FEW` of them."""
    pairs = rows.select("phone", "region").limit(FEW + 1)
    return [pair for chunk in sources.stream(backend, pairs, FEW + 1) for pair in chunk]


def _looked_up(
    backend: Any,
    rows: Any,
    asked: Sequence[tuple[str | None, str | None]],
    rule: numbering.Rule,
    region: str | None,
) -> Any:
    """Every row with what the library says of its number, where it was not told before."""
    import ibis
    import pyarrow as pa

    plain = rows["plain"] if "plain" in rows.columns else ibis.null("string")
    columns = [name for name in rows.columns if name != "plain"]
    if not asked:
        told = rows.mutate(e164=plain, phone_fault=ibis.null("string"), subscribers=_keys(plain))
        return told.select(*columns, *NORMALISED)
    numbering.keep_patterns()
    pairs = sorted({(phone or "", (region if own is None else own) or "") for phone, own in asked})
    told = [(phone, within, *numbering.judge(phone, within or None, rule)) for phone, within in pairs]
    path = _file(engine.scratch(backend))
    with rough.parquet(path, dict.fromkeys(("asked", "within", "answer", "fault_told"), pa.string())) as append:
        append(list(zip(*told, strict=True)))
    answers = engine.parquet(backend, path)
    raw = ibis.coalesce(rows["phone"], ibis.literal(""))
    joined = rows.left_join(answers, [raw == answers["asked"], _within(rows, region) == answers["within"]])
    e164 = ibis.coalesce(joined["plain"], joined["answer"]) if "plain" in rows.columns else joined["answer"]
    return joined.select(*columns, e164=e164, phone_fault=joined["fault_told"], subscribers=_keys(e164))


def _within(rows: Any, region: str | None) -> Any:
    """In which region a row's number is read; empty where none is known."""
    import ibis

    return ibis.coalesce(rows["region"], *([ibis.literal(region)] if region else []), ibis.literal(""))


def _by_patterns(backend: Any, rows: Any, rule: numbering.Rule, region: str | None) -> Any:
    """Every row with its number, by the patterns where it is plain."""
    import ibis

    # computed once, and what is made of it is short to say
    path = _file(engine.scratch(backend))
    engine.write(backend, told_plainly(rows, region), path)
    told = engine.parquet(backend, path)
    rest = told.filter(told["plain"].isnull(), told["lost"].isnull()).select("text", "within").distinct()
    answers = _asked(backend, rest, rule, engine.scratch(backend)).rename(asked_text="text", asked_within="within")
    same = [told["text"] == answers["asked_text"], told["within"] == answers["asked_within"]]
    joined = told.left_join(answers, same)
    e164 = ibis.coalesce(joined["plain"], joined["e164"])
    found = joined.mutate(e164=e164, phone_fault=ibis.coalesce(joined["lost"], joined["fault_told"]))
    return found.mutate(subscribers=_keys(found["e164"])).select(*rows.columns, *NORMALISED)


def _keys(e164: Any) -> Any:
    """The subscribers that a number reaches."""
    import ibis

    return ibis.ifelse(e164.isnull(), ibis.null("array<string>"), ibis.array([e164]))


def told_plainly(rows: Any, region: str | None = None) -> Any:
    """Add what to ask the library (text, within), and what need not be asked: a number (plain) or a fault (lost)."""
    import ibis

    pairs = rows
    bare = pairs["phone"].re_replace(f"[{numbering.PUNCTUATION}]+", "")
    # three digits: two are a number to the library only where nothing is between them
    clean = bare.re_search(r"^\+?[0-9]{3,}$") & (pairs["phone"].length() <= numbering.LONGEST)
    text = ibis.ifelse(clean, bare, ibis.coalesce(pairs["phone"], ibis.literal("")))
    pairs = pairs.mutate(text=text, within=_within(pairs, region))
    # +1 has no other way to read these: neither begins with 1 or with 011 once the 1 is gone
    at_home = pairs["within"].isin(_HOME) & pairs["text"].re_search("^1?[2-9][0-9]{9}$")
    pairs = pairs.mutate(full=ibis.ifelse(at_home, ibis.literal("+1") + pairs["text"].right(10), pairs["text"]))
    full = pairs["full"]
    plain = [
        (
            full.startswith(zone.start),
            full.re_search(zone.kind) & full.re_search(zone.general) & ~full.re_search(zone.doubtful),
        )
        for zone in numbering.zones()
    ]
    nowhere = (pairs["within"] == "") & pairs["text"].re_search(f"^[0-9]{{3,{numbering.LONGEST}}}$")
    return pairs.select(
        *rows.columns,
        "text",
        "within",
        plain=ibis.ifelse(ibis.cases(*plain, else_=False), full, ibis.null("string")),
        lost=ibis.ifelse(nowhere, ibis.literal(numbering.NOWHERE), ibis.null("string")),
    )


def _asked(backend: Any, rest: Any, rule: numbering.Rule, folder: Path) -> Any:
    """What the library says of every row of `rest`, asked and written down a chunk at a time."""
    import pyarrow as pa

    numbering.keep_patterns()
    path = _file(folder)
    columns = dict.fromkeys(("text", "within", "e164", "fault_told"), pa.string())
    with rough.parquet(path, columns) as append:
        for chunk in sources.stream(backend, rest, _ASKED):
            told = [(text, within, *numbering.judge(text, within or None, rule)) for text, within in chunk]
            append(list(zip(*told, strict=True)))
    return engine.parquet(backend, path)


def _file(folder: Path) -> Path:
    """A new file that only its owner may read."""
    handle, name = tempfile.mkstemp(prefix="phones-", suffix=".parquet", dir=folder)
    os.close(handle)
    return Path(name)
