"""Find where the change of a segment is concentrated.

In few scans: one that counts every attribute by itself, and one that counts the pairs of the values that stood out. Of
values that fewer than `FEWEST` people have nobody is told, nor where a difference of figures would tell of so few.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from reconciler.audience.impact.disclosable_attributes import (
    PLACE,
    Attribute,
    describe_members,
    describe_people,
    is_tellable,
    list_attributes,
)
from reconciler.audience.impact.free_text_columns import list_cells, list_free_text
from reconciler.audience.impact.small_groups import FEWEST
from reconciler.audience.relations import engine
from reconciler.model.impact import Change, Concentration, Value
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.segment_membership import MembershipDecision

if TYPE_CHECKING:
    from ibis import BaseBackend, Table

SUPPORT, LIFT, DEVIATIONS = 0.1, 1.5, 4.0
"""What is told: at least a tenth of the changed people, half as often again as elsewhere, and by no chance: so many
standard deviations more than a draw from the population would have."""

PAIRED, MOST_CELLS, TOP, PREFERRED = 12, 500, 3, 5.0
"""Values of which all pairs are counted; cells that one of them may stand for; what is told of each change; and by how
many points a pair must say more than one value alone."""


_CHANGES: Mapping[Change, str] = {"added": "source", "removed": "called", "moved": "called"}
"""What becomes of people, and what it is held against: everybody in the source, or who was called before."""

_SUMS = ("source", "called", *_CHANGES)
"""What somebody may be. A row has all that they are as one number (`flags`), a bit for each."""

Counts = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Found:
    """A value, or two, with the cells that stand for each, and how many people there are of each sum."""

    parts: tuple[tuple[Attribute, str | None], ...]
    counts: Counts

    def excess(self, change: Change, total: Counts) -> float:
        """By how many points the share among the changed is above that among those it is held against."""
        return 100 * (_compute_share(self.counts, total, change) - _compute_share(self.counts, total, _CHANGES[change]))


def _compute_share(counts: Counts, total: Counts, name: str) -> float:
    return counts[name] / total[name] if total[name] else 0.0


def find_concentration(
    backend: BaseBackend,
    standing: MembershipDecision,
    moves: Table,
    place: int,
    read: Mapping[RowQuery, Rows],
    *,
    departed: bool = True,
) -> Iterator[Concentration]:
    """What stands out of each change of a segment, the most telling first.

    Args:
        moves: a row for each contact whose band changes: segment, contactId, was, will. place: the segment's number.
        departed: whether somebody who is removed may be in the source no longer.
    """
    attributes = list_attributes(standing)
    mine = moves.filter(moves["segment"] == place)
    if not attributes or engine.count_rows(backend, mine) < FEWEST:
        return
    everybody = _join_population(backend, standing, mine, read, attributes, departed=departed)
    with engine.cache_rows(backend, everybody) as people:  # attributes are taken out of their maps once
        columns = _drop_free_text(backend, people, list(dict.fromkeys(each.column for each in attributes)))
        with engine.cache_rows(backend, engine.group_sets(backend, people, columns, "flags")) as counted:
            total, singles, cells = _read_singles(backend, counted, columns, attributes)
        pairs = list(_count_pairs(backend, people, _choose(singles, total), cells))
    for change in _CHANGES:
        yield from _rank(standing, change, singles, pairs, total)


def _join_population(
    backend: BaseBackend,
    standing: MembershipDecision,
    moves: Table,
    read: Mapping[RowQuery, Rows],
    attributes: Sequence[Attribute],
    *,
    departed: bool,
) -> Table:
    """Everybody of the source, and who was called and is no longer in it: attributes, and what they are."""
    import ibis

    added, removed, moved = (_bit(name) for name in _CHANGES)
    becomes = ibis.cases((moves["was"].isnull(), added), (moves["will"].isnull(), removed), else_=moved)
    changed = moves.select(changed_id="contactId", becomes=becomes.cast("int64"))
    people = describe_people(backend, standing, read, attributes)
    members = describe_members(backend, standing, read, ())
    called = people["contactId"].isin(members["contactId"]).fill_null(False)
    met = people.mutate(called=ibis.ifelse(called, _bit("called"), 0))
    met = met.left_join(changed, met["contactId"] == changed["changed_id"])
    columns = [each for each in people.columns if each != "contactId"]
    flags = met["called"].cast("int64") + met["becomes"].fill_null(0) + _bit("source")
    everybody = met.select(*columns, flags=flags)
    if not departed:
        return everybody
    gone = changed.filter(changed["becomes"] == removed).anti_join(people, [("changed_id", "contactId")])
    listed = describe_members(backend, standing, read, attributes)
    left = gone.inner_join(listed, gone["changed_id"] == listed["contactId"])
    left = left.group_by("changed_id").agg(flags=left["becomes"].max(), **{name: left[name].max() for name in columns})
    return ibis.union(everybody, left.select(*columns, flags=left["flags"] + _bit("called")))


def _bit(name: str) -> int:
    return 1 << _SUMS.index(name)


def _counts(many: Mapping[int, int]) -> Counts:
    """How many there are of each sum, of how many there are with each number."""
    return {name: sum(count for flags, count in many.items() if flags & _bit(name)) for name in _SUMS}


def _drop_free_text(backend: BaseBackend, people: Table, columns: Sequence[str]) -> list[str]:
    """The columns that are not nearly different for everybody whose calling changes: these are not even grouped by."""
    changed = people.filter(people["flags"] >= _bit(min(_CHANGES, key=_SUMS.index)))
    counted = changed.agg(n=changed.count(), **{name: changed[name].nunique() for name in columns})
    ((many, different),) = engine.list_rows(
        backend, counted.select("n", different=list_cells(counted, columns, "int64")), tuple[int, list[int]]
    )
    most = max(FEWEST * FEWEST, many / 2)
    return [name for name, each in zip(columns, different, strict=True) if name == PLACE or each <= most]


def _read_singles(
    backend: BaseBackend, counted: Table, columns: Sequence[str], attributes: Sequence[Attribute]
) -> tuple[Counts, list[_Found], dict[tuple[str, str | None], list[str]]]:
    """The total; every value that may be told of, with its counts; and the cells that stand for each."""
    everybody: Counter[int] = Counter()
    by_value: dict[tuple[str, str | None], Counter[int]] = defaultdict(Counter)
    cells: dict[tuple[str, str | None], dict[str, None]] = defaultdict(dict)
    by_column: dict[str, list[Attribute]] = defaultdict(list)
    for each in attributes:
        by_column[each.column].append(each)
    wide = list_free_text(backend, counted, columns, FEWEST)
    told = counted.select("flags", "n", cells=list_cells(counted, columns, "string"))
    for chunk in engine.stream_rows(backend, told, 10_000, tuple[int, int, list[str | None]]):
        for flags, many, row in chunk:
            grouped = next(((name, cell) for name, cell in zip(columns, row, strict=True) if cell is not None), None)
            if grouped is None:
                everybody[flags] += many
                continue
            name, cell = grouped
            for attribute in by_column[name] if name not in wide else ():
                key = (attribute.name, attribute.read(cell))
                by_value[key][flags] += many
                cells[key][cell] = None
    named = {each.name: each for each in attributes}
    tellable = ((name, value, many) for (name, value), many in by_value.items() if is_tellable(value))
    singles = [_Found(((named[name], value),), _counts(many)) for name, value, many in tellable]
    return _counts(everybody), singles, {key: list(held) for key, held in cells.items()}


def _choose(singles: Sequence[_Found], total: Counts) -> list[_Found]:
    """The values whose pairs are worth counting: those that stand out most, and then those that are frequent."""

    def weight(found: _Found) -> tuple[float, str]:
        return -max(found.excess(change, total) for change in _CHANGES if total[change]), _make_name(found)

    frequent = [
        each
        for each in singles
        if any(total[change] and _compute_share(each.counts, total, change) >= SUPPORT for change in _CHANGES)
    ]
    return sorted(frequent, key=weight)[:PAIRED]


def _make_name(found: _Found) -> str:
    return " ".join(f"{attribute.name}={value or ''}" for attribute, value in found.parts)


def _count_pairs(
    backend: BaseBackend, people: Table, chosen: Sequence[_Found], cells: Mapping[tuple[str, str | None], Sequence[str]]
) -> Iterator[_Found]:
    """Every pair of some values with its counts. A person is a number, whose bits say which of the values it has."""
    import ibis

    few = []
    for each in chosen:
        ((attribute, value),) = each.parts
        if len(cells[attribute.name, value]) <= MOST_CELLS:
            few.append((each, people[attribute.column].isin(sorted(cells[attribute.name, value]))))
    if len(few) < 2:
        return
    bits = [ibis.ifelse(has, ibis.literal(1 << at, "int64"), 0) for at, (_, has) in enumerate(few)]
    mask = sum(bits[1:], bits[0])
    coded = people.select("flags", mask=mask)
    grouped = coded.group_by("mask", "flags").agg(n=coded.count())
    rows = engine.list_rows(backend, grouped, tuple[int, int, int])
    for one, other in combinations(range(len(few)), 2):
        parts = (*few[one][0].parts, *few[other][0].parts)
        if parts[0][0].name == parts[1][0].name:
            continue
        both = (1 << one) | (1 << other)
        found: Counter[int] = Counter()
        for has, flags, many in rows:
            if has & both == both:
                found[flags] += many
        yield _Found(parts, _counts(found))


def _rank(
    standing: MembershipDecision, change: Change, singles: Sequence[_Found], pairs: Sequence[_Found], total: Counts
) -> Iterator[Concentration]:
    """What stands out of one change: the greatest excess first, a pair only where it says clearly more."""
    alone = {_make_name(each): each for each in singles}
    told: list[_Found] = []
    every = [each for each in (*singles, *pairs) if _is_striking(each, change, total)]

    def weight(found: _Found) -> tuple[float, int, str]:
        return -(found.excess(change, total) - PREFERRED * (len(found.parts) - 1)), len(found.parts), _make_name(found)

    for each in sorted(every, key=weight):
        if len(told) == TOP:
            return
        apart = all(not set(each.parts) & set(other.parts) for other in told)
        if apart and _is_private(each, change, total, told, alone):
            told.append(each)
            yield _make_concentration(standing, change, each, total)


def _is_striking(found: _Found, change: Change, total: Counts) -> bool:
    """Whether so many have it, so much more often than others, that it is no chance."""
    base, many = _compute_share(found.counts, total, _CHANGES[change]), total[change]
    share = _compute_share(found.counts, total, change)
    if not base or share < SUPPORT or share < LIFT * base:
        return False
    return found.counts[change] - many * base > DEVIATIONS * math.sqrt(many * base * (1 - base))


def _is_private(
    found: _Found, change: Change, total: Counts, told: Sequence[_Found], alone: Mapping[str, _Found]
) -> bool:
    """Whether neither a figure nor a difference of two is about fewer than `FEWEST` people, and more than none."""
    against = _CHANGES[change]
    counts = found.counts
    if counts[change] < FEWEST or counts[against] < FEWEST:
        return False
    rests = [total[change] - counts[change], total[against] - counts[against], counts[against] - counts[change]]
    for attribute, value in found.parts if len(found.parts) > 1 else ():
        single = alone[f"{attribute.name}={value or ''}"].counts
        rests += [single[change] - counts[change], single[against] - counts[against]]
    for attribute, _ in found.parts:
        same = [each for each in told if any(other.name == attribute.name for other, _ in each.parts)]
        if same:
            rests.append(total[change] - counts[change] - sum(each.counts[change] for each in same))
            rests.append(total[against] - counts[against] - sum(each.counts[against] for each in same))
    return all(rest <= 0 or rest >= FEWEST for rest in rests)


def _make_concentration(standing: MembershipDecision, change: Change, found: _Found, total: Counts) -> Concentration:
    share, base = _compute_share(found.counts, total, change), _compute_share(found.counts, total, _CHANGES[change])
    where = tuple(Value(attribute.name, value) for attribute, value in found.parts)
    whole = round(100 * share)
    # not all of them is never said to be all
    whole = min(whole, 99) if found.counts[change] < total[change] else whole
    return Concentration(standing.segment.address, change, where, whole, round(100 * base, 1), round(share / base, 1))
