"""Are contacts in an object store read as those in a file are, and is whatever goes wrong told with its place?"""

from __future__ import annotations

import gzip
import io
import os
import stat
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.audience.relations import engine
from reconciler.audience.sources import files, object_store
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.source_specs import Entries, FileFeed
from tests.s3 import S3, Fault

HERE = Location("sources.yaml", 4, 3)
PHONE = "+14155550102"
CSV = f"id,tel\nC1,{PHONE}\nC2,\n".encode()


def feed(*paths: str, **said: Any) -> FileFeed:
    columns = (("contactId", "id"), ("phone", "tel"))
    return FileFeed(**{"paths": paths, "format": "csv", "columns": columns, "where": HERE, **said})


@pytest.fixture
def bucket(s3_here: S3, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty bucket; a store that fails is given up at once."""
    monkeypatch.setattr("reconciler.bucket.object_client.ATTEMPTS", 2)
    return s3_here.bucket()


def read(backend: Any, root: Path, *paths: str, **said: Any) -> list[tuple[str, str]]:
    """The ids and places that were read."""
    rows = files.read_contacts(backend, feed(*paths, **said), root, root / "rows")
    table = engine.read_rows(backend, rows).select("contactId", "place", "fault")
    found = engine.list_rows(backend, table, tuple[str, str, object])
    assert {row[2] for row in found} <= {None}
    assert not list((root / "rows").glob("reading-*")), "what was fetched is gone"
    return sorted((row[0], row[1]) for row in found)


def problems(backend: Any, root: Path, *paths: str, **said: Any) -> list[Problem]:
    """What is said of a feed that cannot be read."""
    with pytest.raises(BadInput) as caught:
        files.read_contacts(backend, feed(*paths, **said), root, root / "rows")
    assert "not-a-secret" not in str([*caught.value.problems])
    return list(caught.value.problems)


def test_an_object_is_read_with_its_url_as_the_place(backend: Any, tmp_path: Path, s3_here: S3, bucket: str) -> None:
    s3_here.put(bucket, "day=1/c.csv", CSV)
    name = f"s3://{bucket}/day=1/c.csv"
    assert read(backend, tmp_path, name) == [("C1", f"{name}:2"), ("C2", f"{name}:3")]


def test_every_format_is_read_and_compressed_too(backend: Any, tmp_path: Path, s3_here: S3, bucket: str) -> None:
    table = io.BytesIO()
    pq.write_table(pa.table({"id": ["P1"], "tel": [PHONE]}), table)
    s3_here.put(bucket, "c.parquet", table.getvalue())
    s3_here.put(bucket, "c.jsonl", b'{"id": "J1", "tel": null}\n')
    s3_here.put(bucket, "c.csv.gz", gzip.compress(CSV))
    url = f"s3://{bucket}"
    assert read(backend, tmp_path, f"{url}/c.parquet", format="parquet") == [("P1", f"{url}/c.parquet:row 1")]
    assert read(backend, tmp_path, f"{url}/c.jsonl", format="jsonl") == [("J1", f"{url}/c.jsonl:1")]
    assert [place for _, place in read(backend, tmp_path, f"{url}/c.csv.gz")] == [f"{url}/c.csv.gz:{n}" for n in (2, 3)]


def test_a_feed_may_name_files_here_and_objects_there(backend: Any, tmp_path: Path, s3_here: S3, bucket: str) -> None:
    (tmp_path / "here.csv").write_bytes(b"id,tel\nH1,\n")
    s3_here.put(bucket, "c.csv", CSV)
    found = read(backend, tmp_path, "here.csv", f"s3://{bucket}/c.csv", f"s3://{bucket}/*.csv")
    assert [contact for contact, _ in found] == ["C1", "C2", "H1"], "each once, however many paths name it"


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("in/*.csv", ["in/a.csv", "in/b1.csv", "in/b2.csv"]),
        ("in/b?.csv", ["in/b1.csv", "in/b2.csv"]),
        ("in/b[!2].csv", ["in/b1.csv"]),
        ("in/b[12].csv", ["in/b1.csv", "in/b2.csv"]),
        ("in/**/a.csv", ["in/a.csv", "in/d/a.csv", "in/d/e/a.csv"]),
        ("in/*/a.csv", ["in/d/a.csv"]),
        ("in/d/**", ["in/d/a.csv", "in/d/e/a.csv"]),
        ("*.csv", ["top.csv", "x[1].csv"]),
        ("x[1].csv", ["x[1].csv"]),
        ("in/[!d]*[!/]a.csv", []),
    ],
)
def test_a_pattern_means_the_objects_it_would_mean_as_files(
    s3_here: S3, bucket: str, pattern: str, keys: list[str]
) -> None:
    for key in (
        "in/a.csv",
        "in/b1.csv",
        "in/b2.csv",
        "in/d/a.csv",
        "in/d/e/a.csv",
        "in/d/",
        "top.csv",
        "x%5B1%5D.csv",
        "in/",
    ):
        s3_here.put(bucket, key, b"" if key.endswith("/") else CSV)
    s3_here.asked.clear()
    if keys:
        found = object_store.list_objects(f"s3://{bucket}/{pattern}", HERE)
        assert [each.name for each in found] == [f"s3://{bucket}/{key}" for key in keys]
    else:
        with pytest.raises(BadInput, match="1 problem"):
            object_store.list_objects(f"s3://{bucket}/{pattern}", HERE)


def test_what_is_fetched_is_its_owner_s_alone(s3_here: S3, bucket: str, tmp_path: Path) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    object_store.list_objects(f"s3://{bucket}/c.csv", HERE)[0].fetch(tmp_path / "c")
    assert (tmp_path / "c").read_bytes() == CSV
    assert stat.S_IMODE((tmp_path / "c").stat().st_mode) == 0o600


def test_everything_that_is_missing_is_told_at_once(backend: Any, tmp_path: Path, s3_here: S3, bucket: str) -> None:
    s3_here.put(bucket, "folder/c.csv", CSV)
    paths = (
        "none.csv",
        f"s3://{bucket}/none.csv",
        f"s3://{bucket}/folder",
        f"s3://{bucket}/x/*.csv",
        "s3://no-such/c.csv",
    )
    told = problems(backend, tmp_path, *paths)
    assert {problem.where for problem in told} == {HERE}
    assert [problem.message for problem in told] == [
        f"no object matches `s3://{bucket}/x/*.csv`",
        "there is no file `none.csv`",
        f"there is no object s3://{bucket}/folder",
        f"there is no object s3://{bucket}/none.csv",
        "there is no bucket s3://no-such",
    ]
    assert [problem.hint for problem in told][
        2
    ] == f"it is a folder; name its objects, for example `s3://{bucket}/folder/*.csv`"


def test_a_row_at_fault_is_told_with_its_object_and_line(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    s3_here.put(bucket, "c.csv", b'id,tel\nC1,\n" ",\n')
    row, summary = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert summary.where == HERE
    assert row.where == Location(f"s3://{bucket}/c.csv", 3)


def test_who_is_refused_is_told_what_to_look_at(backend: Any, tmp_path: Path, s3_here: S3, bucket: str) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    s3_here.faults.append(Fault("GET", "/c.csv", status=403))
    (told,) = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert told.message == f"the store refuses access to s3://{bucket}/c.csv"
    assert told.note == "the store answers 403 Refused, request REQ1"
    assert "AWS_ACCESS_KEY_ID" in str(told.hint)


def test_a_store_that_stays_away_is_told(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    s3_here.faults.append(Fault("HEAD", "/c.csv", status=503, times=99))
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    (told,) = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert told.message == f"the object store did not serve s3://{bucket}/c.csv"
    assert told.note == "tried at 127.0.0.1:1, several times"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_here.url)
    (told,) = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert told.note == "the store answers 503"


def test_a_store_that_is_busy_for_a_moment_is_asked_again(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    s3_here.faults += [Fault("HEAD", "/c.csv", status=503), Fault("GET", "/c.csv", status=500)]
    assert len(read(backend, tmp_path, f"s3://{bucket}/c.csv")) == 2


def test_an_object_that_is_written_anew_while_it_is_fetched_is_read_as_the_new_one(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    anew = Fault("GET", "/c.csv", before=lambda: s3_here.put(bucket, "c.csv", b"id,tel\nN1,\n"))
    s3_here.faults.append(anew)
    assert read(backend, tmp_path, f"s3://{bucket}/c.csv") == [("N1", f"s3://{bucket}/c.csv:2")]


def test_an_object_that_is_written_all_the_time_is_an_error(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    count = iter(range(100))
    s3_here.put(bucket, "c.csv", CSV)
    anew = Fault("GET", "/c.csv", before=lambda: s3_here.put(bucket, "c.csv", b"id,tel\n%d,\n" % next(count)), times=99)
    s3_here.faults.append(anew)
    (told,) = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert told.code == "object-changed"
    assert next(count) == object_store.ATTEMPTS


def test_an_object_that_goes_away_before_it_is_fetched_is_an_error(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    s3_here.faults.append(Fault("GET", "/c.csv", before=lambda: s3_here.delete(bucket, "c.csv")))
    (told,) = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert (told.where, told.code) == (Location(f"s3://{bucket}/c.csv"), "no-object")


def test_a_transfer_that_is_cut_short_is_taken_up_again_or_told(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    content = b"id,tel\n" + b"".join(b"C%d,\n" % number for number in range(200_000))
    s3_here.put(bucket, "c.csv", content)
    s3_here.faults.append(Fault("GET", "/c.csv", cut=0.5))
    assert len(read(backend, tmp_path, f"s3://{bucket}/c.csv")) == 200_000
    s3_here.faults.append(Fault("GET", "/c.csv", cut=0.0, times=99))
    (told,) = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert told.code in ("object-store", "cut-short")


def test_fewer_bytes_than_the_store_said_are_an_error(
    s3_here: S3, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    monkeypatch.setattr("reconciler.bucket.object_client.Bucket.stream", lambda *_: iter([CSV[:5]]))
    with pytest.raises(BadInput) as caught:
        object_store.list_objects(f"s3://{bucket}/c.csv", HERE)[0].fetch(tmp_path / "c")
    (told,) = caught.value.problems
    assert (told.code, told.message) == ("cut-short", f"5 bytes came, and the object has {len(CSV)}")


def test_an_object_that_is_too_large_is_not_fetched(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_here.put(bucket, "c.csv", CSV)
    monkeypatch.setattr(object_store, "LARGEST", 10)
    s3_here.asked.clear()
    (told,) = problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert told.message == f"the object has {len(CSV)} bytes, and there is room for 10"
    assert ("GET", f"/{bucket}/c.csv") not in s3_here.asked


def test_a_pattern_over_too_many_objects_is_told(s3_here: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        s3_here.put(bucket, f"in/{number}.csv", CSV)
    monkeypatch.setattr(object_store, "MOST_LISTED", 2)
    with pytest.raises(BadInput) as caught:
        object_store.list_objects(f"s3://{bucket}/in/*", HERE)
    assert caught.value.problems[0].message == f"there are more than 2 objects under `s3://{bucket}/in/`"


def test_only_the_fixed_part_of_a_pattern_is_listed(s3_here: S3, bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for key in ("in/a.csv", "elsewhere/a.csv"):
        s3_here.put(bucket, key, CSV)
    monkeypatch.setattr(object_store, "MOST_LISTED", 1)
    assert len(object_store.list_objects(f"s3://{bucket}/in/*", HERE)) == 1


def test_nothing_is_left_of_an_object_that_could_not_be_read(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    s3_here.put(bucket, "c.csv", b'id,tel\n"')
    problems(backend, tmp_path, f"s3://{bucket}/c.csv")
    assert [name for _, _, names in os.walk(tmp_path / "rows") for name in names] == []


def test_objects_that_a_pattern_of_a_do_not_call_list_passes_over_are_named(
    backend: Any, tmp_path: Path, s3_here: S3, bucket: str
) -> None:
    for key in ("dnc/a.csv", "dnc/B.CSV", "dnc/c.csv.gz", "dnc/deep/d.csv", "dnc/note.txt"):
        s3_here.put(bucket, key, b"tel\n+14155550102\n")
    entries: dict[str, Any] = {"entries": Entries(), "columns": (("phone", "tel"),)}
    found = problems(backend, tmp_path, f"s3://{bucket}/dnc/*.csv", **entries)
    assert [each.code for each in found] == ["passed-over"] * 2
    assert [each.message.partition("`")[2].partition("`")[0] for each in found] == [
        f"s3://{bucket}/dnc/B.CSV",
        f"s3://{bucket}/dnc/c.csv.gz",
    ]
