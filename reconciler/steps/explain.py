# tested by: tests/cli/test_questions.py
"""Explain why one contact is on a list, or on none."""

from __future__ import annotations

from reconciler.audience.decision import explain as contacts
from reconciler.audience.diff import rejected_contacts
from reconciler.audience.relations import engine
from reconciler.model.changes import Changes
from reconciler.model.contact_tokens import Tokens
from reconciler.model.desired_state import Desired
from reconciler.model.explanation import Explanation
from reconciler.model.live_state import Live
from reconciler.model.nearest_name import suggest
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.resource_address import Address
from reconciler.model.segment_membership import Members
from reconciler.model.text_folding import normalise_id


def explain(
    desired: Desired, members: Members, changes: Changes, live: Live, tokens: Tokens, segment: str, contact: str
) -> Explanation:
    """What is known of a contact in a segment, stage by stage.

    Raises:
        BadInput: there is no such segment, or no such contact in it.
    """
    address, contact = Address("Segment", segment), normalise_id(contact)
    standing = next((each for each in members if each.segment.address == address), None)
    if standing is None:
        raise BadInput([_describe_no_segment(segment, [each.segment.address.name for each in members])])
    rows = tuple(row for row in changes.rows if row.address.resource == address)
    with engine.open_engine(desired.settings.engine, desired.scratch) as backend:
        if not contacts.has_contact(backend, standing, live.rows, contact):
            meant = None
            if tokens.may_be(contact):
                meant = contacts.find_contact(backend, standing, live.rows, lambda each: tokens.token(each) == contact)
            if meant is None:
                raise BadInput([_describe_unknown(address, a_token=tokens.may_be(contact))])
            contact = meant
        lists = [target.list for target in standing.segment.targets] if live.owed is not None else []
        owed = {
            name: rejected_contacts.select_waiting(backend, live.owed, name, desired.settings.rejected, desired.now)
            for name in lists
            if live.owed is not None
        }
        found = tuple(contacts.explain_stages(backend, standing, rows, live.rows, desired.as_of, contact, owed, tokens))
    notices = (*desired.notices, *live.notices)
    return Explanation(address, f"{tokens.token(contact)} ({tokens.hint(contact)})", found, desired.meant, notices)


def _describe_no_segment(name: str, names: list[str]) -> Problem:
    hint = suggest(name, names) or "the workspace declares none"
    return Problem(Location("--segment"), "unknown-segment", f"there is no Segment {name!r}", hint=hint)


def _describe_unknown(address: Address, *, a_token: bool) -> Problem:
    message = f"neither the source nor the lists of {address} have such a contact"
    hint = "give the contact's id in the tenant or in the source, or its token from a plan"
    if a_token:
        hint = "a token is that of one workspace's key: look in the workspace, and with the key, of the plan it is from"
    return Problem(Location("ID"), "unknown-contact", message, hint=hint)
