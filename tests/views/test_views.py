"""Is every view found, and can every subject be read by a person and by a program?"""

from __future__ import annotations

import pkgutil
import sys
import unicodedata
from types import ModuleType
from typing import get_args

import click
import pytest
from rich.text import Text

from reconciler import views as package
from reconciler.cli import reconciler
from reconciler.views import list_formats, load_views, terminal
from reconciler.views.line_budget import fit_parts
from reconciler.views.view import Subject, View
from tests.views.plans import SAMPLES, large, plan


@pytest.mark.parametrize("subject", get_args(Subject))
def test_everything_that_is_shown_is_shown_as_text_and_as_json(subject: Subject) -> None:
    formats = list_formats(subject)
    assert formats[0] == "text"
    assert "json" in formats


def test_a_view_is_found_by_its_module_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("reconciler.views.haiku")
    module.VIEWS = (View("haiku", "plan", lambda _: "five seven five"),)  # type: ignore[attr-defined]
    found = [*pkgutil.iter_modules(package.__path__)]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(pkgutil, "iter_modules", lambda _: [*found, found[0]._replace(name="haiku")])
    load_views.cache_clear()
    try:
        assert list_formats("plan")[0] == "text"
        assert "haiku" in list_formats("plan")
        module.VIEWS = (View("json", "plan", str),)  # type: ignore[attr-defined]
        load_views.cache_clear()
        with pytest.raises(ValueError, match="plan is shown as json twice"):
            load_views()
    finally:
        load_views.cache_clear()


def test_every_command_that_shows_something_has_the_same_option() -> None:
    def every(command: click.Command) -> list[click.Command]:
        if not isinstance(command, click.Group):
            return [command]
        context = click.Context(command)
        inner = (command.get_command(context, name) for name in command.list_commands(context))
        return [each for one in inner if one is not None for each in every(one)]

    options = [each for one in every(reconciler) for each in one.params if "--format" in each.opts]
    assert len(options) >= 8
    assert {type(each.type).__name__ for each in options} == {"_Format"}
    assert {each.default for each in options} == {"text"}


def test_a_plan_of_five_hundred_objects_fits_three_hundred_lines_and_is_whole_when_asked() -> None:
    short, whole = (terminal.plan(large(), full).plain.splitlines() for full in (False, True))
    assert len(short) == terminal.MOST
    assert len(whole) > 5_000
    missing = sum(int(line.split()[1].replace(",", "")) for line in short if line.startswith("  … "))
    cuts = sum(line.startswith("  … ") for line in short)
    assert missing == len(whole) - len(short) + cuts
    assert short[-1] == whole[-1]
    assert terminal.plan(plan()).plain == terminal.plan(plan(), True).plain


@pytest.mark.parametrize(("count", "cut"), [(9, False), (10, False), (11, True)])
def test_a_text_is_cut_from_the_first_line_that_is_too_many(count: int, cut: bool) -> None:
    lines = fit_parts([[Text(str(number)) for number in range(count)]], 10, "see there")
    assert len(lines) == min(count, 10)
    assert any("more lines: see there" in line.plain for line in lines) is cut


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("format", list_formats("plan"))
def test_every_view_shows_every_plan_always_alike_and_without_orders_to_a_terminal(format: str, name: str) -> None:
    render = load_views()["plan", format].render
    said, again = (str(render(SAMPLES[name]())) for _ in range(2))
    assert said == again
    assert said.strip()
    assert not [each for each in set(said) - {"\n"} if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
