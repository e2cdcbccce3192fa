"""Who must not be called, who is called once though there are two of them, and how many are called at most."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import ibis
import pytest

from reconciler.audience.decision import (
    dnc_wrong_region,
    eligibility,
    misread_phone_country,
    must_remove,
    shared_number_consent,
    suppression,
    unreadable_dnc_entries,
)
from reconciler.audience.diff import membership_diff
from reconciler.audience.relations import engine, reasons
from reconciler.audience.relations.reasons import FAULT_SQL, write_fault
from reconciler.audience.staging import staged_contacts, subscriber_keys
from reconciler.model.list_change import Accounting
from reconciler.model.problem import Location
from reconciler.model.reason import Reason
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import ContactsOf, LiveList, MemberPhones, MembersOf, PeopleQuery, RowQuery, Rows
from reconciler.model.score_model import Band, Engagement, Score
from reconciler.model.segment import Cap, Delivery, Phones, Segment, Suppression, Target
from reconciler.model.segment_membership import Alike, ForeignNumbers, MembershipDecision, RefusedNumbers, Unreadable
from reconciler.model.source_specs import SqlFeed
from reconciler.views.reasons import describe_reason
from tests.audience.conftest import Written, described

HERE = Location("segments.yaml", 1, 1)
CRM, ASKED, REGISTRY = (ContactsOf(LiveList(name=name), HERE) for name in ("CRM", "Asked us", "Registry"))
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
FILE = dict.fromkeys(("contactId", "phone", "region", "engagementScore", "place"), "VARCHAR") | {"fault": FAULT_SQL}
NO_NUMBER = write_fault("not_a_number", "engagementScore")
FILE |= {"optedIn": "BOOLEAN"}
MEMBERS = {"contactId": "VARCHAR"}
PHONES = {"contactId": "VARCHAR", "phone": "VARCHAR", "status": "VARCHAR"}
COUNTRIES = Path(__file__).parents[2] / "cases" / "phones" / "countries"

REGISTERED = Suppression(Address("SuppressionList", "registry"), REGISTRY, Phones("reachable", "US"))
CALLED = Segment(
    address=Address("Segment", "s"),
    contacts=CRM,
    interactions={},
    score=Score(Engagement(), (Band("in", 5000, None, 1),)),
    intersect=(),
    targets=(Target("in", Address("ContactList", "in"), "In", MembersOf("In", ()), MemberPhones("In", HERE)),),
    mirror=False,
    delivery=Delivery("contactIds", 500, (), whole=False),
    phones=Phones("valid", "US"),
    suppress=(
        Suppression(Address("SuppressionList", "asked-us"), ASKED, Phones("reachable", "US")),
        REGISTERED,
    ),
)


class Audience:
    """A CRM, two do-not-call lists, and a list with some members."""

    def __init__(self, backend: Any, written: Written, folder: Path) -> None:
        self.backend, self.written, self.folder = backend, written, folder
        self.segment = CALLED
        self.source: PeopleQuery = CRM
        self.columns = FILE
        self.asked: Sequence[str] = ()
        self.registry: Sequence[str] = ()
        self.members: Sequence[tuple[str, str]] = ()

    def read(self, people: Sequence[dict[str, Any]]) -> dict[RowQuery, Rows]:
        rows = [{"place": f"crm.csv:{n}", "engagementScore": "90", **each} for n, each in enumerate(people, start=2)]
        numbers = [
            self.written([{"contactId": str(n), "phone": phone} for n, phone in enumerate(phones)], PHONES)
            for phones in (self.asked, self.registry)
        ]
        held = [{"contactId": name, "phone": phone, "status": "ACTIVE"} for name, phone in self.members]
        read: dict[RowQuery, Rows] = {
            self.source: self.written(rows, self.columns),
            ASKED: numbers[0],
            REGISTRY: numbers[1],
        }
        return read | {MemberPhones("In", HERE): self.written(held, PHONES)}

    def standing(self, people: Sequence[dict[str, Any]]) -> MembershipDecision:
        read, into = self.read(people), self.folder / "standing.parquet"
        self.segment = replace(self.segment, contacts=self.source)
        rows = eligibility.decide_membership(self.backend, self.segment, read, {}, AS_OF, into)
        barred = must_remove.find_must_remove(self.backend, self.segment, rows, read, self.folder / "barred.parquet")
        return MembershipDecision(self.segment, rows, barred, Accounting(self.segment.address, 0, (), ()))

    def reasons(self, *people: dict[str, Any]) -> list[str | None]:
        """Why each is out, in the order of their ids; None: in."""
        table = engine.read_rows(self.backend, self.standing(people).rows).order_by("contactId", "place")
        rows = engine.list_rows(self.backend, table.select("reason"), tuple[reasons.ReasonCell | None])
        return [None if why is None else describe_reason(reasons.read_reason(why)) for (why,) in rows]

    def changes(self, *people: dict[str, Any]) -> list[tuple[str, str, str]]:
        """Contact, action and why."""
        standing = self.standing(people)
        members = {"in": self.written([{"contactId": name} for name, _ in self.members], MEMBERS)}
        into = {"in": self.folder / "rows.parquet"}
        compared = membership_diff.compare_members(self.backend, standing, members, into)["in"]
        table = engine.read_rows(self.backend, compared.rows)
        return described(self.backend, table)


@pytest.fixture
def audience(backend: Any, written: Written, tmp_path: Path) -> Audience:
    return Audience(backend, written, tmp_path)


def person(name: str, phone: str | None, **more: Any) -> dict[str, Any]:
    return {"contactId": name, "phone": phone, **more}


def test_a_number_is_suppressed_however_it_is_written(audience: Audience) -> None:
    audience.asked = ["415-555-0102"]
    assert audience.reasons(person("a", "+14155550102"), person("b", "(415) 555 0103")) == [
        "suppressed by asked-us",
        None,
    ]


@pytest.mark.matrix(instead="test_a_number_is_suppressed_however_it_is_written")
def test_the_first_list_that_has_a_number_is_the_one_that_is_told(audience: Audience) -> None:
    audience.asked, audience.registry = ["+14155550102"], ["+14155550102", "+14155550103"]
    assert audience.reasons(person("a", "+14155550102"), person("b", "+14155550103")) == [
        "suppressed by asked-us",
        "suppressed by registry",
    ]


def test_a_region_on_the_row_wins_over_the_region_of_the_segment(audience: Audience) -> None:
    audience.asked = ["+442079460000"]
    assert audience.reasons(person("a", "020 7946 0000", region="GB")) == ["suppressed by asked-us"]


@pytest.mark.thin
@pytest.mark.parametrize("phone", [None, "", "nobody", "12345"])
def test_a_contact_that_cannot_be_checked_is_not_called(audience: Audience, phone: str | None) -> None:
    assert audience.reasons(person("a", phone)) == ["no valid phone"]


def test_a_suppressed_member_is_taken_off_even_by_upsert(audience: Audience) -> None:
    audience.asked = ["+14155550102"]
    audience.members = [("a", "+14155550102"), ("b", "+14155550103")]
    people = [person("a", "+14155550102"), person("b", "+14155550103", engagementScore="1")]
    assert audience.changes(*people) == [("a", "remove", "suppressed by asked-us (score 90.0)")]


def test_who_belongs_on_a_list_is_taken_off_by_no_other_number_unless_contacts_are_written_by_phone(
    audience: Audience,
) -> None:
    audience.asked = ["+14155550102"]
    audience.members = [("moved", "+14155550102"), ("odd", "(415) 555-0105 / 0106"), ("stranger", "+14155550102")]
    read = audience.read(
        [person("moved", "+14155550103"), person("odd", "+14155550104"), person("two", "+14155550105")]
    )
    backend, folder = audience.backend, audience.folder
    rows = eligibility.decide_membership(backend, CALLED, read, {}, AS_OF, folder / "standing.parquet")
    # another row of who belongs, that is judged by itself
    first = engine.read_rows(backend, rows)
    other = first.filter(first["contactId"] == "two").mutate(
        band=ibis.null("string"), suppressed_by=ibis.literal("registry")
    )
    both = engine.write_rows(backend, first.union(other.select(*first.columns)), folder / "both.parquet", rows.columns)

    def taken_off(*, by_phone: bool) -> list[tuple[str, str]]:
        found = must_remove.find_must_remove(
            backend, CALLED, both, read, folder / f"barred-{by_phone}.parquet", by_phone=by_phone
        )
        table = engine.read_rows(backend, found).order_by("contactId")
        return engine.list_rows(backend, table.select("contactId", "suppressed_by"), tuple[str, str])

    assert taken_off(by_phone=False) == [("stranger", "asked-us")]
    assert taken_off(by_phone=True) == [("moved", "asked-us"), ("stranger", "asked-us")]


@pytest.mark.matrix(instead="test_a_suppressed_member_is_taken_off_even_by_upsert")
def test_a_member_of_whom_no_do_not_call_list_can_be_asked_is_taken_off_even_by_upsert(audience: Audience) -> None:
    audience.registry = ["+1 212 555 0199"]
    audience.members = [
        ("two", "+14155550102"),
        ("one", "+14155550103"),
        ("fine", "+14155550104"),
        ("word", "withheld"),
    ]
    audience.members = [*audience.members, ("stranger", "(415) 555-0105 / 0106"), ("other", "555-0107")]
    people = [person("two", "+14155550102"), person("two", "555-0102"), person("one", "415555010")]
    people.append(person("fine", "+14155550104"))
    assert audience.changes(*people) == [
        ("one", "remove", "their number cannot be read (score 90.0)"),
        ("other", "remove", "the number that the tenant has cannot be read"),
        ("stranger", "remove", "the number that the tenant has cannot be read"),
        ("two", "remove", "another number of theirs cannot be read (score 90.0)"),
    ]
    audience.segment = replace(audience.segment, suppress=())
    assert audience.changes(*people) == []


@pytest.mark.matrix(instead="test_a_suppressed_member_that_the_source_has_not_is_taken_off_by_the_phone_the_tenant_has")
def test_contacts_whose_number_the_tenant_has_otherwise_and_nobody_can_read_are_counted(audience: Audience) -> None:
    audience.registry = ["+1 212 555 0199"]
    audience.members = [("a", "+1 415 CALL NOW"), ("b", "+14155550104"), ("c", "415555010")]
    people = [person(name, f"+1415555010{n}") for n, name in enumerate("abc")]
    read, standing = audience.read(people), audience.standing(people)
    assert must_remove.count_unread_in_tenant(audience.backend, audience.segment, standing.rows, read) == 2


@pytest.mark.thin(2)
@pytest.mark.parametrize(
    ("entries", "found"),
    [
        (["4155550100", "(415) 555-0101", "81 5555 0109"], [Alike("MX", 2)]),
        (["4155550100", "81 5555 0103"], []),  # it reaches somebody in Mexico
        (["+52 415 555 0100", "+52 415 555 0101"], []),
        (["4155550109"], []),
        (["14155550100", "1 (415) 555-0101", "81 5555 0103"], [Alike("MX", 2, abroad=True)]),
        (["+14155550100"], []),
    ],
)
def test_a_list_that_reaches_nobody_and_whose_digits_contacts_have_elsewhere_may_be_of_another_region(
    audience: Audience, entries: list[str], found: list[Alike]
) -> None:
    audience.registry = entries
    mexican = replace(REGISTERED, phones=Phones("reachable", "MX"))
    audience.segment = replace(audience.segment, suppress=(mexican,))
    people = [person(f"us{n}", f"+1 415 555 010{n}") for n in range(3)]
    people += [person(f"mx{n}", f"+52 81 5555 010{n}") for n in (3, 4)]
    read, standing = audience.read(people), audience.standing(people)
    assert list(dnc_wrong_region.find_mismatch(audience.backend, mexican, read, standing.rows)) == found


def test_a_suppressed_member_that_the_source_has_not_is_taken_off_by_the_phone_the_tenant_has(
    audience: Audience,
) -> None:
    audience.asked = ["+14155550102"]
    audience.members = [("stranger", "4155550102"), ("other", "4155550104")]
    assert audience.changes(person("b", "+14155550103")) == [
        ("b", "add", "score 90.0 puts it in in"),
        ("stranger", "remove", "suppressed by asked-us"),
    ]


@pytest.mark.thin
@pytest.mark.parametrize(
    ("phone", "more"),
    [
        (None, {}),
        ("nobody", {}),
        ("+14155550104", {"fault": NO_NUMBER}),
        ("+14155550104", {"engagementScore": "1"}),
    ],
)
def test_a_member_that_is_out_is_taken_off_by_the_phone_the_tenant_has_whatever_its_row_says(
    audience: Audience, phone: str | None, more: dict[str, str]
) -> None:
    audience.asked = ["+14155550102"]
    audience.members = [("a", "4155550102"), ("b", "+14155550103")]
    out = [person("a", phone, **more), person("b", "+14155550103", engagementScore="1")]
    ((contact, action, reason),) = audience.changes(*out)
    assert (contact, action) == ("a", "remove")
    assert reason.startswith("suppressed by asked-us")


def test_a_member_whose_number_is_of_no_range_yet_is_taken_off_where_the_list_has_that_number(
    audience: Audience,
) -> None:
    audience.asked = ["+12005550102"]
    audience.members = [("a", "2005550102"), ("stranger", "2005550102")]
    changes = audience.changes(person("a", "2005550102"))
    assert [(contact, action) for contact, action, _ in changes] == [("a", "remove"), ("stranger", "remove")]


@pytest.mark.parametrize("phone", [None, " ", "+14155550199"])
@pytest.mark.matrix(
    instead="test_a_number_that_the_tenant_has_for_a_contact_on_a_list_to_intersect_with_is_held_against_the_lists"
)
def test_who_stands_on_a_list_of_the_tenant_is_called_by_no_number_whatever_that_list_has(
    audience: Audience, written: Written, monkeypatch: pytest.MonkeyPatch, phone: str | None
) -> None:
    audience.registry = ["+14155550103"]
    named = written([{"contactId": "a", "phone": phone}, {"contactId": "s", "phone": None}], PHONES)
    audience.members = [("a", "+14155550102"), ("s", "+14155550104"), ("b", "+14155550105")]
    people = [person("a", "+14155550102"), person(" a", "+14155550106"), person("b", "+14155550105")]
    read = audience.read
    monkeypatch.setattr(audience, "read", lambda rows: {**read(rows), ASKED: named})
    assert audience.reasons(*people) == ["suppressed by asked-us", "duplicate of another row with its id", None]
    told = [(contact, action) for contact, action, _ in audience.changes(*people) if action == "remove"]
    assert told == [("a", "remove"), ("s", "remove")]


def test_a_number_that_the_tenant_has_for_a_contact_on_a_list_to_intersect_with_is_held_against_the_lists(
    audience: Audience, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    invited = ContactsOf(LiveList(name="Invited"), HERE)
    audience.segment, audience.asked = replace(audience.segment, intersect=(invited,)), ["+14155550109"]
    phones = {"a": "+14155550109", "b": "+14155550104", "c": None}
    rows = written([{"contactId": name, "phone": phone, "status": "ACTIVE"} for name, phone in phones.items()], PHONES)
    read = audience.read
    monkeypatch.setattr(audience, "read", lambda people: {**read(people), invited: rows})
    people = [person(name, f"+1415555010{n}") for n, name in enumerate("abcd", start=2)]
    assert audience.reasons(*people) == ["suppressed by asked-us", None, None, "not on list 'Invited'"]


def test_of_two_contacts_with_one_phone_the_one_with_the_higher_score_is_called(audience: Audience) -> None:
    same = [person("a", "+14155550102", engagementScore="80"), person("b", "415 555 0102", engagementScore="90")]
    assert audience.reasons(*same, person("c", "+14155550102", engagementScore="90")) == [
        "duplicate of another contact with its phone",
        None,
        "duplicate of another contact with its phone",
    ]


def test_a_contact_that_is_out_does_not_stand_in_the_way_of_another_with_its_phone(audience: Audience) -> None:
    out = person("a", "+14155550102", optedIn=False)
    assert audience.reasons(out, person("b", "+14155550102", engagementScore="60")) == ["no consent", None]


CONSENTING = SqlFeed(url="env CRM", query="select 1", columns=(("contactId", "id"),), opted_in="consent", where=HERE)


def test_who_is_not_known_to_have_given_consent_is_not_called(audience: Audience) -> None:
    audience.source = CONSENTING
    people = [person(name, f"+1415555010{n}", optedIn=said) for n, (name, said) in enumerate(SAID.items())]
    assert audience.reasons(*people) == ["no consent", None, "no consent recorded"]


def test_who_is_not_known_to_have_given_consent_is_called_and_counted_where_the_manifest_says_so(
    audience: Audience,
) -> None:
    audience.source = replace(CONSENTING, unknown_consent="in")
    people = [person(name, f"+1415555010{n}", optedIn=said) for n, (name, said) in enumerate(SAID.items())]
    poor = person("d", "+14155550109", optedIn=None, engagementScore="1")
    assert audience.reasons(*people, poor) == ["no consent", None, None, "score below 50"]
    rows = audience.standing([*people, poor]).rows
    assert eligibility.count_called_unrecorded(audience.backend, rows) == 1


SAID = {"a": False, "b": True, "c": None}


def test_consent_that_nobody_asked_for_is_not_refused(audience: Audience) -> None:
    assert audience.reasons(person("a", "+14155550102", optedIn=None), person("b", "+14155550103", optedIn=True)) == [
        None,
        None,
    ]


def test_a_row_that_cannot_be_used_and_a_second_row_of_one_contact_are_told(audience: Audience) -> None:
    broken = person("a", "+14155550102", fault=NO_NUMBER)
    assert audience.reasons(broken, person("b", "+14155550103"), person("b", "+14155550104")) == [
        "cannot be used: engagementScore is not a number",
        None,
        "duplicate of another row with its id",
    ]


@pytest.mark.thin
@pytest.mark.parametrize(
    ("first", "called"), [("highest-score", ["b", "c"]), ("lowest-score", ["a", "d"]), ("contact-id", ["a", "b"])]
)
def test_a_cap_keeps_the_first_in_the_order_that_is_stated(audience: Audience, first: Any, called: list[str]) -> None:
    audience.segment = replace(CALLED, cap=Cap(2, first))
    scores = {"a": "60", "b": "90", "c": "90", "d": "70"}
    people = [person(name, f"+1415555010{n}", engagementScore=score) for n, (name, score) in enumerate(scores.items())]
    reasons = dict(zip(scores, audience.reasons(*people), strict=True))
    assert [name for name, reason in reasons.items() if reason is None] == called
    assert {reason for reason in reasons.values() if reason} == {"over the cap of 2"}


def test_entries_of_a_do_not_call_list_that_are_no_phones_are_counted(audience: Audience) -> None:
    audience.asked = ["415-555-0102", "unknown", "", " ", "415555*"]
    read = audience.read([person("a", "+14155550102")])
    assert unreadable_dnc_entries.count_unreadable(audience.backend, CALLED.suppress[0], read) == 2
    assert unreadable_dnc_entries.list_first_unreadable(audience.backend, CALLED.suppress[0], read) == (
        Unreadable(str(ASKED), "41…*", Reason("number_with_wildcard")),
        Unreadable(str(ASKED), "…", Reason("number_without_digits")),
    )


def ways_of(cases: Sequence[Path]) -> dict[str, list[tuple[str, str | None]]]:
    """Each number of some case files in E.164, with every way that they write it, and the region it is written in."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for case in cases:
        with case.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                if row["e164"]:
                    found.setdefault(row["e164"], []).append((row["raw"], row["region"] or None))
    return found


