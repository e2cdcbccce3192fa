"""Plan which calls suffer which faults."""

from __future__ import annotations

import random
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from reconciler.simulator import campaign_faults, dialler_faults, fault_kinds, job_faults
from reconciler.simulator.routing import Call, Reply

Serve = Callable[[], Awaitable[Reply]]
KINDS_ARE_IN = (fault_kinds, job_faults, dialler_faults, campaign_faults)
"""A kind is there once the module that says so has been imported."""


@dataclass(slots=True)
class Rule:
    """One fault, and the calls it befalls.

    Attributes:
        fault: a kind of `fault_kinds.KINDS`.
        method: None is any.
        path: a pattern searched for in the path, such as `/campaigns$`.
        skip: so many matching calls go untouched first.
        times: so many calls after them are hit; None is no end.
        probability: of each of these to be hit; drawn from a generator seeded with `seed`.
        params: of the kind, such as `{"seconds": 2}`.
        matched: calls that matched so far.
        hit: calls that were hit so far.
    """

    fault: str
    method: str | None = None
    path: str = ""
    skip: int = 0
    times: int | None = 1
    probability: float = 1.0
    seed: int = 0
    params: Mapping[str, Any] = field(default_factory=dict)
    matched: int = 0
    hit: int = 0
    _random: random.Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """ValueError for an unknown kind or parameter, or a pattern that is none."""
        try:
            kind = fault_kinds.KINDS[self.fault]
        except KeyError:
            raise ValueError(f"no fault {self.fault!r}; there are {', '.join(sorted(fault_kinds.KINDS))}") from None
        _check_pattern("path", self.path)
        for name, value in self.params.items():
            if name not in kind.params:
                raise ValueError(f"{name}: the fault {self.fault} knows only {sorted(kind.params)}")
            if name in kind.patterns:
                _check_pattern(name, value)
        self._random = random.Random(self.seed)  # noqa: S311 - chance, not secrecy

    def befalls(self, call: Call) -> bool:
        """Whether this call is hit; counts it."""
        if self.method not in (None, call.method) or not re.search(self.path, call.path):
            return False
        if not fault_kinds.KINDS[self.fault].applies(call):
            return False
        self.matched += 1
        if self.matched <= self.skip or (self.times is not None and self.hit >= self.times):
            return False
        if self.probability < 1 and self._random.random() >= self.probability:
            return False
        self.hit += 1
        return True

    async def play(self, call: Call, serve: Serve) -> Reply:
        """Answer the call as the fault has it; `serve` answers it as if all were well."""
        return await fault_kinds.KINDS[self.fault].play(call, serve, **self.params)

    def to_wire(self) -> dict[str, Any]:
        """The rule as `/_control/faults` shows it."""
        match = {"method": self.method, "path": self.path}
        counted = {"matched": self.matched, "hit": self.hit}
        chance = {"probability": self.probability, "seed": self.seed}
        return {
            "match": match,
            "skip": self.skip,
            "times": self.times,
            **chance,
            "fault": {"kind": self.fault, **self.params},
            **counted,
        }


def _check_pattern(name: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{name}: {error}") from None


class Faults:
    """The rules in force. The first that befalls a call has it to itself; later rules do not see it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._rules: list[Rule] = []

    def add(
        self,
        fault: str,
        *,
        method: str | None = None,
        path: str = "",
        skip: int = 0,
        times: int | None = 1,
        probability: float = 1.0,
        seed: int = 0,
        **params: Any,
    ) -> Rule:
        """Put a rule in force (see `Rule`); `params` are the kind's own. ValueError for what is unknown."""
        rule = Rule(fault, method, path, skip, times, probability, seed, params)
        with self._lock:
            self._rules.append(rule)
        return rule

    def all(self) -> list[Rule]:
        """The rules in force, in order."""
        with self._lock:
            return list(self._rules)

    def clear(self) -> None:
        """Take all rules out of force."""
        with self._lock:
            self._rules.clear()

    def choose(self, call: Call) -> Rule | None:
        """The rule that befalls this call."""
        if not self._rules:
            return None
        with self._lock:
            return next((rule for rule in self._rules if rule.befalls(call)), None)
