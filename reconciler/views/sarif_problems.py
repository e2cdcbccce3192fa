# tested by: tests/views/test_problem_reports.py
"""Show bad input as SARIF 2.1.0: each problem at its line of the manifest, where a code host shows it."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from reconciler import __version__
from reconciler.model.errors import ReconcilerError
from reconciler.model.problem import BadInput, Problem
from reconciler.model.validation import Validated
from reconciler.views.plain_text import plain
from reconciler.views.reasons import describe_error, describe_faults
from reconciler.views.rule_links import link_codes
from reconciler.views.sarif_parts import describe_place, escape, make_document
from reconciler.views.view import View

_RUN = {"automationDetails": {"id": "reconciler/input/"}}
"""Before the manifests can be read nobody knows of which workspace and tenant they are."""


def failure(error: ReconcilerError) -> str:
    """A result for each problem of the input; what else ended the program, as a notification, and no result."""
    if isinstance(error, BadInput):
        codes = sorted({each.code for each in error.problems})
        rules = [_describe_code(each) for each in codes]
        ended: dict[str, Any] = {"executionSuccessful": True, "exitCode": int(error.exit_code)}
        return make_document(__version__, rules, _list_results(error.problems, codes), invocation=ended, **_RUN)
    told = ". ".join(each for each in (describe_error(error), error.note, error.hint) if each)
    notification = {"level": "error", "message": {"text": escape(f"{error.code}: {told}")}}
    ended = {
        "executionSuccessful": False,
        "exitCode": int(error.exit_code),
        "toolExecutionNotifications": [notification],
    }
    return make_document(__version__, [], [], invocation=ended, **_RUN)


def valid(value: Validated) -> str:
    """No result: what was found before is mended."""
    return make_document(__version__, [], [], invocation={"executionSuccessful": True, "exitCode": 0}, **_RUN)


def _describe_code(code: str) -> dict[str, Any]:
    return {
        "id": code,
        "shortDescription": {"text": escape(code)},
        "helpUri": link_codes(),
        "defaultConfiguration": {"level": "error"},
    }


def _list_results(problems: Sequence[Problem], codes: Sequence[str]) -> Iterator[dict[str, Any]]:
    index = {code: at for at, code in enumerate(codes)}
    seen: Counter[tuple[str, ...]] = Counter()
    for each in problems:
        about = (each.code, each.where.file, each.message)
        seen[about] += 1
        # the same one while it moves up and down in its file
        print_of = hashlib.sha256("\0".join((*about, str(seen[about]))).encode("utf-8", "replace")).hexdigest()
        yield {
            "ruleId": each.code,
            "ruleIndex": index[each.code],
            "level": "error",
            "message": {"text": escape(_describe_problem(each))},
            "locations": [_locate(each)],
            "partialFingerprints": {"problem/v1": print_of, "primaryLocationLineHash": f"{print_of[:16]}:1"},
        }


def _describe_problem(problem: Problem) -> str:
    note = describe_faults(problem.faults) if problem.faults and problem.note is None else problem.note
    told = [problem.message, *(each for each in (note, problem.hint and f"hint: {problem.hint}") if each)]
    return ". ".join(told)


def _locate(problem: Problem) -> dict[str, Any]:
    """Its file, line and column; an option of the command line, or the folder, is no file."""
    if problem.where.names_file:
        return {"physicalLocation": describe_place(problem.where)}
    return {"logicalLocations": [{"fullyQualifiedName": plain(str(problem.where)), "kind": "resource"}]}


VIEWS = (View("sarif", "error", failure), View("sarif", "validation", valid))
