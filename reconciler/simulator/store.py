# tested by: tests/simulator/test_lists.py
"""Keep the state of the tenant that all surfaces share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import RLock
from typing import Any, TypeVar

from reconciler.simulator.interaction_history import History, microseconds
from reconciler.simulator.phonebook import PhoneBook
from reconciler.simulator.stored_records import ACTIVE, Campaign, Contact, ContactList

Part = TypeVar("Part")
Members = Iterable[str] | Mapping[str, Mapping[str, Any]]
"""Contact ids, or contact ids with their data on the list."""

_CONTACT_FIELDS = ("id", "engagementScore", "status", "phoneNumber")


class Store:
    """The contact directory, the lists, the interactions and the campaigns of one tenant.

    Its methods may be called from any thread. They change the tenant as an administrator would, behind the
    clients' backs: nothing of the contract is checked here, only that what is referred to exists (KeyError).
    """

    def __init__(self) -> None:
        self.lock = RLock()
        self.reset()

    def reset(self) -> None:
        """Forget everything. Ids begin again, so the same steps give the same ids."""
        with self.lock:
            self.contacts: dict[str, Contact] = {}
            self.lists: dict[str, ContactList] = {}
            self.campaigns: dict[str, Campaign] = {}
            self.history = History()
            self._phones: PhoneBook | None = None
            self._parts: dict[type[Any], Any] = {}
            self._last_list = self._last_campaign = 1000
            self.plain_ids = False
            self.ahead = timedelta()

    def part(self, kind: type[Part]) -> Part:
        """State that one surface adds (its jobs, say): made once by calling `kind`, dropped by `reset`."""
        with self.lock:
            found: Part = self._parts.setdefault(kind, None) or kind()
            self._parts[kind] = found
            return found

    def now(self) -> datetime:
        """The tenant's clock, aware, UTC: by `ahead` before this machine's."""
        return datetime.now(UTC) + self.ahead

    # -- contacts ---------------------------------------------------------------------------------------

    def add_contacts(self, rows: Iterable[str | Mapping[str, Any]]) -> None:
        """Put contacts in the directory, or replace them: ids (then ACTIVE), or rows as the wire has them."""
        with self.lock:
            for row in rows:
                self.keep(_contact({"id": row} if isinstance(row, str) else row))

    def keep(self, contact: Contact) -> None:
        """Put one contact in the directory, in place of the one with its id."""
        with self.lock:
            if self._phones is not None:
                if held := self.contacts.get(contact.id):
                    self._phones.drop(held)
                self._phones.put(contact)
            self.contacts[contact.id] = contact

    def with_phone(self, phone_number: str) -> tuple[str, ...]:
        """The ids of all contacts with this number."""
        with self.lock:
            if self._phones is None:
                # made when it is first asked for: most tenants never are
                self._phones = PhoneBook()
                for contact in self.contacts.values():
                    self._phones.put(contact)
            return self._phones.of(phone_number)

    def change_contact(self, contact_id: str, **changed: Any) -> None:
        """Set some fields of a contact by their wire names, for example `status="ARCHIVED"`."""
        with self.lock:
            self.keep(_contact({**self.contacts[contact_id].to_wire(), **changed}))

    def remove_contact(self, contact_id: str) -> None:
        """Delete a contact from the directory, from every list, and its interactions."""
        with self.lock:
            gone = self.contacts.pop(contact_id)
            if self._phones is not None:
                self._phones.drop(gone)
            self.history.forget(contact_id)
            for contact_list in self.lists.values():
                if contact_id in contact_list.members:
                    self.drop_members(contact_list, [contact_id])

    def not_active(self, contact_ids: Iterable[str]) -> list[str]:
        """Those of the ids that may not be put on a list: archived, deleted or never known."""
        known = self.contacts
        return [
            contact_id
            for contact_id in dict.fromkeys(contact_ids)
            if (contact := known.get(contact_id)) is None or contact.status != ACTIVE
        ]

    # -- lists ------------------------------------------------------------------------------------------

    def add_list(
        self, name: str, members: Members = (), *, description: str = "", type: str = "outbound"
    ) -> ContactList:
        """Make a list with members, whatever their status; KeyError for a contact nobody knows."""
        with self.lock:
            self._last_list += 1
            while self._id("CL", self._last_list) in self.lists:  # kept under an id of its own
                self._last_list += 1
            made = self.keep_list(ContactList(self._id("CL", self._last_list), name, self.now(), description, type))
            self.put_members(made, members)
            return made

    def keep_list(self, contact_list: ContactList) -> ContactList:
        """Put a list with an id of its own in, in place of the one with that id."""
        with self.lock:
            self.lists[contact_list.id] = contact_list
            return contact_list

    def put_members(self, contact_list: ContactList, members: Members) -> int:
        """Put contacts on a list; the data of one that is there already is replaced if data is given.

        Returns how many joined.
        """
        with self.lock:
            before = len(contact_list.members)
            rows = members.items() if isinstance(members, Mapping) else ((key, None) for key in members)
            changed = False
            for contact_id, data in rows:
                if contact_id not in self.contacts:
                    raise KeyError(contact_id)
                held = contact_list.members.get(contact_id)
                wanted = dict(data) if data is not None else held or {}
                if held != wanted:
                    contact_list.members[contact_id] = wanted
                    changed = True
            if changed:
                contact_list.touch(self.now())
            return len(contact_list.members) - before

    def drop_members(self, contact_list: ContactList, contact_ids: Iterable[str]) -> int:
        """Take contacts off a list; who is not on it does not matter. Returns how many left."""
        with self.lock:
            gone = [key for key in contact_ids if contact_list.members.pop(key, None) is not None]
            if gone:
                contact_list.touch(self.now())
            return len(gone)

    def change_list(self, contact_list: ContactList, **changed: str) -> None:
        """Set a list's name, description or type."""
        with self.lock:
            if any(getattr(contact_list, name) != value for name, value in changed.items()):
                for name, value in changed.items():
                    setattr(contact_list, name, value)
                contact_list.touch(self.now())

    def remove_list(self, contact_list: ContactList) -> None:
        """Delete a list, even one that a campaign uses."""
        with self.lock:
            del self.lists[contact_list.id]

    def find_list(self, name: str) -> ContactList | None:
        """The list of that name, if there is one."""
        with self.lock:
            return next((item for item in self.lists.values() if item.name == name), None)

    def list_named(self, name: str) -> ContactList:
        """The list of that name; KeyError if there is none."""
        found = self.find_list(name)
        if found is None:
            raise KeyError(name)
        return found

    # -- interactions -----------------------------------------------------------------------------------

    def add_interactions(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Put interactions in: `{id, startTime, contactId, type}`; the time as text with Z, or aware."""
        with self.lock:
            for row in rows:
                start = row["startTime"]
                moment = start if isinstance(start, datetime) else datetime.fromisoformat(start)
                self.history.add(row["contactId"], row["id"], microseconds(moment), row.get("type", "voice"))

    def _id(self, prefix: str, number: int) -> str:
        """An id of the tenant's own: with a prefix, or digits alone, of which some tenants make numbers."""
        return str(number) if self.plain_ids else f"{prefix}-{number}"

    # -- campaigns --------------------------------------------------------------------------------------

    def add_campaign(self, name: str, list_name: str | None = None, **fields: Any) -> Campaign:
        """Make a campaign on the list of that name; the other fields by their wire names."""
        with self.lock:
            if list_name is not None:
                fields["listId"] = self.list_named(list_name).id
            self._last_campaign += 1
            while self._id("CA", self._last_campaign) in self.campaigns:
                self._last_campaign += 1
            return self.keep_campaign(
                Campaign(self._id("CA", self._last_campaign), {"name": name, **fields}, self.now())
            )

    def keep_campaign(self, campaign: Campaign) -> Campaign:
        """Put a campaign with an id of its own in, in place of the one with that id."""
        with self.lock:
            self.campaigns[campaign.id] = campaign
            return campaign

    def change_campaign(self, campaign: Campaign, **changed: Any) -> None:
        """Set some fields of a campaign by their wire names."""
        with self.lock:
            if any(name not in campaign.fields or campaign.fields[name] != changed[name] for name in changed):
                campaign.fields.update(changed)
                campaign.modified = self.now()

    def remove_campaign(self, campaign: Campaign) -> None:
        """Delete a campaign."""
        with self.lock:
            del self.campaigns[campaign.id]

    def find_campaign(self, name: str) -> Campaign | None:
        """The campaign of that name, if there is one."""
        with self.lock:
            return next((item for item in self.campaigns.values() if item.name == name), None)

    def campaign_named(self, name: str) -> Campaign:
        """The campaign of that name; KeyError if there is none."""
        found = self.find_campaign(name)
        if found is None:
            raise KeyError(name)
        return found

    # -- files ------------------------------------------------------------------------------------------

    def load_contacts(self, path: Path | str) -> int:
        """Contacts from a CSV or Parquet file (`id,engagementScore,status,phoneNumber,…`); how many."""
        from reconciler.simulator.loading import load_contacts

        return load_contacts(self, Path(path))

    def load_interactions(self, path: Path | str, *, create_contacts: bool = False) -> int:
        """Interactions from a CSV or Parquet file (`id,startTime,contactId[,type]`); how many."""
        from reconciler.simulator.loading import load_interactions

        return load_interactions(self, Path(path), create_contacts=create_contacts)

    def load_salesforce(self, path: Path | str) -> int:
        """Records from a JSON file `{object: [records]}`, in the place of those that the objects had; how many."""
        from reconciler.simulator.loading import load_salesforce

        return load_salesforce(self, Path(path))

    def add_list_of_all(self, name: str, *, description: str = "") -> ContactList:
        """A list of every contact in the directory."""
        with self.lock:
            return self.add_list(name, list(self.contacts), description=description)


def _contact(row: Mapping[str, Any]) -> Contact:
    more = {key: value for key, value in row.items() if key not in _CONTACT_FIELDS}
    return Contact(
        id=row["id"],
        engagement_score=row.get("engagementScore"),
        status=row.get("status") or ACTIVE,
        phone_number=row.get("phoneNumber"),
        more=more or None,
    )
