"""Every rule rests on something, has its cases, and is documented; and every case finds what it says."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from reconciler.cli import run as run_program
from reconciler.model.rule import Rule, Source, Timetable
from reconciler.rules import load_rules
from reconciler.rules.calling_hours_by_place import load_timetables
from reconciler.rules.ceilings_by_jurisdiction import load_jurisdictions
from reconciler.views import rules as view
from tests.conftest import Ended
from tests.rules.cases import CASES, Case, cases

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "rules.md"
BEGINS = (
    "<!-- Below: `reconciler rules --format markdown`; RECONCILER_WRITE_CASES=1 writes it when the tests run. -->\n\n"
)

every_rule = pytest.mark.parametrize("rule", load_rules().values(), ids=list(load_rules()))


def test_the_page_names_every_area_of_a_rule_and_no_other() -> None:
    (line,) = re.findall(r"^The areas: (.*?)\.$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert re.findall(r"\b[A-Z]{3}\b", line) == sorted({name.partition("-")[0] for name in load_rules()})


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_rule_finds_in_a_case_what_the_case_says(case: Case) -> None:
    found = case.found()
    if os.environ.get("RECONCILER_WRITE_CASES"):
        head, _, _ = case.file.read_text(encoding="utf-8").partition("finds:")
        written = yaml.safe_dump({"finds": found}, sort_keys=False, allow_unicode=True, width=110)
        case.file.write_text(head + written, encoding="utf-8")
    else:
        assert found == case.expected


@every_rule
def test_a_rule_has_a_case_of_each_sort(rule: Rule) -> None:
    shown = {case.shows for case in cases() if case.rule == rule.id}
    wanted = {"passing", "failing", "waived"} if rule.waivable else {"passing", "failing"}
    assert shown == wanted, f"write tests/cases/rules/{rule.id}/SITUATION.yaml"


def test_every_case_is_of_a_rule() -> None:
    assert {case.rule for case in cases()} == set(load_rules())
    assert sorted(path.name for path in CASES.iterdir()) == list(load_rules())


@every_rule
def test_a_rule_rests_on_something_that_can_be_looked_up(rule: Rule) -> None:
    assert rule.sources
    for source in rule.sources:
        assert_looked_up(source)


@pytest.mark.parametrize("jurisdiction", load_jurisdictions(), ids=lambda each: each.name)
def test_a_ceiling_rests_on_something_that_can_be_looked_up(jurisdiction: object) -> None:
    found = next(each for each in load_jurisdictions() if each is jurisdiction)
    assert found.sources
    assert 0 < found.percent <= 100
    assert all(re.fullmatch("[A-Z]{2}", place) for place in found.places)
    for source in found.sources:
        assert_looked_up(source)
        assert source.note.strip()


@pytest.mark.parametrize("timetable", load_timetables(), ids=lambda each: each.hours.place)
def test_calling_hours_rest_on_something_that_can_be_looked_up(timetable: Timetable) -> None:
    assert timetable.sources
    assert all(re.fullmatch(r"[A-Z]{2}(-[A-Z]{2})?|\*", place) for place in timetable.places)
    assert len(timetable.hours.week) == 7
    assert all(span is None or span[0] < span[1] for span in timetable.hours.week)
    for source in timetable.sources:
        assert_looked_up(source)
        assert source.note.strip()


def test_no_place_has_two_timetables_and_elsewhere_has_one() -> None:
    places = [place for each in load_timetables() for place in each.places]
    assert len(places) == len(set(places))
    assert "*" in places
    states = [place for place in places if "-" in place]
    assert {state[:2] for state in states} <= set(places), "a state's hours hold beside its country's"


def assert_looked_up(source: Source) -> None:
    assert source.title
    assert source.citation
    if not source.url.startswith("https://"):
        assert (ROOT / source.url).exists(), source.url
    if not source.verified:
        assert source.note, f"{source.citation} is not verified: say what is open"


def test_no_place_has_two_ceilings_in_the_file() -> None:
    places = [place for each in load_jurisdictions() for place in each.places]
    assert len(places) == len(set(places))


@every_rule
def test_a_rule_says_what_it_is_for_and_never_that_anything_is_compliant(rule: Rule) -> None:
    assert re.fullmatch("[A-Z]{3}(-[A-Z0-9]+)+", rule.id)
    assert rule.title == rule.title.strip(". ")
    assert rule.says.endswith(".")
    assert "compliant" not in f"{rule.title} {rule.says} {' '.join(source.note for source in rule.sources)}"


def test_the_page_of_the_rules_is_what_the_program_says_of_them() -> None:
    introduction, _, listed = PAGE.read_text(encoding="utf-8").partition(BEGINS)
    says = view.markdown(load_rules().values(), load_jurisdictions(), load_timetables())
    if os.environ.get("RECONCILER_WRITE_CASES"):
        PAGE.write_text(introduction + BEGINS + says, encoding="utf-8")
    else:
        assert listed == says
    assert "compliant" not in introduction + says


@pytest.fixture
def ask(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run a command line that needs no workspace."""

    def run(*arguments: str) -> Ended:
        capsys.readouterr()
        code = run_program(list(arguments))
        captured = capsys.readouterr()
        return Ended(code, captured.out, captured.err)

    return run


def test_the_rules_are_listed_with_their_sources(ask: Callable[..., Ended]) -> None:
    listed = ask("rules")
    assert listed.code == 0
    for rule in load_rules().values():
        assert rule.id in listed.out
        assert all(source.citation in listed.out for source in rule.sources)
    assert "NOT VERIFIED" in listed.out
    assert "an internal ceiling" in listed.out
    assert re.search(r"US-RI +Mon–Fri 09:00–18:00; Sat 10:00–17:00; Sun no calls", listed.out)


def test_the_rules_are_listed_for_programs(ask: Callable[..., Ended]) -> None:
    document = json.loads(ask("rules", "--format", "json").out)
    assert [each["id"] for each in document["rules"]] == list(load_rules())
    utah = next(each for each in document["calling_hours"] if each["places"] == ["US-UT"])
    assert utah["week"] == [["08:00", "21:00"]] * 6 + [None]
    canada = next(each for each in document["jurisdictions"] if each["name"] == "Canada")
    assert canada["percent"] == 5
    assert [source["verified"] for source in canada["sources"]] == [False]


@every_rule
def test_a_rule_is_explained(rule: Rule, ask: Callable[..., Ended]) -> None:
    told = ask("explain", "rule", rule.id.lower())
    assert told.code == 0
    words = " ".join(told.out.split())
    assert rule.title in words
    assert " ".join(rule.says.split()) in words
    for source in rule.sources:
        assert source.url in words


def test_a_rule_that_there_is_not_is_told_so(ask: Callable[..., Ended]) -> None:
    told = ask("explain", "rule", "ABN-999")
    assert told.code == 64
    assert "there is no rule ABN-999" in told.err
