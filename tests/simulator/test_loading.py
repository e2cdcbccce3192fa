"""Do files become contacts and interactions, as they are written?"""

from __future__ import annotations

import time
from pathlib import Path

import duckdb
import pytest

from reconciler.simulator import Store

REAL = Path(__file__).parents[3] / "shared" / "data" / "cdnow-interactions.csv"


@pytest.fixture
def store() -> Store:
    return Store()


def _write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_contacts_keep_their_leading_zeros_and_what_else_is_known(store: Store, tmp_path: Path) -> None:
    file = _write(
        tmp_path / "contacts.csv",
        "id,engagementScore,status,phoneNumber,city",
        "007,82.5,ACTIVE,+12025550107,Lyon",
        "008,,ARCHIVED,,",
        "009,,,,",
    )
    assert store.load_contacts(file) == 3
    assert store.contacts["007"].to_wire() == {
        "id": "007",
        "status": "ACTIVE",
        "engagementScore": 82.5,
        "phoneNumber": "+12025550107",
        "city": "Lyon",
    }
    assert store.contacts["008"].to_wire() == {"id": "008", "status": "ARCHIVED"}
    assert store.contacts["009"].status == "ACTIVE"


def test_interactions_are_utc_whatever_the_file_says_of_zones(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    try:
        file = _write(
            tmp_path / "interactions.csv",
            "id,startTime,contactId,type",
            "I1,2026-01-01T00:00:00Z,01,voice",
            "I2,2026-01-01T02:00:00+01:00,01,chat",
            "I3,2026-01-01 02:00:00,01,",
            "I4,2026-01-02,01,voice",
        )
        assert store.load_interactions(file, create_contacts=True) == 4
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [(row["startTime"], row["type"]) for row in store.history.all().page(0, 9)] == [
        ("2026-01-01T00:00:00Z", "voice"),
        ("2026-01-01T01:00:00Z", "chat"),
        ("2026-01-01T02:00:00Z", "voice"),
        ("2026-01-02T00:00:00Z", "voice"),
    ]
    assert list(store.contacts) == ["01"]


def test_parquet_is_read_as_well(store: Store, tmp_path: Path) -> None:
    file = tmp_path / "interactions.parquet"
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT 'I1' AS id, TIMESTAMP '2026-01-01 00:00:00.5' AS startTime, 'C1' AS contactId) "
            f"TO '{file}' (FORMAT parquet)"
        )
    assert store.load_interactions(file) == 1
    assert store.history.all().page(0, 1)[0]["startTime"] == "2026-01-01T00:00:00.500000Z"
    assert store.contacts == {}


def test_a_list_of_all_contacts_is_made(store: Store) -> None:
    store.add_contacts(["C2", "C1"])
    assert list(store.add_list_of_all("Everybody").members) == ["C2", "C1"]


def test_a_file_that_is_not_what_it_should_be_is_refused_with_the_reason(store: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"):
        store.load_contacts(tmp_path / "absent.csv")
    with pytest.raises(ValueError, match="no column contactId"):
        store.load_interactions(_write(tmp_path / "a.csv", "id,startTime", "I1,2026-01-01"))
    with pytest.raises(ValueError, match="soon"):
        store.load_interactions(_write(tmp_path / "b.csv", "id,startTime,contactId", "I1,soon,C1"))
    with pytest.raises(ValueError, match=r"c\.parquet"):
        store.load_contacts(_write(tmp_path / "c.parquet", "id"))


@pytest.mark.skipif(not REAL.is_file(), reason="the CDNOW file is not beside this repository")
def test_the_real_history_loads_in_seconds(store: Store) -> None:
    began = time.perf_counter()
    assert store.load_interactions(REAL, create_contacts=True) == 69_659
    assert time.perf_counter() - began < 5
    assert len(store.contacts) == 23_544
    assert next(iter(store.contacts)) == "00001"
