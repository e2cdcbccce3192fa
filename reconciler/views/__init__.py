"""The views: a plan, a report or a problem as a person or a program reads it.

A view is a module of this package that sets `VIEWS`; nothing lists them, and `--format` of a command offers those of
its subject. It knows the nouns and nothing else: what is shown never steers what is done.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from types import MappingProxyType

from reconciler.views.view import Subject, View


@cache
def load_views() -> Mapping[tuple[str, str], View]:
    """Every view, by subject and format.

    Raises:
        ValueError: two modules show the same in the same format.
    """
    found: dict[tuple[str, str], View] = {}
    for name in _list_modules():
        for each in _load_module(name):
            if found.setdefault((each.subject, each.format), each) is not each:
                raise ValueError(f"{each.subject} is shown as {each.format} twice")
    return MappingProxyType(found)


@cache
def find_view(subject: Subject, output_format: str) -> View | None:
    """The view of a subject in a format; modules that are named after either are looked through first.

    Most commands show one thing once: to load every view takes a tenth of what `validate` takes.
    """
    named = (subject, output_format)
    for name in sorted(_list_modules(), key=lambda each: (not each.startswith(named), each)):
        for each in _load_module(name):
            if (each.subject, each.format) == named:
                return each
    return None


def _list_modules() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(__path__)]


def _load_module(name: str) -> Sequence[View]:
    views: Sequence[View] = getattr(import_module(f"{__name__}.{name}"), "VIEWS", ())
    return views


def list_formats(subject: Subject) -> list[str]:
    """In which formats something can be shown: as text first."""
    return sorted((format for of, format in load_views() if of == subject), key=lambda each: (each != "text", each))
