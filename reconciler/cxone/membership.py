# tested by: tests/cxone/test_hostile_endpoints.py
"""How are contacts of the tenant put on a list and taken off it, whatever way they got into the tenant?

By the `lists` surface, which writes attributes, or by `outbound`, which does not. Every call is safe to repeat.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from reconciler.cxone import lists, outbound
from reconciler.cxone.errors import Invalid, NotFound, TooLarge
from reconciler.cxone.transport import Transport
from reconciler.model.errors import ChunkRefused, ChunkTooLarge, RowsRejected
from reconciler.model.invisible import normalise_id

Row = Mapping[str, Any]
Wires = Mapping[str, Transport]


def offered(surfaces: Container[str]) -> bool:
    """Whether a tenant with these surfaces can take contacts off a list, and put known ones on it."""
    return "lists" in surfaces or "outbound" in surfaces


def put(wires: Wires, list_id: str, rows: Sequence[Row]) -> None:
    """Put contacts on a list, with their attributes where the tenant has the surface for it.

    Raises:
        RowsRejected: the tenant will not take some of them, or not so many.
        NotFound: the list itself is gone.
    """
    if "lists" in wires:
        put_with_data(wires["lists"], list_id, rows)
    else:
        put_by_id(wires["outbound"], list_id, rows)


def put_by_id(transport: Transport, list_id: str, rows: Sequence[Row]) -> None:
    """Through `outbound`; raises as `put`."""
    with _blamed(lambda: outbound.contact_list(transport, list_id)):
        outbound.put(transport, list_id, [member(row) for row in rows])


def put_with_data(transport: Transport, list_id: str, rows: Sequence[Row]) -> None:
    """Through `lists`; raises as `put`."""
    with _blamed(lambda: lists.contact_list(transport, list_id)):
        lists.put(transport, list_id, [(member(row), _data(row)) for row in rows])


def remove(wires: Wires, list_id: str, ids: Sequence[str]) -> None:
    """Take contacts off a list by their ids on it; those that are not on it are off."""
    if "lists" in wires:
        lists.remove(wires["lists"], list_id, ids)
    else:
        outbound.remove(wires["outbound"], list_id, list(ids))


def member(row: Row) -> str:
    """The id on the list, where the contact is on it: a bulk insert may have given it another than its own."""
    return str(row["member"] or row["sent_as"])


def _data(row: Row) -> Mapping[str, Any]:
    # what it was sent under must stay with it, or the contact would not be known again
    known = {} if normalise_id(member(row)) == row["contactId"] else {"contactId": row["sent_as"]}
    return {**row["data"], **known}


@contextmanager
def _blamed(look: Callable[[], object]) -> Iterator[None]:
    """Say of a refusal whether it is the rows, their number or the list that is at fault."""
    try:
        yield
    except NotFound as error:
        look()  # raises NotFound if it is the list that is missing
        raise RowsRejected("archived, deleted or unknown in the tenant", where=error.where) from error
    except TooLarge as error:
        raise ChunkTooLarge(error.note or error.message, where=error.where) from error
    except Invalid as error:
        raise ChunkRefused(error.note or error.message, where=error.where) from error
