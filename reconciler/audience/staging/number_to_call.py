"""Choose the number by which a person is called, and list the others that reach them.

A source may have several numbers for a person, in the order in which they are tried, and several rows. The first number
of the first usable row that the segment's rule takes is called. Do-not-call holds for all: every number that can be
read at all, of every row with the person's id, names subscribers whom no list may hold.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING

from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell
from reconciler.audience.staging import equivalent_contact_ids, phone_normalisation, region_to_country
from reconciler.model.reason import Reason
from reconciler.model.row_queries import PeopleQuery, Rows
from reconciler.model.segment import Phones

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

_ENOUGH = 5
"""Digits: fewer are nobody's number, but an extension or a house number."""

_ON_A_KEYPAD = (3, 7)
"""A number that is written in letters has so many digits, and with its letters the length of a local one."""

_NO_DIGIT, _NOT_ON_A_KEYPAD = r"\P{Nd}+", r"[^\p{L}\p{Nd}]+"
"""What is left out before counting: a pattern with a number of repetitions takes an engine long to read."""

_ALL_ZERO = r"^[0\P{Nd}]*$"
"""What stands where there is no number: `000-0000`."""


def list_phone_columns(query: PeopleQuery) -> tuple[str, ...]:
    """The names of the columns that a source's phones are in, in order; one, where it does not name any."""
    named = getattr(query, "phones", ())
    return tuple(" and ".join(f"`{part}`" for part in parts) for parts in named) or ("phone",)


def add_doubtful(backend: BaseBackend, people: Table) -> Table:
    """Add `doubtful`: whether one of the rows that cannot be read may be of the contact."""
    import ibis

    named = people.filter(people["doubts"].notnull()).select(lost=people["doubts"].unnest())
    named = named.select(lost=named["lost"].strip()).distinct()
    if not engine.count_rows(backend, named.limit(1)):
        return people.mutate(doubtful=ibis.literal(False))
    lost = _write_once(
        backend,
        equivalent_contact_ids.join_same_ids(
            named, "lost", equivalent_contact_ids.find_odd_ids(backend, named["lost"])
        ),
    )
    return people.mutate(doubtful=people["contactId"].isin(lost["same"]).fill_null(False))


def choose_numbers(
    backend: BaseBackend, people: Table, how: Phones, query: PeopleQuery, rows: Rows | None = None
) -> Table:
    """Add to contacts the number by which each is called, and whom all of their numbers reach.

    Columns: `e164` (null where none can be called), `called_keys` (the keys of that number's subscribers),
    `subscribers` (the keys of all numbers of all rows of the contact), `unread` (whether one of them says digits that
    are no number as a whole: no do-not-call list can be asked for it).

    Args:
        rows: what the contacts are all of, where they are: then several numbers are read once for all who ask.
    """
    import ibis

    count = len(list_phone_columns(query))
    if count > 1:
        path = engine.find_scratch(backend) / f"persons-{_name_facts(rows, how, count)}.parquet"
        if not path.exists():
            part = path.with_suffix(".part")
            engine.write_parquet(backend, _choose_of_several(backend, people, how, count), part)
            part.rename(path)
        answers = engine.read_parquet(backend, path)
        found = people.drop("plain").left_join(answers, people["place"] == answers["at"]).drop("at")
        return found.mutate(unread=found["unread"].fill_null(False))
    called = phone_normalisation.normalise_phones(backend, people, how.rule, how.region)
    called = called.mutate(called_keys=called["subscribers"], unread=is_unread(called)).drop("phone_fault")
    twice = people.filter(people["duplicate"], people["contactId"].notnull()).select("contactId").distinct()
    if not engine.count_rows(backend, twice):
        return called
    every = _read_each(backend, people.semi_join(twice, "contactId"), how, 1)
    keys = _write_once(backend, _collect_keys(every))
    found = called.left_join(keys, called["contactId"] == keys["whose"]).drop("whose")
    found = found.mutate(
        subscribers=ibis.coalesce(found["theirs"], found["subscribers"]),
        unread=found["unread"] | found["lost"].fill_null(False),
    )
    return found.drop("theirs", "lost")


def find_called_numbers(backend: BaseBackend, people: Table, how: Phones, query: PeopleQuery) -> Table:
    """Add to contacts `e164`, as `choose_numbers` does, and nothing that is to be relied on beside it."""
    if len(list_phone_columns(query)) > 1:
        return choose_numbers(backend, people, how, query)
    return phone_normalisation.normalise_phones(backend, people, how.rule, how.region)


def _name_facts(rows: Rows | None, how: Phones, count: int) -> str:
    """A name for what is read of some rows in one way; another one each time where they are not known."""
    found = None if rows is None else rows.path.stat()
    which = object() if rows is None or found is None else (str(rows.path), found.st_size, found.st_mtime_ns)
    return hashlib.sha256(repr((which, how.rule, how.region, count)).encode()).hexdigest()[:16]


def _choose_of_several(backend: BaseBackend, people: Table, how: Phones, count: int) -> Table:
    """What `numbered` adds to each row that has numbers, by its place (`at`)."""
    every = _read_each(backend, people, how, count)
    keys = _collect_keys(every)
    # the first of a row is smaller than all that come after it
    called = every.mutate(rank=every["e164"].notnull().ifelse(every["nth"], count))
    rows = called.group_by("place", "contactId").agg(
        e164=called["e164"].argmin(called["rank"]),
        called_text=called["called_text"].argmin(called["rank"]),
    )
    found = rows.left_join(keys, rows["contactId"] == keys["whose"])
    called_keys = _split_keys(found["called_text"])
    return found.select("e164", at="place", called_keys=called_keys, subscribers=found["theirs"], unread=found["lost"])


