"""Whatever is done to the starter's files, they load or are refused with problems, in words that can be printed.

`RECONCILER_FUZZ=10000` asks for so many workspaces, and prints how many there were and how long the slowest took.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconciler.model.problem import BadInput
from reconciler.model.workspace_settings import Workspace
from reconciler.steps.load import load
from reconciler.views.errors import show_failure

NOW = datetime(2026, 7, 1, 9, 30, tzinfo=UTC)
STARTER = Path(__file__).parents[3] / "segments"
FILES = sorted(
    path.relative_to(STARTER).as_posix() for path in STARTER.rglob("*.yaml") if "environments" not in path.parts
)
MANY = int(os.environ.get("RECONCILER_FUZZ", "60"))
ODD = (
    *("null", "~", "true", "false", "no", "0", "-0", "-1", "1e999", ".nan", ".inf", "0x1F", "0777", "99999999999999999999"),
    *("12:30:45", "2026-02-30", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "P1D", "99999999d", "-1h", "[]", "{}", "[[]]"),
    *("[{}, {}]", "{? {a: b} : c}", "&a [*a]", "*b", "&c x", "!!binary aGk=", "!!set {a}", "!!python/object:os.system {}", "!odd x"),
    *("'", '"', "|", ">", "?", "- -", "''", '"\\ud800"', '"\\0"', "\u2028", "\ufeff", "\x00", "\x85", "\U0001f600", "a" * 3000),
    *("{{ x }}", "'{{ 1 + }}'", "'{{ \"a\" * 9 }}'", "'{% if %}'", "'{{ [1, 2] }}'", "'{{ true }}'", "'{# #}'", "../../etc/passwd"),
    *("'/'", "s3://", "'s3://[::1'", "https://[", "file:///x", "'*[!]'", "'**'", "[" * 60, "{a: " * 60, "- " * 60, "{" * 3000),
    *("1_000", "+1", "1.", ".5", "١٢", "９", "²", "DE", "xx", "'\\'", "=", "<<: {a: b}", "%TAG ! x", "---", "..."),
)  # fmt: skip

Mutation = Callable[[bytes], bytes]


def at(share: float, size: int) -> int:
    return min(int(share * size), max(size - 1, 0))


def flipped(content: bytes, share: float, byte: int) -> bytes:
    index = at(share, len(content))
    return content[:index] + bytes([byte]) + content[index + 1 :]


def cut_off(content: bytes, share: float) -> bytes:
    return content[: at(share, len(content))]


def with_lines(content: bytes, share: float, other: float, what: str) -> bytes:
    lines = content.splitlines(keepends=True) or [b"\n"]
    one, two = at(share, len(lines)), at(other, len(lines))
    if what == "removed":
        del lines[one]
    elif what == "twice":
        lines.insert(two, lines[one])
    elif what == "exchanged":
        lines[one], lines[two] = lines[two], lines[one]
    else:
        lines[one] = b"  " + lines[one]
    return b"".join(lines)


def with_value(content: bytes, share: float, odd: str, where: str) -> bytes:
    lines = content.split(b"\n")
    index = at(share, len(lines))
    key, colon, _ = lines[index].partition(b":")
    shown = odd.encode("utf-8", "replace")
    if where == "key" and colon:
        lines[index] = b"  " + shown + lines[index][len(key) :]
    elif where == "line":
        lines.insert(index, shown)
    else:
        lines[index] = key + b": " + shown
    return b"\n".join(lines)


SHARE = st.floats(0, 1, exclude_max=True)
MUTATIONS = st.one_of(
    st.tuples(st.just(flipped), SHARE, st.integers(0, 255)),
    st.tuples(st.just(cut_off), SHARE),
    st.tuples(st.just(with_lines), SHARE, SHARE, st.sampled_from(["removed", "twice", "exchanged", "deeper"])),
    st.tuples(st.just(with_value), SHARE, st.sampled_from(ODD), st.sampled_from(["value", "value", "value", "key", "line"])),
)  # fmt: skip
EDITS = st.lists(st.tuples(st.sampled_from(FILES), MUTATIONS), min_size=1, max_size=4)

_told = {"workspaces": 0, "refused": 0, "slowest": 0.0}


@pytest.fixture(scope="module", autouse=True)
def count(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "RECONCILER_FUZZ" in os.environ:
        with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
            sys.stdout.write(f"\n{_told}\n")


@settings(max_examples=MANY, deadline=None, suppress_health_check=list(HealthCheck))
@given(EDITS)
def test_a_starter_that_was_tampered_with_loads_or_is_bad_input(edits: list[tuple[str, tuple[object, ...]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "w"
        shutil.copytree(STARTER, root)
        for name, (mutate, *how) in edits:
            path = root / name
            path.write_bytes(mutate(path.read_bytes(), *how))  # type: ignore[operator]
        start = time.perf_counter()
        try:
            load(Workspace(root=root, scratch=root, now=NOW), look_for_files=True)
        except BadInput as error:
            _told["refused"] += 1
            assert error.problems
            assert show_failure(error).plain.isascii() or show_failure(error).plain.encode()
        _told["workspaces"] += 1
        _told["slowest"] = max(_told["slowest"], time.perf_counter() - start)
