"""A template that goes too deep is refused before anything follows it, and what is refused is what is said."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable

import pytest
from jinja2.sandbox import SandboxedEnvironment

from reconciler.model.template_nesting import BRACKETS, OPERATORS, goes_too_deep
from reconciler.steps.load.template_filters import Refused
from reconciler.steps.load.templates import evaluate
from reconciler.templates.callback_bodies import BadTemplate, render

ENVIRONMENT = SandboxedEnvironment()

EDGES: dict[str, tuple[Callable[[int], str], int]] = {
    "brackets": (lambda n: "{{ " + "(" * n + "1" + ")" * n + " }}", BRACKETS),
    "lists": (lambda n: "{{ " + "[" * n + "1" + "]" * n + " }}", BRACKETS),
    "sums": (lambda n: "{{ 1" + " + 1" * n + " }}", OPERATORS),
    "signs": (lambda n: "{{ " + "-" * n + "1 }}", OPERATORS),
    "denials": (lambda n: "{{ " + "not " * n + "x }}", OPERATORS),
    "choices": (lambda n: "{{ " + "1 if x else " * (n // 2) + "2" + (" + 1" if n % 2 else "") + " }}", OPERATORS),
    "filters": (lambda n: "{{ x" + "|string" * n + " }}", OPERATORS),
    "parts": (lambda n: "{{ x" + ".x" * n + " }}", OPERATORS),
    "blocks": (lambda n: "{% if x %}" * n + "1" + "{% endif %}" * n, BRACKETS),
}


@pytest.mark.parametrize("shape", EDGES)
def test_exactly_the_limit_is_followed_and_one_more_is_not(shape: str) -> None:
    write, most = EDGES[shape]
    assert not goes_too_deep(ENVIRONMENT.lex(write(most)))
    assert goes_too_deep(ENVIRONMENT.lex(write(most + 1)))


@pytest.mark.parametrize("shape", EDGES)
def test_what_is_followed_needs_no_more_than_half_of_the_stack(shape: str) -> None:
    """As deep as a test or a long call goes, there is room left: the limit is met nowhere by chance."""
    write, most = EDGES[shape]
    before, depth = sys.getrecursionlimit(), _depth()
    sys.setrecursionlimit(depth + 550)
    try:
        ENVIRONMENT.from_string(write(most))
    finally:
        sys.setrecursionlimit(before)


def _depth() -> int:
    depth, frame = 0, inspect.currentframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    return depth


def test_many_values_side_by_side_are_not_deep() -> None:
    assert not goes_too_deep(ENVIRONMENT.lex("{{ x + 1 }}" * 1000))
    assert not goes_too_deep(ENVIRONMENT.lex("{{ [" + ", ".join(["1"] * 1000) + "] }}"))
    assert not goes_too_deep(ENVIRONMENT.lex("{% if x %}1{% endif %}" * 1000))
    assert not goes_too_deep(ENVIRONMENT.lex("((((" * 1000))


def test_a_manifest_and_a_webhook_refuse_the_same_depth() -> None:
    deep = "{{ " + "(" * (BRACKETS + 1) + "1" + ")" * (BRACKETS + 1) + " }}"
    with pytest.raises(Refused) as refused:
        evaluate(deep, {})
    assert refused.value.told[0] == "template-too-large"
    with pytest.raises(BadTemplate, match="deep"):
        render(deep, {}, "text/plain")
