"""Where a change is concentrated is told in figures of many people, and of few or of what is sensitive never."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as arrow
import pytest
from pyarrow import parquet

from reconciler.audience.impact.concentration import TOP, find_concentration
from reconciler.audience.impact.disclosable_attributes import is_tellable
from reconciler.audience.impact.small_groups import FEWEST
from reconciler.audience.relations import engine
from reconciler.model.impact import Concentration
from reconciler.model.list_change import Accounting
from reconciler.model.problem import Location
from reconciler.model.reason_codes import REASON
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import MembersOf, Rows
from reconciler.model.score_model import Band, Engagement, Score
from reconciler.model.segment import Delivery, Segment, Target
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.source_specs import FileFeed
from reconciler.model.tables import STAGED_CONTACTS, STAGED_MEMBERS

HERE = Location("a.yaml")
SEGMENT = Address("Segment", "all")

Person = Mapping[str, Any]
Find = Callable[..., list[tuple[str, Mapping[str, str | None], int, float]]]


def people(count: int, **attributes: Callable[[int], str | None]) -> list[dict[str, Any]]:
    """So many people on a list, with the attributes that a function gives to each number."""
    return [
        {"id": f"P{number:05d}", "called": True, "attributes": {name: of(number) for name, of in attributes.items()}}
        for number in range(count)
    ]


def remove(those: Sequence[dict[str, Any]]) -> None:
    for each in those:
        each["change"] = (0, None)


@pytest.fixture
def find(backend: Any, tmp_path: Path) -> Find:
    """What is told of some people, all of the source but those who are gone from it."""

    def write(name: str, rows: list[dict[str, Any]], columns: Mapping[str, str]) -> Rows:
        types = {"string": arrow.string(), "boolean": arrow.bool_(), "int64": arrow.int64()}
        types |= {
            "array<string>": arrow.list_(arrow.string()),
            "map<string, string>": arrow.map_(*[arrow.string()] * 2),
            REASON: arrow.struct({"code": arrow.string(), "args": arrow.list_(arrow.string())}),
        }
        schema = arrow.schema([(column, types[kind]) for column, kind in columns.items()])
        whole = [{column: row.get(column) for column in columns} for row in rows]
        parquet.write_table(arrow.Table.from_pylist(whole, schema), tmp_path / name)
        return Rows(tmp_path / name, "parquet", columns, len(rows))

    def found(
        those: Sequence[Person],
        *,
        sensitive: Sequence[str] = (),
        mapped: Mapping[str, str] | None = None,
        **columns: str,
    ) -> list[tuple[str, Mapping[str, str | None], int, float]]:
        names = sorted({name for each in those for name in each["attributes"]})
        feed = FileFeed(
            paths=("a.csv",),
            format="csv",
            columns=tuple(sorted({"contactId": "id", **columns}.items())),
            attributes=tuple((name, (mapped or {}).get(name, name)) for name in names),
            sensitive=tuple(sensitive),
            where=HERE,
        )
        target = Target("high", Address("ContactList", "high"), "High", MembersOf("High", tuple(names)))
        score = Score(Engagement(), (Band("high", 0, None, 1),))
        segment = Segment(SEGMENT, feed, {}, score, (), (target,), True, Delivery("listContacts", None, tuple(names)))

        def as_row(each: Person) -> dict[str, Any]:
            given = {name: None if value is None else json.dumps(value) for name, value in each["attributes"].items()}
            return {
                "contactId": each["id"],
                "member": each["id"],
                "duplicate": False,
                "active": True,
                "attributes": list(given.items()),
                "postalCode": each.get("postalCode"),
                "country": each.get("country"),
                "place": f"a.csv:{each['id'][1:]}",
            }

        contacts = write(
            "contacts.parquet", [as_row(each) for each in those if not each.get("gone")], STAGED_CONTACTS.types
        )
        listed = write("members.parquet", [as_row(each) for each in those if each["called"]], STAGED_MEMBERS.types)
        moved = [
            {"segment": 0, "contactId": each["id"], "was": each["change"][0], "will": each["change"][1]}
            for each in those
            if "change" in each
        ]
        kinds = {"segment": "int64", "contactId": "string", "was": "int64", "will": "int64"}
        moves = engine.read_rows(backend, write("moves.parquet", moved, kinds))
        standing = MembershipDecision(segment, contacts, contacts, Accounting(SEGMENT, 0, (), ()))
        told = list(find_concentration(backend, standing, moves, 0, {feed: contacts, target.members: listed}))
        return [as_seen(each) for each in told]

    return found


def as_seen(told: Concentration) -> tuple[str, Mapping[str, str | None], int, float]:
    return told.change, {each.of: each.value for each in told.where}, told.share, told.lift


def state(number: int) -> str:
    """136 of 1,000 are in Florida, the others in one of nine states."""
    return "FL" if number % 1000 < 136 else ("CA", "TX", "NY", "WA", "OR", "NV", "AZ", "IL", "OH")[number % 9]


def test_a_value_that_those_who_are_removed_have_in_common_is_told_with_share_and_lift(find: Find) -> None:
    """Of 100 who are removed 83 are in Florida, where 13.6 % of those called were."""
    everybody = people(1000, state=state, tier=lambda number: ("gold", "silver")[number % 2])
    remove(everybody[:83])
    remove(everybody[500:517])
    assert find(everybody) == [("removed", {"state": "FL"}, 83, 6.1)]


def test_what_is_no_more_frequent_among_the_changed_is_not_told(find: Find) -> None:
    everybody = people(1000, state=state)
    remove(everybody[::10])
    assert find(everybody) == []


def test_two_values_are_told_together_where_they_say_clearly_more_than_either(find: Find) -> None:
    """Gold in Florida: each of both is frequent among the others too."""
    everybody = people(
        4000, state=lambda number: ("FL", "CA")[number % 2], tier=lambda number: ("gold", "silver")[number // 2 % 2]
    )
    remove([each for each in everybody if set(each["attributes"].values()) == {"FL", "gold"}][:400])
    assert find(everybody) == [("removed", {"state": "FL", "tier": "gold"}, 100, 4.0)]


def test_who_is_added_is_held_against_the_source_and_who_moves_against_the_list(find: Find) -> None:
    everybody = people(1000, state=state)
    for each in everybody[:60]:
        each["change"] = (0, 1)
    for each in everybody[900:]:
        each |= {"called": False, "change": (None, 0), "attributes": {"state": "TX"}}
    told = find(everybody)
    assert ("moved", {"state": "FL"}, 100, 6.6) in told
    assert [each[:3] for each in told if each[0] == "added"] == [("added", {"state": "TX"}, 100)]


def test_who_is_no_longer_in_the_source_is_known_by_the_list(find: Find) -> None:
    everybody = people(1000, state=state)
    remove(everybody[:136])
    for each in everybody[:136]:
        each["gone"] = True
    assert find(everybody) == [("removed", {"state": "FL"}, 100, 7.4)]


def test_a_value_that_nobody_wrote_is_told_as_none(find: Find) -> None:
    everybody = people(1000, state=lambda number: None if number < 100 else state(number))
    remove(everybody[:50])
    assert find(everybody) == [("removed", {"state": None}, 100, 10.0)]


@pytest.mark.parametrize(
    ("with_it", "removed", "others", "told"),
    [
        (FEWEST, FEWEST, 0, True),  # ten have it, and all of them go
        (FEWEST - 1, FEWEST - 1, 20, False),  # nine have it
        (FEWEST - 1, FEWEST - 1, 0, False),
        (2 * FEWEST, FEWEST, 0, True),  # ten stay who have it
        (2 * FEWEST - 1, FEWEST, 0, False),  # nine of those who have it stay: the difference would tell of them
        (50, 50, FEWEST, True),  # ten go who have something else
        (50, 50, FEWEST - 1, False),  # nine
        (50, 50, 1, False),
    ],
)
def test_of_fewer_than_ten_nothing_is_told_nor_by_a_difference(
    find: Find, with_it: int, removed: int, others: int, told: bool
) -> None:
    everybody = people(1000, state=lambda number: "FL" if number < with_it else "CA")
    remove(everybody[:removed])
    remove(everybody[900 : 900 + others])
    assert ("FL" in repr(find(everybody))) is told


def test_neither_a_sensitive_attribute_is_told_nor_another_of_its_column(find: Find) -> None:
    everybody = people(1000, faith=state, group=state, state=state)
    remove(everybody[:100])
    told = find(everybody, sensitive=["faith"], mapped={"group": "faith"})
    assert [where for _, where, _, _ in told] == [{"state": "FL"}]
    assert find(everybody, sensitive=["faith", "state"], mapped={"group": "faith"}) == []


def test_a_country_of_a_sensitive_column_is_not_told(find: Find) -> None:
    everybody = people(1000, origin=lambda number: "MX" if number < 100 else "US")
    for each in everybody:
        each["country"] = each["attributes"]["origin"]
    remove(everybody[:100])
    assert {"country": "MX"} in [where for _, where, _, _ in find(everybody, region="land")]
    assert find(everybody, sensitive=["origin"], mapped={"origin": "land"}, region="land") == []


def test_what_names_somebody_is_not_told_however_often_it_is_there(find: Find) -> None:
    """Another name of the column of first names; and one value that is a number, an address, or long."""
    everybody = people(1000, called=lambda number: "Ann" if number < 100 else "Bob")
    remove(everybody[:100])
    assert find(everybody, mapped={"called": "first"}, firstName="first") == []
    for value in ("415 555 0101", "a@example.com", "x" * 41):
        for each in everybody[:100]:
            each["attributes"] = {"called": value}
        assert find(everybody) == []


def test_free_text_is_not_told_though_some_wrote_the_same(find: Find) -> None:
    everybody = people(1000, notes=lambda number: "call later" if number < 100 else f"note {number}")
    remove(everybody[:100])
    assert find(everybody) == []


def test_a_region_is_told_by_the_postal_code(find: Find) -> None:
    everybody = people(1000)
    for number, each in enumerate(everybody):
        each |= {"country": "US", "postalCode": f"{33101 + number % 50:05d}" if number < 100 else "90001"}
    remove(everybody[:100])
    assert find(everybody, region="land", postalCode="zip") == [("removed", {"region": "US-FL"}, 100, 10.0)]


def test_of_many_values_only_the_first_few_are_told(find: Find) -> None:
    everybody = people(2000, **{f"a{n}": lambda number, n=n: f"{n}" if number < 200 + n else "no" for n in range(8)})
    remove(everybody[:200])
    assert 1 <= len(find(everybody)) <= TOP


@pytest.mark.parametrize(
    ("value", "told"),
    [(None, True), ("FL", True), ("2026-07-01", False), ("123456", True), ("1234567", False), ("x" * 40, True)],
)
def test_a_value_is_told_where_it_can_reach_nobody(value: str | None, told: bool) -> None:
    assert is_tellable(value) is told


def test_people_whose_band_does_not_change_are_not_looked_at(find: Find) -> None:
    assert find(people(50, state=state)) == []
