"""How is a person told what went wrong? Always in one shape: code, what, where, why, what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Problem
from reconciler.views.plain import plain, plain_lines


def failure(error: ReconcilerError) -> Text:
    """An error, or every problem of a bad input, as styled text."""
    lines: list[Text] = []
    if isinstance(error, BadInput):
        for problem in error.problems:
            lines += _problem(problem)
            lines.append(Text())
        lines += [Text(line, "bold") for line in plain_lines(error.message)]
    else:
        lines += _shape(error.code, error.message, error.where, error.note, error.hint)
    return Text("\n").join(lines)


def _problem(problem: Problem) -> Iterator[Text]:
    yield from _shape(problem.code, problem.message, str(problem.where), problem.note, problem.hint)


def _shape(code: str, message: str, where: str | None, note: str | None, hint: str | None) -> Iterator[Text]:
    first, *others = plain_lines(message)
    yield Text.assemble(("error", "bold red"), (f"[{code}]", "bold"), f": {first}")
    yield from map(Text, others)
    if where:
        yield Text.assemble(("  where: ", "dim"), plain(where))
    if note:
        yield Text.assemble(("  note:  ", "dim"), plain(note))
    if hint:
        yield Text.assemble(("  hint:  ", "green"), plain(hint))
