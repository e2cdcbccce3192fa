"""Each case is files as people send them, a feed, and what is read: rows with their faults, or problems with places.

`tests/cases/sources/NAME.case`: after a line `# feed: …` the feed as JSON (`of: interactions` for a history; `entries: {…}` for a do-not-call source); after each line
`# file: PATH WORD…` a file, made as the words say: `crlf`, `cr`, `bom`, `latin-1`, `gzip`, `cut=N` (bytes taken off its end), `open`
(no line break at its end), `encoding=NAME`, `folder`, `link=PATH`, `as=NAME` (it is made as if that were its name). A `.parquet`
file is written as JSON Lines, an `.xlsx` file as a JSON array a row (tests/workbooks.py), a `.zip` file as members, each
after a line `## PATH WORD…` (`encrypted` is one of them). After a line `# expected`, every row as JSON without its nulls, or every problem. `RECONCILER_WRITE_CASES=1` writes that part.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import re
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from reconciler.audience.relations import engine
from reconciler.audience.sources import files
from reconciler.model.problem import BadInput, Location, Problem
from reconciler.model.row_queries import Rows
from reconciler.model.source_parsing import make_phone_columns
from reconciler.model.source_specs import Answers, Entries, FileFeed, FileHistory
from reconciler.views.reasons import describe_faults
from tests.workbooks import workbook

CASES = sorted((Path(__file__).parents[1] / "cases" / "sources").glob("*.case"))
MARK = "# expected\n"
NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)
HERE = Location("sources.yaml", 4, 3)


def told(problem: Problem) -> str:
    lines = [f"{problem.where}: {problem.code}: {problem.message}"]
    note = problem.note or (describe_faults(problem.faults) if problem.faults else None)
    lines += [f"  note: {note}"] if note else []
    lines += [f"  hint: {problem.hint}"] if problem.hint else []
    return "\n".join(lines) + "\n"


def rows_of(backend: Any, rows: Rows) -> list[dict[str, Any]]:
    """The rows in the order of their places."""
    names = list(rows.columns)
    table = engine.read_rows(backend, rows).select(*names)
    read = [dict(zip(names, row, strict=True)) for chunk in engine.stream_rows(backend, table, 1000) for row in chunk]

    def order(row: dict[str, Any]) -> tuple[str, int]:
        file, _, line = row["place"].rpartition(":")
        return file, int(line.removeprefix("row "))

    return sorted(read, key=order)


def shown(row: dict[str, Any]) -> dict[str, Any]:
    """A row without the phones that `phone` says already: one, or none."""
    one = [] if row.get("phone") is None else [row["phone"]]
    return {key: value for key, value in row.items() if key != "phones" or value not in (one, [None])}


def lay_out(text: str, root: Path) -> FileFeed | FileHistory:
    """Make the files of a case; give its feed."""
    feed: dict[str, Any] = {}
    head = ""
    lines: list[str] = []
    for line in [*text.splitlines(keepends=True), "# file: "]:
        if line.startswith("# feed: "):
            feed = json.loads(line.removeprefix("# feed: "))
        elif line.startswith("# file: "):
            if head:
                write(root, head.split(), "".join(lines))
            head, lines = line.removeprefix("# file: "), []
        else:
            lines.append(line)
    kind = FileHistory if feed.pop("of", "contacts") == "interactions" else FileFeed
    if "entries" in feed:
        answers = feed["entries"].get("answers")
        feed["entries"] = Entries(**{**feed["entries"], "answers": Answers(**answers) if answers else None})
    phones = make_phone_columns(feed["columns"].pop("phone", []))
    pairs: dict[str, Any] = {key: tuple(feed[key].items()) for key in ("columns", "attributes") if key in feed}
    feed |= {**pairs, "paths": tuple(feed["paths"]), "where": HERE}
    if phones:
        feed["phones"] = phones
    return kind(**feed)


def write(root: Path, head: list[str], text: str) -> None:
    path, words = root / head[0], head[1:]
    path.parent.mkdir(parents=True, exist_ok=True)
    said = {key: value for key, _, value in (word.partition("=") for word in words) if value}
    if "folder" in words:
        path.mkdir()
        return
    if "link" in said:
        path.symlink_to(root / said["link"])
        return
    content = made(said.get("as", head[0]), words, said, text)
    path.write_bytes(content[: len(content) - int(said.get("cut", 0))])


def made(name: str, words: list[str], said: dict[str, str], text: str) -> bytes:
    """The bytes of a file."""
    if name.endswith(".zip"):
        return archive(text)
    if name.endswith(".parquet"):
        sink = io.BytesIO()
        pq.write_table(pa.Table.from_pylist([json.loads(line) for line in text.splitlines()]), sink)
        return sink.getvalue()
    if name.endswith(".xlsx"):
        content = workbook(text)
    else:
        text = text.removesuffix("\n") if "open" in words else text
        text = text.replace("\n", "\r\n" if "crlf" in words else "\r" if "cr" in words else "\n")
        plain = "latin-1" if "latin-1" in words else "utf-8-sig" if "bom" in words else "utf-8"
        content = text.encode(said.get("encoding", plain))
    return gzip.compress(content, mtime=0) if "gzip" in words else content


def archive(text: str) -> bytes:
    """A zip archive of the members that a case writes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as packed:
        for part in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
            head, _, inside = part.partition("\n")
            name, *words = head.split()
            said = {key: value for key, _, value in (word.partition("=") for word in words) if value}
            packed.writestr(name, b"" if name.endswith("/") else made(said.get("as", name), words, said, inside))
    content = sink.getvalue()
    if "encrypted" in text:  # the flag of the directory at the end is what is looked at
        at = content.index(b"PK\x01\x02") + 8
        content = content[:at] + bytes([content[at] | 1]) + content[at + 1 :]
    return content


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_what_is_read_is_what_the_case_expects(case: Path, backend: Any, tmp_path: Path) -> None:
    given, _, expected = case.read_text(encoding="utf-8").partition(MARK)
    root = tmp_path / "workspace"
    root.mkdir()
    feed = lay_out(given, root)
    into = tmp_path / "rows"
    try:
        if isinstance(feed, FileFeed):
            read = files.read_contacts(backend, feed, root, into, NOW)
        else:
            read = files.read_interactions(backend, feed, root, into)
    except BadInput as bad:
        found = "".join(told(problem) for problem in bad.problems)
        assert list(into.glob("*")) == [], "something was left behind"
    else:
        rows = [shown(row) for row in rows_of(backend, read)]
        lines = [orjson.dumps({key: value for key, value in row.items() if value is not None}) for row in rows]
        found = "".join(line.decode() + "\n" for line in lines) or "no rows\n"
        assert read.count == len(rows)
        assert [path.stat().st_mode & 0o777 for path in into.glob("*")] == [0o600]
    found = found.replace(str(tmp_path), "")
    if os.environ.get("RECONCILER_WRITE_CASES"):
        case.write_text(given + MARK + found, encoding="utf-8")
    assert found == expected or os.environ.get("RECONCILER_WRITE_CASES")


def test_there_are_cases() -> None:
    assert len(CASES) > 40
