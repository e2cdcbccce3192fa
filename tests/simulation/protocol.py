"""Explore the protocol of lock, journal and tenant whole: two runners, four operations, a crash anywhere.

A runner takes the lock, and for each operation records an intent, sends it, and records its end; one that takes over
reads the journal, looks for what it cannot know, and goes on. Each step of either is one transition, and each may be
the last that a runner makes. What must hold is asked of every state that can be reached; `find_impossible` holds the
journals that the program writes against the same transitions.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

import orjson

OPERATIONS = 4
RUNNERS = 2


@dataclass(frozen=True, slots=True)
class How:
    """Which protocol.

    Attributes:
        idempotent: an operation cannot be looked up, and does no harm twice; else it is looked up before it is sent again.
        lapses: a runner that lives may be taken over, as one is that was silent for too long.
        starts: how often each runner may be started.
    """

    idempotent: bool = False
    lapses: bool = False
    starts: int = 2


EVERY = {
    "what can be looked up": How(),
    "what is done again": How(idempotent=True),
    "a lock that lapses while its owner lives": How(idempotent=True, lapses=True, starts=1),
}


class At(IntEnum):
    """Where a runner stands with the operation that it is at."""

    DOWN = 0
    WANTS = 1
    READS = 2
    RECORDS = 3
    SENDS = 4
    FLIES = 5
    ENDS = 6
    OVER = 7
    LOST = 8


@dataclass(frozen=True, slots=True)
class Runner:
    """One runner: where it stands, with which operation, its fence, and what it believes is done; starts that are left."""

    at: At = At.DOWN
    operation: int = 0
    fence: int = 0
    starts: int = 2
    sure: bool = False


@dataclass(frozen=True, slots=True)
class State:
    """All of the world: the lock, its highest number, the journal, what took effect, and how often."""

    runners: tuple[Runner, ...] = (Runner(),) * RUNNERS
    holder: int = -1
    fences: int = 0
    intended: int = 0
    done: int = 0
    effects: tuple[int, ...] = (0,) * OPERATIONS
    finished: bool = False


Step = tuple[str, State]


def iter_steps(state: State, how: How) -> Iterator[Step]:
    """Every state that one transition leads to, with its name."""
    for number, runner in enumerate(state.runners):
        if runner.at not in (At.DOWN, At.OVER, At.LOST):
            yield "dies", _put(state, number, replace(runner, at=At.DOWN))
            if runner.at is At.FLIES:
                yield (
                    "dies, and what it sent arrives",
                    _put(_take_effect(state, runner), number, replace(runner, at=At.DOWN)),
                )
        yield from _OWN[runner.at](state, number, runner, how)


def _put(state: State, number: int, runner: Runner) -> State:
    runners = list(state.runners)
    runners[number] = runner
    return replace(state, runners=tuple(runners))


def _take_effect(state: State, runner: Runner) -> State:
    effects = list(state.effects)
    effects[runner.operation] = min(effects[runner.operation] + 1, 2)
    return replace(state, effects=tuple(effects))


def _holds(state: State, number: int, runner: Runner) -> bool:
    return state.holder == number and runner.fence == state.fences


def _start(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    if runner.starts and not state.finished:
        yield "starts", _put(state, number, Runner(At.WANTS, 0, 0, runner.starts - 1))


def _take_lock(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    gone = state.holder >= 0 and state.runners[state.holder].at in (At.DOWN, At.OVER, At.LOST)
    if state.holder in (-1, number) or gone or how.lapses:
        taken = replace(state, holder=number, fences=state.fences + 1)
        yield "takes the lock", _put(taken, number, replace(runner, at=At.READS, fence=state.fences + 1))
    if not (state.holder in (-1, number) or gone):
        yield "is refused", _put(state, number, replace(runner, at=At.DOWN))


def _read_on(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    following = next((n for n in range(OPERATIONS) if not state.done & 1 << n), OPERATIONS)
    if following < OPERATIONS:
        new = not state.intended & 1 << following
        at = At.RECORDS if new else At.SENDS
        yield "reads on", _put(state, number, replace(runner, at=at, operation=following, sure=new))
    elif _holds(state, number, runner):
        yield "finishes", _put(replace(state, finished=True, holder=-1), number, replace(runner, at=At.OVER))
    else:
        yield "has lost the lock", _put(state, number, replace(runner, at=At.LOST))


def _record_intent(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    if _holds(state, number, runner):
        noted = replace(state, intended=state.intended | 1 << runner.operation)
        yield "records an intent", _put(noted, number, replace(runner, at=At.SENDS))
    else:
        yield "has lost the lock", _put(state, number, replace(runner, at=At.LOST))


def _send(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    if not runner.sure and not how.idempotent and state.effects[runner.operation]:
        yield "finds it done", _put(state, number, replace(runner, at=At.ENDS))
    else:
        yield "sends", _put(state, number, replace(runner, at=At.FLIES))


def _arrive(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    arrived = _take_effect(state, runner)
    yield "arrives", _put(arrived, number, replace(runner, at=At.ENDS))
    yield "arrives, and the reply is lost", _put(arrived, number, replace(runner, at=At.SENDS, sure=False))
    yield "is lost", _put(state, number, replace(runner, at=At.SENDS, sure=False))


def _record_end(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    if _holds(state, number, runner):
        yield (
            "records its end",
            _put(replace(state, done=state.done | 1 << runner.operation), number, replace(runner, at=At.READS)),
        )
    else:
        yield "has lost the lock", _put(state, number, replace(runner, at=At.LOST))


def _rest(state: State, number: int, runner: Runner, how: How) -> Iterator[Step]:
    yield from ()


_OWN: dict[At, Callable[[State, int, Runner, How], Iterator[Step]]] = {
    At.DOWN: _start,
    At.WANTS: _take_lock,
    At.READS: _read_on,
    At.RECORDS: _record_intent,
    At.SENDS: _send,
    At.FLIES: _arrive,
    At.ENDS: _record_end,
    At.OVER: _rest,
    At.LOST: _rest,
}


def find_wrong(state: State, how: How) -> str:
    """What must hold in every state, and does not; empty where all does."""
    writing = [each for each in state.runners if each.at in (At.SENDS, At.FLIES, At.ENDS)]
    late = [each for each in writing if each.fence < state.fences]
    if len(writing) > 1 and not how.lapses:
        return "two runners write at once"
    for each in late:
        if not state.intended & 1 << each.operation:
            return "a run that lost its lock sends what it had not recorded before"
    for operation in range(OPERATIONS):
        if state.effects[operation] and not state.intended & 1 << operation:
            return "something took effect that no journal tells of"
        if state.done & 1 << operation and not state.effects[operation]:
            return "something is recorded as done that never took effect"
        if state.effects[operation] > 1 and not (how.idempotent or how.lapses):
            return "something took effect twice"
    if state.finished and state.done != (1 << OPERATIONS) - 1:
        return "it is finished, and not all is done"
    return ""


@dataclass(frozen=True, slots=True)
class Explored:
    """How much was looked at, and the first wrong state with the steps that lead to it."""

    states: int
    steps: int
    finished: int
    wrong: str = ""
    way: tuple[str, ...] = ()


def explore(how: How, first: State | None = None) -> Explored:
    """Every state that can be reached, breadth first."""
    first = first or State((Runner(starts=how.starts),) * RUNNERS)
    came: dict[State, tuple[State, str] | None] = {first: None}
    waiting, steps, finished = deque([first]), 0, 0
    while waiting:
        state = waiting.popleft()
        wrong = find_wrong(state, how)
        if wrong:
            return Explored(len(came), steps, finished, wrong, _find_way(came, state))
        finished += state.finished
        for name, following in iter_steps(state, how):
            steps += 1
            if following not in came:
                came[following] = (state, name)
                waiting.append(following)
    return Explored(len(came), steps, finished)


def _find_way(came: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    way: list[str] = []
    while (before := came[state]) is not None:
        state, name = before
        way.append(name)
    return tuple(reversed(way))


# -- the journals that the program writes -----------------------------------------------------------------------


BEGINNINGS = ("started", "resumed")
ENDINGS = ("finished", "stopped", "refused", "superseded")


def find_impossible(lines: Sequence[bytes]) -> Iterator[str]:
    """What a journal tells that no walk of the model does.

    A run begins; a higher fence takes over, and a lower one writes no more; an end is of what was intended and has no
    end; what was to be once is intended once; nothing follows the end of a run.
    """
    fence, open_keys, ended_keys, over = 0, set[str](), set[str](), ""
    for number, line in enumerate(lines, start=1):
        entry = orjson.loads(line)
        event, key = entry["event"], entry["key"]
        at = f"line {number} ({event} {key})"
        if number == 1 and event != "started":
            yield f"{at}: it does not begin with its start"
        if over and event not in BEGINNINGS and event != "superseded":
            yield f"{at}: it is {over}, and goes on"
        if event != "superseded":
            yield from _check_fence(at, event, entry.get("fence", 0), fence)
            fence = max(fence, entry.get("fence", 0))
        if event in BEGINNINGS:
            if over in ("finished", "refused"):
                yield f"{at}: it is {over}, and begins again"
            over = ""
        elif event in ENDINGS:
            over = event
        elif event == "intent":
            if key in open_keys | ended_keys:
                yield f"{at}: it was intended before"
            open_keys.add(key)
        elif event in ("done", "failed") and ("#" in key or "!" in key) and not key.endswith("!owed"):
            if key not in open_keys:
                yield f"{at}: it ends and was not intended, or has ended"
            open_keys.discard(key)
            ended_keys.add(key)


def _check_fence(at: str, event: str, now: int, before: int) -> Iterator[str]:
    if now < before:
        yield f"{at}: the lock was taken over, and its number {now} is lower than {before}"
    if now > before and event not in BEGINNINGS:
        yield f"{at}: a number of the lock that nobody has begun with"


if __name__ == "__main__":
    for name, each in EVERY.items():
        print(name, explore(each))
