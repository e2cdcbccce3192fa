# tested by: tests/audience/test_tables.py
"""Define the tables beside the way from a source to the wire, column by column: caches, digests, and counts of people.

The tables that a contact's row passes on that way are those of `model/tables.py`.
"""

from __future__ import annotations

from reconciler.model.delivery_method import PERSONAL
from reconciler.model.reason_codes import REASON
from reconciler.model.table_spec import define_table

TEXT, WHOLE, TRUTH = "string", "int64", "boolean"

_CONTACT = (TEXT, "whose it is")
_INTERACTION = {
    "id": (TEXT, "the interaction's id"),
    "contactId": _CONTACT,
    "startTime": (TEXT, "ISO 8601 in UTC with Z, whole seconds"),
    "type": (TEXT, "which kind of interaction it is"),
}

TENANT_INTERACTIONS = define_table("TENANT_INTERACTIONS", "an interaction that the tenant tells", **_INTERACTION)

CACHED_INTERACTIONS = define_table(
    "CACHED_INTERACTIONS",
    "an interaction that was read before",
    **_INTERACTION,
    second=(WHOLE, "when it started, in seconds since 1970: reading that from text takes longest"),
)

CACHED_RANGES = define_table(
    "CACHED_RANGES",
    "for which time all interactions of a contact are known",
    contactId=_CONTACT,
    since=(WHOLE, "from which second on"),
    until=(WHOLE, "to which second, which is not among them"),
    read=(WHOLE, "in which second the tenant was asked"),
)

INTERACTION_CONTACTS = define_table(
    "INTERACTION_CONTACTS",
    "a contact that interactions name, as a source of contacts has one",
    contactId=_CONTACT,
    place=(TEXT, "null: it stands in many places"),
    fault=(REASON, "null: interactions that cannot be used are left out"),
)

ADDED_NUMBERS = define_table(
    "ADDED_NUMBERS",
    "a number that outcomes add to a do-not-call list, as a source of entries has one",
    contactId=_CONTACT,
    phone=(TEXT, "in E.164"),
    place=(TEXT, "null: no file has it yet"),
    fault=(REASON, "null: it can be read"),
)

OFFERED_ROWS = define_table(
    "OFFERED_ROWS",
    "what is to be written of a contact that a list would not take before",
    contactId=_CONTACT,
    e164=(TEXT, "the number that is written"),
    name=(TEXT, "the whole name"),
    firstName=(TEXT, "the first name"),
    lastName=(TEXT, "the last name"),
    email=(TEXT, "the e-mail address"),
    attributes=("map<string, string>", "values as JSON that are written"),
)

OFFERED_DIGESTS = define_table(
    "OFFERED_DIGESTS",
    "the digest of such a row",
    contactId=_CONTACT,
    seen=(TEXT, "the keyed digest of all that is written"),
)

WRITTEN_DIGESTS = define_table(
    "WRITTEN_DIGESTS",
    "a contact of a list, and what was written of it",
    who=(TEXT, "the keyed digest of the contact"),
    **dict.fromkeys(PERSONAL, (TEXT, "the keyed digest of what was written; null: nothing was")),
)

PROJECTED_MEMBERS = define_table(
    "PROJECTED_MEMBERS",
    "a contact of a list as it will be, once",
    contactId=_CONTACT,
    e164=(TEXT, "the number that is called; null: nobody knows"),
    country=(TEXT, "ISO 3166-1 alpha-2, as far as the source tells it"),
    postalCode=(TEXT, "as far as the source tells it"),
    timezone=(TEXT, "as far as the source tells it"),
)

CALLED_PEOPLE = define_table(
    "CALLED_PEOPLE",
    "a contact on a list before or after a plan",
    contactId=_CONTACT,
    list=(WHOLE, "the list's number in the order of `Listed`"),
    before=(TRUTH, "whether it is on it now"),
    after=(TRUTH, "whether it is on it once the plan is applied"),
)
