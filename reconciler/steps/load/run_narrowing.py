# tested by: tests/cli/test_rollback.py
"""Narrow what is declared to what a run changed, and to what keeps people from being called by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from reconciler.kinds import load_kinds
from reconciler.model.desired_state import Desired
from reconciler.model.resource_address import Address
from reconciler.model.run_reversal import Reversal
from reconciler.steps.load import narrowing


def narrow_to_run(desired: Desired, back: Reversal) -> Desired:
    """What is declared of all that a run changed: the rest is not looked at, unless it protects people from that."""
    asked = {each for each in _iter_changed(back) if each in desired.catalogue.resources}
    asked |= set(narrowing.find_fillers(desired.catalogue, _list_used(back), load_kinds()))
    left = narrowing.narrow_to(desired.catalogue, asked, load_kinds())
    return replace(
        desired, catalogue=left.catalogue, read_only=left.read_only, left_out=left.left_out, released=(), back=back
    )


def _iter_changed(back: Reversal) -> Iterator[Address]:
    yield from (each.address for each in back.objects)
    yield from (each.address.resource for each in back.rows)


def _list_used(back: Reversal) -> frozenset[tuple[str, str]]:
    """What the objects that the run changed work with, before it or after."""
    return frozenset(named for each in back.objects for named in (*each.references, *each.releases))
