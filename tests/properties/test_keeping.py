"""Whatever happens between plans: interactions that are kept are those of a fresh read, as far back as can be seen."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any, cast

import duckdb
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciler.audience.cache import interaction_cache as recall
from reconciler.audience.relations import engine
from reconciler.ledger.interaction_cache_files import CacheFolder
from reconciler.model.cache_port import Cache, CacheContext
from reconciler.model.ports import Reader
from reconciler.model.problem import Location
from reconciler.model.row_queries import ContactsOf, InteractionsOf, LiveList, RowQuery, Rows
from reconciler.model.workspace_settings import Engine
from reconciler.simulator.interaction_history import History, microseconds
from tests.ledger.proof import SEAL
from tests.sample import examples

EXAMPLES = int(os.environ.get("RECONCILER_EXAMPLES", "0"))
START = datetime(2026, 6, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
CONTACTS = ("C1", "C2", "C3", "ü' 4")
KEPT = Cache(overlap=6 * HOUR, refresh_after=60 * HOUR)
HERE = Location("test")
COLUMNS = {"contactId": "VARCHAR", "status": "VARCHAR"}

few = settings(
    max_examples=examples(25),
    derandomize=not EXAMPLES,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


class Tenant:
    """A tenant's history, searched as the contract says, with a row twice as when a search is started again."""

    def __init__(self) -> None:
        self.history = History()
        self._files = count()
        self._ids = count()

    def add(self, contact: str, hour: int, name: str | None = None) -> None:
        """An interaction at an hour."""
        self.history.add(contact, name or f"I{next(self._ids)}", microseconds(START + hour * HOUR))

    def since(self, hour: int) -> list[tuple[str, str]]:
        """Contact and id of every interaction from an hour on."""
        found = self.history.search(CONTACTS, microseconds(START + hour * HOUR), 2**62, None).page(0, 10_000)
        return [(row["contactId"], row["id"]) for row in found]

    def truth(self, query: InteractionsOf, people: Sequence[str]) -> list[tuple[str, ...]]:
        """What a query is to find."""
        found = self.history.search(people, microseconds(query.start), microseconds(query.end), query.types)
        return sorted((row["id"], row["contactId"], row["startTime"], row["type"]) for row in found.page(0, 10_000))

    def read_interactions(self, query: InteractionsOf, ids: Iterable[Sequence[str]], into: Path) -> Rows:
        """As a Reader gives them."""
        rows: list[dict[str, Any]] = []
        for chunk in ids:
            span = microseconds(query.start), microseconds(query.end)
            rows += self.history.search(chunk, *span, query.types).page(0, 10_000)
        file = into / f"told-{next(self._files)}.json"
        file.write_text(json.dumps(rows + rows[:1]))
        return Rows(file, "json", dict.fromkeys(("id", "contactId", "startTime", "type"), "VARCHAR"), len(rows))


class Plans:
    """Reads for one plan after another, each at its own moment, with one cache."""

    def __init__(self, backend: Any, folder: Path) -> None:
        self.tenant = Tenant()
        self.cache = CacheFolder(folder / "cache", SEAL)
        self.now = 48
        self.watermark = -(10**6)
        self._backend, self._folder, self._count = backend, folder, count()

    def read(self, asks: Sequence[tuple[int, Sequence[str]]], as_of: int) -> tuple[str, ...]:
        """One plan: windows in hours, and the contacts of each. What is given must be what is there; the notices."""
        into = self._folder / f"plan-{next(self._count)}"
        into.mkdir()
        end = START + as_of * HOUR
        contacts: dict[RowQuery, Rows] = {}
        wanted: dict[InteractionsOf, Sequence[str]] = {}
        for number, (window, people) in enumerate(asks):
            source = ContactsOf(LiveList(name=f"list {number}"), HERE)
            file = into / f"people-{number}.json"
            file.write_text(json.dumps([{"contactId": each, "status": "ACTIVE"} for each in people]))
            contacts[source] = Rows(file, "json", COLUMNS, len(people))
            wanted[InteractionsOf(source, ("voice",), end - window * HOUR, end, HERE)] = people
        memory = CacheContext(self.cache, {"lists": "https://tenant.example.com"}, KEPT, START + self.now * HOUR)
        reader = cast(Reader, self.tenant)
        recalled = recall.read_interactions(self._backend, list(wanted), contacts, reader, memory, into)
        for query, people in wanted.items():
            assert found(recalled.rows[query].path) == self.tenant.truth(query, people), str(query)
        self.watermark = max(self.watermark, min(as_of, self.now))
        return tuple(each.message for each in recalled.notices)


