"""`contactIds`: by id alone, through the outbound surface."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from reconciler.cxone import outbound
from reconciler.cxone.faults import Invalid, NotFound, TooLarge
from reconciler.cxone.transport import Transport
from reconciler.model.errors import ChunkRefused, RowsRejected


class ContactIds:
    """An archived, deleted or unknown id makes the tenant refuse the whole chunk with 404."""

    name = "contactIds"
    surface = "outbound"
    most = 1000

    def put(self, transport: Transport, list_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put contacts on a list.

        Raises:
            RowsRejected: some of them are archived, deleted or unknown, or they are too many.
            NotFound: the list itself is gone.
        """
        try:
            outbound.put(transport, list_id, [row["contactId"] for row in rows])
        except NotFound as error:
            outbound.contact_list(transport, list_id)  # raises NotFound if it is the list that is missing
            raise RowsRejected("archived, deleted or unknown in the tenant", where=error.where) from error
        except (Invalid, TooLarge) as error:
            raise ChunkRefused(error.note or error.message, where=error.where) from error

    def remove(self, transport: Transport, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list."""
        outbound.remove(transport, list_id, list(ids))


METHOD = ContactIds()
