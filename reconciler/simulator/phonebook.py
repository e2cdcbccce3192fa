# tested by: tests/simulator/test_outbound.py
"""Find the contact that a number belongs to."""

from __future__ import annotations

from reconciler.simulator.stored_records import Contact


class PhoneBook:
    """The ids of the contacts with a number, in the order they came."""

    def __init__(self) -> None:
        # nearly every number is one contact's: a bare id is a tenth of a tuple or a list of one
        self._ids: dict[str, str | tuple[str, ...]] = {}

    def of(self, phone_number: str) -> tuple[str, ...]:
        """The ids of all contacts with this number."""
        found = self._ids.get(phone_number, ())
        return (found,) if isinstance(found, str) else found

    def put(self, contact: Contact) -> None:
        """Enter a contact, if it has a number."""
        if contact.phone_number is not None:
            others = self.of(contact.phone_number)
            self._ids[contact.phone_number] = (*others, contact.id) if others else contact.id

    def drop(self, contact: Contact) -> None:
        """Strike a contact out."""
        if contact.phone_number is None:
            return
        others = tuple(key for key in self.of(contact.phone_number) if key != contact.id)
        if others:
            self._ids[contact.phone_number] = others
        else:
            self._ids.pop(contact.phone_number, None)