def found(file: Path) -> list[tuple[str, ...]]:
    """The interactions in a file."""
    with duckdb.connect() as database:
        rows = database.execute('select id, "contactId", "startTime", type from read_parquet(?)', [str(file)])
        return sorted(rows.fetchall())


@pytest.fixture(scope="module")
def backend(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with engine.open_engine(Engine(memory_limit="512MB"), tmp_path_factory.mktemp("spill")) as opened:
        yield opened


PEOPLE = st.just(list(CONTACTS)) | st.lists(st.sampled_from(CONTACTS), min_size=1, unique=True)
ASKS = st.lists(st.tuples(st.sampled_from((4, 12, 40, 60)), PEOPLE), min_size=1, max_size=2)
HAPPENS = st.sampled_from(("plan", "later", "arrive", "delete", "delete", "move", "spoil"))


def happen(plans: Plans, what: str, data: st.DataObject, seen_from: int) -> None:
    """Something between two plans; to the tenant only from an hour on."""
    tenant = plans.tenant
    there = tenant.since(seen_from)
    hours = st.integers(seen_from, max(seen_from, plans.now) + 3)
    if what == "later":
        plans.now += data.draw(st.integers(1, 20))
    elif what == "arrive":
        tenant.add(data.draw(st.sampled_from(CONTACTS)), data.draw(hours))
    elif what in ("delete", "move") and there:
        contact, name = data.draw(st.sampled_from(there))
        tenant.history.remove(contact, name)
        if what == "move":
            tenant.add(data.draw(st.sampled_from(CONTACTS)), data.draw(hours), name)
    elif what == "spoil":
        for file in plans.cache.folder.glob("*.zip"):
            file.write_bytes(file.read_bytes()[: data.draw(st.integers(0, 3000))])


@few
@given(
    past=st.lists(
        st.tuples(st.sampled_from(CONTACTS), st.integers(-30, 48) | st.integers(41, 47)), min_size=4, max_size=20
    ),
    data=st.data(),
)
def test_what_is_given_is_a_fresh_read_if_nothing_older_than_the_overlap_changed(
    backend: Any, tmp_path_factory: pytest.TempPathFactory, past: list[tuple[str, int]], data: st.DataObject
) -> None:
    plans = Plans(backend, tmp_path_factory.mktemp("plans"))
    for contact, hour in past:
        plans.tenant.add(contact, hour)
    for what in ["plan", *data.draw(st.lists(HAPPENS, min_size=3, max_size=9)), "plan"]:
        if what == "plan":
            plans.read(data.draw(ASKS), plans.now + data.draw(st.sampled_from((0, 0, 0, -1, -5, -9, -30, 5))))
        else:
            happen(plans, what, data, max(-30, plans.watermark - 6))


@few
@given(changes=st.lists(st.sampled_from(("arrive", "delete", "move")), min_size=1, max_size=6), data=st.data())
def test_whatever_changed_is_seen_when_it_was_kept_for_too_long(
    backend: Any, tmp_path_factory: pytest.TempPathFactory, changes: list[str], data: st.DataObject
) -> None:
    plans = Plans(backend, tmp_path_factory.mktemp("plans"))
    for hour in range(-30, 48, 3):
        plans.tenant.add(CONTACTS[hour % 4], hour)
    asks = [(150, CONTACTS)]
    assert plans.read(asks, plans.now) == ()
    plans.now += 20
    assert plans.read(asks, plans.now) == ()
    for what in changes:
        happen(plans, what, data, -30)
    plans.now += 40
    assert plans.read(asks, plans.now) == ()