@pytest.mark.thin(1)
@pytest.mark.parametrize("group", range(5))
def test_every_way_of_writing_a_number_suppresses_it_and_is_suppressed_by_it(
    backend: Any, written: Written, group: int
) -> None:
    cases = sorted(COUNTRIES.glob("*.csv"))[group::5]
    columns = {"contactId": "VARCHAR", "phone": "VARCHAR", "region": "VARCHAR"}
    ways = [(number, *way) for number, written_so in ways_of(cases).items() for way in written_so]
    people = [{"contactId": str(n), "phone": raw, "region": region} for n, (_, raw, region) in enumerate(ways)]
    plain = [{"contactId": number, "phone": number, "region": None} for number in ways_of(cases)]
    assert people
    listed = Suppression(Address("SuppressionList", "asked"), ASKED, Phones("reachable"))
    for contacts, entries in ((people, plain), (plain, people)):
        read: dict[RowQuery, Rows] = {ASKED: written(entries, columns)}
        called = suppression.add_e164(
            backend, staged_contacts.read_contacts(backend, written(contacts, columns)), Phones("valid")
        )
        judged = suppression.add_suppressed_by(backend, called, (listed,), read)
        missed = judged.filter(judged["suppressed_by"].isnull()).select("contactId", "phone", "region")
        assert [row for chunk in engine.stream_rows(backend, missed, 100) for row in chunk] == []
        assert engine.count_rows(backend, judged) == len(contacts)
        assert unreadable_dnc_entries.count_unreadable(backend, listed, read) == 0
        numbers = suppression.read_numbers(backend, listed, read)
        keys = {key for chunk in engine.stream_rows(backend, numbers, 100) for (key,) in chunk}
        assert keys >= {subscriber_keys.key_number(number) for number in ways_of(cases)}


