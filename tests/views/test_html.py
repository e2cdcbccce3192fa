"""A plan as one page: nobody's text is markup in it, it needs nothing else, and whoever reads it by ear has all of it."""

from __future__ import annotations

import ast
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model.object_change import FieldChange
from reconciler.model.plan import Plan
from reconciler.model.reason import Counted, Reason
from reconciler.views import html, markdown, plan_sections
from reconciler.views.html import show_foreign
from reconciler.views.plan_sections import iter_sections
from tests.views.page_reader import Element, read_page
from tests.views.plans import HOSTILE, hostile, large, plan, replacement

ASSETS = files("reconciler.views") / "html_page"
STYLE, SCRIPT = ((ASSETS / name).read_text(encoding="utf-8") for name in ("plan.css", "plan.js"))
LINK = "https://ci.example.com/jobs/1?a=b&c=d#e"


def shape(page: Element) -> list[tuple[str, tuple[str, ...]]]:
    """Every element with the names of its attributes, but for classes, which tell long texts from short ones."""
    return [(each.tag, tuple(name for name in each.attributes if name != "class")) for each in page.walk()]


def lines(page: Element) -> list[Element]:
    return [each for each in page.walk() if "data-line" in each.attributes]


def test_nothing_of_somebody_elses_is_markup_a_script_a_style_or_an_address() -> None:
    page = read_page(html.plan(hostile(), LINK))
    tags = {each.tag for each in page.walk()}
    assert tags <= {each.tag for each in read_page(html.plan(plan(), LINK)).walk()} | {"path"}
    assert [each.text for each in page.find("script")] == [SCRIPT]
    assert [each.text for each in page.find("style")] == [STYLE]
    names = {name for each in page.walk() for name in each.attributes}
    assert not {name for name in names if name.startswith("on") or name in ("style", "src", "srcset", "srcdoc")}
    addresses = {each.attributes["href"] for each in page.walk() if "href" in each.attributes}
    assert {each for each in addresses if each and not each.startswith("#")} == {LINK, "data:,"}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_somebody_else_is_on_one_line_and_hides_nothing(text: str) -> None:
    shown = show_foreign(text)
    assert shown.isprintable()
    assert not set(shown) & set("\n\r\u202e\u2066\u200b\u3164\u2028\u00ad\ufe0f\u00a0\x00\x1b")
    assert len(shown) <= html.LONGEST


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_two_texts_that_differ_are_not_shown_alike(one: str, other: str) -> None:
    if one != other and one.strip(" ") and other.strip(" "):
        assert show_foreign(one) != show_foreign(other)


def named(text: str) -> Plan:
    """The plan with a text in each place where somebody else's may stand, and that orders nothing."""
    whole = plan()
    objects = tuple(
        replace(each, name=text, fields=(FieldChange(text, text, {text: [text]}),)) if each.fields else each
        for each in whole.objects
    )
    moved = Counted(Reason("moved", (text, text)), 3, "add")
    samples = tuple(replace(each, token=text, hint=text, reason=moved.reason) for each in whole.rows[0].samples)
    return replace(
        whole,
        tenant=text,
        workspace=text,
        environment=text,
        objects=objects,
        rows=(replace(whole.rows[0], list=text, reasons=(moved,), samples=samples),),
        findings=tuple(replace(each, message=text, waived=each.waived and text) for each in whole.findings),
        waivers=tuple(replace(each, reason=text, by=text) for each in whole.waivers),
        notices=tuple(replace(each, message=text) for each in whole.notices),
    )


@given(
    st.one_of(st.text(min_size=1, max_size=60), st.sampled_from([*HOSTILE, "</script><script>", "javascript:x", "]]>"]))
)
@settings(max_examples=25, deadline=None)
def test_whatever_a_text_holds_the_page_has_the_elements_of_any_other(text: str) -> None:
    text = text if text.strip() else "x"
    page = read_page(html.plan(named(text), LINK))
    assert shape(page) == shape(read_page(html.plan(named("harmless"), LINK)))
    assert show_foreign(text) in page.text
    assert page.find("script")[0].text == SCRIPT
    classes = {name for each in page.walk() for name in (each.attributes.get("class") or "").split()}
    assert {each for each in classes if not re.search(rf"\.{each}\b", STYLE)} == set()


def test_the_browser_is_told_to_run_and_load_nothing_else() -> None:
    page = read_page(html.plan(plan()))
    (policy,) = (
        each.attributes["content"]
        for each in page.find("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    )
    style, script = (b64encode(sha256(each.encode()).digest()).decode() for each in (STYLE, SCRIPT))
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{script}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"https?://|@import|url\(|fetch|XMLHttp|innerHTML|eval|Function", STYLE + SCRIPT)


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "data:text/html,x", "//evil.example.com", "file:///etc/passwd"]
)
def test_an_address_that_is_none_of_the_web_is_no_link(link: str) -> None:
    assert link not in html.plan(plan(), link)


def test_it_shows_what_the_comment_shows_in_the_same_order_and_words() -> None:
    page = read_page(html.plan(plan()))
    comment = markdown.plan(plan())
    titles = re.findall(r"^(?:### |<summary>)(.*?)(?:</summary>)?$", comment, re.MULTILINE)
    headings = [each.text for each in page.find("h2")]
    assert headings[: len(titles)] == titles
    assert page.find("h1")[0].text == comment.partition("\n")[0].removeprefix("## ")
    blocks = {each.attributes["id"]: each for each in page.find("section")}
    for section in iter_sections(plan()):
        told = ["".join(span.text for span in cell) for row in section.rows for cell in row]
        found = [line.find("td") or [line] for line in lines(blocks[section.key])]
        assert [each.text for line in found for each in line] == told


