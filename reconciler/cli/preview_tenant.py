# tested by: tests/cli/test_preview.py
"""Fill an embedded tenant with what was read of the live one: its objects as they are, its people as stand-ins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from reconciler.cxone.member_recording import Recorded
from reconciler.cxone.stand_in_writer import StandInWriter
from reconciler.kinds import campaign, contact_list, load_kinds
from reconciler.model.errors import ReconcilerError
from reconciler.model.live_state import Live, LiveObject
from reconciler.model.preview import Loaded
from reconciler.model.row_queries import LiveCampaign, LiveList
from reconciler.model.secret import Secret
from reconciler.model.stand_ins import StandIns
from reconciler.model.tenant import DeclaredSurface, Pace
from reconciler.model.text_enumerations import format_count
from reconciler.simulator import Campaign, ContactList, DispositionLimits, Options, Simulator, Stage

if TYPE_CHECKING:
    from reconciler.model.surface_wire import Wire

_PACE = Pace(rate=100_000.0, burst=10_000, workers=4)
_POLL = 0.02
_STOOD_IN = {"firstName", "lastName", "name"}


class NotEmbedded(ReconcilerError):
    """The embedded tenant cannot be what the live one is."""

    code = "no-preview"


def make_tenant() -> Simulator:
    """An embedded tenant without limits of its own: what would take hours there for their sake takes none here.

    Contacts that it makes have ids that none of the live one's has.
    """
    return Simulator(Options(dispositions=DispositionLimits(rate=None, at_once=None), new_contacts="PREVIEW"))


def embed_surfaces(declared: Iterable[DeclaredSurface], tenant: Simulator) -> tuple[DeclaredSurface, ...]:
    """The same surfaces, of the embedded tenant.

    Raises:
        NotEmbedded: they are of an API that it does not speak.
    """
    several = tuple(declared)
    unknown = [each.name for each in several if each.name not in tenant.surfaces]
    if unknown:
        raise NotEmbedded(
            f"the embedded tenant has no surface {', '.join(sorted(unknown))}",
            note=f"it has: {', '.join(sorted(tenant.surfaces))}",
            hint="plan instead; nothing can be tried of a tenant of another API",
        )
    return tuple(
        replace(
            each,
            client_id=tenant.options.client_id,
            client_secret=Secret(tenant.options.client_secret),
            credential_source="the embedded tenant",
            parameters={},
            base_url=tenant.base_url(each.name),
            token_url=tenant.token_url(each.name),
            scope=None,
            pace=_PACE,
            events_url=None,
            poll_only=True,
            poll_every=_POLL,
            campaign_rate=100_000,
            login=None,
            application=None,
        )
        for each in several
    )


def refuse_others(live: Live, reader: StandInWriter) -> None:
    """Refuse to go on where the embedded tenant does not tell what the live one told, object by object.

    Raises:
        NotEmbedded: it cannot hold some of them.
    """
    wrong: list[str] = []
    for kind, held in live.objects.items():
        there = {each.name: each.digest() for each in reader.read_objects(load_kinds()[kind])}
        wrong += [f"{kind} {name!r}" for name, each in held.items() if there.get(name) != each.digest()]
        wrong += [f"{kind} {name!r}" for name in there.keys() - held.keys()]
    if wrong:
        raise NotEmbedded(
            f"the embedded tenant does not hold {format_count(len(wrong), 'object')} as the tenant does",
            note=f"among them {', '.join(sorted(wrong)[:3])}",
            hint="plan instead; what docs/preview.md does not name cannot be tried",
        )


@dataclass
class Filling:
    """Fills one embedded tenant; may be asked from several threads for contacts that it should know."""

    tenant: Simulator
    stand_ins: StandIns
    introduced: int = 0
    _lists: dict[str, ContactList] = field(default_factory=dict)

    def fill(self, live: Live, recorded: Sequence[Recorded]) -> Loaded:
        """Its objects with their own ids, whose they are, and who is on the lists that were read."""
        wires = {kind.name: kind.surface(live.surfaces) for kind in load_kinds().values()}
        for found in live.objects.get(contact_list.KIND.name, {}).values():
            self._put_list(found, wires[found.kind])
        campaigns = tuple(live.objects.get(campaign.KIND.name, {}).values())
        for found in campaigns:
            self._put_campaign(found, wires[found.kind])
        for each in recorded:
            if isinstance(each.of, LiveList):
                self._put_members(each, each.of)
        for each in recorded:
            if isinstance(each.of, LiveCampaign):
                self._put_outcomes(each, each.of)
        members = sum(len(each.members) for each in self._lists.values())
        self._fill_unread(live)
        return Loaded(len(self._lists), len(campaigns), members)

    def introduce(self, ids: Sequence[str]) -> None:
        """Have the tenant know contacts that it does not know yet, as active ones."""
        store = self.tenant.store
        with store.lock:
            new = [each for each in dict.fromkeys(ids) if each not in store.contacts]
            store.add_contacts(new)
            self.introduced += len(new)

    def _put_list(self, found: LiveObject, wire: Wire | None) -> None:
        body = _make_body(found, wire, dict(found.fields))
        made = ContactList(
            found.id,
            str(found.fields["name"]),
            datetime.now(UTC),
            str(body.get("description", "")),
            str(body.get("type")),
            tells_description="description" in body,
        )
        self._lists[found.name] = self.tenant.store.keep_list(made)

    def _put_campaign(self, found: LiveObject, wire: Wire | None) -> None:
        fields = dict(found.fields)
        for reference in () if wire is None else wire.references:
            used = self._lists.get(str(fields.pop(reference.field, "")))
            if used is not None:
                fields[reference.wire] = used.id
        body = {"listId": "", **_make_body(found, wire, fields)}
        self.tenant.store.keep_campaign(Campaign(found.id, body, datetime.now(UTC)))

    def _put_members(self, recorded: Recorded, of: LiveList) -> None:
        known = (each for name, each in self._lists.items() if name == of.name or each.id == of.id)
        held = next(known, None)
        store = self.tenant.store
        with store.lock:
            members: dict[str, dict[str, Any]] = {}
            for contact, data in self._iter_members(recorded):
                before = store.contacts.get(contact["id"])
                store.add_contacts([{**({} if before is None else before.to_wire()), **contact}])
                if data is not None or contact["id"] not in members:
                    members[contact["id"]] = {} if data is None else data
            if held is not None:
                store.put_members(held, {key: data or held.members.get(key, {}) for key, data in members.items()})

    def _iter_members(self, recorded: Recorded) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
        """Each row as a contact by its stand-in, and what is kept with it on the list, where that was read."""
        take, hide = recorded.rows.take, self.stand_ins
        inner = next((path.partition(".")[0] for path in take.values() if "." in path), None)
        flat = {ours: path for ours, path in take.items() if "." not in path}
        for row in orjson.loads(recorded.rows.path.read_bytes()):
            told = {ours: row[path] for ours, path in flat.items() if row.get(path) is not None}
            contact = {"id": hide.hide(str(told.pop("contactId")))}
            contact |= {name: told[name] for name in ("engagementScore", "status") if name in told}
            contact |= {name: hide.hide(told[name]) for name in _STOOD_IN if name in told}
            if "phone" in told:
                contact["phoneNumber"] = hide.hide_phone(str(told["phone"]))
            if "email" in told:
                contact["email"] = hide.hide_mail(str(told["email"]))
            data = None if inner is None or inner not in row else hide.hide_data(row[inner] or {})
            yield contact, data

    def _put_outcomes(self, recorded: Recorded, of: LiveCampaign) -> None:
        store, known = self.tenant.store, self.tenant.dispositions
        for row in orjson.loads(recorded.rows.path.read_bytes()):
            if not row["known"]:
                continue
            campaign_id, contact = str(row["campaignId"]), self.stand_ins.hide(str(row["contactId"]))
            with store.lock:
                self.introduce([contact])
                held = store.campaigns.get(campaign_id)
                dialled = None if held is None else store.lists.get(str(held.fields["listId"]))
                if dialled is not None and contact not in dialled.members:
                    store.put_members(dialled, [contact])
            if row.get("outcomeCode") is not None:
                at = row.get("dispositionTimestamp")
                known.write(campaign_id, contact, str(row["outcomeCode"]), agent_id="unknown", timestamp=at)
            if row.get("state") is not None:
                with suppress(ValueError):
                    known.script(campaign_id, Stage(str(row["state"])), contacts=[contact])

    def _fill_unread(self, live: Live) -> None:
        """A list that has members nobody read is not empty: a campaign on it may be what it is."""
        for name, made in self._lists.items():
            found = live.objects[contact_list.KIND.name][name]
            if found.size and not made.members:
                somebody = self.stand_ins.hide(["somebody on", found.id])
                self.tenant.store.add_contacts([somebody])
                self.tenant.store.put_members(made, [somebody])


def _make_body(found: LiveObject, wire: Wire | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """An object as its surface has it, with the mark of whose it is."""
    if wire is None:
        return dict(fields)
    marked = dict(fields) if found.owner is None else wire.ownership.mark(fields, {}, found.owner)
    return wire.write(marked)
