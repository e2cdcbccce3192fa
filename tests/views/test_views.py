"""Is every view found, and can every subject be read by a person and by a program?"""

from __future__ import annotations

import pkgutil
import sys
from types import ModuleType
from typing import get_args

import click
import pytest

from reconciler import views as package
from reconciler.cli import reconciler
from reconciler.views import list_formats, views
from reconciler.views.view import Subject, View


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
    views.cache_clear()
    try:
        assert list_formats("plan") == ["text", "haiku", "json", "markdown"]
        module.VIEWS = (View("json", "plan", str),)  # type: ignore[attr-defined]
        views.cache_clear()
        with pytest.raises(ValueError, match="plan is shown as json twice"):
            views()
    finally:
        views.cache_clear()


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
