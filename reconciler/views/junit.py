"""Show what the rules found in a plan as JUnit XML, which pipelines show as tests.

The format, as far as it is one: https://github.com/testmoapp/junitxml
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from reconciler.model.finding import Finding
from reconciler.model.plan import Plan
from reconciler.model.plan_json import plan_digest
from reconciler.views.junit_parts import escape, make_tag
from reconciler.views.reasons import describe_finding
from reconciler.views.rule_links import link_rule
from reconciler.views.view import View


def plan(value: Plan) -> str:
    """A suite for each rule that was asked, and a case for each finding; one that passes where it found nothing.

    A finding that refuses is a failure, a waived one is skipped, and a warning passes with its words as output.
    """
    titles = {each.id: each.title for each in value.rules}
    found: dict[str, list[Finding]] = defaultdict(list)
    for each in value.findings:
        found[each.rule].append(each)
    digest, rules = plan_digest(value), sorted({*titles, *found})
    suites = [line for rule in rules for line in _describe_suite(value, digest, rule, titles.get(rule), found[rule])]
    narrowed = f", narrowed to {' '.join(value.narrowed)}" if value.narrowed else ""
    narrowed += "" if value.rolls_back is None else f", rollback of run {value.rolls_back}"
    named = f"{value.workspace} on {value.tenant}{narrowed}"
    cases = sum(max(1, len(found[rule])) for rule in rules)
    head = make_tag("testsuites", name=f"reconciler: {named}", tests=cases, **_count_results(value.findings))
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', f"<{head}>", *suites, "</testsuites>"]) + "\n"


def _describe_suite(value: Plan, digest: str, rule: str, title: str | None, found: Sequence[Finding]) -> Iterator[str]:
    name = rule if title is None else f"{rule}: {title}"
    yield f"  <{make_tag('testsuite', name=name, tests=max(1, len(found)), **_count_results(found))}>"
    yield "    <properties>"
    yield f"      <{make_tag('property', name='digest', value=digest)}/>"
    yield f"      <{make_tag('property', name='help', value=link_rule(rule, title))}/>"
    yield "    </properties>"
    for each in found:
        yield from _describe_case(value, each)
    if not found:
        yield f"    <{make_tag('testcase', classname=rule, name='no finding')}/>"
    yield "  </testsuite>"


def _describe_case(value: Plan, finding: Finding) -> Iterator[str]:
    place = value.place(finding.object)
    where: dict[str, object] = {} if place is None else {"file": place.file}
    where |= {} if place is None or not place.line else {"line": place.line}
    words = describe_finding(finding)
    yield f"    <{make_tag('testcase', classname=finding.rule, name=str(finding.object), **where)}>"
    if finding.waived is not None:
        until = "" if finding.until is None else f" until {finding.until.isoformat()}"
        yield f"      <{make_tag('skipped', message=f'waived{until}: {finding.waived}')}/>"
        yield f"      <system-out>{escape(words)}</system-out>"
    elif finding.refuses:
        at = "" if place is None else f"{place}: "
        yield f"      <{make_tag('failure', type=finding.rule, message=words)}>{escape(f'{at}{words}')}</failure>"
    else:
        yield f"      <system-out>{escape(f'warning: {words}')}</system-out>"
    yield "    </testcase>"


def _count_results(found: Iterable[Finding]) -> dict[str, object]:
    every = list(found)
    waived = sum(each.waived is not None for each in every)
    return {"failures": sum(each.refuses for each in every), "errors": 0, "skipped": waived}


VIEWS = (View("junit", "plan", plan),)