@pytest.mark.thin(1)
@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize(
    ("unknown", "said", "why"),
    [
        ("out", False, "no consent"),
        ("out", None, "no consent recorded"),
        ("in", False, "no consent"),
        ("in", None, None),
        ("out", True, None),
    ],
)
def test_who_did_not_consent_is_taken_off_a_list_whatever_its_membership(
    audience: Audience, mirror: bool, unknown: Literal["in", "out"], said: bool | None, why: str | None
) -> None:
    audience.source = replace(CONSENTING, unknown_consent=unknown)
    audience.segment = replace(audience.segment, mirror=mirror, delivery=Delivery("contactIds", 500, (), whole=False))
    audience.members = [("a", "+14155550102"), ("z", "+14155550109")]
    people = [person("a", "+14155550102", optedIn=said), person("z", "+14155550109", optedIn=True)]
    expected = [] if why is None else [("a", "remove", f"{why} (score 90.0)")]
    assert audience.changes(*people) == expected


@pytest.mark.thin
@pytest.mark.parametrize(
    "more",
    [
        {"status": "ARCHIVED"},
        {"engagementScore": "1"},
        {"phone": None},
        {"fault": NO_NUMBER},
    ],
)
def test_who_withdrew_consent_is_taken_off_also_where_something_else_keeps_them_out(
    audience: Audience, more: dict[str, Any]
) -> None:
    audience.source = CONSENTING
    audience.segment = replace(audience.segment, mirror=False, delivery=Delivery("contactIds", 500, (), whole=False))
    audience.columns = {**audience.columns, "status": "VARCHAR", "fault": FAULT_SQL}
    audience.members = [("a", "+14155550102")]
    people = [person("a", "+14155550102", status="ACTIVE", optedIn=False) | more]
    ((who, action, why),) = audience.changes(*people)
    assert (who, action) == ("a", "remove")
    assert why.startswith("no consent (") or why == "no consent"


