# tested by: tests/surfaces/test_rows_of_another_api.py
"""Describe how a surface reads and writes rows: list methods, interactions, outcomes.

Each is declared in the surface's file below `reconciler/surfaces/`; who is on a list its `Wire` says (`Members`). All
functions are pure: they make requests, and read answers that have their shape.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reconciler.model.delivery_method import Way
from reconciler.model.disposition import Standing
from reconciler.model.jobs import Job, Refusals
from reconciler.model.paging import Pages
from reconciler.model.reply_shape import Rows, Shape
from reconciler.model.row_queries import InteractionsOf
from reconciler.model.surface_wire import Body, Call
from reconciler.model.text_folding import normalise_id

Row = Mapping[str, Any]
"""A contact that is put on a list: contactId, member (its id on the list, where it is on it), sent_as, phone, name,
firstName, lastName, email, data (its attributes)."""


def find_member_id(row: Row) -> str:
    """The id on the list, where the contact is on it: a method may have given it another than its own."""
    return str(row["member"] or row["sent_as"])


def keep_data(row: Row) -> Mapping[str, Any]:
    """The attributes of a row; where its id on the list is not its own, what it was sent under stays with it."""
    known = {} if normalise_id(find_member_id(row)) == row["contactId"] else {"contactId": row["sent_as"]}
    return {**row["data"], **known}


@dataclass(frozen=True, slots=True)
class Trace:
    """What is known of a request whose reply was lost, for its job to be found.

    Attributes:
        list_id: the list that it was of. reference: what it was sent with.
        since: the moment before it was sent at first; now: this one. Both of the tenant's clock, where it tells it.
        known: ids of jobs that others have made.
    """

    list_id: str
    reference: str
    since: datetime
    now: datetime
    known: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows of a list are valid, and how many are not; None: it is not told."""

    valid: int | None = None
    invalid: int | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """Where it is told how many rows of a job were not taken, when the job itself does not say it.

    One request at a time is made for a list: what its count grows by is of that request.

    Attributes:
        of: the list's id → the request for its counts. shape: of its answer. read: these.
        arrived: the list's id, the moment before the job by the tenant's clock → the request for the rows that were
            written since.
        pages: how these are read. row: their shape. key: the field of one that has its id on the list.
        is_as_sent: a row that was sent, one that was read → whether the latter is as the former was sent.
    """

    of: Callable[[str], Call]
    shape: Shape
    read: Callable[[Any], Counts]
    arrived: Callable[[str, datetime], Call]
    pages: Pages
    row: Shape
    key: str
    is_as_sent: Callable[[Row, Body], bool]


@dataclass(frozen=True, slots=True)
class Jobs:
    """How work that goes on after its answer is followed.

    Attributes:
        named: where the answer has the job's id, as a path.
        ask: the job's id → the request for how it gets on. shape: of its answer. read: job's id, answer → the job.
        find: a trace → the request for the jobs among which its job is; None: nothing finds one whose reply was lost.
        found: of the shape `listed`, its answer, the trace → the job's id; None where there is none.
        scope: of both requests.
        tally: where it is told how many rows were not taken; None: the job says it.
    """

    named: str
    ask: Callable[[str], Call]
    shape: Shape | Rows
    read: Callable[[str, Any], Job]
    scope: str
    find: Callable[[Trace], Call] | None = None
    listed: Shape | Rows | None = None
    found: Callable[[Any, Trace], str | None] = lambda answer, trace: None
    tally: Tally | None = None


@dataclass(frozen=True, slots=True)
class Before:
    """What is looked at before each put, and what follows of it for the request.

    Attributes:
        of: the list's id → the request. shape: of its answer. apply: a put, the answer → the put as it is sent.
    """

    of: Callable[[str], Call]
    shape: Shape
    apply: Callable[[Call, Any], Call]


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer that says yes tells of single rows.

    Attributes:
        shape: of the answer. read: the answer → the rows that were not taken.
        gone: codes of rows that were to be taken off and are off: that is no refusal.
        looks: whether no such code is known, and it is looked who of those is still on the list.
    """

    shape: Shape | Rows
    read: Callable[[Any], Refusals]
    gone: frozenset[str] = frozenset()
    looks: bool = False


@dataclass(frozen=True, slots=True)
class ListMethod:
    """One way of putting contacts on lists and taking them off, as a surface offers it. Every request may be repeated.

    Attributes:
        surface: whose it is. way: what it can do: its limits, and by which key two rows of a list are one.
        item: a row → what stands for it in a request.
        put: the list's id, items, a reference by which a job can be found → the request. scope: of writing.
        jobs: how the work is followed; None: it is done once it is answered, and the same put twice does no harm.
        told: where the answer to a put tells rows that were not taken; None: it takes all of them or none.
        blames_rows: whether a 404 may be of a row: then it is looked whether there is the list.
        remove: the list's id, ids on it → the request; None: it takes nobody off. removed: as `told`.
        beside: the names of other methods by which it does what it cannot do itself, taking off and, with `onto`,
            putting on: the first that the tenant's surfaces offer. Without one it is not offered.
        onto: whether its job makes contacts alone, and who is known by then is still to be put on the list.
        before: what a put follows from besides; None: nothing.
    """

    surface: str
    way: Way
    scope: str
    put: Callable[[str, Sequence[Any], str], Call]
    item: Callable[[Row], Any]
    jobs: Jobs | None = None
    told: Told | None = None
    blames_rows: bool = False
    remove: Callable[[str, Sequence[str]], Call] | None = None
    removed: Told | None = None
    beside: tuple[str, ...] = ()
    onto: bool = False
    before: Before | None = None


@dataclass(frozen=True, slots=True)
class History:
    """How the interactions of contacts are asked for.

    Attributes:
        of: what is asked for, and the ids of some contacts → the request; None: nobody is asked for by an id.
        of_list: what is asked for, and the id of the list that the contacts are on → the request for all of the list's,
            those out of the window among them.
        pages: how its answers are read. shape: of an interaction. columns: of each of our columns (id, contactId,
            startTime, type) its field.
        read: a row of the answers → the interaction, in which these fields are; None: it is none. Left out, the row is
            the interaction. key: the row's field by which rows are told apart, where that is another than the id.
    """

    surface: str
    scope: str
    of: Callable[[InteractionsOf, Sequence[str]], Call] | None
    pages: Pages
    shape: Shape
    columns: Mapping[str, str]
    of_list: Callable[[InteractionsOf, str], Call] | None = None
    read: Callable[[Body], Body | None] | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the outcome that a contact has in a campaign is told and set.

    Attributes:
        one: the campaign's id, the contact's → the request. shape: of its answer. read: the answer → where it stands.
        also: a second request, and the shape of its answer, which may be none: then `read` is given both answers.
        is_of: what `read` is given, the campaign's id → whether the contact is one of the campaign's.
        write: the campaign's id, the contact's, and what is set (outcomeCode, agentId, and where there are such: notes,
            dispositionTimestamp, customFields) → the request.
        unheld: what of an outcome has no place (`timestamp`, `customFields`, `notes`): whoever declares it is told.
    """

    surface: str
    read_scope: str
    write_scope: str
    one: Callable[[str, str], Call]
    shape: Shape
    read: Callable[[Any], Standing]
    write: Callable[[str, str, Body], Call]
    also: tuple[Callable[[str, str], Call], Shape] | None = None
    is_of: Callable[[Any, str], bool] = lambda answers, campaign_id: True
    unheld: frozenset[str] = frozenset()
