"""Simulate the dialler's hold on contacts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from zlib import crc32

READY, DIALING, RINGING, CONNECTED, WRAP_UP = "READY", "DIALING", "RINGING", "CONNECTED", "WRAP_UP"
COMPLETED = "COMPLETED"
HELD = frozenset({DIALING, RINGING, CONNECTED, WRAP_UP})
"""Whom the dialler holds: nobody else touches such a contact (contract, section dispositions)."""

_SHORTEST = 0.001


@dataclass(frozen=True, slots=True)
class Stage:
    """A state, and how it ends. With neither `reads` nor `seconds` it lasts until it is moved on by hand.

    Attributes:
        state: any word; the four of `HELD` are refused writes.
        reads: it ends when it has been read so often.
        seconds: it ends after so long.
        outcome: what an agent of the tenant sets as it begins, behind the clients' backs.
        agent: who that is.
    """

    state: str
    reads: int | None = None
    seconds: float | None = None
    outcome: str | None = None
    agent: str = "dialler"

    def __post_init__(self) -> None:
        """ValueError for a stage that would never begin, or ends in two ways."""
        if not self.state:
            raise ValueError("a stage has a state")
        if self.reads is not None and self.seconds is not None:
            raise ValueError("a stage ends by reads or by seconds, not by both")
        if self.reads is not None and self.reads < 1:
            raise ValueError("a stage takes at least one read")
        if self.seconds is not None and not self.seconds >= _SHORTEST:
            raise ValueError("a stage takes at least a millisecond")


def chance_of(contact_id: str, seed: int) -> float:
    """A number from 0 to 1 that is always the same for a contact and a seed."""
    return crc32(f"{seed}:{contact_id}".encode()) / 2**32


@dataclass(slots=True)
class Script:
    """Stages that a contact goes through, one after the other, and stays in the last unless it `repeats`.

    Attributes:
        repeats: the first stage follows the last.
        spread: each contact begins somewhere else in the round; every stage must end by seconds then.
        share: so many of the contacts go through it, from 0 to 1; who they are hangs on the `seed`.
        since: when it began, on the clock of the dispositions.
        moved: when everybody in it was moved on by hand.
    """

    stages: Sequence[Stage]
    repeats: bool = False
    spread: bool = False
    share: float = 1.0
    seed: int = 0
    since: float = 0.0
    moved: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        """ValueError for a script nobody can go through."""
        if not self.stages:
            raise ValueError("a script has at least one stage")
        if not 0 <= self.share <= 1:
            raise ValueError("share: must be from 0 to 1")
        if self.spread and not (self.repeats and self.round):
            raise ValueError("only a script that repeats and whose stages all end by seconds is spread")

    @property
    def round(self) -> float:
        """Seconds that all its stages take; 0 where one of them ends otherwise."""
        timed = [stage.seconds for stage in self.stages if stage.seconds is not None]
        return sum(timed) if len(timed) == len(self.stages) else 0.0

    def takes(self, contact_id: str) -> bool:
        """Whether this contact is among its share."""
        return self.share >= 1 or chance_of(contact_id, self.seed) < self.share


class Course:
    """Where one contact is in a script. `entered` are the stages it came into since that was last asked."""

    def __init__(self, script: Script, contact_id: str) -> None:
        self.script = script
        self._index = 0
        self._reads = 0
        self._moved = 0
        self._since = script.since
        if script.spread:
            # another draw than that of the share, or those chosen would all stand in the first part of the round
            self._since -= chance_of(contact_id, script.seed + 1) * script.round
        self.entered = [script.stages[0]]

    @property
    def stage(self) -> Stage:
        """The stage it is in."""
        return self.script.stages[self._index]

    def move(self, now: float) -> None:
        """On through the stages that are over by now."""
        for at in self.script.moved[self._moved :]:
            self._pass(at)
            self.step(at)
        self._moved = len(self.script.moved)
        self._pass(now)

    def read(self, now: float) -> None:
        """Count that the state was told."""
        self._reads += 1
        if self.stage.reads is not None and self._reads >= self.stage.reads:
            self.step(now)

    def step(self, at: float) -> None:
        """Into the next stage, if there is one."""
        if self._index + 1 == len(self.script.stages) and not self.script.repeats:
            return
        self._index = (self._index + 1) % len(self.script.stages)
        self._since, self._reads = at, 0
        self.entered.append(self.stage)

    def _pass(self, now: float) -> None:
        whole = self.script.round if self.script.repeats else 0.0
        if whole and now - self._since > 2 * whole and not any(stage.outcome for stage in self.script.stages):
            self._since += (now - self._since) // whole * whole  # rounds in which nothing was set need no walk
        while (lasts := self.stage.seconds) is not None and now - self._since >= lasts:
            before = self._index, self._since
            self.step(self._since + lasts)
            if (self._index, self._since) == before:
                return
