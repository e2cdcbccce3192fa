"""Create, change and delete objects so that every write is safe to repeat.

Here names become ids, and what says whose an object is is put on, as the surface's wire says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from reconciler.cxone.campaign_reader import CampaignReader
from reconciler.cxone.error_mapping import clean_text
from reconciler.cxone.errors import Conflict, NotFound, Unknown
from reconciler.cxone.object_parts import read_part, split_fields
from reconciler.cxone.pages import MOST_OBJECT_PAGES, read_collected
from reconciler.cxone.surface_objects import Reading
from reconciler.model.errors import ReconcilerError
from reconciler.model.kind import Kind
from reconciler.model.live_state import LiveObject
from reconciler.model.paging import pick
from reconciler.model.surface_wire import Call, Companion, Part, Wire

_CREATIONS = 3
_LOOKS = 6
"""How often a new object is looked for that may be missing for a while."""


class RefusedInAnswer(ReconcilerError):
    """An answer whose status says yes, and whose words say no."""

    code = "invalid"


class ObjectWriter(CampaignReader):
    """Reads one tenant, and writes its objects."""

    def count_workers(self, kind: Kind) -> int:
        """How many objects of a kind may be written at the same time: one, unless each is written by itself alone.

        What may dial, is written down in the ledger, or is made of several parts, is written in the plan's order.
        """
        surface = self._find_surface(kind)
        alone = kind.run_states is not None or surface.ownership.registered or surface.requests.lags
        if alone or surface.parts or surface.companions or not surface.requests.unique:
            return 1
        return self._transports[surface.name].access.pace.workers

    def create(self, kind: Kind, fields: Mapping[str, Any], owner: str, *, again: bool = True) -> None:
        """Make an object with our mark. It is looked up by name first, and after every reply that was lost.

        Nobody looks where this is the first time that it is sent, and the tenant refuses a second one itself.

        Raises:
            Conflict: somebody else has an object of that name.
            Unknown: it can still not be said whether it was made.
        """
        surface = self._find_surface(kind)
        make = surface.requests.create
        if make is None:
            raise self._make_impossible(kind, surface, "made")
        main, parts = split_fields(surface, fields)
        body = self._make_body(surface, surface.ownership.mark(main, {}, owner))
        for companion in surface.companions:
            body[companion.field] = self._find_or_make(surface, companion, fields["name"])
        for attempt in range(1, _CREATIONS + 1):
            looks = again or attempt > 1 or not surface.requests.unique
            found = self._await_named(kind, surface, fields["name"], again=attempt > 1) if looks else None
            if found is not None:
                return self._take_over(kind, surface, found, fields, owner)
            self._refuse_doubles(kind.name, fields["name"])
            try:
                # an answer that refuses it names no id
                named = surface.requests.named if surface.requests.refused is None else None
                answer = self._send(surface, make(body), expect_id=named, idempotent=False)
            except (Conflict, Unknown):
                if attempt == _CREATIONS:
                    raise
            else:
                self._take_in(kind, surface, fields["name"], pick(answer, surface.requests.named), owner)
                if parts:
                    self._await_named(kind, surface, fields["name"])
                    self._change_parts(kind, surface, fields["name"], parts)
                return None
        return None

    def _await_named(self, kind: Kind, surface: Wire, name: str, *, again: bool = True) -> LiveObject | None:
        """An object by its name; one that may have been made just now is waited for, where that may take a while."""
        for failures in range(1, _LOOKS + 1):
            found = self.read_named(kind, name)
            if found is not None or not (again and surface.requests.lags) or failures == _LOOKS:
                return found
            self._transports[surface.name].rest(failures)
        return None

    def _find_or_make(self, surface: Wire, companion: Companion, name: str) -> str:
        """The id of what is made before an object, under its name; looked up before it is made, and after a lost reply.

        Raises:
            Unknown: it can still not be said whether it was made.
        """
        transport, what = self._transports[surface.name], companion.path.lstrip("/")
        call = Call("GET", companion.path, companion.find(name))
        pages, shape, key = companion.pages, companion.shape, companion.id_field
        reading = Reading(transport, call, pages, shape, key, surface.read_scope, what)
        for attempt in range(1, _CREATIONS + 1):
            held = read_collected(lambda add: reading.read(add, MOST_OBJECT_PAGES), what, key)
            found = next((str(each[key]) for each in held if str(each[companion.name_field]) == name), None)
            if found is not None:
                return found
            try:
                answer = self._send(surface, companion.create(name), expect_id=companion.named, idempotent=False)
                return str(pick(answer, companion.named))
            except (Conflict, Unknown):
                if attempt == _CREATIONS:
                    raise
        raise AssertionError("each attempt ends")

    def _take_in(self, kind: Kind, surface: Wire, name: str, told: Any, owner: str) -> None:
        """Know a new object by the id that it was told to have, and write down whose it is if it cannot say it itself.

        Where that is not done, because nobody knows its id, it is nobody's.
        """
        if told is not None and surface.find is None and kind.name in self._ids:
            self._ids[kind.name][name] = str(told)
        if surface.ownership.registered:
            found = self.read_named(kind, name) if told is None else None
            object_id = str(told) if told is not None else None if found is None else found.id
            if object_id is not None:
                self._registry.claim(self._make_url(surface), object_id, f"{kind.name}/{name}", owner)

    def _take_over(self, kind: Kind, surface: Wire, found: LiveObject, fields: Mapping[str, Any], owner: str) -> None:
        """An object of the name is there: ours, if an earlier reply was lost; then it is made as it should be."""
        if found.owner is None and surface.ownership.registered:
            raise ReconcilerError(
                f"there is a {kind.name} named {found.name!r} by now, and its owner is unknown",
                note="this run may have made it, and its answer was lost; or somebody else has made it meanwhile",
                hint="look at it in the tenant, then plan again; the new plan adopts it, if that is what you want",
            )
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
        surface = self._find_surface(kind)
        object_id = self._find_id(kind.name, name)
        found = self._find_current(kind, surface, name)
        main, parts = split_fields(surface, fields)
        held, _ = split_fields(surface, found.fields)
        sent = {**held, **main} if surface.requests.whole else dict(main)
        if found.owner != owner or surface.requests.whole or not surface.ownership.keeps(sent):
            sent = surface.ownership.mark(sent, found.fields, owner)
        marks = not surface.ownership.registered and (found.owner != owner or not parts)
        if main or marks:
            self._change(kind, surface, object_id, sent)
        if parts:
            self._change_parts(kind, surface, fields.get("name", name), parts)
        if surface.ownership.registered and found.owner != owner:
            called = f"{kind.name}/{fields.get('name', name)}"
            self._registry.claim(self._make_url(surface), object_id, called, owner)

    def _find_current(self, kind: Kind, surface: Wire, name: str) -> LiveObject:
        """An object as it was read last; as it is now, where a change has to carry all of it."""
        now = self.read_named(kind, name) if surface.requests.whole else self._owners[kind.name, name]
        if now is None:
            raise ReconcilerError(f"the tenant has no {kind.name} named {name!r} any more")
        return now

    def _change(self, kind: Kind, surface: Wire, object_id: str, sent: Mapping[str, Any]) -> None:
        change = surface.requests.change
        if change is None:
            raise self._make_impossible(kind, surface, "changed")
        lane = self._find_lane(surface, object_id, write=True)
        held = self._bodies[kind.name, object_id] if surface.requests.whole else {}
        self._send(surface, change(object_id, self._make_body(surface, sent), held), lane=lane)

    def _change_parts(
        self, kind: Kind, surface: Wire, name: str, parts: Sequence[tuple[Part, Mapping[str, Any]]]
    ) -> None:
        """Write fields that have endpoints of their own, each with what its endpoint tells right before."""
        live = self.read_named(kind, name)
        if live is None:
            raise ReconcilerError(f"the tenant has no {kind.name} named {name!r} any more")
        transport = self._transports[surface.name]
        for part, fields in parts:
            held = read_part(transport, surface, part, live.id)
            calls = part.change(live.id, self._name_ids(surface, fields), held)
            for call in (calls,) if isinstance(calls, Call) else calls:
                self._send(surface, call, lane=self._find_lane(surface, live.id, write=True))

    def _make_impossible(self, kind: Kind, surface: Wire, what: str) -> ReconcilerError:
        """What is said of a write that a surface has no request for; a plan has none."""
        return ReconcilerError(f"a {kind.name} cannot be {what} through the surface {surface.name}")

    def release(self, kind: Kind, name: str, owner: str) -> None:
        """Take our mark off an object, if it has it; nothing else of it is written."""
        surface = self._find_surface(kind)
        object_id = self._find_id(kind.name, name)
        found = self._find_current(kind, surface, name)
        if found.owner != owner:
            return
        if surface.ownership.registered:
            self._registry.release(self._make_url(surface), object_id, f"{kind.name}/{name}", owner)
            return
        held = found.fields if surface.requests.whole else {}
        self._change(kind, surface, object_id, {**held, **surface.ownership.unmark(found.fields)})

    def delete(self, kind: Kind, name: str) -> None:
        """Delete an object; one that is gone already is deleted."""
        surface = self._find_surface(kind)
        found = self.read_named(kind, name)
        if found is None:
            return
        delete = surface.requests.delete
        if delete is None:
            raise self._make_impossible(kind, surface, "deleted")
        if surface.ownership.registered and found.owner is None:
            raise ReconcilerError(
                f"the owner of the {kind.name} {name!r} is unknown; it is not deleted",
                hint="look at it in the tenant, and delete it there if it may go",
            )
        with suppress(NotFound):
            self._send(surface, delete(found.id), lane=self._find_lane(surface, found.id, write=True))
        if surface.ownership.registered and found.owner is not None:
            self._registry.release(self._make_url(surface), found.id, f"{kind.name}/{name}", found.owner)

    def _make_body(self, surface: Wire, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields in names → a wire body with ids."""
        return surface.write(self._name_ids(surface, fields))

    def _name_ids(self, surface: Wire, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Fields with the ids of what they refer to."""
        named = dict(fields)
        for reference in surface.references:
            if reference.field in named:
                told = named.pop(reference.field)
                names = told if reference.many else (told,)
                ids = [self._find_id(reference.kind, each) for each in names]
                named[reference.wire] = ids if reference.many else ids[0]
        return named

    def _send(self, surface: Wire, call: Call, **options: Any) -> Any:
        transport = self._transports[surface.name]
        answer = transport.call(
            call.method, call.path, query=call.query, body=call.body, scope=surface.write_scope, **options
        )
        refused = None if surface.requests.refused is None else surface.requests.refused(answer)
        if refused is not None:
            raise RefusedInAnswer(
                "the tenant answers that it has done what was asked, and in the answer that it has not",
                where=f"{call.method} {transport.base_url}{call.path}",
                note=clean_text(refused),
            )
        return answer
