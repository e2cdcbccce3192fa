"""The legs of each campaign's safe harbour are told in every view: campaigns that are alike on one line."""

from __future__ import annotations

from dataclasses import replace

from reconciler.model.safe_harbour import Leg, LegState
from reconciler.views import html, markdown, safe_harbour, terminal
from tests.views.legs import VALUES, plan_of_legs, planned
from tests.views.plans import plan
from tests.views.test_golden import printed


def test_every_leg_and_state_has_words_and_what_lacks_most_comes_first() -> None:
    assert set(safe_harbour.LEGS) == set(Leg)
    assert set(safe_harbour.STATES) == set(LegState)
    assert set(VALUES) == set(Leg)
    lines = printed(terminal.plan(plan_of_legs(), full=True)).splitlines()
    lines = lines[lines.index("Safe harbour, leg by leg (docs/safe-harbour.md):") :]
    assert lines[1].startswith("  Campaign/gaps")
    assert "\x1b" not in "".join(lines)


def test_the_page_has_them_too_and_a_plan_without_legs_says_nothing_of_them() -> None:
    page = html.plan(plan_of_legs())
    assert "Safe harbour, leg by leg" in page
    assert "range not published" in page
    assert "\x1b" not in page
    for view in (markdown.plan, html.plan):
        assert "Safe harbour" not in view(replace(plan(), campaigns=()))
    assert "Safe harbour" not in printed(terminal.plan(replace(plan(), campaigns=()), full=True))


def test_too_many_lines_are_counted() -> None:
    each = [planned(f"one-{number}", dict.fromkeys(list(Leg)[:number], LegState.UNSET)) for number in range(9)]
    several = [planned(f"two-{number}", {list(Leg)[number]: LegState.NOT_SETTABLE}) for number in range(8)]
    lines = [str(line) for line in safe_harbour.describe_legs([*each, *several])]
    assert len(lines) <= safe_harbour.MOST + 2
    assert lines[-1].endswith("more in the plan's JSON")
