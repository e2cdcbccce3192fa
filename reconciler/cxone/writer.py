"""How is a tenant written to, so that every write is safe to repeat?

Here names become ids, and the ownership mark is put on.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import quote

from reconciler.cxone import dispositions
from reconciler.cxone.campaign_rate import CampaignLimiters
from reconciler.cxone.campaigns import CampaignReader
from reconciler.cxone.errors import Conflict, NotFound, RateLimited, TooLarge, Unknown
from reconciler.cxone.event_socket import events_of
from reconciler.cxone.job_watcher import Watcher
from reconciler.cxone.methods import JobMethod, methods
from reconciler.cxone.reader import DISPOSITIONS
from reconciler.model.change import RowChange
from reconciler.model.disposition import Settled
from reconciler.model.errors import ChunkTooLarge, ReconcilerError, TooOften
from reconciler.model.jobs import Job
from reconciler.model.kind import Kind, Surface
from reconciler.model.live import LiveObject
from reconciler.model.outcomes import OutcomeChange
from reconciler.model.ownership import with_mark
from reconciler.model.problem import BadInput, Location
from reconciler.model.renaming import Earlier
from reconciler.model.tenant import DeclaredSurface

_CREATIONS = 3
_WAITING = 4
"""Jobs that are waited for, for each worker of their surface …"""
_HELD = 20_000
"""… as long as they hold no more rows than this: those of a job stay in memory until it is over."""


class TenantWriter(CampaignReader):
    """Reads and writes one tenant; every write is safe to repeat."""

    def __init__(
        self,
        surfaces: Iterable[DeclaredSurface],
        kinds: Mapping[str, Kind],
        stop: threading.Event | None = None,
        lanes: CampaignLimiters | None = None,
        *,
        earlier: Mapping[str, Earlier] | None = None,
        owner: str = "",
    ) -> None:
        super().__init__(surfaces, kinds, stop, lanes, earlier=earlier, owner=owner)
        self._stop = stop
        self._watching = threading.Lock()
        self._watchers: dict[str, Watcher] = {}
        self._told: dict[str, Callable[[Job], None]] = {}

    @property
    def writes(self) -> int:
        """How many requests were sent so far that ask to change something, retries among them."""
        return sum(transport.traffic.writes for transport in self._transports.values())

    def create(self, kind: Kind, fields: Mapping[str, Any], owner: str) -> None:
        """Make an object with our mark. It is looked up by name first, and after every reply that was lost.

        Raises:
            Conflict: somebody else has an object of that name.
            Unknown: it can still not be said whether it was made.
        """
        surface = self._surface(kind)
        body = self._body(surface, {**fields, "description": with_mark(str(fields.get("description", "")), owner)})
        for attempt in range(1, _CREATIONS + 1):
            found = self.named(kind, fields["name"])
            if found is not None:
                return self._take_over(kind, found, fields, owner)
            self._refuse_doubles(kind.name, fields["name"])
            try:
                return self._call("POST", surface, "", body, expect_id="id", idempotent=False)
            except (Conflict, Unknown):
                if attempt == _CREATIONS:
                    raise
        return None

    def _take_over(self, kind: Kind, found: LiveObject, fields: Mapping[str, Any], owner: str) -> None:
        """An object of the name is there: ours, if an earlier reply was lost; then it is made as it should be."""
        if found.owner != owner:
            raise ReconcilerError(
                f"somebody else has made a {kind.name} named {found.name!r} since the plan was made",
                hint="plan again; the new plan adopts it, if that is what you want",
            )
        wrong = {
            name: value for name, value in fields.items() if not kind.as_written(name, found.fields.get(name), value)
        }
        if wrong:
            self.update(kind, found.name, wrong, owner)

    def update(self, kind: Kind, name: str, fields: Mapping[str, Any], owner: str) -> None:
        """Write some fields of an object; its mark too, where it is missing or the description changes."""
        surface = self._surface(kind)
        object_id = self._id(kind.name, name)
        found = self._owners[kind.name, name]
        sent = dict(fields)
        if found.owner != owner or "description" in sent:
            text = str(sent.get("description", found.fields.get("description", "")))
            sent["description"] = with_mark(text, owner)
        lane = self._lane(surface, object_id, write=True)
        self._call("PATCH", surface, f"/{quote(object_id, safe='')}", self._body(surface, sent), lane=lane)

    def release(self, kind: Kind, name: str, owner: str) -> None:
        """Take our mark off an object, if it has it; nothing else of it is written."""
        surface = self._surface(kind)
        object_id = self._id(kind.name, name)
        found = self._owners[kind.name, name]
        if found.owner != owner:
            return
        lane = self._lane(surface, object_id, write=True)
        body = self._body(surface, {"description": str(found.fields.get("description", ""))})
        self._call("PATCH", surface, f"/{quote(object_id, safe='')}", body, lane=lane)

    def delete(self, kind: Kind, name: str) -> None:
        """Delete an object; one that is gone already is deleted."""
        surface = self._surface(kind)
        found = self.named(kind, name)
        if found is not None:
            try:
                lane = self._lane(surface, found.id, write=True)
                self._call("DELETE", surface, f"/{quote(found.id, safe='')}", None, lane=lane)
            except NotFound:
                return

    def put(self, change: RowChange, rows: Sequence[Mapping[str, Any]], reference: str) -> str | None:
        """Put contacts on a list by the change's method; the job that does it, where there is one.

        After a reply that was lost the job is looked up before anything is sent again.

        Raises:
            RowsRejected: the tenant will not take some of them.
            ChunkTooLarge: it will not take so many at once, or not now.
        """
        method = methods()[change.method]
        if len(rows) > method.way.most:
            raise ValueError(f"{len(rows)} contacts in one request; {change.method} takes {method.way.most}")
        list_id = self._id("ContactList", change.list)
        for attempt in range(1, _CREATIONS + 1):
            try:
                with _fewer_may_do():
                    return method.put(self._transports, list_id, rows, reference)
            except Unknown:
                if attempt == _CREATIONS:
                    raise
                found = self.find(change, reference)
                if found is not None:
                    return found
        return None

    def find(self, change: RowChange, reference: str) -> str | None:
        """The job that a request made whose reply was lost, where the surface can tell."""
        method = methods()[change.method]
        return method.find(self._transports, reference) if isinstance(method, JobMethod) else None

    def watch(self, change: RowChange, job_id: str, told: Callable[[Job], None]) -> Job:
        """Wait until a job is over; `told` hears how it gets on, in the thread that waits.

        One that the tenant knows no more counts as aborted: nobody can say what it wrote.

        Raises:
            JobOverdue: it was not over in time.
            Interrupted: the person asked to stop; the job goes on.
        """
        self._told[job_id] = told
        try:
            return self._watcher(change.method).wait(job_id)
        except NotFound:
            return Job(job_id, "ABORTED")
        finally:
            self._told.pop(job_id, None)

    def _tell(self, job: Job) -> None:
        told = self._told.get(job.id)
        if told is not None:
            told(job)

    def follow(self, change: RowChange, rows: Sequence[Mapping[str, Any]]) -> None:
        """What is left to do for the rows that a job took; raises as `put`."""
        method = methods()[change.method]
        if isinstance(method, JobMethod):
            with _fewer_may_do():
                method.follow(self._transports, self._id("ContactList", change.list), rows)

    def remove(self, change: RowChange, ids: Sequence[str]) -> None:
        """Take contacts off a list, by their ids on it; those that are not on it are off.

        Raises:
            ChunkTooLarge: the tenant will not take so many at once, or not now.
        """
        method = methods()[change.method]
        with _fewer_may_do():
            method.remove(self._transports, self._id("ContactList", change.list), ids)

    def settle(self, change: OutcomeChange, row: Mapping[str, Any], again: bool) -> Settled:
        """Give a contact its outcome, unless it has it, the dialler holds it, or it is not as it was planned for.

        Raises:
            WireError: it cannot be said, or not be done, now.
        """
        try:
            campaign_id = self._campaign(change.campaign, Location(str(change.address)))
        except BadInput as bad:  # it was there when the plan was made
            raise ReconcilerError(bad.problems[0].message, hint=bad.problems[0].hint) from bad
        return dispositions.settle(self._transports[DISPOSITIONS], campaign_id, row, again)

    def _watcher(self, name: str) -> Watcher:
        with self._watching:
            if name not in self._watchers:
                method = methods()[name]
                if not isinstance(method, JobMethod):
                    raise TypeError(f"{name} has no jobs")
                transport = self._transports[method.surface]
                access = transport.access
                self._watchers[name] = self._stack.enter_context(
                    Watcher(
                        partial(method.ask, self._transports),
                        events=events_of(transport),
                        every=access.poll_every,
                        limit=access.job_limit,
                        stop=self._stop,
                        told=self._tell,
                    )
                )
            return self._watchers[name]

    def workers(self, change: RowChange) -> int:
        """How many chunks of a change may be under way at once: as many as its surface has workers.

        A chunk that is a job is waited for by its worker, and there are more of them where chunks are small: the
        surface's pace still holds.
        """
        method = methods()[change.method]
        workers = self._transports[method.surface].access.pace.workers
        if not isinstance(method, JobMethod):
            return workers
        return max(workers, min(workers * _WAITING, _HELD // change.chunk_size))

    def _body(self, surface: Surface, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields in names → a wire body with ids."""
        named = dict(fields)
        for reference in surface.references:
            if reference.field in named:
                named[reference.wire] = self._id(reference.kind, named.pop(reference.field))
        return surface.write(named)

    def _call(self, verb: str, surface: Surface, path: str, body: Any, **options: Any) -> None:
        transport = self._transports[surface.name]
        transport.call(verb, f"/{surface.path}{path}", body=body, scope=surface.write_scope, **options)


@contextmanager
def _fewer_may_do() -> Iterator[None]:
    """Say of a refusal that it is how much was sent, or how often: what the caller can do about it is the same."""
    try:
        yield
    except RateLimited as error:
        raise TooOften(error.note or error.message, where=error.where, hint=error.hint) from error
    except TooLarge as error:
        raise ChunkTooLarge(error.note or error.message, where=error.where, hint=error.hint) from error
