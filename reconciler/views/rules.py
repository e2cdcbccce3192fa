# tested by: tests/rules/test_rules.py
"""Show the rules and their sources."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import orjson
from rich.text import Text

from reconciler.model.finding import Severity
from reconciler.model.rule import Jurisdiction, Rule, Source, Timetable
from reconciler.model.serialization import to_json as written
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.view import View

WIDTH = 100
NO_ADVICE = "This is not legal advice: what is abandoned is decided while calls are made. Ask your counsel."


def show_rules(rules: Iterable[Rule], jurisdictions: Iterable[Jurisdiction], timetables: Iterable[Timetable]) -> Text:
    """Every rule in a few lines, every ceiling, and all calling hours."""
    lines: list[Text] = []
    for rule in rules:
        style = "bold red" if rule.severity is Severity.REFUSE else "yellow"
        lines.append(Text.assemble((f"{rule.id:<15}", "bold"), (f"{rule.severity:<8}", style), plain(rule.title)))
        lines += [Text(plain(f"{'':<23}{_cite_source(source)}"), "dim") for source in rule.sources]
    lines += [Text(), Text("Ceilings of abandonment, by the country of the called number", "bold")]
    for each in jurisdictions:
        words = f"{each.percent:g} % {each.measured}{', an internal ceiling' if each.internal else ''}"
        lines.append(Text.assemble((f"{', '.join(each.places):<24}", "bold"), plain(words)))
        lines += [Text(plain(f"{'':<24}{_cite_source(source)}"), "dim") for source in each.sources]
    lines += [Text(), Text("Calling hours, by where the called person is", "bold")]
    for timetable in timetables:
        lines.append(Text.assemble((f"{', '.join(timetable.places):<24}", "bold"), plain(_describe_hours(timetable))))
        lines += [Text(plain(f"{'':<24}{_cite_source(source)}"), "dim") for source in timetable.sources]
    lines += [Text(), Text(NO_ADVICE, "dim")]
    return Text("\n").join(lines)


def show_rule(rule: Rule, jurisdictions: Sequence[Jurisdiction] = (), timetables: Sequence[Timetable] = ()) -> Text:
    """One rule with all that is known of its sources, and the ceilings or hours where it is about them."""
    lines = [Text.assemble((rule.id, "bold"), plain(f"  {rule.title}")), Text()]
    lines += [Text(plain(line)) for line in textwrap.wrap(rule.says, WIDTH, break_on_hyphens=False)]
    lines += [Text(), Text(plain(_describe_verdict(rule))), Text()]
    lines += list(_iter_sources(rule.sources))
    for each in jurisdictions:
        label = ", an internal ceiling" if each.internal else ""
        lines += [Text(), Text(plain(f"{each.name} ({', '.join(each.places)}): {each.percent:g} %{label}"), "bold")]
        lines += [Text(plain(f"  {each.measured}")), *_iter_sources(each.sources)]
    for timetable in timetables:
        head = f"{timetable.hours.place} ({', '.join(timetable.places)}): {_describe_hours(timetable)}"
        lines += [Text(), Text(plain(head), "bold"), *_iter_sources(timetable.sources)]
    return Text("\n").join([*lines, Text(), Text(NO_ADVICE, "dim")])


def machine(rules: Iterable[Rule], jurisdictions: Iterable[Jurisdiction], timetables: Iterable[Timetable]) -> str:
    """The same for programs."""
    document = {
        "rules": [
            {
                "id": rule.id,
                "title": rule.title,
                "says": rule.says,
                "severity": rule.severity.value,
                "waivable": rule.waivable,
                "waiver_ends": rule.ends,
                "sources": written(rule.sources),
            }
            for rule in rules
        ],
        "jurisdictions": written(tuple(jurisdictions)),
        "calling_hours": [
            {
                "places": list(each.places),
                "place": each.hours.place,
                "week": [None if span is None else [f"{time:%H:%M}" for time in span] for span in each.hours.week],
                "internal": each.hours.internal,
                "sources": written(each.sources),
            }
            for each in timetables
        ],
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


def markdown(rules: Iterable[Rule], jurisdictions: Iterable[Jurisdiction], timetables: Iterable[Timetable]) -> str:
    """The same as a page: what docs/rules.md holds below its introduction."""
    parts = ["## The ceilings", "| places | threshold at most | of what | source |\n|---|---|---|---|"]
    rows = [
        f"| {', '.join(each.places)} | {each.percent:g} %{' (internal)' if each.internal else ''} | {each.measured} "
        f"| {'; '.join(map(_link_source, each.sources))} |"
        for each in jurisdictions
    ]
    parts[-1] += "".join(f"\n{row}" for row in rows)
    for each in jurisdictions:
        parts += [f"{each.name}:", "\n".join(_format_bullet(source) for source in each.sources)]
    parts += ["## The calling hours", "| places | hours there | source |\n|---|---|---|"]
    parts[-1] += "".join(
        f"\n| {', '.join(each.places)} | {_describe_hours(each)} | {'; '.join(map(_link_source, each.sources))} |"
        for each in timetables
    )
    for rule in rules:
        parts += [f"## {rule.id}: {rule.title}", rule.says, _describe_verdict(rule)]
        parts.append("\n".join(_format_bullet(source) for source in rule.sources))
    return "\n\n".join(parts) + "\n"


def _describe_hours(timetable: Timetable) -> str:
    return f"{timetable.hours.said}{' (internal)' if timetable.hours.internal else ''}"


def _describe_verdict(rule: Rule) -> str:
    says = "Apply refuses a plan with such a finding" if rule.severity is Severity.REFUSE else "It warns; apply goes on"
    if not rule.waivable:
        return f"{says}. It cannot be waived."
    ends = ", and must set `until`" if rule.ends else ""
    return f"{says}. It can be waived for one object, with a reason{ends}."


def _iter_sources(sources: Iterable[Source]) -> Iterator[Text]:
    for source in sources:
        yield Text(plain(f"  {source.title}: {_cite_source(source)}"))
        yield Text(plain(f"    {source.url}"), "dim")
        for line in textwrap.wrap(source.note, WIDTH - 4, break_on_hyphens=False):
            yield Text(plain(f"    {line}"), "dim")


def _cite_source(source: Source) -> str:
    since = f", since {source.effective}" if source.effective is not None else ""
    return f"{source.citation}{since}{'' if source.verified else ', NOT VERIFIED'}"


def _link_source(source: Source) -> str:
    return f"[{source.citation}]({_make_href(source)}){'' if source.verified else ' **not verified**'}"


def _format_bullet(source: Source) -> str:
    since = f", since {source.effective}" if source.effective is not None else ""
    return f"- {source.title}, {_link_source(source)}{since}. {source.note[:1].upper()}{source.note[1:].rstrip('.')}."


def _make_href(source: Source) -> str:
    """Of a page of the documentation itself, as seen from beside it."""
    return source.url.removeprefix("docs/")


VIEWS = (
    View("text", "rules", show_rules),
    View("json", "rules", machine),
    View("markdown", "rules", markdown),
    View("text", "rule", show_rule),
    View("json", "rule", lambda rule, *about: machine((rule,), *about)),
)
