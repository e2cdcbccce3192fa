"""The page of a plan in a real browser: its charts are there, it is searched and switched by keys, and asks for nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from reconciler.views import html
from tests.views import chromium
from tests.views.chromium import Page
from tests.views.plans import hostile, large, plan

pytestmark = pytest.mark.xdist_group("chromium")

TAB, ENTER, SPACE = ("Tab", 9), ("Enter", 13, "\r"), (" ", 32, " ")
IN_PIPELINE = bool(os.environ.get("CI") or os.environ.get("RECONCILER_CI"))
FOCUSED = "document.activeElement.id || document.activeElement.textContent.trim()"


def test_a_pipeline_has_a_browser() -> None:
    """There the tests below may not be skipped."""
    assert chromium.PROGRAM is not None or not IN_PIPELINE, "there is no Chromium: apt-get install chromium"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """A browser's page, which was started once for everything here, beside the files that it opens."""
    if chromium.PROGRAM is None:
        pytest.skip("there is no Chromium: apt-get install chromium")
    with chromium.browse(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The addresses of some plans' pages."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}
    for name, value in (("plan", plan()), ("hostile", hostile()), ("large", large())):
        (folder / f"{name}.html").write_text(html.plan(value, "https://ci.example.com/1"), encoding="utf-8")
        found[name] = (folder / f"{name}.html").as_uri()
    return found


def shown(page: Page, selector: str) -> int:
    """How many of these elements have a place on the page."""
    found = page.ask(f"[...document.querySelectorAll({selector!r})].filter(e => e.checkVisibility()).length")
    assert isinstance(found, int)
    return found


def settle(page: Page, expression: str) -> None:
    """Wait until something is so: a search begins a moment after the last letter."""
    page.ask(
        "new Promise((yes, no) => { const end = Date.now() + 10000; (function look() {"
        f"if ({expression}) yes(); else if (Date.now() > end) no(new Error('never')); else setTimeout(look, 20); }})() }})"
    )


@pytest.mark.parametrize("name", ["plan", "hostile", "large"])
@pytest.mark.parametrize("width", [1280, 390])
def test_it_fits_asks_for_nothing_and_has_nothing_to_complain_of(
    page: Page, pages: dict[str, str], name: str, width: int
) -> None:
    page.resize(width)
    page.complaints.clear()
    page.open(pages[name])
    assert [each for each in page.requests if each != "data:,"] == [pages[name]]
    assert page.complaints == []
    assert page.ask("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.ask("document.title").startswith("Plan: blocked")


def test_its_charts_are_drawn_and_no_label_stands_out_of_them(page: Page, pages: dict[str, str]) -> None:
    page.resize(1280)
    page.open(pages["large"])
    assert shown(page, "figure > svg") == page.ask("document.querySelectorAll('figure').length") >= 5
    assert shown(page, "svg rect.after") > 10
    assert shown(page, "svg path") > 10
    inside = (
        "[...document.querySelectorAll('figure > svg')].every(svg => { const box = svg.getBoundingClientRect();"
        "return [...svg.querySelectorAll('text')].every(text => { const mine = text.getBoundingClientRect();"
        "return mine.left >= box.left - 1 && mine.right <= box.right + 1 && mine.top >= box.top - 4; }) })"
    )
    assert page.ask(inside)


def test_whoever_searches_sees_what_fits_and_hears_how_much_that_is(page: Page, pages: dict[str, str]) -> None:
    page.open(pages["large"])
    whole = page.ask("document.querySelectorAll('[data-line]').length")
    assert page.ask("document.getElementById('count').textContent") == f"{whole:,} lines"
    assert shown(page, "#campaigns [data-line]") == 0  # folded, as it is long
    page.ask("document.getElementById('search').focus()")
    page.type("OBJECT-007 setting3")
    settle(page, "document.getElementById('count').textContent.includes(' of ')")
    assert page.ask("document.getElementById('count').textContent") == f"1 of {whole:,} lines"
    assert shown(page, "[data-line]") == shown(page, "#campaigns [data-line]") == 1
    assert shown(page, "main section") == 1
    page.type(" nowhere")
    settle(page, "document.getElementById('count').textContent.startsWith('0 of')")
    assert shown(page, "main section") == 0
    page.ask("document.querySelector('button[type=reset]').click()")
    settle(page, "!document.getElementById('count').textContent.includes(' of ')")
    assert shown(page, "main section") == page.ask("document.querySelectorAll('main section').length")
    assert shown(page, "#campaigns [data-line]") == 0
    page.ask("(e => { e.value = 'findings'; e.dispatchEvent(new Event('change')); })(document.getElementById('kind'))")
    assert page.ask("[...document.querySelectorAll('main section')].filter(e => !e.hidden).map(e => e.id)") == [
        "against",
        "blocked",
        "waivers",
        "findings",
    ]


def test_keys_alone_reach_everything_and_nobody_is_caught(page: Page, pages: dict[str, str]) -> None:
    page.resize(1280)
    page.open(pages["plan"])
    order = []
    for _ in range(60):
        page.press(*TAB)
        order.append(page.ask(FOCUSED))
        if order[-1] and page.ask("document.activeElement === document.body"):
            break
        outline = page.ask("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", order[-1]
    assert order[:2] == ["Skip to the plan", "theme"]
    assert order.index("theme") < order.index("search") < order.index("kind") < order.index("Clear")
    assert sum(each.startswith("The figures behind") for each in order) == page.ask(
        "document.querySelectorAll('figure').length"
    )
    assert page.ask("document.activeElement === document.body")
    page.press(*TAB)
    page.press(*ENTER)
    assert page.ask("document.activeElement.id") == "main"


def test_light_and_dark_follow_the_system_until_somebody_switches(page: Page, pages: dict[str, str]) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    page.resize(1280)
    page.open(pages["plan"])
    light = page.ask(ground)
    page.resize(1280, dark=True)
    dark = page.ask(ground)
    assert light != dark
    settle(page, "document.getElementById('theme').getAttribute('aria-pressed') === 'true'")
    page.ask("document.getElementById('theme').focus()")
    page.press(*SPACE)
    assert page.ask(ground) == light
    assert page.ask("document.getElementById('theme').getAttribute('aria-pressed')") == "false"
    page.press(*ENTER)
    assert page.ask(ground) == dark


def test_a_link_of_the_overview_opens_what_is_folded(page: Page, pages: dict[str, str]) -> None:
    page.open(pages["large"])
    assert shown(page, "#campaigns [data-line]") == 0
    page.ask("document.querySelector('nav a[href=\"#campaigns\"]').click()")
    assert shown(page, "#campaigns [data-line]") == 2500


def test_without_scripts_it_is_a_plain_page(page: Page, pages: dict[str, str]) -> None:
    page.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        page.open(pages["plan"])
        assert shown(page, "#tools, #theme") == 0
        assert shown(page, "#campaigns [data-line]") == 4
        assert shown(page, "figure > svg") >= 3
    finally:
        page.send("Emulation.setScriptExecutionDisabled", value=False)
