# tested by: tests/ledger/test_owners.py
"""Define the interface of the registry of owned objects."""

from __future__ import annotations

from typing import Protocol

from reconciler.model.errors import ReconcilerError


class Owners(Protocol):
    """Which workspace objects are of, by the URL of their collection and their id there. For several threads.

    An object of which it knows nothing is nobody's: it is never deleted, and adopted by a planned change alone.
    """

    def find_owner(self, collection: str, object_id: str) -> str | None:
        """The workspace that an object is of; None: nobody knows of any.

        Raises:
            LedgerError: what was written down cannot be read, or was altered.
        """

    def claim(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        """Write down that an object is a workspace's; when this returns, it stays. `called`: its kind and name.

        Raises:
            LedgerError: it is another workspace's, or it cannot be written.
        """

    def release(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        """Write down that an object is a workspace's no longer: it was released or deleted."""


class NoOwners:
    """Where nothing is written down: every object is nobody's, and none can be claimed."""

    def find_owner(self, collection: str, object_id: str) -> str | None:
        """See `Owners`."""
        return None

    def claim(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        """See `Owners`."""
        raise ReconcilerError(f"there is no registry in which {called} could be claimed for {workspace}")

    def release(self, collection: str, object_id: str, called: str, workspace: str) -> None:
        """See `Owners`."""
