"""AbandonmentPolicy: the threshold of each band."""

from __future__ import annotations

from collections.abc import Mapping

from reconciler.model.kind import Kind
from reconciler.model.resource import Resource

DEFAULTS: Mapping[str, float] = {"high": 3, "medium": 5, "low": 8}
"""Percent, by band, of a policy that says none (contract, Scores). One that says some has those and no others: nobody
gets 8 % by leaving a line out."""


def thresholds(resource: Resource) -> dict[str, float]:
    """The threshold of each band, in percent of calls."""
    return dict(resource.spec.get("thresholds", DEFAULTS))


KIND = Kind(name="AbandonmentPolicy", says="threshold per band, in percent of calls")
