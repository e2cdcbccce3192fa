# tested by: tests/views/test_problem_reports.py
"""Show bad input as JUnit XML: each problem as a test that fails, at its line of the manifest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import attrgetter

from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Problem
from reconciler.model.validation import Validated
from reconciler.views.junit_parts import escape, make_tag
from reconciler.views.reasons import describe_error, describe_faults
from reconciler.views.view import View

_CODE = attrgetter("code")


def failure(error: ReconcilerError) -> str:
    """A suite for each code, and a case for each problem; what else ended the program, as a case in error."""
    if isinstance(error, BadInput):
        by_code = groupby(sorted(error.problems, key=_CODE), key=_CODE)
        suites = [line for code, alike in by_code for line in _describe_suite(code, tuple(alike))]
        return _wrap(suites, tests=len(error.problems), failures=len(error.problems), errors=0)
    words = describe_error(error)
    more = "; ".join(each for each in (words, error.where, error.note, error.hint) if each)
    case = make_tag("testcase", classname=error.code, name=error.where or "reconciler")
    lines = [
        f"  <{make_tag('testsuite', name=error.code, tests=1, failures=0, errors=1, skipped=0)}>",
        f"    <{case}>",
        f"      <{make_tag('error', type=error.code, message=words)}>{escape(more)}</error>",
        "    </testcase>",
        "  </testsuite>",
    ]
    return _wrap(lines, tests=1, failures=0, errors=1)


def valid(value: Validated) -> str:
    """One case, which passes."""
    name = f"{value.meant.workspace} on {value.meant.tenant}"
    lines = [
        f"  <{make_tag('testsuite', name='manifests', tests=1, failures=0, errors=0, skipped=0)}>",
        f"    <{make_tag('testcase', classname='validate', name=name)}/>",
        "  </testsuite>",
    ]
    return _wrap(lines, tests=1, failures=0, errors=0)


def _describe_suite(code: str, problems: Sequence[Problem]) -> Iterator[str]:
    counts = {"tests": len(problems), "failures": len(problems), "errors": 0, "skipped": 0}
    yield f"  <{make_tag('testsuite', name=code, **counts)}>"
    for each in problems:
        place: dict[str, object] = {"file": each.where.file} if each.where.names_file else {}
        place |= {"line": each.where.line} if place and each.where.line else {}
        yield f"    <{make_tag('testcase', classname=code, name=str(each.where), **place)}>"
        words = "; ".join(_list_words(each))
        told = f"{each.where}: {words}"
        yield f"      <{make_tag('failure', type=code, message=each.message)}>{escape(told)}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _list_words(problem: Problem) -> Iterator[str]:
    yield problem.message
    if problem.note is not None:
        yield problem.note
    elif problem.faults:
        yield describe_faults(problem.faults)
    if problem.hint is not None:
        yield f"hint: {problem.hint}"


def _wrap(suites: Iterable[str], *, tests: int, failures: int, errors: int) -> str:
    head = make_tag("testsuites", name="reconciler: input", tests=tests, failures=failures, errors=errors, skipped=0)
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<{head}>", *suites, "</testsuites>"]) + "\n"


VIEWS = (View("junit", "error", failure), View("junit", "validation", valid))
