# tested by: tests/views/test_golden.py
"""Show errors: code, what, where, why, what to do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

import orjson
from rich.text import Text

from reconciler.model.errors import ReconcilerError, Stale
from reconciler.model.problem import BadInput, Problem
from reconciler.model.reason_json import make_counted_document, make_reason_document
from reconciler.views.plain_text import plain, plain_json, plain_lines
from reconciler.views.reasons import describe_error, describe_faults
from reconciler.views.view import View

FORMAT = "1.0"
"""The version of the document of an error."""

MOST = 50
"""Problems that are printed: nobody reads more before the first are mended. The rest are counted by their codes."""


def machine(error: ReconcilerError) -> str:
    """An error as a JSON document, with every problem of a bad input."""
    told: dict[str, Any] = {"where": error.where, "status": error.status, "request_id": error.request_id}
    told |= {"note": error.note, "hint": error.hint}
    told |= {"problems": [_problem_document(each) for each in error.problems]} if isinstance(error, BadInput) else {}
    if isinstance(error, Stale) and error.expired:
        told["expired"] = [
            {"object": each.object, "place": each.place, **make_reason_document(each.why)} for each in error.expired
        ]
    return make_document(error.code, describe_error(error), error.exit_code, **told)


def make_document(code: str, message: str, exit_code: int, **more: Any) -> str:
    """What went wrong, as JSON: `exit_code` is that of the program."""
    error = {"code": code, "message": message, **more}
    whole = {"format_version": FORMAT, "exit_code": int(exit_code), "error": error}
    return plain_json(orjson.dumps(whole, option=orjson.OPT_INDENT_2).decode())


def _problem_document(problem: Problem) -> dict[str, Any]:
    where = problem.where
    return {
        "code": problem.code,
        "message": problem.message,
        "where": {"file": where.file, "line": where.line or None, "column": where.column or None},
        "note": _note(problem),
        **({"faults": make_counted_document(problem.faults)} if problem.faults else {}),
        "hint": problem.hint,
        "values": [str(each) for each in problem.origins],
    }


def show_failure(error: ReconcilerError) -> Text:
    """An error, or every problem of a bad input, as styled text."""
    lines: list[Text] = []
    if isinstance(error, BadInput):
        for problem in error.problems[:MOST]:
            lines += _describe_problem(problem)
            lines.append(Text())
        if error.problems[MOST:]:
            lines += [_count_problems(error.problems[MOST:]), Text()]
        lines += [Text(line, "bold") for line in plain_lines(error.message)]
    else:
        lines += _format_error(error.code, describe_error(error), error.where, error.note, error.hint)
    return Text("\n").join(lines)


def _count_problems(problems: Sequence[Problem]) -> Text:
    by_code = sorted(Counter(problem.code for problem in problems).items(), key=lambda each: (-each[1], each[0]))
    counts = ", ".join(f"{count:,} {code}" for code, count in by_code)
    return Text(f"… and {len(problems):,} more problem{'s' if len(problems) > 1 else ''}: {counts}")


def _describe_problem(problem: Problem) -> Iterator[Text]:
    origins = ", ".join(map(str, problem.origins))
    # of a name that somebody gave, on the command line as well, no line begins
    message = plain(problem.message)
    yield from _format_error(problem.code, message, str(problem.where), _note(problem), problem.hint, origins)


def _note(problem: Problem) -> str | None:
    """Why that matters; of rows that cannot be used, why."""
    return describe_faults(problem.faults) if problem.faults and problem.note is None else problem.note


def _format_error(
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


VIEWS = (View("text", "error", show_failure), View("json", "error", machine))
