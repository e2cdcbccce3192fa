"""Choose the delivery method that puts contacts on a list, with the reasons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from reconciler.model.reason import Reason
from reconciler.model.segment import Delivery

MANY = 20_000
"""Rows from which a method that carries many in a request serves better: two requests of …"""
BULK = 10_000
"""… the least that one carries of which that is said."""


Key = Literal["contact", "phone", "sent"]
"""What makes two rows of a list one: the contact's id on it, or its phone. `sent`: its phone, and no surface tells it:
then only the id that a contact was sent under."""


Numbers = Literal["known", "after", "never"]
"""When the number that the tenant calls a contact by is known: before it is put on a list, once it is there, or never,
as no surface tells it."""


PERSONAL = {"e164": "phone", "name": "name", "firstName": "first name", "lastName": "last name", "email": "e-mail"}
"""What is known of a contact itself, in words for a person."""


@dataclass(frozen=True, slots=True)
class Way:
    """What one delivery method can do.

    Attributes:
        most: contacts that one request may carry (contract). usual: as many as are sent if nobody says.
        attributes: whether it writes attributes. phones: whether it needs each contact's number.
        makes_contacts: whether it may put somebody on a list whom the tenant does not know yet.
        writes: how many writing requests a chunk takes when nothing fails; looks: how many reading ones.
        key: what makes two rows of the lists that it writes one.
        personal: what it writes of the contact itself, and can be read back: `PERSONAL` says how they are called. The
            phone that a row is found by is not among them.
    """

    name: str
    most: int
    usual: int
    attributes: bool
    phones: bool
    makes_contacts: bool
    writes: int = 1
    looks: int = 0
    key: Literal["contact", "phone"] = "contact"
    personal: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chosen:
    """The method of one row change, contacts a request, and why it is that one; None where the manifest says so."""

    method: str
    chunk_size: int
    why: Reason | None = None


def find_key(way: Way, phones: bool) -> Key:
    """By what the rows of a list are told apart that a way writes; `phones`: whether the tenant tells theirs."""
    return "sent" if way.key == "phone" and not phones else way.key


def find_numbers(way: Way, phones: bool, known: bool) -> Numbers:
    """When the numbers of contacts are known that a way puts on a list; `known`: they were read from the tenant.

    `phones`: whether the tenant tells those of who is on one.
    """
    if known or way.phones:
        return "known"
    return "after" if phones else "never"


def choose_method(
    delivery: Delivery, offered: Mapping[str, Way], rows: int, phones: bool, known: bool
) -> Chosen | None:
    """The way for some rows; None where no surface of the tenant offers one that could.

    Args:
        offered: the ways of the tenant's surfaces.
        rows: contacts to put on the list.
        phones: whether every contact has a number in E.164.
        known: whether the contacts were read from the tenant itself.
    """
    if delivery.method != "auto":
        way = offered[delivery.method]
        return Chosen(way.name, min(delivery.chunk_size or way.usual, way.most))
    for found, why in _rank_methods(delivery, tuple(offered.values()), rows, known):
        if (phones or not found.phones) and (found.attributes or not delivery.attributes):
            return Chosen(found.name, min(delivery.chunk_size or found.usual, found.most), why)
    return None


def _rank_methods(delivery: Delivery, offered: tuple[Way, ...], rows: int, known: bool) -> Iterator[tuple[Way, Reason]]:
    """The methods that could do it, the best first, each with the reason."""
    makers = sorted((way for way in offered if way.makes_contacts), key=lambda way: (way.key == "phone", way.most))
    others = [way for way in offered if not way.makes_contacts]
    if rows >= MANY:
        large = sorted((way for way in offered if way.most >= BULK), key=lambda way: -way.most)
        yield from ((way, Reason("many_contacts", (str(rows),))) for way in large)
    if not known:
        yield from ((way, Reason("contacts_from_outside")) for way in makers)
    if delivery.attributes:
        yield from ((way, Reason("attributes_to_write", delivery.attributes)) for way in others if way.attributes)
    else:
        yield from ((way, Reason("no_attributes")) for way in others if not way.attributes)
        yield from ((way, Reason("no_way_by_id")) for way in others if way.attributes)
    # those first that need the fewest requests
    yield from ((way, Reason("no_other_way")) for way in sorted(makers, key=lambda way: -way.most))
