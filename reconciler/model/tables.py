# tested by: tests/audience/test_tables.py
"""Define the tables that a contact's row passes, column by column, from its source to the wire.

STAGED_CONTACTS → DECISIONS → MEMBER_CHANGES → WIRE_ROWS; beside them what else is laid in a file on the way.
`audience/tables.py` holds relations against them wherever one folder hands rows to the next.
"""

from __future__ import annotations

from reconciler.model.reason_codes import REASON
from reconciler.model.table_spec import define_table

TEXT, WHOLE, TRUTH, MOMENT = "string", "int64", "boolean", "timestamp"
TEXTS, VALUES = "array<string>", "map<string, string>"


_PERSON = {
    "name": (TEXT, "the whole name"),
    "firstName": (TEXT, "the first name"),
    "lastName": (TEXT, "the last name"),
    "email": (TEXT, "the e-mail address"),
}
_ID = (TEXT, "whose row it is, as ids are compared (`contact_ids`)")
_PLACE, _FAULT = (TEXT, "where the row stands: `file:line`"), (REASON, "why the row cannot be used; null: it can")
_PHONE = (TEXT, "the first phone that the source has, as it is written there")
_PHONES = (TEXTS, "all phones, as written, in the order in which they are tried; null: at most one, in `phone`")
_KEYS = (TEXTS, "the keys of all subscribers whom the numbers reach, as do-not-call numbers are compared by")

RAW_CONTACTS = define_table(
    "RAW_CONTACTS",
    "a row of a source of contacts, its columns mapped",
    contactId=(TEXT, "the id, as it is written"),
    phone=_PHONE,
    phones=_PHONES,
    region=(TEXT, "in which country phones are read, as it is written"),
    country=(TEXT, "the row's own region, where it says one"),
    postalCode=(TEXT, "as it is written"),
    timezone=(TEXT, "as it is written"),
    **_PERSON,
    optedIn=(TRUTH, "whether consent was given; null: the source does not say"),
    status=(TEXT, "ACTIVE, or anything else"),
    engagementScore=("float64", "in points"),
    attributes=(TEXT, "a JSON object of values as JSON or null, its keys in order"),
    place=_PLACE,
    fault=_FAULT,
    doubts=(TEXTS, "of a row that cannot be read: all that may be the id of whose row it is"),
)

RAW_INTERACTIONS = define_table(
    "RAW_INTERACTIONS",
    "a row of a source of interactions, its columns mapped",
    id=(TEXT, "the interaction's id; where the source has none, the row's place"),
    contactId=(TEXT, "the id, as it is written"),
    startTime=(TEXT, "ISO 8601 in UTC with Z, whole seconds"),
    type=(TEXT, "which kind of interaction it is"),
    place=_PLACE,
    fault=_FAULT,
)

RAW_DISPOSITIONS = define_table(
    "RAW_DISPOSITIONS",
    "a row of a source of dispositions, its columns mapped",
    contactId=(TEXT, "the id, as it is written"),
    outcome=(TEXT, "a code of the outcome matrix"),
    agent=(TEXT, "who set it"),
    notes=(TEXT, "free text"),
    timestamp=(TEXT, "ISO 8601 in UTC with Z, whole seconds"),
    phone=(TEXT, "as it is written"),
    region=(TEXT, "in which country the phone is read"),
    custom=(TEXT, "a JSON object of values as JSON or null, its keys in order"),
    place=_PLACE,
    fault=_FAULT,
)

STAGED_CONTACTS = define_table(
    "STAGED_CONTACTS",
    "a row of a source of contacts, or a contact of a list of the tenant, typed; none is lost",
    contactId=_ID,
    phone=_PHONE,
    phones=_PHONES,
    region=(TEXT, "ISO 3166-1 alpha-2; where it is none, as it is written, and `region_fault` says so"),
    country=(TEXT, "the row's own region, ISO 3166-1 alpha-2; null: it says none, or none that is known"),
    postalCode=(TEXT, "as it is written"),
    timezone=(TEXT, "as it is written"),
    **_PERSON,
    optedIn=(TRUTH, "whether consent was given, in every row of the contact; null: nobody says"),
    attributes=(VALUES, "values as JSON, by name"),
    place=_PLACE,
    fault=_FAULT,
    doubts=(TEXTS, "of a row that cannot be read: texts of which one may be the id of whose row it is"),
    region_fault=(TEXT, "a region that is none, fit to be shown; null: it is one"),
    engagement=(WHOLE, "the engagement score in hundredths; absent: 0"),
    active=(TRUTH, "whether the contact counts; archived once is archived"),
    duplicate=(TRUTH, "whether an earlier row has the same id"),
    plain=(TEXT, "the phone in E.164, where its text alone says it"),
    sent_as=(TEXT, "the id under which the tenant is told of the contact; null: `contactId`"),
)

