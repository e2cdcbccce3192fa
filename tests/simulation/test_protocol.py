"""Is there a way to a wrong state, whoever dies where, and is a journal that no run writes told from one?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.simulation import protocol
from tests.simulation.protocol import At, How, explore, find_impossible

DOCS = (Path(__file__).parents[2] / "docs/invariants.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", protocol.EVERY)
def test_no_state_of_the_protocol_is_wrong_and_the_docs_say_how_many_there_are(name: str) -> None:
    found = explore(protocol.EVERY[name])
    assert not found.wrong, found.way
    assert found.finished, "and it comes to an end"
    assert f"| {name} | {found.states:,} | {found.steps:,} |" in DOCS


def test_a_protocol_that_does_not_look_before_it_sends_again_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "find_wrong", lambda state, how: FIND(state, How()))
    found = explore(How(idempotent=True))
    assert found.wrong == "something took effect twice"
    assert found.way[-1].startswith(("arrives", "dies, and")), found.way


def test_a_protocol_that_does_not_record_before_it_sends_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def unrecorded(state: protocol.State, number: int, runner: protocol.Runner, how: How) -> Iterator[protocol.Step]:
        yield "records nothing", protocol._put(state, number, replace(runner, at=At.SENDS))

    monkeypatch.setitem(protocol._OWN, At.RECORDS, unrecorded)
    assert explore(How()).wrong == "something took effect that no journal tells of"


def test_a_run_that_does_not_look_at_its_lock_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "find_wrong", find_late)
    monkeypatch.setattr(protocol, "_holds", lambda state, number, runner: True)
    assert explore(How(idempotent=True, lapses=True, starts=1)).wrong == "finished by a run that had lost its lock"


def find_late(state: protocol.State, how: How) -> str:
    """Whether a run finishes that had been taken over."""
    over = [each for each in state.runners if each.at is At.OVER and each.fence < state.fences]
    alive = [
        each for each in state.runners if each.fence == state.fences and each.at not in (At.OVER, At.DOWN, At.LOST)
    ]
    return "finished by a run that had lost its lock" if over and alive else ""


FIND = protocol.find_wrong

SOUND = [
    ("started", "", 1),
    ("intent", "Segment/a[b]#put:0", 1),
    ("submitted", "Segment/a[b]#put:0", 1),
    ("resumed", "", 3),
    ("done", "Segment/a[b]#put:0", 3),
    ("intent", "Campaign/c!0:pause", 3),
    ("failed", "Campaign/c!0:pause", 3),
    ("done", "Segment/a[b]", 3),
    ("finished", "", 3),
]


def lines(entries: list[tuple[str, str, int]]) -> list[bytes]:
    """A journal."""
    return [json.dumps({"event": event, "key": key, "fence": fence}).encode() for event, key, fence in entries]


def test_a_sound_journal_is_a_trace() -> None:
    assert list(find_impossible(lines(SOUND))) == []


@pytest.mark.parametrize(
    ("place", "entry", "words"),
    [
        (2, ("intent", "Segment/a[b]#put:0", 1), "it was intended before"),
        (5, ("done", "Segment/a[b]#put:0", 3), "was not intended, or has ended"),
        (5, ("done", "Segment/a[b]#put:7", 3), "was not intended, or has ended"),
        (4, ("intent", "Segment/a[b]#put:1", 1), "is lower than 3"),
        (3, ("done", "Segment/a[b]#put:0", 2), "nobody has begun with"),
        (9, ("intent", "Segment/a[b]#put:1", 3), "it is finished, and goes on"),
        (9, ("resumed", "", 4), "it is finished, and begins again"),
        (0, ("intent", "Segment/a[b]#put:1", 1), "does not begin with its start"),
    ],
)
def test_a_journal_that_no_run_writes_is_none(place: int, entry: tuple[str, str, int], words: str) -> None:
    told = [*SOUND[:place], entry, *SOUND[place:]]
    assert any(words in each for each in find_impossible(lines(told))), list(find_impossible(lines(told)))
