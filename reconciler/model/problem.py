"""Define a problem of the input, with its place and a hint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from enum import IntEnum
from pathlib import PurePosixPath

from reconciler.model.errors import ReconcilerError
from reconciler.model.reason import Counted


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file of the workspace. `line` and `column` count from 1; 0 means the whole file or line."""

    file: str
    line: int = 0
    column: int = 0

    @property
    def names_file(self) -> bool:
        """Whether it is one in a file: some are an option of the command line, or the folder."""
        return bool(self.line) or not (self.file.startswith("-") or self.file in (".", "ID"))

    def below(self, folder: str) -> Location:
        """The same place, seen from a folder above the workspace's; what is in no file of the workspace stays."""
        path = PurePosixPath(self.file)
        if not self.names_file or path.is_absolute() or PurePosixPath(folder) == PurePosixPath("."):
            return self
        return replace(self, file=str(PurePosixPath(folder) / path))

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


class Stage(IntEnum):
    """How far something came before a fault of it was found: what is found earlier may be the cause of the rest."""

    READING = 0
    RENDERING = 1
    SCHEMAS = 2
    REFERENCES = 3
    CHECKS = 4


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of the input, in the shape in which every fault is printed.

    Attributes:
        where: the place to edit.
        code: kebab-case and stable, so that it can be searched for.
        message: what is wrong, in one sentence.
        note: why that matters, or what was found instead.
        hint: what to do next.
        faults: of rows that cannot be used, why, and how many for each reason.
        stage: when it was found; causes are told first.
        origins: where the values were written that a template put at the place.
    """

    where: Location
    code: str
    message: str
    note: str | None = None
    hint: str | None = None
    stage: Stage = field(default=Stage.READING, compare=False)
    origins: tuple[Location, ...] = field(default=(), compare=False)
    faults: tuple[Counted, ...] = field(default=(), compare=False)


class Problems(list[Problem]):
    """The problems of an input so far: the one way in which several are brought together.

    What only looks for problems yields them. What makes something else besides takes a `Problems`, or gives one back.
    Whoever goes on after a refusal does it under `collect`, and whoever can go no further says `refuse`.
    """

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Take up what a part of the work is refused for, and go on behind it."""
        try:
            yield
        except BadInput as refused:
            self.extend(refused.problems)

    def refuse(self, consequences: Iterable[Problem] = ()) -> None:
        """End here where anything was found.

        Args:
            consequences: what may only follow from a file that could not be read; where there is nothing else, all.

        Raises:
            BadInput: all of it.
        """
        following = list(consequences)
        if self or following:
            raise BadInput(self or following, following if self else ())


class BadInput(ReconcilerError):
    """Everything wrong with what the user gave, at once. Nothing was attempted.

    Attributes:
        problems: by stage, then by place.
        consequences: what may only follow from a file that could not be read; counted, and told once that is mended.
    """

    code = "bad-input"
    exit_code = 64

    def __init__(self, problems: Iterable[Problem], consequences: Iterable[Problem] = ()) -> None:
        self.problems = _sort_problems(problems)
        self.consequences = _sort_problems(consequences)
        if not self.problems:
            raise ValueError("BadInput needs at least one problem")
        count = len(self.problems)
        words = f"{count:,} problem{'s' if count > 1 else ''} in the input"
        follow = len(self.consequences)
        if follow:
            words += f", and {follow:,} more that may follow from what could not be read"
        super().__init__(f"{words}; nothing was changed")


def place_below(error: BadInput, folder: str) -> BadInput:
    """The same problems, their places seen from a folder above the workspace's."""

    def move(problem: Problem) -> Problem:
        origins = tuple(each.below(folder) for each in problem.origins)
        return replace(problem, where=problem.where.below(folder), origins=origins)

    return BadInput(map(move, error.problems), map(move, error.consequences))


def _sort_problems(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(set(problems), key=lambda p: (p.stage, p.where, p.code, p.message)))
