# tested by: tests/views/test_html.py
"""List what a page has room for and a comment has not: every finding, examples of rows, the steps in their order."""

from __future__ import annotations

from collections.abc import Iterator

from reconciler.model.finding import Finding
from reconciler.model.list_change import Sample
from reconciler.model.outcome_change import AnyRowChange
from reconciler.model.plan import Plan
from reconciler.views.reasons import describe_finding, describe_sample
from reconciler.views.section_text import Cell, Section, name, quote, say, stress


def iter_details(value: Plan) -> Iterator[Section]:
    """Every section of details that has something in it."""
    yield from (each for each in (_list_findings(value), _list_samples(value), _list_steps(value)) if each.rows)


def _list_findings(value: Plan) -> Section:
    """A line for each finding, also those that are waived."""
    rows = []
    for each in value.findings:
        place = value.place(each.object)
        where = say("–") if place is None else name(place)
        rows.append((name(each.rule), name(each.object), _judge(each), where, quote(describe_finding(each))))
    columns = ("rule", "object", "verdict", "manifest", "what")
    return Section("findings", "Every finding, at its manifest's line", columns, tuple(rows), folded=True)


def _judge(finding: Finding) -> Cell:
    if finding.waived is not None:
        ends = f" until {finding.until}" if finding.until else ""
        return (*say(f"waived{ends}: "), *quote(finding.waived))
    return stress("apply refuses") if finding.refuses else say("warning")


def _list_samples(value: Plan) -> Section:
    """Contacts as examples, each by its token and what may be shown of it."""
    every: tuple[AnyRowChange, ...] = (*value.rows, *value.outcomes, *value.numbers, *value.held)
    rows = tuple((name(each.address), *_describe_contact(sample)) for each in every for sample in each.samples)
    return Section("samples", "Examples of rows", ("where", "what", "contact", "hint", "why"), rows, folded=True)


def _describe_contact(sample: Sample) -> tuple[Cell, Cell, Cell, Cell]:
    return name(sample.action), name(sample.token), name(sample.hint), quote(describe_sample(sample))


def _list_steps(value: Plan) -> Section:
    """What apply does, in order."""
    rows = tuple(
        (name(each.address), say(", ".join(each.does)), say("?" if each.writes is None else f"{each.writes:,}"))
        for each in value.steps
    )
    return Section("steps", "Steps, in their order", ("step", "does", "requests"), rows, folded=True)
