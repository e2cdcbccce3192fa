# tested by: tests/model/test_campaign_state.py
"""Define the live state: what was read of the tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from reconciler.model.change_cause import Applied
from reconciler.model.delivery_method import Way
from reconciler.model.dialling_forecast import Statistics
from reconciler.model.json_digest import compute_digest
from reconciler.model.notice import Notice
from reconciler.model.reason import Reason
from reconciler.model.recent_changes import RecentRun
from reconciler.model.row_queries import RowQuery, Rows
from reconciler.model.score_basis import Scored


@dataclass(frozen=True, slots=True)
class LiveObject:
    """An object of the tenant, in names. Its id is only compared, and shown where its name does not say which it is.

    Attributes:
        name: its own among those of its kind: of several with one name, each with its id; `fields["name"]` is without.
        fields: what the tenant says of it, references by name, without what the server owns.
        owner: the workspace whose mark it carries, if it carries one.
        size: how many contacts it holds, where the tenant says so; who they are is another matter.
        statistics: what was counted of its calls, where that was asked for and the tenant tells.
    """

    kind: str
    name: str
    id: str
    fields: Mapping[str, Any]
    owner: str | None = None
    size: int | None = None
    statistics: Statistics | None = None

    def digest(self) -> str:
        """A fingerprint of what the tenant holds: it changes when anything about the object does.

        Its calls are not part of it: they are counted all the time.
        """
        return compute_digest([self.kind, self.name, self.id, self.owner, dict(self.fields)])


@dataclass(frozen=True, slots=True, order=True)
class Unseen:
    """A kind whose objects nobody could look at, and why: `no_surface` or `not_read`."""

    kind: str
    why: Reason


@dataclass(frozen=True, slots=True)
class Live:
    """What was read for one plan: objects by kind and name, rows by the query that asked for them.

    `owed` are contacts that lists would not take before, as the ledger has them. `notices` say what a person should
    know of how it was read. `unseen`: kinds that nothing declares, whose objects could not be looked at.
    `campaign_rate`: contacts of one campaign whose outcomes can be set in a second.
    `written`: of a list, what the ledger says was written of its contacts themselves. `scored`: of a list, as of which
    moment it says that its scores are. `applied`: how it says that the last apply left the tenant.
    `recent`: what runs have written of lists in the last days.
    """

    objects: Mapping[str, Mapping[str, LiveObject]] = field(default_factory=dict)
    rows: Mapping[RowQuery, Rows] = field(default_factory=dict)
    surfaces: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, Way] = field(default_factory=dict)
    requests: int = 0
    owed: Rows | None = None
    notices: tuple[Notice, ...] = ()
    campaign_rate: int = 0
    unseen: tuple[Unseen, ...] = ()
    written: Callable[[str], Path | None] = lambda name: None
    scored: Callable[[str], Scored | None] = lambda name: None
    applied: Applied | None = None
    recent: tuple[RecentRun, ...] = ()

    def find(self, kind: str, name: str) -> LiveObject | None:
        """The object of a kind by its live name, if there is one."""
        return self.objects.get(kind, {}).get(name)
