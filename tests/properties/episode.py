"""A world is planned, applied, planned again and applied again: what was planned, what was sent, what came of it?"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import duckdb

from reconciler import flow
from reconciler.cli.progress_sinks import ProgressSinks
from reconciler.cli.runtime import LocalRuntime as Outside
from reconciler.kinds.segment import make_segments
from reconciler.ledger.saved_plans import open_plan, save_plan
from reconciler.ledger.sealing import Seal
from reconciler.model.apply_options import ApplyOptions
from reconciler.model.errors import EmptySource, Refused
from reconciler.model.list_change import RowChange
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.model.report import Report
from reconciler.model.secret import Secret
from reconciler.model.workspace_settings import Workspace
from reconciler.simulator import Simulator
from reconciler.simulator.request_log import Received
from reconciler.steps.load import load
from tests.properties.worlds import World

Members = Mapping[str, Mapping[str, Any]]

_SEAL = Seal(Secret("the key of these tests"))


@dataclass
class Episode:
    """What was seen.

    Attributes:
        before, after: the members of every list, by its name.
        names: of lists and campaigns, by id. sent: every write, in order.
        rows: what the plan's files of rows say: by list, contact → (action, priority, score).
        opened: the plan as it was saved and opened again, to be applied.
        again: the digest of a plan made from the same things at the same moment.
        left, sent_later: the plan made after the apply, and what making and applying it has sent.
    """

    world: World
    before: dict[str, Members]
    plan: Plan | None = None
    again: str = ""
    opened: Plan | None = None
    refused: bool = False
    report: Report | None = None
    after: dict[str, Members] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    sent: Sequence[Received] = ()
    rows: dict[str, dict[str, tuple[str, int | None, int | None]]] = field(default_factory=dict)
    left: Plan | None = None
    sent_later: Sequence[Received] = ()


def episode(world: World, tenant: Simulator) -> Episode:
    """Plan twice, apply, plan again, apply again."""
    world.fill(tenant)
    seen = Episode(world, _members(tenant))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        root = Path(folder) / "workspace"
        root.mkdir()
        (root / "manifests.yaml").write_text(world.files(tenant), encoding="utf-8")
        go = Program(root, tenant, stack)
        _remember_names(seen, tenant)
        try:
            seen.plan = go.propose(world.prune)
        except EmptySource:
            seen.sent = tenant.requests().writes()
            return seen
        seen.again = plan_digest(go.propose(world.prune))
        save_plan(seen.plan, root.parent / "saved.plan", _SEAL)
        seen.opened = open_plan(root.parent / "saved.plan", root.parent / "opened", _SEAL)
        seen.rows = {change.list: _rows(change) for change in seen.plan.rows}
        try:
            seen.report = go.commit(seen.opened)
        except Refused:
            seen.refused = True
        seen.sent = tenant.requests().writes()
        seen.after = _members(tenant)
        _remember_names(seen, tenant)
        if not seen.refused:
            tenant.clear_requests()
            seen.left = go.propose(world.prune)
            go.commit(seen.left)
            seen.sent_later = tenant.requests().writes()
    return seen


class Program:
    """`propose` and `commit`, each with a folder of its own for rows."""

    def __init__(self, root: Path, tenant: Simulator, stack: ExitStack) -> None:
        self._root, self._stack, self._count = root, stack, 0
        self._environ = {**tenant.environment(), "RECONCILER_TOKEN_KEY": "a key", "HOME": os.devnull}

    def _workspace(self, prune: bool) -> Workspace:
        self._count += 1
        scratch = self._root.parent / f"scratch-{self._count}"
        scratch.mkdir()
        return Workspace(self._root, scratch, datetime.now(UTC), self._environ, prune=prune)

    def propose(self, prune: bool) -> Plan:
        """Plan."""
        workspace = self._workspace(prune)
        return flow.propose(load(workspace), self._stack.enter_context(Outside(workspace)))

    def commit(self, plan: Plan) -> Report:
        """Apply a plan."""
        return self._commit(plan, None)

    def resume(self) -> Report | None:
        """Go on with the last run, if something of it is left."""
        workspace = self._workspace(False)
        ledger = self._stack.enter_context(Outside(workspace)).ledger(load(workspace))
        waiting = ledger.list_interrupted("test")
        if not waiting:
            return None
        return self._commit(ledger.open_plan_of(waiting[0].name, workspace.scratch / "saved"), waiting[0].name)

    def _commit(self, plan: Plan, resume: str | None) -> Report:
        workspace = self._workspace(False)
        desired = load(workspace)
        outside = self._stack.enter_context(Outside(workspace))
        writer = outside.writer(desired)
        terms = ApplyOptions(
            manifests=desired.manifests,
            tenant=desired.tenant.address.name,
            surfaces=writer.surfaces,
            settings=desired.settings,
            now=workspace.now,
            scratch=workspace.scratch,
            progress=ProgressSinks(),
            stop=Event(),
            resume=resume,
            segments=make_segments(desired.catalogue, desired.as_of),
            secret=partial(outside.secret, desired),
        )
        return flow.commit(plan, writer, outside.ledger(desired), terms)


def _members(tenant: Simulator) -> dict[str, Members]:
    return {each.name: {key: dict(data) for key, data in each.members.items()} for each in tenant.store.lists.values()}


def _remember_names(seen: Episode, tenant: Simulator) -> None:
    for held in (tenant.store.lists, tenant.store.campaigns):
        seen.names |= {key: each.name for key, each in held.items()}


def _rows(change: RowChange) -> dict[str, tuple[str, int | None, int | None]]:
    with duckdb.connect() as database:
        query = "select contactId, action, priority, score from read_parquet(?)"
        found = database.execute(query, [str(change.rows.path)]).fetchall()
    assert len({row[0] for row in found}) == len(found)
    return {contact: (action, priority, score) for contact, action, priority, score in found}


@dataclass(frozen=True)
class Write:
    """One write as the tenant got it.

    Attributes:
        kind, name: the object, or the list that the contacts are put on or taken off.
        contacts: contact → data (None where none is sent); None for a write of an object.
    """

    verb: str
    kind: str
    name: str
    body: Any
    contacts: Mapping[str, Any] | None = None


def writes(seen: Episode) -> Iterator[Write]:
    """What was sent, in order, each taken apart."""
    for request in seen.sent:
        parts = request.path.split("/")
        rows = parts[-1] == "contacts"
        collection = next(part for part in parts[4:] if part in ("lists", "contactlists", "campaigns"))
        kind = "Campaign" if collection == "campaigns" else "ContactList"
        made = request.method == "POST" and not rows
        name = request.body["name"] if made else seen.names[parts[-2] if rows else parts[-1]]
        yield Write(request.method, kind, name, request.body, _contacts(request.body) if rows else None)


def _contacts(body: Any) -> dict[str, Any]:
    """The contacts of a body, each of them there once."""
    pairs = [(row["contactId"], row["data"]) for row in body] if isinstance(body, list) else []
    pairs += [(contact, None) for contact in body["contactIds"]] if isinstance(body, dict) else []
    assert max(Counter(contact for contact, _ in pairs).values()) == 1
    return dict(pairs)
