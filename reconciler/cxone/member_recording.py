# tested by: tests/cli/test_preview.py
"""Read a tenant, and keep what was read of who is on its lists and of the outcomes of its contacts."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reconciler.cxone.campaign_reader import CampaignReader
from reconciler.model.row_queries import ContactsOf, LiveCampaign, LiveList, MembersOf, OutcomesOf, Rows


@dataclass(frozen=True, slots=True)
class Recorded:
    """What was read, as it came: the rows of a list, or the outcomes of a campaign's contacts."""

    of: LiveList | LiveCampaign
    rows: Rows


class RecordingReader(CampaignReader):
    """Reads one tenant, and has a link to every file of rows that a read made; a list that was read again, the last."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._recording = threading.Lock()
        self._recorded: dict[object, Recorded] = {}

    @property
    def recorded(self) -> tuple[Recorded, ...]:
        """What was read so far."""
        return tuple(self._recorded.values())

    def read_contacts(self, query: ContactsOf, into: Path) -> Rows:
        """See `Reader`."""
        return self._record(("contacts", query.list), query.list, super().read_contacts(query, into))

    def read_members(self, query: MembersOf, into: Path) -> Rows:
        """See `Reader`."""
        return self._record(query, LiveList(name=query.list), super().read_members(query, into))

    def read_outcomes(self, query: OutcomesOf, contacts: Iterable[str], workers: int, into: Path) -> Rows:
        """See `Reader`."""
        return self._record(query, query.campaign, super().read_outcomes(query, contacts, workers, into))

    def _record(self, key: object, of: LiveList | LiveCampaign, rows: Rows) -> Rows:
        """Keep a file that its reader will delete once the rows are typed."""
        kept = rows.path.with_name(f"recorded-{rows.path.name}")
        os.link(rows.path, kept)
        with self._recording:
            before = self._recorded.get(key)
            self._recorded[key] = Recorded(of, Rows(kept, rows.format, rows.columns, rows.count, rows.take))
        if before is not None:
            before.rows.path.unlink(missing_ok=True)
        return rows
