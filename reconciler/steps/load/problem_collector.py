# tested by: tests/steps/load/test_refusals.py
"""Collect problems of manifests, causes before consequences."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from reconciler.model.notice import Notice
from reconciler.model.problem import Location, Problem, Problems, Stage

_WORD = re.compile(r"[A-Za-z0-9-]+")
_NAME_BY_TEMPLATE = re.compile(r"\bname\s*[\"']?\s*:[^\n]*\{\{")


@dataclass(slots=True)
class Unread:
    """The files that may declare more than was read, by name, each with its text where it could be had.

    So that what is missing elsewhere is told apart: a name that none of these texts has is a fault of its own.
    """

    texts: dict[str, str | None] = field(default_factory=dict)
    _words: set[str] | None = None
    _anything: bool = False

    def __bool__(self) -> bool:
        return bool(self.texts)

    def add(self, file: str, text: str | None) -> None:
        """Note a file that was not read to its end, or one with a manifest of which nobody knows what it declares."""
        if file not in self.texts:
            self.texts[file], self._words = text, None

    def may_declare(self, name: str) -> bool:
        """Whether one of them may be where a name is declared."""
        if self._words is None:
            texts = [text for text in self.texts.values() if text is not None]
            self._words = {word for text in texts for word in _WORD.findall(text)}
            self._anything = len(texts) < len(self.texts) or any(map(_NAME_BY_TEMPLATE.search, texts))
        return self._anything or name in self._words


@dataclass(slots=True)
class Collected:
    """Every problem so far.

    Attributes:
        texts: of every file, by its name.
        origins: by the place of a value that a template made, where what the template used was written.
        notices: what a person should know of manifests in which nothing is wrong.
    """

    unread: Unread = field(default_factory=Unread)
    problems: Problems = field(default_factory=Problems)
    consequences: Problems = field(default_factory=Problems)
    texts: dict[str, str] = field(default_factory=dict)
    origins: dict[Location, tuple[Location, ...]] = field(default_factory=dict)
    notices: list[Notice] = field(default_factory=list)

    def add(self, stage: Stage, problems: Iterable[Problem]) -> None:
        """Take up what was found at a stage."""
        self.problems += [self._add_stage(problem, stage) for problem in problems]

    def add_following(self, stage: Stage, problems: Iterable[Problem]) -> None:
        """Take up what is no fault where the files that could not be read declare it."""
        self.consequences += [self._add_stage(problem, stage) for problem in problems]

    def refuse(self) -> None:
        """End here where anything was found.

        Raises:
            BadInput: all of it.
        """
        self.problems.refuse(self.consequences)

    def _add_stage(self, problem: Problem, stage: Stage) -> Problem:
        return replace(problem, stage=stage, origins=self.origins.get(problem.where, ()))


def group_by_place(origins: Iterable[Mapping[Location, tuple[Location, ...]]]) -> dict[Location, tuple[Location, ...]]:
    """Where the values of all documents come from; the parts of one manifest have their places in common."""
    found: dict[Location, dict[Location, None]] = {}
    for each in origins:
        for place, several in each.items():
            found.setdefault(place, {}).update(dict.fromkeys(several))
    return {place: tuple(several) for place, several in found.items()}
