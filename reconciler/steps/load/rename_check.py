# tested by: tests/cli/test_renaming.py
"""Check manifests that say `was`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reconciler.model import text_folding
from reconciler.model.kind import Kind
from reconciler.model.problem import Location, Problem
from reconciler.model.resource import Catalogue, Resource


def check(catalogue: Catalogue, kinds: Mapping[str, Kind]) -> Iterator[Problem]:
    """Each earlier name that is the resource's own, another's own, or another's earlier one too."""
    held = [(kinds[each.address.kind], each) for each in catalogue.resources.values()]
    live = [(kind, each) for kind, each in held if kind.surfaces]
    if not any("was" in each.spec for _, each in live):
        return
    own = {(kind.name, text_folding.normalise_name(kind.live_name(each))): each for kind, each in live}
    earlier: dict[tuple[str, str], Resource] = {}
    for kind, resource in live:
        for index, old in enumerate(kind.earlier_names(resource)):
            where = _locate(resource, index)
            looks = (kind.name, text_folding.normalise_name(old))
            other, first = own.get(looks), earlier.setdefault(looks, resource)
            if old == kind.live_name(resource):
                message = f"`was` is what {resource.address} is called now"
                yield Problem(where, "was-own-name", message, hint="take it out")
            elif other is not None and other.address != resource.address:
                place = other.where("spec" if "name" in other.spec else "metadata", "name")
                message = f"{other.address} is called {old!r} ({place}): it cannot be what {resource.address} was"
                yield Problem(
                    where, "was-declared", message, hint="take `was` out, or give the other another name first"
                )
            elif first.address != resource.address:
                message = (
                    f"{first.address} was called {old!r}, too ({_locate(first, 0)}): one object does not become two"
                )
                yield Problem(where, "was-twice", message, hint=_make_hint(kind, resource, first))


def _locate(resource: Resource, index: int) -> Location:
    return (
        resource.where("spec", "was", index)
        if isinstance(resource.spec["was"], list)
        else resource.where("spec", "was")
    )


def _make_hint(kind: Kind, resource: Resource, first: Resource) -> str:
    if kind.for_each is not None and resource.address.resource == first.address.resource:
        return f'make the part a part of it: `was: "… {{{{ {kind.for_each.variable} }}}}"`'
    return "keep it in one of them"
