"""`listContacts`: with attributes, through the lists surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cxone import lists
from reconciler.cxone.faults import Invalid, NotFound, TooLarge
from reconciler.cxone.transport import Transport
from reconciler.model.errors import ChunkRefused, RowsRejected


class ListContacts:
    """An upsert by contact id; the attributes that a chunk carries replace those on the list."""

    name = "listContacts"
    surface = "lists"
    most = 1000

    def put(self, transport: Transport, list_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put contacts with their attributes on a list.

        Raises:
            RowsRejected: the tenant will not take some of them, or they are too many.
            NotFound: the list itself is gone.
        """
        try:
            lists.put(transport, list_id, rows)
        except NotFound as error:
            lists.contact_list(transport, list_id)  # raises NotFound if it is the list that is missing
            raise RowsRejected("archived, deleted or unknown in the tenant", where=error.where) from error
        except (Invalid, TooLarge) as error:
            raise ChunkRefused(error.note or error.message, where=error.where) from error

    def remove(self, transport: Transport, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list."""
        lists.remove(transport, list_id, ids)


METHOD = ListContacts()