@pytest.mark.matrix(instead="test_who_withdrew_consent_is_taken_off_also_where_something_else_keeps_them_out")
def test_a_second_row_that_withdraws_consent_takes_the_contact_off(audience: Audience) -> None:
    audience.source = CONSENTING
    audience.segment = replace(audience.segment, mirror=False, delivery=Delivery("contactIds", 500, (), whole=False))
    audience.members = [("a", "+14155550102")]
    people = [person("a", "+14155550102", optedIn=True), person("a", "+14155550103", optedIn=False)]
    assert audience.changes(*people) == [("a", "remove", "no consent (score 90.0)")]


@pytest.mark.parametrize(("first", "alike"), [(0, 1), (3000, 0)])
@pytest.mark.thin(1)
def test_one_contact_in_thousands_with_the_digits_of_a_list_read_elsewhere_is_more_than_chance(
    audience: Audience, first: int, alike: int
) -> None:
    audience.registry = [f"415555{n:04d}" for n in range(500, 1_000)]
    mexican = replace(REGISTERED, phones=Phones("reachable", "MX"))
    audience.segment = replace(audience.segment, suppress=(mexican,))
    people = [person(f"us{n}", f"+1415555{n:04d}") for n in range(first + 999, first + 1_999)]
    read, standing = audience.read(people), audience.standing(people)
    found = [Alike("MX", alike)] if alike else []
    assert list(dnc_wrong_region.find_mismatch(audience.backend, mexican, read, standing.rows)) == found


