"""The whole audience on DuckDB and on Spark, a real master and worker: every row, digest, reason and word is the same."""

from __future__ import annotations

import csv
import os
import random
import re
import shutil
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.audience.delivery import read_back, wire_rows
from reconciler.audience.engines import spark_session
from reconciler.audience.relations import batches, engine
from reconciler.audience.staging import consistent_read, phone_normalisation
from reconciler.cli.runtime import LocalRuntime
from reconciler.model.changes import Changes
from reconciler.model.desired_state import Desired
from reconciler.model.errors import ReconcilerError
from reconciler.model.live_state import Live
from reconciler.model.resource_address import Address
from reconciler.model.row_queries import Rows
from reconciler.model.segment_membership import Members
from reconciler.model.workspace_settings import Engine, Workspace
from reconciler.simulator import Simulator
from reconciler.steps.check import check_rules
from reconciler.steps.decide import decide
from reconciler.steps.diff import diff
from reconciler.steps.explain import explain
from reconciler.steps.load import load
from reconciler.steps.read_tenant import read_tenant
from reconciler.steps.what_if import estimate_effect
from reconciler.views.reasons import describe_reason, describe_row_reason
from tests import purchases, spark
from tests.conftest import Folder
from tests.scene import contact, phone

CASES = Path(__file__).parent / "cases"
PROGRAMME = CASES / "engines" / "programme.yaml"
AS_OF = datetime(2026, 7, 1, tzinfo=UTC)
INVITED = "Invited: it's \\ 100% ünï"
ODD = ["O'Brien", "back\\slash", "ünï", "😀", "\uff21", "a b", "Z", "z", "%", "10", "9", "$1", "{x}", "`id`"]
"""Ids that some engine quotes, escapes, folds or sorts in a way of its own."""

absent = pytest.mark.skipif(not purchases.CDNOW.exists(), reason="the CDNOW sample is not at hand")
pytestmark = [
    pytest.mark.skipif(spark.missing() is not None, reason=str(spark.missing())),
    pytest.mark.xdist_group("spark"),
]


@pytest.fixture(autouse=True)
def many(monkeypatch: pytest.MonkeyPatch) -> None:
    """A few numbers are told as many are: by patterns, which each engine has a dialect of its own for."""
    monkeypatch.setattr(phone_normalisation, "FEW", 0)


@pytest.fixture(scope="module")
def clustered() -> Iterator[Engine]:
    """The engine on a master and a worker of this test run alone."""
    with pytest.MonkeyPatch.context() as patch, spark.cluster(patch) as master:
        yield Engine("spark", memory_limit="512MB", master=master)
        # before the worker that it holds
        spark_session.stop()


DUCKDB = Engine("duckdb", memory_limit="512MB")


def customers(chance: random.Random) -> Sequence[Mapping[str, str]]:
    """Rows of a CRM: good ones, and one of each kind that is left out."""
    ids = [contact(number) for number in range(60)] + ODD
    rows = [
        {
            "id": each,
            "mobile": chance.choice([phone(number), phone(number)[2:], f"(212) 555-{100 + number % 100:04d}"]),
            "home": ["", "withheld", "\u00a0", f"212555{1300 + number:04d}", phone(33)][
                number % 5 if number % 7 else 4
            ],
            "country": chance.choice(["US", "", "us", "GB", "United\u00a0States"]) if number % 13 else "Atlantis",
            "score": chance.choice(["70", "55.55", " 12 ", "1e2", "99.995", "0.005", "33.335", "", "12345678.9"]),
            "consent": chance.choice(["yes", "yes", "yes", "no", ""]),
            "city": "New\u2028York",
            "zip": ["", "79901", "K1A 0B1", " k1a\u00a00b1", "0123", "99999-1234"][number % 6],
            "clock": ["", "America/Denver", "Mars/Olympus", "europe/paris"][number % 4],
        }
        for number, each in enumerate(ids)
    ]
    odd = {
        "mobile": "+14155550102",
        "home": "",
        "country": "US",
        "score": "80",
        "consent": "yes",
        "city": "",
        "zip": "",
        "clock": "",
    }
    numbers = [
        "12125550102\n",
        "+1 (415) 555-0102\u2028",
        "020 7946 0018",
        "+44 20 7946 0018",
        "nobody",
        "",
        "+1415555010",
    ]
    rows += [{**odd, "id": f"PHONE{number}", "mobile": each} for number, each in enumerate(numbers)]
    rows += [{**odd, "id": contact(3)}, {**odd, "id": ""}, {**odd, "id": "FAULT", "score": "1_000"}]
    rows += [{**odd, "id": f"SHARED{number}", "score": str(60 + number % 2)} for number in range(4)]
    return rows


