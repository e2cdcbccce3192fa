# tested by: tests/cli/test_import.py
"""Read every object of a tenant, whatever is declared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reconciler.cxone.errors import Forbidden, NotFound
from reconciler.kinds import load_kinds
from reconciler.model.live_state import LiveObject
from reconciler.model.ports import Reader
from reconciler.model.reason import Reason


def read_inventory(reader: Reader) -> tuple[Mapping[str, Sequence[LiveObject]], tuple[tuple[str, Reason], ...]]:
    """The objects of every kind that can be written, and which kinds could not be read, and why.

    Raises:
        ReconcilerError: the tenant cannot be read.
    """
    objects: dict[str, Sequence[LiveObject]] = {}
    unseen: list[tuple[str, Reason]] = []
    for name, kind in load_kinds().items():
        surface = kind.surface(reader.surfaces)
        if surface is None:
            continue
        if not surface.writable:
            unseen.append((name, Reason("import_read_only")))
            continue
        try:
            objects[name] = reader.read_objects(kind)
        except (Forbidden, NotFound) as error:
            told = (error.code, str(error.status or 0), error.message, str(surface.read_scope))
            unseen.append((name, Reason("not_read", told)))
    return objects, tuple(unseen)