@pytest.mark.thin(1)
@pytest.mark.parametrize(
    ("region", "numbers", "found"),
    [
        ("CO", ["3035550101", "(303) 555-0102", "1 720 555 0103"], (3, 3, "US", "US-CO")),
        ("CO", ["7195550101", "9705550102", "9705550103", "3005550104"], (4, 3, "US", "US-CO")),
        ("IN", ["765 555 0101", "8125550102", "9305550103"], (3, 3, "US", "US-IN")),
        ("DE", ["302-555-0101"], (1, 1, "US", "US-DE")),
        ("GA", ["4045550101", "7705550102"], (2, 2, "US", "US-GA")),
        ("NL", ["7095550101"], (1, 1, "CA", "CA-NL")),
        ("GB", ["4155550101", "2125550102", "2079460000"], (3, 2, "US", None)),
        ("CO", ["+573035550101", "+57 303 555 0102"], None),
        ("CO", ["3105550101", "3205550102", "3035550103"], None),  # two of three are no area codes of Colorado
        ("DE", ["030 2555 0101", "0302 5550102"], None),
        ("CA", ["4155550101", "2125550102"], None),
        ("GB", ["nobody", "12", "020 7946 0000"], None),
    ],
)
def test_contacts_whose_numbers_are_read_in_a_country_that_they_are_not_of_are_found(
    audience: Audience, region: str, numbers: list[str], found: tuple[int, int, str, str | None] | None
) -> None:
    audience.segment = replace(audience.segment, phones=Phones("valid", region))
    people = [person(f"a{n}", phone) for n, phone in enumerate(numbers)]
    rows = audience.standing(people).rows
    told = list(
        misread_phone_country.find_foreign_numbers(audience.backend, audience.segment, audience.read(people), rows)
    )
    assert told == ([] if found is None else [ForeignNumbers(CALLED.address, region, *found)])


