"""The views: a plan, a report or a problem as a person or a program reads it.

A view is a module of this package that sets `VIEWS`; nothing lists them, and `--format` of a command offers those of
its subject. It knows the nouns and nothing else: what is shown never steers what is done.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping
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
    for module in pkgutil.iter_modules(__path__):
        for each in getattr(import_module(f"{__name__}.{module.name}"), "VIEWS", ()):
            if found.setdefault((each.subject, each.format), each) is not each:
                raise ValueError(f"{each.subject} is shown as {each.format} twice")
    return MappingProxyType(found)


def list_formats(subject: Subject) -> list[str]:
    """In which formats something can be shown: as text first."""
    return sorted((format for of, format in load_views() if of == subject), key=lambda each: (each != "text", each))
