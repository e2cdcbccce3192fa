"""How is a person told what went wrong? Always in one shape: code, what, where, why, what to do next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from rich.text import Text

from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Problem
from reconciler.views.plain import plain, plain_lines

MOST = 50
"""Problems that are printed: nobody reads more before the first are mended. The rest are counted by their codes."""


def failure(error: ReconcilerError) -> Text:
    """An error, or every problem of a bad input, as styled text."""
    lines: list[Text] = []
    if isinstance(error, BadInput):
        for problem in error.problems[:MOST]:
            lines += _problem(problem)
            lines.append(Text())
        if error.problems[MOST:]:
            lines += [_counted(error.problems[MOST:]), Text()]
        lines += [Text(line, "bold") for line in plain_lines(error.message)]
    else:
        lines += _shape(error.code, error.message, error.where, error.note, error.hint)
    return Text("\n").join(lines)


def _counted(problems: Sequence[Problem]) -> Text:
    by_code = sorted(Counter(problem.code for problem in problems).items(), key=lambda each: (-each[1], each[0]))
    counts = ", ".join(f"{count:,} {code}" for code, count in by_code)
    return Text(f"… and {len(problems):,} more problem{'s' if len(problems) > 1 else ''}: {counts}")


def _problem(problem: Problem) -> Iterator[Text]:
    origins = ", ".join(map(str, problem.origins))
    yield from _shape(problem.code, problem.message, str(problem.where), problem.note, problem.hint, origins)


def _shape(
    code: str, message: str, where: str | None, note: str | None, hint: str | None, origins: str = ""
) -> Iterator[Text]:
    first, *others = plain_lines(message)
    yield Text.assemble(("error", "bold red"), (f"[{code}]", "bold"), f": {first}")
    yield from map(Text, others)
    if where:
        yield Text.assemble(("  where: ", "dim"), plain(where))
    if origins:
        yield Text.assemble(("  value: ", "dim"), plain(origins))
    if note:
        yield Text.assemble(("  note:  ", "dim"), plain(note))
    if hint:
        yield Text.assemble(("  hint:  ", "green"), plain(hint))
