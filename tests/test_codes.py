"""docs/codes.md has every code that the program can put out, with what it means and what to do, and no other."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest

from reconciler.model.errors import Exit
from reconciler.model.notice import CODES as NOTICES
from reconciler.model.reason_codes import CODES, ROW_FAULTS
from reconciler.rules import load_rules
from reconciler.views.rule_links import link_rule
from tests.codes import PACKAGE, find_errors, find_problem_codes

ROOT = PACKAGE.parent
PAGE = ROOT / "docs" / "codes.md"
PRINTED = {"internal": 1, "output": 1, "usage": 64}
"""Errors that are no class: what the command line prints itself, with its exit code."""


def read_page() -> Mapping[str, dict[str, list[str]]]:
    """Of each section the rows of its table: by the code, what stands in the other cells."""
    found = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        lines = [line for line in part.splitlines() if line.startswith(("| `", "| [`"))]
        rows = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
        codes = [re.sub(r"^\[?`|`.*$", "", row[0]) for row in rows]
        assert len(set(codes)) == len(codes), f"twice in {part.splitlines()[0]}"
        found[part.splitlines()[0]] = dict(zip(codes, (row[1:] for row in rows), strict=True))
    return found


KNOWN: Mapping[str, Callable[[], Iterable[str]]] = {
    "Exit codes": lambda: {str(int(each)) for each in Exit},
    "Errors": lambda: {each.code for each in find_errors()} | set(PRINTED),
    "Problems of the input": lambda: find_problem_codes().codes,
    "Faults of rows": lambda: ROW_FAULTS,
    "Reasons": lambda: set(CODES) - set(ROW_FAULTS),
    "Notices": lambda: NOTICES,
    "Rules": load_rules,
}
"""Of each section the codes that the program has; looked for where a test asks for them."""


@pytest.mark.parametrize("section", KNOWN)
def test_the_page_has_every_code_of_its_kind_and_no_other(section: str) -> None:
    if section == "Rules" and os.environ.get("RECONCILER_WRITE_CASES"):
        return  # they are written below
    told, known = set(read_page()[section]), set(KNOWN[section]())
    missing, stale = sorted(known - told), sorted(told - known)
    assert (missing, stale) == ([], []), f"docs/codes.md, {section}: add a line for {missing}, take out {stale}"


def test_no_code_of_a_problem_is_made_where_nobody_can_follow_it() -> None:
    assert find_problem_codes().unclear == set()


def test_each_code_of_the_cases_is_found() -> None:
    """What the walk finds is what problems really have: the cases were written down by the program."""
    said: set[str] = set()
    for case in (ROOT / "tests" / "cases").rglob("*.case"):
        said |= set(re.findall(r"^[^\s:]+(?::\d+)*: ([a-z0-9-]+): ", case.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(said) > 100
    assert said <= set(find_problem_codes().codes)


def test_what_the_command_line_prints_itself_is_among_the_errors() -> None:
    printed: set[str] = set()
    for module in (PACKAGE / "cli").glob("*.py"):
        tree = ast.parse(module.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("_document", "make_document")):
                code = node.args[0] if node.args else None
                printed |= {code.value} if isinstance(code, ast.Constant) and isinstance(code.value, str) else set()
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                printed |= set(re.findall(r"^error\[([a-z-]+)\]", node.value))
    assert set(PRINTED) <= printed <= set(KNOWN["Errors"]())


def test_an_error_ends_the_program_with_the_exit_code_that_the_page_says() -> None:
    told = read_page()["Errors"]
    wrong = {each.code for each in find_errors() if told[each.code][0] != str(int(each.exit_code))}
    assert wrong == set()
    assert {code: int(told[code][0]) for code in PRINTED} == PRINTED


def test_each_line_says_what_to_do_or_that_nothing_is_to_be_done() -> None:
    for section, rows in read_page().items():
        for code, cells in rows.items():
            words = cells[-1]
            assert len(words) > 15, (section, code)
            if section in ("Exit codes", "Errors", "Problems of the input", "Faults of rows"):
                assert re.search(r"[:;] ", words), (section, code, words)
            if section != "Rules":
                assert words.endswith((".", "?")), (section, code)


def test_a_rule_is_told_as_it_stands_and_leads_to_its_own_words() -> None:
    text = PAGE.read_text(encoding="utf-8")
    lines = []
    for rule in load_rules().values():
        anchor = link_rule(rule.id, rule.title).rpartition("#")[2]
        lines.append(f"| [`{rule.id}`](rules.md#{anchor}) | {rule.severity.value} | {rule.title} |\n")
    before, mark, after = text.partition("| rule | as it stands | it finds |\n|---|---|---|\n")
    told = "".join(line for line in after.splitlines(keepends=True) if line.startswith("|"))
    if os.environ.get("RECONCILER_WRITE_CASES"):
        PAGE.write_text(before + mark + "".join(lines) + after.removeprefix(told), encoding="utf-8")
    else:
        assert told.splitlines() == "".join(lines).splitlines(), "RECONCILER_WRITE_CASES=1 writes them"


def test_readers_of_an_error_are_led_to_the_page() -> None:
    for name in ("README.md", "docs/loading.md", "docs/policy.md"):
        assert "codes.md" in (ROOT / name).read_text(encoding="utf-8"), name


def test_the_walk_finds_the_code_of_a_problem_that_a_helper_makes(tmp_path: Path) -> None:
    text = """
NAMED = "by-constant"
def _refuse(where, code, message): return Problem(where, code, message)
def tell(code): yield _refuse(None, code, "x")
def f(odd):
    code = "one-arm" if odd else "other-arm"
    yield _refuse(None, code, "x")
    yield from tell("by-helper")
    yield from tell(NAMED)
    yield Problem(None, code="by-name", message="x")
    yield Problem(None, odd.words, "x")
"""
    (tmp_path / "module.py").write_text(text, encoding="utf-8")
    found = find_problem_codes(tmp_path)
    assert set(found.codes) == {"one-arm", "other-arm", "by-helper", "by-name", "by-constant"}
    assert found.unclear == {"module.py: odd.words"}
