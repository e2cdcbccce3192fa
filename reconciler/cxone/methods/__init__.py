# each tested by: tests/steps/apply/test_delivery.py
"""The ways of putting contacts on a list: one module each, found by its `METHOD`."""

from __future__ import annotations

import pkgutil
from collections.abc import Container, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Protocol, runtime_checkable

from reconciler.cxone.membership import Row, Wires
from reconciler.model.delivery import Way
from reconciler.model.jobs import Job


class Method(Protocol):
    """One way of putting contacts on a list and taking them off. Every call is safe to repeat.

    Attributes:
        way: what it can do. surface: the one it goes through, whose pace it keeps.
    """

    way: Way
    surface: str

    def offered(self, surfaces: Container[str]) -> bool:
        """Whether a tenant with these surfaces can do it."""

    def put(self, wires: Wires, list_id: str, rows: Sequence[Row], reference: str) -> str | None:
        """Put contacts on a list: at once, or by the job whose id is returned and that can be found by `reference`.

        Raises:
            RowsRejected: the tenant will not take them because of some of them.
            ChunkTooLarge: it will not take so many in one request.
            Unknown: there may be a job.
        """

    def remove(self, wires: Wires, list_id: str, ids: Sequence[str]) -> None:
        """Take contacts off a list, by their ids on it."""


@runtime_checkable
class JobMethod(Method, Protocol):
    """A way whose requests are answered before their work is done."""

    def find(self, wires: Wires, reference: str) -> str | None:
        """The job that a request has made whose reply was lost; None: there is none, or none can be found."""

    def ask(self, wires: Wires, job_id: str) -> Job:
        """How a job gets on."""

    def follow(self, wires: Wires, list_id: str, rows: Sequence[Row]) -> None:
        """What is left to do for the rows that a job took; raises as `put`."""


@cache
def methods() -> Mapping[str, Method]:
    """Every method by its name."""
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return {module.METHOD.way.name: module.METHOD for module in modules if hasattr(module, "METHOD")}