STAGED_INTERACTIONS = define_table(
    "STAGED_INTERACTIONS",
    "an interaction, once for each id",
    contactId=_ID,
    type=(TEXT, "which kind of interaction it is"),
    at=(MOMENT, "when it started, in UTC, whole seconds"),
)

STAGED_MEMBERS = define_table(
    "STAGED_MEMBERS",
    "a row of a list of the tenant",
    contactId=_ID,
    member=(TEXT, "the id on the list, as it is there: different in each row"),
    sent_as=(TEXT, "the id under which a bulk insert sent the contact"),
    phone=(TEXT, "as the tenant has it; null: it does not tell"),
    priority=(WHOLE, "the dialling priority"),
    score=(WHOLE, "in hundredths"),
    attributes=(VALUES, "all that the list holds of the row, each as JSON"),
)

STAGED_DISPOSITIONS = define_table(
    "STAGED_DISPOSITIONS",
    "a row of a source of dispositions, typed",
    contactId=(TEXT, "the id without what nobody sees"),
    outcome=(TEXT, "a code of the outcome matrix"),
    agent=(TEXT, "who set it"),
    notes=(TEXT, "free text"),
    timestamp=(TEXT, "ISO 8601 in UTC with Z, whole seconds"),
    phone=(TEXT, "as it is written"),
    region=(TEXT, "ISO 3166-1 alpha-2, or as it is written"),
    custom=(VALUES, "values as JSON, by name"),
    place=_PLACE,
    fault=_FAULT,
    superseded=(TRUTH, "whether another row of the contact is the last one"),
)

LIVE_OUTCOMES = define_table(
    "LIVE_OUTCOMES",
    "a contact of a campaign, as the tenant has it now",
    contactId=(TEXT, "the id that was asked for"),
    campaignId=(TEXT, "the campaign's id"),
    known=(TRUTH, "whether it is a contact of the campaign"),
    state=(TEXT, "who holds the contact"),
    outcome=(TEXT, "its outcome now"),
    since=(TEXT, "the moment that is of, ISO 8601 in UTC with Z"),
)

DECISIONS = define_table(
    "DECISIONS",
    "a row of a segment's source: in which band it is, or the reason for which it is in none",
    contactId=_ID,
    score=(WHOLE, "in hundredths"),
    band=(TEXT, "the band whose list the contact belongs on; null: none"),
    priority=(WHOLE, "the dialling priority that goes with it"),
    reason=(REASON, "why it is on no list; null: it is on one"),
    suppressed_by=(TEXT, "the do-not-call list that has a number of the contact"),
    duplicate=(TRUTH, "whether an earlier row has the same id"),
    consent=(TRUTH, "whether it was given, where the source asks (null: nobody knows); true elsewhere"),
    lost=(REASON, "why nobody knows whether the contact asked not to be called; null: it is known"),
    e164=(TEXT, "the number that is called"),
    subscribers=_KEYS,
    **_PERSON,
    attributes=(VALUES, "values as JSON; null where the delivery writes none"),
    place=_PLACE,
    sent_as=(TEXT, "the id under which the tenant is told of the contact; null: `contactId`"),
)

DECIDED_CONTACTS = define_table(
    "DECIDED_CONTACTS",
    "what was decided about a contact of a segment's source, as far as it is kept to be proved",
    contactId=_ID,
    band=(TEXT, "the band whose list the contact belongs on; null: none"),
    reason=(REASON, "why it is on no list; null: it is on one"),
    e164=(TEXT, "the number that is called, or would be"),
)

DNC_ENTRIES = define_table(
    "DNC_ENTRIES",
    "an entry of a part of a do-not-call list, its number read",
    subscribers=_KEYS,
    phone=(TEXT, "as it is written"),
    phone_fault=(REASON, "why it is no number; null: it is one"),
    place=_PLACE,
    fault=_FAULT,
    within=(TEXT, "the region that it is read in; empty: none"),
)

MUST_REMOVE = define_table(
    "MUST_REMOVE",
    "a contact that is taken off a managed list, whatever its membership mode",
    contactId=_ID,
    suppressed_by=(
        TEXT,
        "the do-not-call list that has a number of the contact; null: another reason, or nobody knows",
    ),
    barred_for=(REASON, "what for"),
)