def calls(chance: random.Random, ids: Sequence[str]) -> list[dict[str, str]]:
    """Interactions up to the edges of the window and beyond, parts of seconds among them."""
    window = timedelta(days=90)
    moments = [AS_OF, AS_OF - timedelta(seconds=1), AS_OF - window, AS_OF - window - timedelta(seconds=1)]
    moments += [AS_OF - timedelta(seconds=chance.randrange(100 * 86_400)) for _ in range(250)]
    return [
        {
            "id": f"I{number:05d}",
            "customer": chance.choice(ids),
            "at": f"{moment:%Y-%m-%dT%H:%M:%S}.{chance.choice(['0', '5', '999999'])}Z",
            "type": chance.choice(["voice", "voice", "chat", "email"]),
        }
        for number, moment in enumerate(moments)
    ]


def filled(tenant: Simulator, folder: Folder) -> None:
    """A tenant with members that stay, go, move and are barred, and a workspace with files."""
    chance = random.Random(20260701)
    people = customers(chance)
    ids = [contact(number) for number in range(60)]
    tenant.store.add_contacts(
        {
            "id": each,
            "engagementScore": number * 1.67,
            "phoneNumber": phone(number),
            "status": "ARCHIVED" if number % 11 == 0 else "ACTIVE",
        }
        for number, each in enumerate(ids)
    )
    shared = [f"SHARED{number}" for number in range(4)]
    tenant.store.add_contacts([{"id": each, "phoneNumber": phone(90)} for each in [*ODD, *shared]])
    history = calls(chance, [*ids, *ODD])
    tenant.store.add_interactions(
        {"id": each["id"], "contactId": each["customer"], "startTime": each["at"], "type": each["type"]}
        for each in history
    )
    tenant.store.add_list("Everybody", ids)
    tenant.store.add_list(INVITED, [*ids[:50], *ODD, *shared])
    tenant.store.add_list("Asked us", ids[40:44])
    members: Mapping[str, Any] = {each: {"priority": 1, "score": 45.5} for each in [*ids[5:20], *ODD[:4]]}
    tenant.store.add_list("Call", members, description="(managed-by: reconciler/test)")
    tenant.store.add_list("Wait", {each: {"priority": 2, "score": "20"} for each in ids[15:30]})
    tenant.store.add_list("High", ids[:12])
    tenant.store.add_list("Strict", {each: {"score": number / 3} for number, each in enumerate(ids[::2])})
    write(folder.root / "crm.csv", people)
    write(folder.root / "calls.csv", history)
    write(folder.root / "registry.csv", [{"number": phone(number), "note": "x"} for number in (7, 8, 33)])
    shutil.copy(PROGRAMME, folder.root)


