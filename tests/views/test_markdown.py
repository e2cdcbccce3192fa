"""A plan in one comment: nobody's text gives orders in it, and however much changes, it fits."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciler.model.object_change import Action, FieldChange
from reconciler.model.plan import Plan
from reconciler.views import html, markdown
from reconciler.views.markdown_escape import LONGEST, bullets, code, join_parts, length, table
from tests.views.plans import HOSTILE, hostile, large, plan

SCHEMAS = Path(__file__).parents[2] / "schemas"

SPAN = re.compile(r"`[^`\n]*`")
OURS = re.compile(r"^(#{2,3} [A-Z]|\||- |<details>$|<summary>[A-Z0-9][^<]*</summary>$|</details>$|[A-Z*]|$)")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_somebody_else_stays_between_its_backticks(text: str) -> None:
    shown = code(text)
    inside = shown[1:-1]
    assert shown == "(blank)" or (shown[0] == shown[-1] == "`")
    assert not set(inside) & set("`|<>\n\r\u202e\u200b\u3164\u2028\u00a0\ufe0f\u00ad")
    assert not re.search(r"@\w|#\w|!\[", inside)
    assert "##[" not in inside
    assert "##[" not in code(f"{text} ×")
    assert len(inside) <= LONGEST + 2


@given(st.text(max_size=300))
def test_whatever_a_text_holds_it_is_one_span_on_one_line(text: str) -> None:
    shown = code(text)
    assert shown == "(blank)" or SPAN.fullmatch(shown)
    assert "|" not in shown
    assert shown.isprintable()


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_two_texts_that_look_alike_are_not_shown_alike(one: str, other: str) -> None:
    if one.strip(" ") and other.strip(" ") and one != other:
        assert code(one, 10_000) != code(other, 10_000)


def test_names_as_long_as_the_tenant_takes_are_told_apart_by_their_middles() -> None:
    longest = json.loads((SCHEMAS / "manifest.json").read_text())["$defs"]["liveName"]["maxLength"]
    names = [f"{'x' * 99}{each}{'y' * (longest - 100)}" for each in "ab"]
    assert len(names[0]) == longest
    assert len({code(each) for each in names}) == 2
    whole = plan()
    changed = next(each for each in whole.objects if each.action is Action.UPDATE)
    changed = replace(changed, fields=(FieldChange("list", *names),))
    text = markdown.plan(replace(whole, objects=(changed,)))
    assert f'| `"{names[0]}"` | `"{names[1]}"` |' in text


def test_a_hostile_plan_has_the_lines_of_a_plan_and_no_others() -> None:
    """Without what stands between backticks nothing of what somebody else wrote is left."""
    text = markdown.plan(hostile())
    bare = SPAN.sub("", text)
    assert [line for line in text.splitlines() if not OURS.match(line)] == []
    for order in ("Approved", "evil", "admin", "<!--", "xxx", "GH-1", "#123"):
        assert order not in bare
    rows = [line for line in text.splitlines() if line.startswith("|")]
    widths = {line.count("|") for line in rows}
    assert widths <= {5, 6, 7, 8, 9, 10}
    assert text.count("<details>") == text.count("</details>")


def test_what_is_risky_comes_first() -> None:
    text = markdown.plan(plan())
    order = ["## Plan: blocked", "Blast radius", "### Blocked", "### Who starts", "### Warnings", "### Campaigns"]
    places = [text.index(each) for each in order]
    assert places == sorted(places)


@pytest.mark.parametrize("show", [markdown.plan, html.plan])
def test_a_long_setting_of_an_object_that_is_made_hides_none_of_the_others(show: Callable[[Plan], str]) -> None:
    whole = plan()
    made = next(each for each in whole.objects if each.action is Action.CREATE and each.address.kind == "Campaign")
    long = (FieldChange("description", None, "Calls who agreed. " * 150), FieldChange("code", None, "Z" * 900))
    told = {"dialType": "predictive", "status": "active", "list": "First list", "abandonThreshold": 30}
    short = tuple(FieldChange(path, None, value) for path, value in told.items())
    fields = (*long, *short, *(replace(each, path=f"{each.path}2") for each in long))
    others = (each for each in whole.objects if each is not made)
    text = unescape(show(replace(whole, objects=(*others, replace(made, fields=fields)))))
    settings = [f"{path}: {orjson.dumps(value).decode()}" for path, value in told.items()]
    assert [each for each in settings if each not in text] == []


def test_of_an_object_with_very_many_settings_the_rest_are_counted() -> None:
    whole = plan()
    made = next(each for each in whole.objects if each.action is Action.CREATE and each.address.kind == "Campaign")
    fields = tuple(FieldChange(f"f{number}", None, "Z" * 900) for number in range(2000))
    text = markdown.plan(replace(whole, objects=(replace(made, fields=fields, later={}),)))
    assert re.search(r"`f59: \S+`(, `[^`]*`)* and 1,940 more \|", text)
    assert length(text) <= markdown.MOST


def test_five_hundred_objects_and_a_million_rows_fit_and_say_what_is_left_out() -> None:
    whole = large()
    text = markdown.plan(whole, "https://ci.example.com/1")
    assert markdown.MOST - 20_000 < length(text) <= markdown.MOST
    assert "more of 2,500: [the whole plan](<https://ci.example.com/1>)" in text
    assert "`RULE-0` | 358 |" in text
    assert text == markdown.plan(whole, "https://ci.example.com/1")
    assert "`reconciler show FILE`" in markdown.plan(whole)


def test_a_rule_with_thousands_of_findings_is_one_line() -> None:
    text = markdown.plan(large())
    assert len(re.findall(r"^\| `RULE-\d` \|", text, re.MULTILINE)) == 7


def test_what_did_not_change_is_counted_and_not_listed() -> None:
    text = markdown.plan(plan(empty=True))
    assert text.startswith("## Plan: no changes\n")
    assert "Unchanged: 1 Campaign." in text
    assert "Campaign/" not in text.replace("`Campaign/high`", "") or "Waivers" in text


@pytest.mark.parametrize("most", [400, 401, 1000, 5000])
def test_a_comment_is_cut_in_the_middle_to_the_character(most: int) -> None:
    part = table("Many", ("a", "b"), [(code(f"row {number}"), "1") for number in range(1000)])
    text = join_parts([part, bullets("Few", ["one"])], "see there", most)
    assert length(text) <= most
    lines = text.splitlines()
    assert "| `row 0` | 1 |" in lines
    assert "| `row 999` | 1 |" in lines or most < 402
    assert re.search(r"^\| … [\d,]+ more of 1,000: see there \| \|$", text, re.MULTILINE)


def test_what_fits_exactly_is_not_cut() -> None:
    part = bullets("All", ["x" * 10, "y" * 10, "z" * 10])
    whole = join_parts([part], "see there", 10_000)
    assert join_parts([part], "see there", length(whole)) == whole
    assert "more of 3" in join_parts([part], "see", length(whole) - 1)


def test_a_character_beyond_the_basic_plane_counts_as_two() -> None:
    assert length("😀a") == 3


@pytest.mark.parametrize("size", [LONGEST - 1, LONGEST, LONGEST + 1])
def test_a_long_text_loses_its_middle(size: int) -> None:
    shown = code("a" + "x" * (size - 2) + "z")[1:-1]
    assert len(shown) == min(size, LONGEST)
    assert ("…" in shown) is (size > LONGEST)
    assert (shown[0], shown[-1]) == ("a", "z")


def test_a_plan_made_by_an_earlier_program_is_shown_without_its_impact() -> None:
    assert "Blast radius" not in markdown.plan(replace(plan(), impact=None))
