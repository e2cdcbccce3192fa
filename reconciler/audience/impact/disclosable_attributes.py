# tested by: tests/audience/impact/test_concentration.py
"""List the attributes that a plan may use to describe the people of a segment.

Left out, wherever it comes from: what the mapping calls sensitive, and what names or reaches somebody. Of what is left,
only values that are no free text are ever spoken of (`is_tellable`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reconciler.audience import tables
from reconciler.audience.relations import engine
from reconciler.audience.staging import geography, postal_codes, staged_contacts, staged_members
from reconciler.model.row_queries import PeopleQuery, RowQuery, Rows
from reconciler.model.score_model import RecencyFrequency
from reconciler.model.segment_membership import MembershipDecision
from reconciler.model.source_specs import FileFeed
from reconciler.model.tables import DECISIONS

if TYPE_CHECKING:
    from ibis import BaseBackend, Column, Table

LONGEST = 40
"""Characters of a value that may be spoken of: what is longer is somebody's text."""

PLACE = "place"
"""The column that country and region are read of: the address's country, the number's first digits, the postal code."""

_REACHES = re.compile(r"@|(?:\d[\s().-]*){7}")
"""An address, or so many digits that it may be somebody's number."""

_NAMES = ("contactId", "name", "firstName", "lastName", "email")


@dataclass(frozen=True, slots=True)
class Attribute:
    """What people may have in common: the column of the relation that holds it, and what it is called.

    `kind`: a value that is mapped, as JSON; or what is derived: `country`, `region`, `source`.
    """

    column: str
    name: str
    kind: str = "mapped"

    def read(self, cell: str) -> str | None:
        """A cell as people read it; None: it says nothing."""
        if self.kind in ("country", "region"):
            return _read_place(cell)[self.kind == "region"]
        if self.kind == "source" or not cell:
            return cell or None
        held = json.loads(cell)
        return (held or None) if isinstance(held, str) else cell


def list_attributes(standing: MembershipDecision) -> list[Attribute]:
    """What may be said of the people of a segment: mapped attributes by their names, then place and source."""
    feed = standing.segment.contacts
    columns = dict(getattr(feed, "columns", ()))
    closed = list_closed_columns(feed, columns)
    open_ = [name for name, column in sorted(getattr(feed, "attributes", ())) if column not in closed]
    found = [Attribute(f"a{number}", name) for number, name in enumerate(open_)]
    derived = [("country", PLACE, "region"), ("region", PLACE, "postalCode")]
    derived += [("source", "source", "")] if _is_of_several(feed) else []
    knows_place = {"region", "postalCode"} & columns.keys() or standing.segment.phones is not None
    for name, column, said in derived:
        if column == PLACE and not (knows_place or getattr(feed, "region", None)):
            continue
        if columns.get(said, "") not in closed:
            found.append(Attribute(column, f"{name} (derived)" if name in open_ else name, name))
    return found


def list_closed_columns(feed: PeopleQuery, columns: Mapping[str, str]) -> set[str]:
    """The source's columns that are sensitive, or say who somebody is: under whatever name they are mapped."""
    sensitive = set(getattr(feed, "sensitive", ()))
    closed = {column for name, column in getattr(feed, "attributes", ()) if name in sensitive}
    closed |= {columns[name] for name in _NAMES if name in columns}
    return closed | {column for parts in getattr(feed, "phones", ()) for column in parts}


def hides_score(standing: MembershipDecision) -> bool:
    """Whether the score of a segment's people is a column that is sensitive, or that says who they are."""
    feed = standing.segment.contacts
    columns = dict(getattr(feed, "columns", ()))
    measured = any(not isinstance(each, RecencyFrequency) for each in standing.segment.score.measures())
    return measured and columns.get("engagementScore", "") in list_closed_columns(feed, columns)


def _is_of_several(feed: PeopleQuery) -> bool:
    """Whether a source is of several files, so that it says something which one it was."""
    return isinstance(feed, FileFeed) and (len(feed.paths) > 1 or any(set("*?[") & set(each) for each in feed.paths))