def write(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    """Rows as CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@dataclass
class Seen:
    """What a workspace declares and what its tenant holds, read once."""

    desired: Desired
    live: Live
    world: LocalRuntime

    def on(self, chosen: Engine, scratch: Path) -> tuple[Desired, Members, Changes]:
        """The audience and its changes, computed on an engine."""
        scratch.mkdir()
        settings = replace(self.desired.settings, engine=chosen)
        desired = replace(self.desired, settings=settings, scratch=scratch)
        members = decide(desired, self.live)
        return desired, members, diff(desired, members, self.live, self.world.tokens(desired))


@contextmanager
def reading(folder: Folder, tmp_path: Path, as_of: datetime) -> Iterator[Seen]:
    """A workspace, read."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    workspace = Workspace(folder.root, scratch, AS_OF, os.environ, as_of=as_of)
    desired = load(workspace)
    with LocalRuntime(workspace) as world:
        yield Seen(desired, read_tenant(desired, world.reader(desired), lambda *_: pytest.fail("no secret")), world)


@pytest.fixture
def seen(tenant: Simulator, folder: Folder, tmp_path: Path) -> Iterator[Seen]:
    """The programme, read."""
    filled(tenant, folder)
    with reading(folder, tmp_path, AS_OF) as found:
        yield found


def content(rows: Rows, *by: str) -> tuple[list[tuple[str, str]], list[Any], int]:
    """The columns with their types, and the rows in their order, or in that of some columns."""
    table = pq.read_table(rows.path)
    if by:
        table = table.sort_by([(name, "ascending") for name in by])
    # what the inside of a list is called is each engine's own
    types = [(field.name, re.sub(r"<\w+: ", "<", str(field.type))) for field in table.schema]
    return types, table.to_pylist(), rows.count


def at_rest(changes: Changes) -> Changes:
    """Changes without the places of their files."""
    nowhere = Rows(Path("nowhere"), "parquet", {}, 0)
    return replace(
        changes, rows=tuple(replace(row, rows=nowhere, reached=row.reached and nowhere) for row in changes.rows)
    )


@pytest.mark.matrix(
    instead="tests/test_cdnow.py::test_the_history_programme_finds_the_known_bands_and_a_second_plan_is_empty"
)
def test_the_whole_audience_is_the_same_row_for_row_on_a_cluster(seen: Seen, clustered: Engine, tmp_path: Path) -> None:
    desired, members, changes = seen.on(DUCKDB, tmp_path / "duckdb")
    on_spark, members_of_spark, changes_of_spark = seen.on(clustered, tmp_path / "spark")

    for one, other in zip(members, members_of_spark, strict=True):
        assert content(other.rows, "contactId", "place") == content(one.rows, "contactId", "place")
        assert content(other.barred) == content(one.barred)
        assert (other.account, other.suppressions) == (one.account, one.suppressions)
    for row, same in zip(changes.rows, changes_of_spark.rows, strict=True):
        assert content(same.rows) == content(row.rows)
        if row.reached is not None:
            assert same.reached is not None
            assert sorted(content(same.reached), key=repr) == sorted(content(row.reached), key=repr)
    # digests, preconditions, reasons, examples and counts
    assert at_rest(changes_of_spark) == at_rest(changes)

    for segment, who in (("careful", contact(15)), ("careful", "O'Brien"), ("history", contact(3))):
        told = [
            explain(each, standings, planned, seen.live, seen.world.tokens(each), segment, who)
            for each, standings, planned in (
                (desired, members, changes),
                (on_spark, members_of_spark, changes_of_spark),
            )
        ]
        assert told[1] == told[0]
    history = Address("Segment", "history")
    assert estimate_effect(changes_of_spark, history, Decimal(1)) == estimate_effect(changes, history, Decimal(1))
    whole = delivered(seen, DUCKDB, changes, tmp_path)
    assert delivered(seen, clustered, changes_of_spark, tmp_path) == whole
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batches, "A_SHARE", max(changes.rows[0].rows.count // 2, 1))
        assert delivered(seen, clustered, changes_of_spark, tmp_path) == whole
        assert delivered(seen, DUCKDB, changes, tmp_path) == whole

    judged, judged_on_spark = (
        check_rules(each, standings, planned, seen.live, AS_OF)
        for each, standings, planned in ((desired, members, changes), (on_spark, members_of_spark, changes_of_spark))
    )
    # whom each campaign would call, where they are, and whom others call as well
    assert judged_on_spark.campaigns == judged.campaigns
    assert judged_on_spark.findings == judged.findings
    exposed = {each.campaign.address.name: each for each in judged.campaigns}
    assert all(each.exposure and each.exposure.countries and each.exposure.places for each in exposed.values())
    assert exposed["careful"].shared
    assert not exposed["strict"].shared

    # the comparison has something to compare: whatever can be said of a contact is said of one
    reasons = {describe_reason(each.reason) for account in changes.accounts for each in account.left_out}
    assert reasons >= {
        "archived",
        "cannot be used: engagementScore is not a number",
        "duplicate of another contact with its phone",
        "duplicate of another row with its id",
        "in band low, which has no list",
        "no consent",
        "no consent recorded",
        "no interaction in the window",
        "no valid phone",
        f"not on list {INVITED!r}",
        "over the cap of 6",
        "score below 15",
        "suppressed by asked",
        "unknown region 'Atlantis'",
        "suppressed by registry",
    }
    why = {describe_row_reason(each) for row in changes.rows for each in (*row.reasons, *row.stays)}
    assert why >= {
        "add: moves from wait to call",
        "add: qualifies for call and is not on the list",
        "remove: moves from call to wait",
        "remove: suppressed by registry",
        "update: its score changed",
        "belongs in medium",
    }


@pytest.mark.parametrize("sample", ["seed", pytest.param("cdnow", marks=absent)])
@pytest.mark.matrix(
    instead="tests/test_cdnow.py::test_the_history_programme_finds_the_known_bands_and_a_second_plan_is_empty"
)
def test_a_log_of_purchases_gives_the_same_lists_on_a_cluster(
    tenant: Simulator, folder: Folder, clustered: Engine, tmp_path: Path, sample: str
) -> None:
    if sample == "seed":
        purchases.write(folder.root / "events.csv")
    else:
        shutil.copy(purchases.CDNOW, folder.root / "events.csv")
    text = (CASES / "cdnow" / "programme.yaml").read_text(encoding="utf-8")
    asked = "{ of: { name: Everybody }, types: [voice] }"
    columns = "{ id: id, contactId: contactId, startTime: startTime }"
    files = f"{{ types: [voice], files: {{ paths: [events.csv], format: csv, columns: {columns} }} }}"
    assert asked in text
    folder.write("programme.yaml", text.replace(asked, files))
    with reading(folder, tmp_path, datetime(2022, 7, 1, tzinfo=UTC)) as seen:
        _, members, changes = seen.on(DUCKDB, tmp_path / "duckdb")
        _, members_of_spark, changes_of_spark = seen.on(clustered, tmp_path / "spark")
    assert [change.total for change in changes.rows] == list(purchases.KNOWN[sample].bands.values())
    assert at_rest(changes_of_spark) == at_rest(changes)
    assert [content(each.rows) for each in members_of_spark] == [content(each.rows) for each in members]


@pytest.mark.matrix(
    instead="tests/test_cdnow.py::test_the_history_programme_finds_the_known_bands_and_a_second_plan_is_empty"
)
def test_a_failure_is_told_without_the_data_and_the_interrupt_stays_ours(clustered: Engine, tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    file = tmp_path / "people.parquet"
    pq.write_table(pa.table({"contactId": ["CUST0001", "CUST0002"], "phone": [phone(1), "nobody"]}), file)
    with engine.open_engine(clustered, tmp_path) as backend:
        people = engine.read_parquet(backend, file)
        with pytest.raises(ReconcilerError) as told:
            engine.count_rows(backend, people.filter(people["phone"].cast("int64") > 0))
        assert "nobody" not in repr((told.value, told.value.note, told.value.hint, told.value.__cause__))
        assert "CAST_INVALID_INPUT" in str(told.value.note)
        chunks = list(engine.stream_rows(backend, people.select("contactId").order_by("contactId"), 1))
        assert chunks == [[("CUST0001",)], [("CUST0002",)]]
        file.unlink()
        with pytest.raises(ReconcilerError) as told:
            engine.read_parquet(backend, file)
        assert "TMPDIR" in str(told.value.hint)
    assert signal.getsignal(signal.SIGINT) is before
    assert not list(tmp_path.glob("spark/parts-*"))


def delivered(seen: Seen, chosen: Engine, changes: Changes, scratch: Path) -> list[Any]:
    """What apply asks of an engine: the bodies in their chunks, whether rows are unaltered, what was not written."""
    first = changes.rows[0]
    members = seen.live.rows[next(iter(query for query in seen.live.rows if getattr(query, "list", "") == "Call"))]
    with engine.open_engine(chosen, scratch) as backend:
        return [
            list(wire_rows.iter_bodies(first, "put")),
            wire_rows.is_unaltered(first),
            wire_rows.is_unaltered(replace(first, digest="sha256:another")),
            read_back.find_not_as_written(backend, first, members, {contact(15)}),
            consistent_read.read_consistently(backend, lambda: members) == members,
        ]
