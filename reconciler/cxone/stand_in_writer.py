# tested by: tests/cli/test_preview.py
"""Write and read a tenant that knows nobody: what goes to it are stand-ins, and what comes back is told again."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from reconciler.cxone.writer import TenantWriter
from reconciler.model.dialling_forecast import Statistics
from reconciler.model.disposition import Settled
from reconciler.model.kind import Kind
from reconciler.model.list_change import RowChange
from reconciler.model.live_state import LiveObject
from reconciler.model.notice import Notice
from reconciler.model.outcome_change import OutcomeChange
from reconciler.model.row_queries import ContactsOf, InteractionsOf, MembersOf, OutcomesOf, Rows
from reconciler.model.stand_ins import StandIns
from reconciler.surfaces import load_methods


@dataclass(frozen=True, slots=True)
class Original:
    """What of the tenant that is stood in for is told in place of what the other would say.

    Attributes:
        surfaces: its surfaces and their base URLs. campaign_rate: as it has it.
        statistics: what it had counted of the calls of its objects, by kind and name.
    """

    surfaces: Mapping[str, str]
    campaign_rate: int
    statistics: Mapping[tuple[str, str], Statistics] = field(default_factory=dict)


class StandInWriter(TenantWriter):
    """Reads and writes one tenant in stand-ins; whoever uses it knows people by their own ids and numbers."""

    stand_ins: StandIns
    original: Original
    introduce: Callable[[Sequence[str]], None]
    """Makes contacts known to the tenant, by their stand-ins: those that a list takes only if they are."""

    @property
    def surfaces(self) -> Mapping[str, str]:
        """Those of the tenant that is stood in for: a plan is of that one."""
        return self.original.surfaces

    @property
    def campaign_rate(self) -> int:
        """That of the tenant that is stood in for."""
        return self.original.campaign_rate

    def adopt(self, objects: Iterable[LiveObject]) -> None:
        """Write down whose objects are that cannot say it themselves."""
        for each in objects:
            surface = self._find_surface(self._kinds[each.kind])
            if surface.ownership.registered and each.owner is not None:
                self._registry.claim(self._make_url(surface), each.id, f"{each.kind}/{each.name}", each.owner)

    def read_statistics(self, kind: Kind, names: Iterable[str]) -> Mapping[str, Statistics | Notice]:
        """What the tenant that is stood in for had counted: nobody calls here."""
        known = self.original.statistics
        return {name: known[kind.name, name] for name in names if (kind.name, name) in known}

    def read_contacts(self, query: ContactsOf, into: Path) -> Rows:
        """See `Reader`."""
        return self._reveal(super().read_contacts(query, into))

    def read_members(self, query: MembersOf, into: Path) -> Rows:
        """See `Reader`."""
        return self._reveal(super().read_members(query, into))

    def read_interactions(self, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path) -> Rows:
        """None: those that the tenant had are known already, and an apply makes no others."""
        file = self._make_file(into)
        file.write_bytes(b"[]")
        names = ("id", "contactId", "startTime", "type")
        return Rows(file, "json", dict.fromkeys(names, "VARCHAR"), 0, {name: name for name in names})

    def read_outcomes(self, query: OutcomesOf, contacts: Iterable[str], workers: int, into: Path) -> Rows:
        """See `Reader`."""
        return self._reveal(super().read_outcomes(query, map(self.stand_ins.hide, contacts), workers, into))

    def put(self, change: RowChange, rows: Sequence[Mapping[str, Any]], reference: str) -> str | None:
        """See `Writer`."""
        hidden = [self.stand_ins.hide_row(row) for row in rows]
        if not load_methods()[change.method].way.makes_contacts:
            self.introduce([str(row["member"] or row["sent_as"]) for row in hidden])
        return super().put(change, hidden, reference)

    def follow(self, change: RowChange, rows: Sequence[Mapping[str, Any]]) -> None:
        """See `Writer`."""
        super().follow(change, [self.stand_ins.hide_row(row) for row in rows])

    def remove(self, change: RowChange, ids: Sequence[str]) -> None:
        """See `Writer`."""
        super().remove(change, [self.stand_ins.hide(each) for each in ids])

    def settle(self, change: OutcomeChange, row: Mapping[str, Any], again: bool) -> Settled:
        """See `Writer`."""
        hide, custom = self.stand_ins.hide, dict(row["custom"] or {})
        hidden = {
            "contactId": hide(str(row["contactId"])),
            "agent": hide(str(row["agent"])),
            "notes": None if row["notes"] is None else hide(row["notes"]),
            # each is a value as JSON
            "custom": {
                name: None if each is None else orjson.dumps(hide(each)).decode() for name, each in custom.items()
            },
        }
        return super().settle(change, {**row, **hidden}, again)

    def _reveal(self, rows: Rows) -> Rows:
        """The same file, of those for whom the stand-ins stand."""
        draft = rows.path.with_suffix(".draft")
        draft.touch(mode=0o600)
        with (
            rows.path.open("rb") as source,
            draft.open("wb") as target,
            mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content,
        ):
            target.writelines(self.stand_ins.reveal(content))
        draft.replace(rows.path)
        return rows
