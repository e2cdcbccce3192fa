# tested by: tests/steps/apply/test_outcome_step.py
"""Compare the call outcomes that contacts should have with those they have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from reconciler.audience import tables
from reconciler.audience.relations import batches as piecemeal
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import ReasonCell, make_reason, make_unusable
from reconciler.model.disposition import HELD, DispositionSet
from reconciler.model.outcome_change import OutcomeChange, Place
from reconciler.model.reason import Counted, Reason, Share
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.tables import LIVE_OUTCOMES, OUTCOME_CHANGES, STAGED_DISPOSITIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Table


SHOWN = 20
_LOCATED = ("unusable", "unknown_contact")


@dataclass(frozen=True, slots=True)
class OutcomeDiff:
    """What must change of a campaign's contacts; of what is counted the most frequent comes first.

    Attributes:
        rows: `OUTCOME_CHANGES`, in the order of the contacts.
        source: rows of the source. unchanged: contacts that have their outcome already.
        left: rows that set nothing, by reason. places: the first of those that somebody should look at.
        reopened, later: see `OutcomeChange`.
    """

    rows: Rows
    source: int
    unchanged: int
    left: tuple[Counted, ...]
    places: tuple[Place, ...]
    owed: tuple[Counted, ...]
    reopened: int
    later: int


def compare_outcomes(
    backend: BaseBackend,
    wanted: DispositionSet,
    read: Mapping[RowQuery, Rows],
    into: Path,
    owed: Table | None = None,
    others: Sequence[DispositionSet] = (),
) -> OutcomeDiff:
    """What must change.

    `owed` is what `retry_queue.select_waiting` says of the set; `others` are those that may overtake it.
    """
    import ibis

    told = _join_told(backend, wanted, read, others)
    waiting = () if owed is None else _count_waiting(backend, told, owed)
    if owed is not None:
        told = _drop_held(told, owed)
    setting = told.filter(told["left"].isnull())
    was = ibis.coalesce(setting["was"], ibis.literal(""))
    changed = setting.select(
        "contactId",
        "outcome",
        "was",
        "agent",
        "notes",
        "timestamp",
        "custom",
        action=ibis.literal("set"),
        reason=make_reason("outcome", was, setting["outcome"]),
    )
    rows = tables.write_table(
        backend, changed.select(*OUTCOME_CHANGES.columns).order_by("contactId"), into, OUTCOME_CHANGES
    )
    final = setting["was"].isin(wanted.final).fill_null(False) & ~setting["outcome"].isin(wanted.final)
    counts = _count_reasons(backend, told.filter(told["left"].notnull()), "left")
    unchanged = sum(each.count for each in counts if each.reason.code == _SAME)
    return OutcomeDiff(
        rows=rows,
        source=engine.count_rows(backend, told),
        unchanged=unchanged,
        left=tuple(each for each in counts if each.reason.code != _SAME),
        places=_list_places(backend, told),
        owed=waiting,
        reopened=engine.count_rows(backend, setting.filter(final)),
        later=engine.count_rows(backend, setting.filter((setting["since"] > setting["timestamp"]).fill_null(False))),
    )


_SAME = "same_outcome"


def _join_told(
    backend: BaseBackend, wanted: DispositionSet, read: Mapping[RowQuery, Rows], others: Sequence[DispositionSet]
) -> Table:
    """Every row of the source with what the tenant has of its contact; `left`: why it sets nothing, or null."""
    asked = tables.read_table(backend, read[wanted.feed], STAGED_DISPOSITIONS)
    now = tables.read_table(backend, read[wanted.live], LIVE_OUTCOMES).rename(there="contactId", was="outcome")
    joined = asked.left_join(now, asked["contactId"] == now["there"])
    joined = _add_overtaken(backend, wanted, joined, read, others)
    held = joined["state"].isin(HELD).fill_null(False)
    left = reasons.first_reason(
        (joined["fault"].notnull(), make_unusable(joined["fault"])),
        (joined["superseded"], make_reason("superseded")),
        (~joined["known"].fill_null(False), make_reason("unknown_contact")),
        (joined["by"].notnull(), make_reason("superseded_by_set", joined["by"])),
        ((joined["was"] == joined["outcome"]).fill_null(False), make_reason(_SAME)),
        (held, make_reason("held_by_dialler", joined["state"])),
    )
    return joined.mutate(left=left)


def _add_overtaken(
    backend: BaseBackend,
    wanted: DispositionSet,
    told: Table,
    read: Mapping[RowQuery, Rows],
    others: Sequence[DispositionSet],
) -> Table:
    """With `by`: the other set whose row of a contact in the same campaign is the one that counts, or null.

    As within a set the latest moment counts; of one moment the last set, by its name. Else each apply would undo what
    the one before has set.
    """
    import ibis

    rivals = [_select_counting(backend, each, read) for each in others if each.live in read]
    if not rivals:
        return told.mutate(by=ibis.null("string"))
    every = ibis.union(rivals[0], *rivals[1:]) if len(rivals) > 1 else rivals[0]
    order = [ibis.desc(every["moment"]), ibis.desc(every["set"])]
    rank = ibis.row_number().over(ibis.window(group_by=["who", "where"], order_by=order))
    ranked = every.mutate(rank=rank)
    last = ranked.filter(ranked["rank"] == 0).drop("rank")
    met = told.left_join(last, (told["contactId"] == last["who"]) & (told["campaignId"] == last["where"]))
    mine = met["timestamp"].fill_null("")
    later = (met["moment"] > mine) | ((met["moment"] == mine) & (met["set"] > str(wanted.address)))
    return met.mutate(by=ibis.ifelse(later.fill_null(False), met["set"], ibis.null("string"))).drop(*last.columns)


def _select_counting(backend: BaseBackend, wanted: DispositionSet, read: Mapping[RowQuery, Rows]) -> Table:
    """The contacts of which a set has a row that counts: who, in which campaign, of which moment, by which set."""
    import ibis

    told, now = (
        tables.read_table(backend, read[wanted.feed], STAGED_DISPOSITIONS),
        tables.read_table(backend, read[wanted.live], LIVE_OUTCOMES),
    )
    usable = told.filter(told["fault"].isnull(), ~told["superseded"])
    usable = usable.select(who="contactId", moment=usable["timestamp"].fill_null(""))
    known = now.filter(now["known"]).select("contactId", where="campaignId")
    met = usable.inner_join(known, usable["who"] == known["contactId"])
    return met.select("who", "where", "moment", set=ibis.literal(str(wanted.address)))


def _drop_held(told: Table, owed: Table) -> Table:
    import ibis

    found = told.left_join(owed, told["contactId"] == owed["owed"])
    waits = found["left"].isnull() & found["held"].fill_null(False)
    return found.mutate(left=ibis.ifelse(waits, make_reason("retry_later"), found["left"]))


def _count_waiting(backend: BaseBackend, told: Table, owed: Table) -> tuple[Counted, ...]:
    found = told.filter(told["left"].isnull()).inner_join(owed, told["contactId"] == owed["owed"])
    return _count_reasons(backend, found, "owed_reason")


def _count_reasons(backend: BaseBackend, rows: Table, column: str) -> tuple[Counted, ...]:
    """How many rows there are for each reason in a column: the most frequent first."""
    counted = rows.group_by(why=rows[column]).agg(n=rows.count())
    found = engine.list_rows(backend, counted, tuple[ReasonCell, int])
    return tuple(
        sorted((Counted(reasons.read_reason(why), n) for why, n in found), key=lambda each: (-each.count, each.reason))
    )


def _list_places(backend: BaseBackend, told: Table) -> tuple[Place, ...]:
    """The first rows that somebody should look at, in the order of file and line."""
    looked = told["left"]["code"].isin(_LOCATED)
    number = told["place"].re_extract(r"(\d+)$", 1).try_cast("int64")
    first = told.filter(looked.fill_null(False)).order_by(told["place"].re_replace(r"\d+$", ""), number).limit(SHOWN)
    found = engine.list_rows(backend, first.select("place", "left"), tuple[str, ReasonCell])
    return tuple(Place(place, reasons.read_reason(why)) for place, why in found)


def count_reasons(backend: BaseBackend, rows: Rows) -> tuple[Counted, ...]:
    """How many rows of a change there are for each reason: the most frequent first."""
    return _count_reasons(backend, engine.read_rows(backend, rows), "reason")


def count_values(backend: BaseBackend, rows: Rows, column: str) -> list[Share]:
    """How many rows of a change have each value of a column: the most frequent first."""
    import ibis

    changed = engine.read_rows(backend, rows)
    counted = changed.group_by(value=changed[column]).agg(n=changed.count()).order_by(ibis.desc("n"), "value")
    return [Share(value, count) for value, count in engine.list_rows(backend, counted, tuple[str, int])]


def pick_examples(backend: BaseBackend, rows: Rows, each: int) -> list[tuple[str, Reason]]:
    """A few contacts of each transition, and what it is: the first by contact, so always the same."""
    import ibis

    changed = engine.read_rows(backend, rows)
    rank = ibis.row_number().over(ibis.window(group_by=["reason"], order_by="contactId"))
    ranked = changed.mutate(rank=rank)
    few = ranked.filter(ranked["rank"] < 1).order_by("reason", "contactId").select("contactId", "reason").limit(each)
    return [
        (contact, reasons.read_reason(why)) for contact, why in engine.list_rows(backend, few, tuple[str, ReasonCell])
    ]


class OutcomeRow(TypedDict):
    """What is written with a contact: columns of `OUTCOME_CHANGES`."""

    contactId: str  # as the wire names it
    outcome: str
    was: str | None
    agent: str
    notes: str | None
    timestamp: str | None
    custom: dict[str, str | None] | None


def iter_outcome_batches(change: OutcomeChange, size: int) -> Iterator[list[OutcomeRow]]:
    """What is written with each contact, `size` at a time and always in the same batches: as they lie in their file."""
    tables.check_file(change.rows, OUTCOME_CHANGES)
    for some in piecemeal.iter_file_batches(
        change.rows,
        tuple(OutcomeRow.__annotations__),
        size,
        tuple[str, str, str | None, str, str | None, str | None, dict[str, str | None] | None],
    ):
        yield [_make_row(*each) for each in some]


def _make_row(
    contact: str,
    outcome: str,
    was: str | None,
    agent: str,
    notes: str | None,
    timestamp: str | None,
    custom: dict[str, str | None] | None,
) -> OutcomeRow:
    return OutcomeRow(
        contactId=contact, outcome=outcome, was=was, agent=agent, notes=notes, timestamp=timestamp, custom=custom
    )