def test_a_column_of_states_that_is_mapped_to_the_region_is_found_by_each_state_that_is_a_country(
    audience: Audience,
) -> None:
    rows = [("CO", "3035550101"), ("CO", "3035550102"), ("IN", "7655550101"), ("CA", "4155550101")]
    people = [person(f"a{n}", phone, region=region) for n, (region, phone) in enumerate(rows)]
    standing = audience.standing(people).rows
    read = audience.read(people)
    told = misread_phone_country.find_foreign_numbers(audience.backend, audience.segment, read, standing)
    assert sorted((each.region, each.odd, each.state) for each in told) == [("CO", 2, "US-CO"), ("IN", 1, "US-IN")]


@pytest.mark.matrix(instead="test_who_did_not_consent_is_taken_off_a_list_whatever_its_membership")
def test_who_is_called_by_a_number_by_which_another_contact_gave_no_consent_is_counted(audience: Audience) -> None:
    audience.source = CONSENTING
    people = [
        person("a", "+14155550102", optedIn=True),
        person("b", "(415) 555-0102", optedIn=False),
        person("c", "+14155550103", optedIn=True),
        person("d", "+14155550103", optedIn=None),
        person("e", "+14155550104", optedIn=False),
    ]
    rows = audience.standing(people).rows
    found = list(shared_number_consent.find_refused_numbers(audience.backend, audience.segment, rows))
    assert found == [RefusedNumbers(CALLED.address, 1)]
    calm = audience.standing(people[2:]).rows
    assert list(shared_number_consent.find_refused_numbers(audience.backend, audience.segment, calm)) == []
