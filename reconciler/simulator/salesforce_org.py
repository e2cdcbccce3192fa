# tested by: tests/simulator/test_salesforce.py
"""Keep the records of a Salesforce organisation."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from reconciler.simulator.error_replies import Refusal
from reconciler.simulator.soql_parser import parse

Record = Mapping[str, Any]

_STANDARD = {
    "Contact": "Id FirstName LastName Name Phone MobilePhone Email MailingCountry DoNotCall Account.Id Account.Name",
    "Lead": "Id FirstName LastName Name Phone MobilePhone Email Status Company Country DoNotCall",
}


@dataclass(slots=True)
class Locator:
    """Records that were found and not fetched yet. `session` is the token that asked for them."""

    pages: list[list[dict[str, Any]]]
    total: int
    session: str | None


@dataclass(slots=True)
class Organisation:
    """Objects with their records, and what the API lets a client do.

    Attributes:
        objects: the records by the object's API name. A record is as the wire has it, without `attributes`; one without
            an `Id` is kept so, though no real organisation has such.
        page_size: records a page.
        requests_left: calls that the day still allows; None is no limit.
        limit_status: what a call beyond that is refused with.
        locators_of_session: whether a locator is good only for the token that made it, as in some organisations.
    """

    objects: dict[str, list[Record]] = field(default_factory=lambda: {name: [] for name in _STANDARD})
    page_size: int = 2000
    requests_left: int | None = None
    limit_status: int = 403
    locators_of_session: bool = False
    locators: dict[str, Locator] = field(default_factory=dict)
    _random: random.Random = field(default_factory=lambda: random.Random(0))  # noqa: S311 - opaque, not secret

    def load(self, name: str, records: Iterable[Record]) -> None:
        """Put records in an object, in the place of all it had."""
        self.objects[name] = [dict(record) for record in records]

    def count(self) -> None:
        """Count a call; refuse it where the day's are used up."""
        if self.requests_left is None:
            return
        if self.requests_left <= 0:
            raise Refusal(self.limit_status, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.")
        self.requests_left -= 1

    def query(self, text: str, session: str | None) -> tuple[Locator, str]:
        """What a query finds, and the name of its locator."""
        asked = parse(text)
        name = next((each for each in self.objects if each.casefold() == asked.object.casefold()), None)
        if name is None:
            raise Refusal(400, "INVALID_TYPE", f"sObject type '{asked.object}' is not supported.")
        known = self._fields(name)
        for path in (*asked.fields, *asked.spoken_of):
            if path.casefold() not in known:
                last = path.rpartition(".")[2]
                raise Refusal(400, "INVALID_FIELD", f"No such column '{last}' on entity '{name}'.")
        found = asked.choose_records(self.objects[name])
        rows = [_show_record(name, [known[path.casefold()] for path in asked.fields], record) for record in found]
        pages = [rows[start : start + self.page_size] for start in range(0, len(rows), self.page_size)]
        locator = Locator(pages or [[]], len(rows), session)
        key = f"01g{self._random.getrandbits(60):015X}"
        if len(locator.pages) > 1:
            self.locators[key] = locator
        return locator, key

    def find_locator(self, key: str, session: str | None) -> Locator:
        """A query whose first page was fetched."""
        found = self.locators.get(key)
        if found is None or (self.locators_of_session and found.session != session):
            raise Refusal(400, "INVALID_QUERY_LOCATOR", "invalid query locator")
        return found

    def _fields(self, name: str) -> dict[str, str]:
        """The fields of an object by their names in small letters: the standard ones, and those of its records."""
        paths = dict.fromkeys(_STANDARD.get(name, "Id Name").split())
        for record in self.objects[name]:
            paths |= dict.fromkeys(_paths(record))
        parents = {path.rpartition(".")[0] for path in paths}  # null in a record that has none
        return {path.casefold(): path for path in paths if path not in parents}


def _paths(record: Record, before: str = "") -> Iterator[str]:
    for name, value in record.items():
        # an address is one field with several values; what else has fields of its own is a parent
        if isinstance(value, Mapping) and not name.endswith("Address"):
            yield from _paths(value, f"{before}{name}.")
        else:
            yield before + name


def _show_record(name: str, paths: Iterable[str], record: Record) -> dict[str, Any]:
    """A record as a reply has it: the fields asked for, each in its parent."""
    url = f"/services/data/v58.0/sobjects/{name}/{record.get('Id')}"
    shown: dict[str, Any] = {"attributes": {"type": name, "url": url}}
    for path in paths:
        *parents, last = path.split(".")
        held, at = record, shown
        for parent in parents:
            held = held.get(parent) or {}
            if not held:
                at.setdefault(parent, None)
                break
            at = at.setdefault(parent, {"attributes": {"type": parent}})
        else:
            if last in held or path != "Id":
                at[last] = held.get(last)
    return shown
