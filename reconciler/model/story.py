"""What became of one contact, from the row it was read from to the list it is on?"""

from __future__ import annotations

from dataclasses import dataclass

from reconciler.model.address import Address


@dataclass(frozen=True, slots=True)
class Story:
    """One contact in one segment, told in order: pairs of what is looked at and what was found.

    The contact is a token; nothing that was found holds a phone or a name. `notices` say how the tenant was read.
    """

    segment: Address
    contact: str
    found: tuple[tuple[str, str], ...]
    notices: tuple[str, ...] = ()
