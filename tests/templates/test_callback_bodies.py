"""Does a template make a body of its data, and of nothing else, at a bounded cost?"""

from __future__ import annotations

from typing import Any

import pytest

from reconciler.templates.callback_bodies import OUTPUT, PARTS, BadTemplate, render

KNOWN: dict[str, Any] = {
    "event": "apply",
    "payload": {"run": 'a "run"', "exit_code": 0, "interrupted": False, "error": None, "done": {"a": 1, "b": 2}},
}


def made(text: str, content_type: str = "text/plain") -> str:
    return render(text, KNOWN, content_type)


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("{{ payload.run }} {{ payload['exit_code'] }}", 'a "run" 0'),
        ("{{ payload.interrupted }} {{ payload.error }} {{ payload.done }}", 'false null {"a":1,"b":2}'),
        ("{{ payload.run | tojson }}", '"a \\"run\\""'),
        ("{{ payload.nothing | default('-') }} {{ payload.error or 'none' }}", "- none"),
        ("{% if event == 'apply' %}yes{% else %}no{% endif %}", "yes"),
        ("{% for key, n in payload.done | items %}{{ loop.index }}{{ key }}{{ n }}{{ ' ' if not loop.last }}{% endfor %}", "1a1 2b2"),
        ("{% raw %}{{ kept }}{% endraw %}{# gone #}", "{{ kept }}"),
        ("{{ 'a' ~ 1 ~ ('b' | upper) }} {{ payload.done | length }} {{ payload.done | join('+') }}", "a1B 2 a+b"),
    ],
)  # fmt: skip
def test_a_template_makes_a_body(text: str, body: str) -> None:
    assert made(text) == body


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ payload.rnu }}", "there is no `rnu`; there is `run`"),
        ("{{ paylaod.run }}", "there is no `paylaod`"),
        ("{{ payload.a.b }}", "there is no `a`"),
        ("{{ payload.run.upper }}", "there is no `upper`"),
        ("{{ payload.items }}", "there is no `items`"),
        ("{{ payload.__class__ }}", "there is no `__class__`"),
        ("{{ ''['__class__'] }}", "there is no `__class__`"),
        ("{% for x in payload %}{{ loop.previtem }}{% endfor %}", "there is no `previtem`"),
        ("{% for x in payload %}{{ loop }}{% endfor %}", "it cannot be evaluated"),
        ("{{ payload.run() }}", "line 1 uses `call`"),
        ("{{ range(9) }}", "line 1 uses `call`"),
        ("\n{% set x = 1 %}", "line 2 uses `assign`"),
        ("{% macro m() %}{% endmacro %}", "line 1 uses `macro`"),
        ("{% include 'x' %}", "line 1 uses `include`"),
        ("{{ 'x' * 99999999 }}", "line 1 uses `mul`"),
        ("{{ 9 ** 9 }}", "line 1 uses `pow`"),
        ("{{ '%99999999d' % 1 }}", "line 1 uses `mod`"),
        ("{{ payload | xmlattr }}", "line 1 uses the filter `xmlattr`"),
        ("{{ 'a' + 1 }}", "it cannot be evaluated"),
        ("{{ payload", "line 1 is not written as Jinja writes templates"),
        ("{% for a in 'ab' %}{% for b in 'ab' %}{% for c in 'ab' %}{% endfor %}{% endfor %}{% endfor %}", "is a loop inside 2 others"),
        ("x" * (OUTPUT + 1), "too large"),
        ("{% for a in payload.done %}" + "x" * (OUTPUT - 100) + "{% endfor %}", "too large"),
        ("{{ 1 }}" * PARTS, "too large"),
        ("{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}", "more than 20 deep"),
    ],
)  # fmt: skip
def test_a_template_that_asks_for_more_makes_none(text: str, why: str) -> None:
    with pytest.raises(BadTemplate) as error:
        made(text)
    assert why in str(error.value)


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=utf-8", "application/x+json"])
def test_a_body_that_is_said_to_be_json_is(content_type: str) -> None:
    assert made('{"run": {{ payload.run | tojson }}}', content_type) == '{"run": "a \\"run\\""}'
    with pytest.raises(BadTemplate, match="does not make JSON: line 1, column 13"):
        made('{"run": "{{ payload.run }}"}', content_type)
