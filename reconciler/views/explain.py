# tested by: tests/cli/test_questions.py
"""Show the explanation of one contact."""

from __future__ import annotations

import orjson
from rich.text import Text

from reconciler.model.explanation import Explanation, Stage
from reconciler.model.notice_json import make_notices_document
from reconciler.model.reason_json import make_reason_document, make_samples_document
from reconciler.views.plain_text import plain, plain_json
from reconciler.views.reasons import describe_notice, describe_reason, describe_sample
from reconciler.views.view import View

_TOPICS = {
    "recency_and_frequency": "recency and frequency",
    "do_not_call": "do not call",
}


def text(value: Explanation) -> Text:
    """A line a stage, from row to list."""
    topics = [_describe_topic(stage) for stage in value.stages]
    width = max((len(topic) for topic in topics), default=0)
    lines = [Text(plain(str(value.meant)), "dim"), Text(plain(f"{value.contact} in {value.segment}"), "bold")]
    for topic, stage in zip(topics, value.stages, strict=True):
        lines.append(Text.assemble((f"  {plain(topic):<{width}}  ", "dim"), plain(_describe_facts(stage))))
    lines += [Text(plain(f"Notice: {describe_notice(notice)}"), "yellow") for notice in value.notices]
    return Text("\n").join(lines)


def _describe_topic(stage: Stage) -> str:
    if stage.name == "list":
        return f"list {stage.subject!r}"
    return stage.subject if stage.name == "intersect" else _TOPICS.get(stage.name, stage.name)


def _describe_facts(stage: Stage) -> str:
    facts = [describe_reason(each) for each in stage.facts]
    match stage.name:
        case "source" | "number":
            return f"{stage.subject}: {', '.join(facts)}"
        case "interactions":
            return f"{facts[0]}: {stage.subject}"
        case "do_not_call":
            return f"its number is on {stage.facts[0].name_arguments()['by']}"
        case "verdict" if stage.facts[0].code != "included":
            return f"out: {facts[0]}"
        case "list":
            planned = stage.planned
            doing = [] if planned is None else [f"a plan would {planned.action} it: {describe_sample(planned)}"]
            return "; ".join([facts[0], *doing, *facts[1:]])
        case _:
            return ", ".join(facts)


def machine(value: Explanation) -> str:
    """The stages as JSON, in the same order."""
    document = {
        **value.meant.document,
        "segment": str(value.segment),
        "contact": value.contact,
        "stages": [
            {
                "name": stage.name,
                "subject": stage.subject,
                "facts": [make_reason_document(each) for each in stage.facts],
                "planned": None if stage.planned is None else make_samples_document([stage.planned])[0],
            }
            for stage in value.stages
        ],
        **make_notices_document(value.notices),
    }
    return plain_json(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode())


VIEWS = (View("text", "contact", text), View("json", "contact", machine))