MEMBER_CHANGES = define_table(
    "MEMBER_CHANGES",
    "what is done to a contact on one list",
    contactId=_ID,
    action=(TEXT, "add, update or remove"),
    priority=(WHOLE, "the dialling priority that it is to have"),
    score=(WHOLE, "its score now, in hundredths"),
    was=(WHOLE, "the score on the list that it is on, in hundredths"),
    moves_from=(TEXT, "the band whose list it is on"),
    moves_to=(TEXT, "the band whose list it is to be on"),
    reason=(REASON, "why"),
    member=(TEXT, "its id on the list, as it is there"),
    sent_as=(TEXT, "the id that it is written under; null: `contactId`"),
    e164=(TEXT, "the number that is written"),
    **_PERSON,
    attributes=(VALUES, "values as JSON that are written"),
    subscribers=_KEYS,
)

RESTORED_MEMBERS = define_table(
    "RESTORED_MEMBERS",
    "a contact whom a run put on a list of a segment or took off one, and who goes back",
    contactId=_ID,
    put_on=(TEXT, "the band whose list the run put it on, and that it is on still; null: none"),
    was_on=(TEXT, "the band whose list the run took it off, and that it is not on; null: none"),
)

REACHED_MEMBERS = define_table(
    "REACHED_MEMBERS",
    "a member of a list as a plan found it",
    contactId=_ID,
    member=(TEXT, "its id on the list, as it is there"),
    subscribers=_KEYS,
)

WIRE_ROWS = define_table(
    "WIRE_ROWS",
    "a contact as a way onto a list sends it",
    contactId=_ID,
    member=(TEXT, "its id on the list; null: it is not on it"),
    sent_as=(TEXT, "the id that the tenant knows it by"),
    **_PERSON,
    phone=(TEXT, "the number in E.164"),
    data=("json", "the attributes to write, by their names on the list"),
)

OUTCOME_CHANGES = define_table(
    "OUTCOME_CHANGES",
    "the outcome that a contact of a campaign gets",
    contactId=(TEXT, "the contact"),
    action=(TEXT, "set"),
    outcome=(TEXT, "the one it gets"),
    was=(TEXT, "the one it has now"),
    agent=(TEXT, "who set it"),
    notes=(TEXT, "free text"),
    timestamp=(TEXT, "ISO 8601 in UTC with Z, whole seconds"),
    custom=(VALUES, "values as JSON, by name"),
    reason=(REASON, "from which outcome to which"),
)

NUMBER_CHANGES = define_table(
    "NUMBER_CHANGES",
    "a number that is added to a do-not-call list",
    contactId=(TEXT, "whose it is"),
    action=(TEXT, "add"),
    phone=(TEXT, "the number in E.164"),
    outcome=(TEXT, "which outcome asks for it"),
    timestamp=(TEXT, "of which moment that is"),
    reason=(REASON, "which set asks for it"),
)

HELD_NUMBERS = define_table(
    "HELD_NUMBERS",
    "a number that an object of the tenant holds, so that who has it is not called",
    number=(TEXT, "its digits, by which the tenant tells numbers apart"),
    record=(TEXT, "the id of the record that holds it"),
    starts=(TEXT, "since when it does, as the tenant writes it; null or empty: always"),
    expires=(TEXT, "when it does, as the tenant writes it; null or empty: never"),
)

HELD_CHANGES = define_table(
    "HELD_CHANGES",
    "what is done to a number that an object of the tenant holds",
    contactId=(TEXT, "its digits, by which the tenant tells numbers apart"),
    action=(TEXT, "add or expire"),
    reason=(REASON, "why"),
)

RETRY_QUEUE = define_table(
    "RETRY_QUEUE",
    "a contact that a list would not take",
    list=(TEXT, "the list's name"),
    contactId=(TEXT, "the contact"),
    tries=(WHOLE, "in how many runs it was rejected, or was deferred, if that was the last"),
    last=(MOMENT, "when last"),
    code=(TEXT, "which kind of refusal that was"),
    reason=(TEXT, "why, in the tenant's words"),
    row=(TEXT, "the digest of its row; null: it is not known"),
)

PENDING = define_table(
    "PENDING",
    "a contact of the retry queue of one list, as a plan takes it",
    owed=(TEXT, "the contact"),
    held=(TRUTH, "whether it still waits, by the time alone"),
    row=(TEXT, "the digest of its row; null: it is not known, or it was deferred"),
    owed_reason=(REASON, "what is said of it"),
    pending_reason=(REASON, "the same where its row has not changed"),
    changed_reason=(REASON, "the same where its row has changed"),
)
