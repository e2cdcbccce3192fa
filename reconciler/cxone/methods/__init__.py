"""The ways of putting contacts on a list: one module each, found by its `METHOD`."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, Protocol

from reconciler.cxone.transport import Transport


class Method(Protocol):
    """One way of putting contacts on a list and taking them off. Every call is safe to repeat.

    Attributes:
        name: as manifests write it. surface: what it goes through.
        most: contacts that one request may carry.
    """

    name: str
    surface: str
    most: int

    def put(self, transport: Transport, list_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Put contacts with their attributes on a list.

        Raises:
            RowsRejected: the tenant will not take them because of some of them.
        """

    def remove(self, transport: Transport, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list."""


@cache
def methods() -> Mapping[str, Method]:
    """Every method by its name."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return {module.METHOD.name: module.METHOD for module in modules if hasattr(module, "METHOD")}