def test_the_same_plan_makes_the_same_page() -> None:
    assert html.plan(hostile(), LINK) == html.plan(hostile(), LINK)


@pytest.mark.parametrize(
    "value", [plan(), plan(empty=True), replacement(), hostile()], ids=["all", "empty", "anew", "hostile"]
)
def test_who_hears_it_finds_a_way_through_it(value: Plan) -> None:
    """Landmarks, headings of which none is left out, names for what has none of its own, and no name twice."""
    page = read_page(html.plan(value))
    assert [len(page.find(tag)) for tag in ("header", "nav", "main", "footer", "h1")] == [1] * 5
    assert page.find("html")[0].attributes["lang"] == "en"
    levels = [int(each.tag[1]) for each in page.walk() if re.fullmatch(r"h[1-6]", each.tag)]
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    every = [each.attributes["id"] for each in page.walk() if "id" in each.attributes]
    assert len(set(every)) == len(every)
    for each in page.walk():
        named_by = (each.attributes.get("aria-labelledby") or "").split()
        named_by += (each.attributes.get("aria-describedby") or "").split()
        assert set(named_by) <= set(every)
        if (address := each.attributes.get("href") or "").startswith("#"):
            assert address[1:] in every
        if each.tag == "th":
            assert each.text.strip()
        if each.attributes.get("tabindex"):
            assert each.attributes["tabindex"] == "-1"
    (first,) = (each for each in page.walk() if each.attributes.get("class") == "skip")
    assert first is page.find("a")[0]
    status = [each for each in page.walk() if each.attributes.get("role") == "status"]
    assert [each.attributes["aria-live"] for each in status] == ["polite"]


def test_every_chart_says_what_it_shows_and_has_its_figures_behind_it() -> None:
    page = read_page(html.plan(large(30)))
    figures = page.find("figure")
    assert len(figures) >= 4
    for each in figures:
        picture = each.find("svg")[0]
        title, desc = picture.find("title")[0], picture.find("desc")[0]
        assert picture.attributes["role"] == "img"
        assert picture.attributes["aria-labelledby"] == f"{title.attributes['id']} {desc.attributes['id']}"
        assert title.text and desc.text
        assert len(each.find("details")[0].find("tr")) >= 2
    assert sum(len(each.find("svg")) for each in figures) >= len(figures)


def test_without_its_script_the_page_is_whole_and_has_no_control_that_does_nothing() -> None:
    page = read_page(html.plan(plan()))
    hidden = [each for each in page.walk() if "hidden" in each.attributes]
    assert {each.attributes.get("id") for each in hidden} == {"theme", "tools"}
    controls = {id(each) for every in hidden for each in every.walk()}
    assert all(id(each) in controls for tag in ("button", "input", "select") for each in page.find(tag))


def test_what_has_no_room_is_cut_in_the_middle_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MOST_LINES", 11)
    page = read_page(html.plan(large(), LINK))
    blocks = {each.attributes["id"]: each for each in page.find("section")}
    shown = [line.find("td")[1].text for line in lines(blocks["campaigns"])]
    assert len(shown) == 11
    assert (shown[0], shown[-1]) == ("Campaign/object-001", "Campaign/object-499")
    cut = [each for each in blocks["campaigns"].walk() if "data-cut" in each.attributes]
    assert [each.text for each in cut] == ["… 2,489 more of 2,500: the whole plan"]
    assert cut[0].find("a")[0].attributes["href"] == LINK
    assert not [each for each in blocks["blocked"].walk() if "data-cut" in each.attributes]


@pytest.mark.parametrize(("most", "cut"), [(500, False), (499, True)])
def test_a_section_is_cut_from_the_first_line_that_is_too_many(
    monkeypatch: pytest.MonkeyPatch, most: int, cut: bool
) -> None:
    monkeypatch.setattr(html, "MOST_LINES", most)
    assert ("more of 500" in html.plan(large(100))) is cut


def test_a_page_of_very_long_texts_loses_lines_of_the_longest_sections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html, "MOST", 300_000)
    page = read_page(html.plan(large()))
    blocks = {each.attributes["id"]: each for each in page.find("section")}
    sizes = {key: len(lines(each)) for key, each in blocks.items()}
    assert 2 <= sizes["campaigns"] < 2500
    assert (sizes["blocked"], sizes["waivers"]) == (7, 3)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (each / 12.92 if each <= 0.03928 else ((each + 0.055) / 1.055) ** 2.4 for each in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("block", [0, 1, 2])
def test_what_is_written_stands_out_from_what_it_is_written_on(block: int) -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 to 1 for texts, 3 to 1 for what a chart is made of."""
    blocks = re.findall(r"color-scheme: \w+;([^}]*)\}", STYLE)
    assert len(blocks) == 3
    assert re.findall(r"--[\w-]+: #\w+", blocks[1]) == re.findall(r"--[\w-]+: #\w+", blocks[2])
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", blocks[block]))
    pairs = [(text, on, 4.5) for text in ("ink", "soft", "link", "risk") for on in ("card", "page")]
    pairs += [("ink", "code", 4.5), ("soft", "code", 4.5), ("soft", "risk-card", 4.5), ("risk", "risk-card", 4.5)]
    pairs += [(each, "card", 3.0) for each in ("before", "after", "starts", "stops", "moved", "good")]
    for one, other, least in pairs:
        bright, dim = sorted((_luminance(colours[one]), _luminance(colours[other])), reverse=True)
        assert (bright + 0.05) / (dim + 0.05) >= least, (one, other)


def test_every_section_of_a_plan_is_found_by_the_page_under_what_it_is_of() -> None:
    source = Path(plan_sections.__file__).read_text(encoding="utf-8")
    keys = {
        node.args[0].value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "Section"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(keys) > 10
    assert keys <= html._KIND_OF.keys()