def _read_each(backend: BaseBackend, people: Table, how: Phones, count: int) -> Table:
    """Each number of each row, computed once.

    Columns: contactId, place, nth (its place in the order), e164 by the segment's rule, `called_text` and `keys` (the
    subscribers of it by that rule, and as far as it can be read at all; texts with blanks between), `unread` (whether
    it has digits that may be somebody's, and is no number).
    """
    import ibis

    each = [
        people.select(
            "contactId",
            "place",
            "region",
            nth=ibis.literal(nth, "int64"),
            phone=region_to_country.blank_to_null(people["phones"][nth] if count > 1 else people["phone"]),
        )
        for nth in range(count)
    ]
    numbers = reduce(lambda some, more: some.union(more), each)
    numbers = _write_once(backend, numbers.filter(numbers["phone"].notnull()))
    read = phone_normalisation.normalise_phones(backend, numbers, "possible", how.region)
    unread = ibis.ifelse(read["e164"].isnull(), _may_be_somebodys(read["phone"]), ibis.literal(False))
    read = read.mutate(keys=_join_keys(read["subscribers"]), unread=unread)
    if how.rule == "possible":
        return _write_once(backend, read.mutate(called_text=read["keys"]).drop("subscribers", "phone_fault", "phone"))
    read = _write_once(backend, read.drop(*phone_normalisation.NORMALISED))
    called = phone_normalisation.normalise_phones(backend, read, how.rule, how.region)
    called = called.mutate(called_text=_join_keys(called["subscribers"]))
    return _write_once(backend, called.drop("subscribers", "phone_fault", "phone"))


def is_unread(read: Table) -> Column:
    """Whether what `phones.normalise_phones` has read reaches nobody, and may be somebody's number all the same."""
    import ibis

    nobody = read["e164"].isnull() & (read["subscribers"].isnull() | (read["subscribers"].length() == 0))
    # as a choice: whoever is reached is not looked at
    return ibis.ifelse(nobody, _may_be_somebodys(read["phone"]), ibis.literal(False)).fill_null(False)


def _may_be_somebodys(text: Column) -> Column:
    """Whether a text that is no number as a whole has digits that may be one."""
    few, long = _ON_A_KEYPAD
    digits = text.re_replace(_NO_DIGIT, "").length()
    spelt = (digits >= few) & (text.re_replace(_NOT_ON_A_KEYPAD, "").length() >= long)
    return ((digits >= _ENOUGH) | spelt) & ~text.re_search(_ALL_ZERO)


def _write_once(backend: BaseBackend, relation: Table) -> Table:
    """A relation that is used more than once, computed once, into a file that only its owner may read."""
    path = _make_file(engine.find_scratch(backend))
    engine.write_parquet(backend, relation, path)
    return engine.read_parquet(backend, path)


def _join_keys(keys: Column) -> Column:
    import ibis

    return ibis.coalesce(keys.join(" "), ibis.literal(""))


def _split_keys(keys: Column) -> Column:
    """Keys as an array again; none of none."""
    import ibis

    none = keys.isnull() | (keys == "")
    return ibis.ifelse(none, ibis.null("array<string>"), keys.split(" "))


def _collect_keys(every: Table) -> Table:
    """The subscribers of each contact, as one sorted array (`theirs`; null: none), and whether a number is `lost`."""
    import ibis

    lost = ibis.ifelse(every["unread"], ibis.literal(" ?"), ibis.literal(""))
    both = every.select("contactId", text=every["keys"] + " " + every["called_text"] + lost)
    each = both.select("contactId", key=both["text"].split(" ").unnest())
    each = each.filter(each["key"] != "").distinct()
    told = each.group_by(whose="contactId").agg(
        theirs=each["key"].collect(where=each["key"] != "?").sort(), lost=(each["key"] == "?").any()
    )
    return told.mutate(theirs=ibis.ifelse(told["theirs"].length() == 0, ibis.null("array<string>"), told["theirs"]))


def explain_numbers(backend: BaseBackend, mine: Table, how: Phones, query: PeopleQuery) -> Iterator[tuple[str, Reason]]:
    """What became of each number of some rows, in order: which is called, and why those before it are not."""
    import ibis

    names = list_phone_columns(query)
    rows = [
        mine.select(
            "place",
            "region",
            nth=ibis.literal(nth, "int64"),
            phone=region_to_country.blank_to_null(mine["phones"][nth] if names[1:] else mine["phone"]),
        )
        for nth in range(len(names))
    ]
    every = phone_normalisation.normalise_phones(
        backend, reduce(lambda some, more: some.union(more), rows), how.rule, how.region
    )
    every = every.mutate(blank=every["phone"].isnull()).order_by("place", "nth")
    used: set[str | None] = set()
    for place, nth, blank, fault in engine.list_rows(
        backend, every.select("place", "nth", "blank", "phone_fault"), tuple[str, int, bool, ReasonCell | None]
    ):
        if blank:
            fact = Reason("blank_number")
        elif fault is not None:
            fact = reasons.read_fault_reason("unreadable_number", fault)
        elif place in used:
            fact = Reason("further_number")
        else:
            fact = Reason("called_number")
            used.add(place)
        yield names[nth], fact


def _make_file(folder: Path) -> Path:
    """A new file that only its owner may read."""
    handle, name = tempfile.mkstemp(prefix="persons-", suffix=".parquet", dir=folder)
    os.close(handle)
    return Path(name)
