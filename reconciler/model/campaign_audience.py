# tested by: tests/model/test_legal_hours.py
"""Define whom a campaign would call, by country and local hour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reconciler.model.resource_address import Address


@dataclass(frozen=True, slots=True)
class Place:
    """Contacts who may be in the same places, by their numbers and by their addresses taken together.

    Attributes:
        regions: every place whose law may be theirs, as ISO 3166 has it: `US-FL` where the state is known, else `US`;
            none where nothing is known.
        zones: every IANA time zone that it may be there; none where it is not known, or too many to mean anything.
        contacts: how many there are.
        assumed: whether these are all the zones of a country, since nothing says where in it they are.
        unread: whether they are so because something says it, and cannot be read.
    """

    regions: tuple[str, ...]
    zones: tuple[str, ...]
    contacts: int
    assumed: bool = False
    unread: bool = False


@dataclass(frozen=True, slots=True)
class Unread:
    """What a column of a source says of where contacts are, and nobody can read.

    Attributes:
        column: as manifests map it. contacts: how many rows have such a value. words: a few of them.
    """

    column: str
    contacts: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exposure:
    """Who will be on a campaign's list once the plan is applied: who is on it now, less removals, with additions.

    Attributes:
        contacts: how many they are.
        countries: how many there are in each country (ISO 3166-1 alpha-2) by the number in E.164; those of +1 are told
            apart by their area codes.
        unknown: how many have no number that can be read, or one that is in no country. With them the countries add
            up to all contacts.
        places: the same contacts by where they may be, the most first; they add up to all contacts.
        unread: what the sources say of where they are and cannot be read; a contact counts once for each column.
    """

    contacts: int
    countries: Mapping[str, int]
    unknown: int
    places: tuple[Place, ...] = ()
    unread: tuple[Unread, ...] = ()

    @property
    def unplaced(self) -> int:
        """Contacts whose time of day is not known; where their country is, all its zones hold."""
        return sum(place.contacts for place in self.places if not place.zones or place.assumed)


@dataclass(frozen=True, slots=True)
class Shared:
    """People whom another active campaign calls as well, once the plan is applied.

    Attributes:
        address: the other campaign. campaign: its live name.
        contacts: how many there are: the same contact id, or the same number where numbers are known.
    """

    address: Address
    campaign: str
    contacts: int