def is_tellable(value: str | None) -> bool:
    """Whether a value may be spoken of: it is short, and cannot reach anybody."""
    return value is None or (len(value) <= LONGEST and _REACHES.search(value) is None)


def describe_people(
    backend: BaseBackend, standing: MembershipDecision, read: Mapping[RowQuery, Rows], attributes: Sequence[Attribute]
) -> Table:
    """A row for each contact of the source: contactId, and what it has of each attribute; blank: nothing."""
    import ibis

    people = staged_contacts.read_contacts(backend, read[standing.segment.contacts])
    people = people.filter(~people["duplicate"], people["contactId"].notnull())
    columns = {each.column for each in attributes}
    if PLACE in columns and standing.segment.phones is not None:
        everyone = tables.read_table(backend, standing.rows, DECISIONS)
        numbers = everyone.filter(~everyone["duplicate"], everyone["e164"].notnull())
        numbers = numbers.select(numbered="contactId", e164="e164")
        people = people.left_join(numbers, people["contactId"] == numbers["numbered"])
    else:
        people = people.mutate(e164=ibis.null("string"))
    held = people["attributes"]
    mapped = {each.column: engine.get_value(backend, held, each.name) for each in attributes if each.kind == "mapped"}
    if "source" in columns:
        mapped["source"] = people["place"].re_replace(r":?\d+$", "")
    if PLACE in columns:
        coded = "postalCode" in dict(getattr(standing.segment.contacts, "columns", ()))
        code = people["postalCode"] if coded else None
        mapped[PLACE] = _write_place(people["country"], people["e164"], code)
    return people.select("contactId", **{name: each.fill_null("") for name, each in mapped.items()})


def describe_members(
    backend: BaseBackend, standing: MembershipDecision, read: Mapping[RowQuery, Rows], attributes: Sequence[Attribute]
) -> Table:
    """The same of who is on the segment's lists, as far as these tell it: a row for each row of a list."""
    import ibis

    named = {value: name for name, value in standing.segment.delivery.values}
    null = ibis.null("string")
    parts = []
    for target in standing.segment.targets:
        rows = staged_members.read_members(backend, read[target.members])
        columns = {
            each.column: rows["attributes"].get(named.get(each.name, each.name))
            for each in attributes
            if each.kind == "mapped"
        }
        for each in attributes:
            if each.column == PLACE:
                columns[PLACE] = _write_place(null, rows["phone"], None)
            elif each.kind == "source":
                columns["source"] = null
        parts.append(rows.select("contactId", **{name: each.fill_null("") for name, each in columns.items()}))
    return ibis.union(parts[0], *parts[1:]) if len(parts) > 1 else parts[0]


def _write_place(country: Column, number: Column, code: Column | None) -> Column:
    import ibis

    digits = ibis.ifelse(number.startswith("+1"), number.substr(1, 4), number.substr(1, 3))
    digits = ibis.ifelse(number.startswith("+"), digits, ibis.null("string")).fill_null("")
    home, sep = country.strip().fill_null(""), ibis.literal("|")
    located = ibis.literal("") if code is None else postal_codes.locate_by_code(code).fill_null("")
    return home + sep + digits + sep + located


def _read_place(cell: str) -> tuple[str | None, str | None]:
    """Country and region (ISO 3166) of a place as it is written; None where it does not say them, or several."""
    if not cell:
        return None, None
    home, digits, code = cell.rsplit("|", 2)
    by_area = next((name for name, area in geography.load_areas().items() if digits[1:] in area.codes), None)
    region = by_area if digits.startswith("1") else None
    single = geography.list_single_countries()
    by_number = region[:2] if region else next((single[digits[:n]] for n in (1, 2, 3) if digits[:n] in single), None)
    country = home or by_number
    if code and code != postal_codes.UNREADABLE:
        found, _ = postal_codes.load_places(code, country or "")
        region = next(iter(found)) if len(found) == 1 else None
    if region is not None and country is not None and not region.startswith(country):
        region = None
    return country or (region and region[:2]), region
