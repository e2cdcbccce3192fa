# tested by: tests/cxone/test_hostile_endpoints.py
"""Combine the surfaces of a tenant into one Reader.

Which surface is asked, and how, the surfaces' files say: no name of one stands here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from reconciler.cxone.errors import NotFound
from reconciler.cxone.interaction_reader import read_history, read_list_history
from reconciler.cxone.list_members import MembersAt, find_telling, read_attributes, read_members
from reconciler.cxone.list_methods import is_offered
from reconciler.cxone.object_reader import ObjectReader
from reconciler.cxone.surface_objects import has_members
from reconciler.model.api_surface import ApiSurface
from reconciler.model.delivery_method import Way
from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.reply_shape import Shape
from reconciler.model.row_queries import ContactsOf, InteractionsOf, LiveList, MembersOf, NumbersOf, Rows
from reconciler.model.surface_wire import Numbers, Wire
from reconciler.surfaces import load_methods
from reconciler.surfaces import load_surfaces as api_surfaces

_THERE = Shape({})
"""An object, where nothing but its being there is asked for."""


class NotThere(ReconcilerError):
    """What is to hold numbers is not in the tenant."""

    code = "not-found"


class TenantReader(ObjectReader):
    """Reads one tenant, and who is on its lists. Holds its connections: use it as a context manager."""

    @property
    def methods(self) -> Mapping[str, Way]:
        """The delivery methods that the tenant's surfaces offer."""
        return {name: each.way for name, each in load_methods().items() if is_offered(each, self._transports)}

    def read_contacts(self, query: ContactsOf, into: Path) -> Rows:
        """The contacts of a list: through the surface that tells their status, and their scores where it does.

        Raises:
            BadInput: the tenant has no such list.
        """
        list_id = self._find(query.list, query)
        found = find_telling(self._list_with_members(), "status")
        if found is None:
            raise BadInput(
                [
                    self._describe_missing(
                        query.where, tells_status, "the status and score of contacts are read through it"
                    )
                ]
            )
        return read_members(found, list_id, self._make_file(into), named=query.named)

    def read_interactions(self, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path) -> Rows:
        """The interactions of some contacts, searched a chunk of ids at a time."""
        known = api_surfaces()
        for name, transport in self._transports.items():
            history = known[name].history
            if history is not None and history.of is not None:
                return read_history(transport, history, query, ids, self._make_file(into))
            if history is not None and isinstance(query.contacts, ContactsOf):
                list_id = self._find(query.contacts.list, query.contacts)
                return read_list_history(transport, history, query, list_id, ids, self._make_file(into))
        why = "interactions are searched through it"
        raise BadInput(
            [
                self._describe_missing(
                    query.contacts.where, lambda each: each.history is not None and each.history.of is not None, why
                )
            ]
        )

    def read_members(self, query: MembersOf, into: Path) -> Rows:
        """Who is on a managed list: with attributes where a surface tells them, by id and phone where one does."""
        list_id = self._find_id("ContactList", query.list)
        at, phones = self._choose_members(query)
        if at.members.data is None:
            return read_members(at, list_id, self._make_file(into))
        attributes = query.attributes if query.attributes or query.data else ()
        return read_attributes(at, list_id, attributes, self._make_file(into), phones)

    def read_numbers(self, query: NumbersOf, into: Path) -> Rows:
        """The records of numbers that objects hold; none where one of these is not there."""
        file = self._make_file(into)
        try:
            surface, held, holder_id = self._find_holder(query)
        except NotThere:
            file.write_bytes(b"[]")
            return Rows(file, "json", dict.fromkeys(("contactId", "phone", "starts", "expires"), "VARCHAR"), 0)
        return read_members(MembersAt(self._transports[surface.name], surface, held.held(holder_id)), holder_id, file)

    def _find_holder(self, query: NumbersOf) -> tuple[Wire, Numbers, str]:
        """How the objects of a query hold numbers, and their ids, with commas between them.

        Raises:
            NotThere: one of them is not there, or they hold none.
        """
        kind, names = query.objects[0][0], [name for _, name in query.objects]
        surface = self._find_surface(self._kinds[kind])
        if kind not in self._ids:
            self.read_objects(self._kinds[kind])
        known = self._ids[kind]
        missing = [name for name in names if name not in known]
        if missing or query.kind not in surface.numbers:
            raise NotThere(f"the tenant has no {kind} {missing[0]!r}" if missing else f"no {kind} holds numbers")
        return surface, surface.numbers[query.kind], ",".join(sorted(known[name] for name in names))

    def _choose_members(self, query: MembersOf) -> tuple[MembersAt, MembersAt | None]:
        """Where who is on a list is read, and where its phones are, if that is elsewhere."""
        held, wanted = self._list_with_members(), bool(query.attributes or query.data)
        full = next((each for each in held if each.members.data is not None), None)
        phones = find_telling(held, "phone")
        if wanted and full is not None:
            return full, phones if query.data and "phone" not in full.members.columns else None
        alone = phones or (None if wanted else next(iter(held), None))
        if alone is None:
            raise ReconcilerError(
                f"no surface of the tenant says who is on list {query.list!r}, with what is asked for"
            )
        return alone, None

    def has_members(self, name: str) -> bool:
        """Whether anybody is on a list; asked of its members, in one request: what the tenant counts may lag behind.

        Raises:
            NotFound: there is no such list any more.
        """
        list_id = self._find_id("ContactList", name)
        at = next(iter(self._list_with_members()), None)
        if at is None:
            raise ReconcilerError(f"no surface of the tenant says who is on list {name!r}")
        return has_members(at.transport, at.wire, at.members, list_id)

    def _list_with_members(self) -> list[MembersAt]:
        """Where it is told who is on a list, those first that cannot write lists: they know most of a contact."""
        held = [each for each in self._kinds["ContactList"].surfaces if each.name in self._transports]
        return [
            MembersAt(self._transports[each.name], each, each.members)
            for each in sorted(held, key=lambda each: each.writable)
            if each.members is not None
        ]

    def _find(self, wanted: LiveList, query: ContactsOf) -> str:
        """The id of a list that a manifest points at; an id is checked with the tenant before anything else."""
        if "ContactList" not in self._ids:
            self.read_objects(self._kinds["ContactList"])
        known = self._ids["ContactList"]
        if query.by_name and wanted.name in known:
            return known[wanted.name]  # told by its name to the letter: that others look like it is told elsewhere
        if wanted.name is not None:
            several = self._describe_several("ContactList", wanted.name)
            if several:
                message = f"the tenant has more than one {wanted} that cannot be told apart: {several}"
                hint = "rename or delete the others in the tenant"
                if not query.by_name:
                    hint = f"refer to the one that is meant by its id (`contactList: {{id: '…'}}`), or {hint}"
                raise BadInput([Problem(query.where, "ambiguous-list", message, hint=hint)])
            if wanted.name in known:
                return known[wanted.name]
            message, hint = f"the tenant has no {wanted}", self._suggest_nearest("ContactList", wanted.name, "lists")
            raise BadInput([Problem(query.where, "unknown-list", message, hint=hint)])
        list_id = str(wanted.id)
        surface = self._find_surface(self._kinds["ContactList"])
        call = surface.one(list_id)
        try:
            self._transports[surface.name].call(
                call.method, call.path, query=call.query, scope=surface.read_scope, shape=_THERE
            )
        except NotFound as error:
            hint = "look the id up in the tenant, or refer to the list by name"
            problem = Problem(query.where, "unknown-list", f"the tenant has no {wanted}", error.where, hint)
            raise BadInput([problem]) from error
        return list_id

    def _describe_missing(self, where: Location, offers: Callable[[ApiSurface], bool], why: str) -> Problem:
        """What is said where no surface of the tenant offers something that a manifest asks for."""
        known = api_surfaces()
        ids = {known[name].ids for name in self._transports}
        return describe_missing(where, [name for name, each in known.items() if each.ids in ids and offers(each)], why)


def tells_status(surface: ApiSurface) -> bool:
    """Whether a list of it can be a source of contacts."""
    held = surface.wires.get("ContactList")
    return held is not None and held.members is not None and "status" in held.members.columns


def describe_missing(where: Location, offering: Sequence[str], why: str) -> Problem:
    """What is said of a surface that is needed at a place of the manifests and not declared.

    `offering`: the surfaces of the tenant's API that would do.
    """
    if not offering:
        return Problem(where, "missing-surface", "no surface of this tenant's API offers this", note=why)
    named = " or ".join(f"{name!r}" for name in offering)
    return Problem(where, "missing-surface", f"the tenant declares no surface {named}", note=why)
