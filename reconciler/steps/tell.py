"""What is one contact's story, from row to list?"""

from __future__ import annotations

from reconciler.audience import engine, history, owing
from reconciler.model.address import Address
from reconciler.model.change import Changes
from reconciler.model.desired import Desired
from reconciler.model.live import Live
from reconciler.model.members import Members
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.story import Story
from reconciler.model.tokens import Tokens
from reconciler.model.unseen import same_id


def tell(
    desired: Desired, members: Members, changes: Changes, live: Live, tokens: Tokens, segment: str, contact: str
) -> Story:
    """The story of a contact in a segment.

    Raises:
        BadInput: there is no such segment, or no such contact in it.
    """
    address, contact = Address("Segment", segment), same_id(contact)
    standing = next((each for each in members if each.segment.address == address), None)
    if standing is None:
        names = ", ".join(each.segment.address.name for each in members)
        problem = Problem(
            Location("--segment"), "unknown-segment", f"there is no Segment {segment!r}", f"there are {names}"
        )
        raise BadInput([problem])
    rows = tuple(row for row in changes.rows if row.address.resource == address)
    with engine.opened(desired.settings.engine, desired.scratch) as backend:
        if not history.known(backend, standing, live.rows, contact):
            hint = "give the contact's id in the tenant or in the source, not a token from a plan"
            message = f"neither the source nor the lists of {address} have such a contact"
            raise BadInput([Problem(Location("ID"), "unknown-contact", message, hint=hint)])
        lists = [target.list for target in standing.segment.targets] if live.owed is not None else []
        owed = {
            name: owing.waiting(backend, live.owed, name, desired.settings.rejected, desired.now)
            for name in lists
            if live.owed is not None
        }
        found = tuple(history.told(backend, standing, rows, live.rows, desired.as_of, contact, owed))
    return Story(address, f"{tokens.token(contact)} ({tokens.hint(contact)})", found, live.notices)
