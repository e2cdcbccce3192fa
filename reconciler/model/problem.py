"""What is wrong, where, and what can be done about it?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from reconciler.model.errors import ReconcilerError


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a file of the workspace. `line` and `column` count from 1; 0 means the whole file or line."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        if not self.line:
            return self.file
        return f"{self.file}:{self.line}:{self.column}" if self.column else f"{self.file}:{self.line}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One fault of the input, in the shape in which every fault is printed.

    Attributes:
        where: the place to edit.
        code: kebab-case and stable, so that it can be searched for.
        message: what is wrong, in one sentence.
        note: why that matters, or what was found instead.
        hint: what to do next.
    """

    where: Location
    code: str
    message: str
    note: str | None = None
    hint: str | None = None


class BadInput(ReconcilerError):
    """Everything wrong with what the user gave, at once. Nothing was attempted."""

    code = "bad-input"
    exit_code = 64

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda p: (p.where, p.code, p.message)))
        if not self.problems:
            raise ValueError("BadInput needs at least one problem")
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count > 1 else ''} in the input; nothing was changed")
